package segment

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/rawjson"
)

// Edited names the definitions that were made, changed or deleted between two lists, and those that ask one of these, however deep. Who
// goes by the earlier list must leave their memberships to who goes by the later.
func Edited(before, after []Definition) map[ID]bool {
	was, is := rulesOf(before), rulesOf(after)
	edited := map[ID]bool{}
	for _, list := range [...]map[ID]json.RawMessage{was, is} {
		for id := range list {
			_, there := was[id]
			_, still := is[id]
			if there != still || !bytes.Equal(was[id], is[id]) {
				edited[id] = true
			}
		}
	}
	for more := len(edited) > 0; more; {
		more = false
		for _, list := range [...]map[ID]json.RawMessage{was, is} {
			for id, raw := range list {
				if !edited[id] && asksOne(raw, edited) {
					edited[id], more = true, true
				}
			}
		}
	}
	return edited
}

func rulesOf(definitions []Definition) map[ID]json.RawMessage {
	rules := make(map[ID]json.RawMessage, len(definitions))
	for _, d := range definitions {
		rules[d.ID] = canonical(d.Rule)
	}
	return rules
}

// canonical is the same for a rule however it was written: a list that was packed and unpacked has other blanks and escapes.
func canonical(rule json.RawMessage) json.RawMessage {
	tree, err := rawjson.Tree(rule)
	if err != nil {
		return rule
	}
	text, err := json.Marshal(tree)
	if err != nil {
		return rule
	}
	return text
}

func asksOne(raw json.RawMessage, of map[ID]bool) bool {
	parsed, _ := rule.Parse(raw)
	return slices.ContainsFunc(parsed.Refs, func(r rule.Reference) bool { return of[ID(r.ID)] })
}
