package form

import (
	"fmt"
	"slices"
	"strings"
)

// rule is what was sent of a place of a rule.
func (r *reading) rule(name string, depth int) *Rule {
	r.nodes++
	kind := Kind(r.values.Get(name + endKind))
	if len(inputsOf[kind]) == 0 {
		return emptyRule()
	}
	one := &Rule{Kind: kind, Not: r.values.Get(name+endNot) != "", Typed: map[string]string{}, kept: r.json(name + endKept)}
	inputs := inputsOf[kind]
	if depth <= 1 && kind != Group { // a rule of one row becomes a group when another joins it
		inputs = append(slices.Clone(inputs), inNew)
	}
	for _, input := range inputs {
		if typed := newlines(strings.Join(r.values[name+"~"+input], "\n")); typed != "" {
			one.Typed[input] = typed
		}
	}
	if kind == Condition || kind == Group || one.Typed[inNew] != "" {
		resolve(one.Typed)
	}
	if kind != Group {
		return one
	}
	for i := range r.count(name) {
		if depth > maxRuleDepth || r.nodes > maxNodes {
			break
		}
		one.Rules = append(one.Rules, r.rule(fmt.Sprintf("%s[%d]", name, i), depth+1))
	}
	return one
}
