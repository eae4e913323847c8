package form

import (
	"encoding/json"
	"strings"

	"github.com/userops/userops/shared/domain/fault"
)

// showRule is the builder's view of a rule; of nothing an empty group.
func showRule(raw json.RawMessage, s Shop) *Rule {
	if raw == nil {
		return emptyRule()
	}
	rows := 0
	r := ruleAt(raw, s, 1, &rows)
	if rows > maxRuleRows {
		return written(raw)
	}
	return r
}

func written(raw json.RawMessage) *Rule {
	return &Rule{Kind: Written, Typed: map[string]string{inText: indented(raw)}}
}

func ruleAt(raw json.RawMessage, s Shop, depth int, rows *int) *Rule {
	*rows++
	all, _ := members(raw)
	inner, not := raw, false
	if len(all) == 1 && all[0].name == "not" {
		inner, not = all[0].value, true
		if all, _ = members(inner); len(all) == 1 && all[0].name == "not" {
			return written(raw)
		}
	}
	if depth > maxRuleDepth || len(all) == 0 {
		return written(raw)
	}
	if list, is := elements(all[0].value); is && len(all) == 1 && (all[0].name == ModeAll || all[0].name == ModeAny) {
		g := emptyRule()
		g.Typed[inMode] = modes[mode{not, all[0].name}]
		for _, one := range list {
			g.Rules = append(g.Rules, ruleAt(one, s, depth+1, rows))
		}
		if len(list) == 0 {
			g.kept = raw
		}
		return g
	}
	r := row(all, s)
	if r == nil {
		return written(raw)
	}
	r.Not = not
	ticked := ofSeveral(r.Typed[inOp]) || strings.Contains(r.Typed[inValue]+r.Typed[inKey], "\n") // ticks come in the sequence of the options, and a line without its break
	if again, reasons := r.write(s); ticked || len(reasons) > 0 || !alike(again, raw) {
		r.kept = raw
	}
	return r
}

// row is a row that tells what stands there, nil if none can.
func row(all []member, s Shop) *Rule {
	for _, k := range rowKinds {
		if k.show == nil || one(all, k.form) == nil {
			continue
		}
		typed, ok := k.show(all, s)
		if !ok {
			return nil
		}
		return &Rule{Kind: k.kind, Typed: typed}
	}
	return nil
}

// write is what the row says, with why what was typed cannot be, by its place in the row.
func (r *Rule) write(s Shop) (json.RawMessage, fault.Faults) {
	for _, k := range rowKinds {
		if k.kind == r.Kind {
			raw, reasons := k.write(r.Typed, s)
			if r.Not {
				reasons = reasons.Under("not")
			}
			return negated(raw, r.Not), reasons
		}
	}
	return json.RawMessage("{}"), nil
}

func negated(raw json.RawMessage, not bool) json.RawMessage {
	if not {
		return object([]member{{"not", raw}})
	}
	return raw
}
