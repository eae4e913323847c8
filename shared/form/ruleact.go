package form

import (
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/audience/rule"
)

// The verbs of the builder's buttons. Each names a place: of a group, to add to it; of a row, to take it away.
const (
	verbField  = "field"
	verbGroup  = "group"
	verbRemove = "remove"
	verbUp     = "up"
)

// beginnings are the rows that are added without a field.
var beginnings = map[string]func() *Rule{
	"performed": func() *Rule { return &Rule{Kind: Performed, Typed: map[string]string{}} },
	"segment":   func() *Rule { return &Rule{Kind: Member, Typed: map[string]string{inForm: "segment"}} },
	"percent":   func() *Rule { return &Rule{Kind: Share, Typed: map[string]string{inFrom: "0"}} },
	verbGroup: func() *Rule {
		g := emptyRule()
		g.Typed[inMode] = ModeAny
		return g
	},
}

// act does what a button of the rule asks for. A rule of one row becomes a group when another joins it.
func (r *Rule) act(verb, name string) bool {
	if begin, is := beginnings[verb]; is {
		return r.add(name, begin())
	}
	switch verb {
	case verbField:
		group := r.named(name)
		if group == nil {
			return false
		}
		if typed := strings.TrimSpace(group.Typed[inNew]); typed != "" {
			if _, _, is := rule.Find(typed, rule.English); !is {
				group.Unknown = typed
				return true
			}
		}
		return r.add(name, condition(group.Typed[inNew]))
	case verbRemove, verbUp:
		return r.move(verb, name)
	}
	return false
}

// condition is a new row of a field, with its first comparison.
func condition(field string) *Rule {
	r := &Rule{Kind: Condition, Typed: map[string]string{inField: field}}
	resolve(r.Typed)
	if f, _, ok := rule.Find(r.Typed[inField], rule.English); ok {
		r.Typed[inOp] = usual(f)
	}
	return r
}

// usual is the comparison that is meant most often.
func usual(f rule.Field) string {
	for _, op := range []string{"gte", "within"} {
		if slices.Contains(f.Ops, op) && f.Kind != rule.Any {
			return op
		}
	}
	return f.Ops[0]
}

func (r *Rule) named(name string) (found *Rule) {
	r.walk(func(one *Rule) {
		if one.Name == name {
			found = one
		}
	})
	return found
}

func (r *Rule) add(name string, row *Rule) bool {
	group, rows := r.named(name), 0
	r.walk(func(*Rule) { rows++ })
	switch {
	case group == nil || rows >= maxRuleRows:
		return false
	case group.Kind != Group && group == r:
		was := *r
		*r = *emptyRule()
		r.Name, r.Path, r.Rules = was.Name, was.Path, []*Rule{&was}
		group = r
	case group.Kind != Group:
		return false
	}
	delete(group.Typed, inNew)
	group.Rules = append(group.Rules, row)
	return true
}

func (r *Rule) move(verb, name string) (done bool) {
	if verb == verbRemove && name == r.Name {
		*r = *emptyRule()
		return true
	}
	r.walk(func(group *Rule) {
		i := slices.IndexFunc(group.Rules, func(one *Rule) bool { return one.Name == name })
		switch {
		case done || i < 0:
			return
		case verb == verbRemove:
			group.Rules, group.kept = slices.Delete(group.Rules, i, i+1), nil
		case i > 0:
			group.Rules[i-1], group.Rules[i] = group.Rules[i], group.Rules[i-1]
		}
		done = true
	})
	return done
}
