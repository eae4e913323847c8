package form

import (
	"encoding/json"
	"slices"

	"github.com/userops/userops/shared/domain/fault"
)

// part is a member of an object that a row has an input for: a text, or a number.
type part struct {
	name, input string
	number      bool
}

var (
	performedParts = []part{{"event", inEvent, false}, {"atLeast", inLeast, true}, {"atMost", inMost, true}, {"withinDays", inDays, true}}
	shareParts     = []part{{"seed", inSeed, false}, {"from", inFrom, true}, {"to", inTo, true}}
)

func showParts(all []member, parts []part) (map[string]string, bool) {
	inner, is := members(all[0].value)
	if !is || len(all) != 1 {
		return nil, false
	}
	typed := map[string]string{}
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
		value, ok := "", true
		switch raw := one(inner, p.name); {
		case raw == nil:
			continue
		case p.number:
			value, ok = numberIn(raw)
		default:
			value, ok = textIn(raw)
		}
		if !ok {
			return nil, false
		}
		typed[p.input] = value
	}
	return typed, only(inner, names...)
}

func writeParts(form string, typed map[string]string, parts []part, write func(Typed, Shop) (json.RawMessage, string)) (json.RawMessage, fault.Faults) {
	var inner []member
	var faults fault.Faults
	for _, p := range parts {
		raw, reason := json.RawMessage(nil), ""
		if p.number {
			raw, reason = write(Typed{Text: typed[p.input]}, Shop{})
		} else if typed[p.input] != "" {
			raw = text(typed[p.input])
		}
		if reason != "" {
			faults.Add(form+"."+p.name, reason)
		}
		if raw != nil {
			inner = append(inner, member{p.name, raw})
		}
	}
	return object([]member{{form, object(inner)}}), faults
}

// only says whether an object has no other members than these.
func only(all []member, names ...string) bool {
	return !slices.ContainsFunc(all, func(m member) bool { return !slices.Contains(names, m.name) })
}
