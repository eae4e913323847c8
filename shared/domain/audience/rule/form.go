package rule

import (
	"encoding/json"
	"maps"
	"math"
	"slices"

	"github.com/userops/userops/shared/domain/spelling"
)

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

// meantKey is the one of the known keys that a key of an object is nearest to; empty where none is near.
func meantKey(object map[string]any, known ...string) (meant string) {
	fewest := math.MaxInt
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if near, slips := spelling.Nearest(key, known...); near != "" && slips < fewest {
			meant, fewest = near, slips
		}
	}
	return meant
}
