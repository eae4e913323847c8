package segment

import (
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
	tags := map[string]bool{} // that an edited one gives, or gave
	edit := func(id ID) {
		edited[id] = true
		for _, tag := range [...]string{was[id].tag, is[id].tag} {
			if tag != "" {
				tags[tag], tags[""] = true, true
			}
		}
	}
	for _, list := range [...]map[ID]asked{was, is} {
		for id := range list {
			_, there := was[id]
			_, still := is[id]
			if there != still || was[id] != is[id] {
				edit(id)
			}
		}
	}
	for more := len(edited) > 0; more; {
		more = false
		for _, list := range [...]map[ID]asked{was, is} {
			for id, d := range list {
				if !edited[id] && d.asksOne(edited, tags) {
					edit(id)
					more = true
				}
			}
		}
	}
	return edited
}

// asked is of a definition what makes somebody a member, and what that makes of them.
type asked struct{ rule, tag string }

func rulesOf(definitions []Definition) map[ID]asked {
	rules := make(map[ID]asked, len(definitions))
	for _, d := range definitions {
		rules[d.ID] = asked{string(canonical(d.Rule)), d.Tag}
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

func (d asked) asksOne(of map[ID]bool, tags map[string]bool) bool {
	parsed, _ := rule.Parse(json.RawMessage(d.rule))
	return slices.ContainsFunc(parsed.Refs, func(r rule.Reference) bool { return of[ID(r.ID)] }) ||
		slices.ContainsFunc(parsed.Tags, func(r rule.Reference) bool { return tags[r.ID] })
}
