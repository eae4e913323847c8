package rule

import "encoding/json"

// forms are the keys of which a node has exactly one.
var forms = []string{"all", "any", "not", "field", "performed", "segment", "notSegment", "percent"}

// Form is the key by which an object of JSON is a node of a rule; empty where it is none.
func Form(body []byte) string {
	var object map[string]json.RawMessage
	_ = json.Unmarshal(body, &object)
	for _, form := range forms {
		if _, there := object[form]; there {
			return form
		}
	}
	return ""
}
