package form

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// rule is what the document has of a rule; nil for the group that is there before somebody says anything.
func (w *writing) rule(r *Rule) json.RawMessage {
	if r.Kind == Group && len(r.Rules) == 0 {
		return r.kept
	}
	return w.ruleAt(r)
}

func (w *writing) ruleAt(r *Rule) json.RawMessage {
	if r.Kind != Group {
		return w.row(r)
	}
	if len(r.Rules) == 0 && r.kept != nil {
		return r.kept
	}
	all := make([]json.RawMessage, 0, len(r.Rules))
	for _, one := range r.Rules {
		all = append(all, w.ruleAt(one))
	}
	for m, called := range modes {
		if called == r.Typed[inMode] {
			return negated(object([]member{{m.form, list(all)}}), m.not)
		}
	}
	w.blame(r, "", "is neither all, any, none nor not all")
	return json.RawMessage("{}")
}

func (w *writing) row(r *Rule) json.RawMessage {
	if r.unchanged(w.shop) {
		return r.kept
	}
	raw, reasons := r.write(w.shop)
	for _, f := range reasons {
		w.blame(r, f.Field, f.Reason)
	}
	return raw
}

// unchanged says whether a row was left as it is shown of what it keeps.
func (r *Rule) unchanged(s Shop) bool {
	if r.kept == nil {
		return false
	}
	was := showRule(r.kept, s)
	return was.Kind == r.Kind && was.Not == r.Not && maps.Equal(filled(was.Typed), filled(r.Typed))
}

// filled are the inputs that hold something, with lines in any sequence.
func filled(typed map[string]string) map[string]string {
	out := map[string]string{}
	for name, value := range typed {
		if name == inNew { // it is of a row that is not there yet
			continue
		}
		if name == inValue && ofSeveral(typed[inOp]) {
			all := lines(value)
			slices.Sort(all)
			value = strings.Join(slices.Compact(all), "\x00")
		}
		value = strings.NewReplacer("\r", "", "\n", "").Replace(value)
		if value != "" {
			out[name] = value
		}
	}
	return out
}
