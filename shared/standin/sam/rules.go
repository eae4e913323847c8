package sam

import (
	"cmp"
	"fmt"

	"gopkg.in/yaml.v3"
)

// checkRules holds the parameters to Rules, as CloudFormation does before it makes anything.
func (d *document) checkRules() {
	for _, e := range d.entries(d.rules, "Rules") {
		for _, why := range d.broken(e) {
			d.fail(e.key, why, fmt.Sprintf("change a parameter that rule %s looks at", e.key.Value))
		}
	}
}

// broken lists the assertions of a rule that do not hold, by their descriptions.
func (d *document) broken(e entry) []string {
	s := d.section(e.value, "rule "+e.key.Value)
	condition, assertions := s.take("RuleCondition"), s.items("Assertions")
	s.done()
	if len(assertions) == 0 {
		d.fail(e.key, fmt.Sprintf("rule %s has no Assertions", e.key.Value), "give it one")
	}
	holds := condition == nil || d.asserted(condition)
	var out []string
	for _, n := range assertions {
		a := d.section(n, "an assertion of rule "+e.key.Value)
		assert, why := a.take("Assert"), a.text("AssertDescription", "")
		a.done()
		if assert == nil {
			d.fail(n, fmt.Sprintf("an assertion of rule %s has no Assert", e.key.Value), "give it one")
			continue
		}
		// Also one that does not apply is read: it can be written wrong.
		if !d.asserted(assert) && holds {
			out = append(out, cmp.Or(why, "rule "+e.key.Value+" does not hold"))
		}
	}
	return out
}

// asserted evaluates what rules are made of. They know parameters alone: no condition, resource or mapping.
func (d *document) asserted(n *yaml.Node) bool {
	if d.fault != nil {
		return false
	}
	name, arg, _ := intrinsic(n)
	switch name {
	case "Fn::Equals":
		a := d.arguments(n, name, arg, 2)
		return a != nil && d.value(a[0]) == d.value(a[1])
	case "Fn::Not":
		a := d.arguments(n, name, arg, 1)
		return a != nil && !d.asserted(a[0])
	case "Fn::And", "Fn::Or":
		if arg.Kind != yaml.SequenceNode || len(arg.Content) < 2 || len(arg.Content) > 10 {
			d.fail(n, name+" wants a list of 2 to 10", "check its form in the CloudFormation reference")
			return false
		}
		held := 0
		for _, c := range arg.Content {
			if d.asserted(c) {
				held++
			}
		}
		return held == len(arg.Content) || name == "Fn::Or" && held > 0
	}
	d.fail(n, "a rule has something that is not evaluated here", "use Fn::Equals, Fn::Not, Fn::And and Fn::Or over parameters")
	return false
}

// value is a text or the value of a parameter.
func (d *document) value(n *yaml.Node) string {
	if name, arg, ok := intrinsic(n); ok {
		p := d.parameters[arg.Value]
		if name != "Ref" || p == nil {
			d.fail(n, "a rule compares what is no parameter", "compare texts and !Ref of parameters")
			return ""
		}
		n = p
	}
	return d.plain(n, "a rule")
}
