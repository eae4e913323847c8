package sam

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

func (d *document) readParameters() {
	known := map[string]bool{}
	for _, e := range d.entries(d.declared, "Parameters") {
		known[e.key.Value] = true
		d.listed = append(d.listed, d.parameter(e))
	}
	for name := range d.env.Parameters {
		if !known[name] {
			d.fail(nil, fmt.Sprintf("no parameter %s is declared", name), "check the name after -param against Parameters")
		}
	}
}

// parameter reads one declaration and gives the parameter its value here.
func (d *document) parameter(e entry) Parameter {
	p := d.section(e.value, "parameter "+e.key.Value)
	out := Parameter{Name: e.key.Value, Type: p.text("Type", ""), Description: p.text("Description", ""), Constraint: p.text("ConstraintDescription", "")}
	fallback := p.take("Default")
	limits := d.limits(p, e.key)
	p.ignore("NoEcho")
	p.done()
	value, given := d.env.Parameters[out.Name]
	if !given {
		value, given = d.env.Defaults[out.Name]
	}
	switch {
	case given:
		out.Overridden = true
	case fallback != nil:
		value = fallback.Value
	default:
		d.fail(e.key, fmt.Sprintf("parameter %s has no default and no value", out.Name), fmt.Sprintf("give it a Default or pass -param %s=...", out.Name))
	}
	out.Value = value
	if why := limits.refuse(out.Type, value); why != "" {
		do := "change its Default"
		if given {
			do = fmt.Sprintf("change -param %s=%s", out.Name, value)
		}
		d.fail(e.key, fmt.Sprintf("parameter %s is %q, %s", out.Name, value, why), do)
	}
	switch {
	case out.Type == "Number" || out.Type == "String":
		d.parameters[out.Name] = scalar(e.value, value)
	case out.Type == "CommaDelimitedList" || strings.HasPrefix(out.Type, "List<"):
		list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Line: e.value.Line}
		if value != "" {
			for _, part := range strings.Split(value, ",") {
				list.Content = append(list.Content, scalar(e.value, strings.TrimSpace(part)))
			}
		}
		d.parameters[out.Name] = list
	case strings.HasPrefix(out.Type, "AWS::SSM::") && !given:
		d.fail(e.key, fmt.Sprintf("parameter %s is read from Systems Manager, which is not here", out.Name), fmt.Sprintf("pass -param %s=...", out.Name))
	case strings.HasPrefix(out.Type, "AWS::"):
		d.parameters[out.Name] = scalar(e.value, value)
	default:
		d.fail(e.key, fmt.Sprintf("parameter %s has type %q", out.Name, out.Type), "use String, Number or CommaDelimitedList")
	}
	return out
}

// limits are what a parameter's declaration asks of its value; a nil node asks nothing.
type limits struct {
	choices                        []string
	pattern                        *regexp.Regexp
	least, most, shortest, longest *yaml.Node
}

func (d *document) limits(p *section, at *yaml.Node) limits {
	l := limits{choices: p.texts("AllowedValues")}
	pattern := p.text("AllowedPattern", "")
	l.least, l.most, l.shortest, l.longest = p.take("MinValue"), p.take("MaxValue"), p.take("MinLength"), p.take("MaxLength")
	if pattern != "" {
		var err error
		if l.pattern, err = regexp.Compile("^(?:" + pattern + ")$"); err != nil {
			d.fail(at, fmt.Sprintf("AllowedPattern of %s is not a regular expression known here", at.Value), "simplify it")
		}
	}
	return l
}

// refuse says why a value is none, "" for one that is.
func (l limits) refuse(kind, value string) string {
	ok := len(l.choices) == 0
	for _, c := range l.choices {
		ok = ok || c == value
	}
	x, err := strconv.ParseFloat(value, 64)
	switch {
	case !ok:
		return "not one of " + strings.Join(l.choices, ", ")
	case l.pattern != nil && !l.pattern.MatchString(value):
		return "which does not match " + strings.TrimSuffix(strings.TrimPrefix(l.pattern.String(), "^(?:"), ")$")
	case kind == "Number" && err != nil:
		return "not a number"
	case kind == "Number" && (l.least != nil && x < asFloat(l.least) || l.most != nil && x > asFloat(l.most)):
		return "out of range: it is " + between(l.least, l.most)
	case kind == "String" && (l.shortest != nil && float64(len(value)) < asFloat(l.shortest) || l.longest != nil && float64(len(value)) > asFloat(l.longest)):
		return "of a length out of range"
	}
	return ""
}

// between names a range of which either end may be open.
func between(least, most *yaml.Node) string {
	switch {
	case least == nil:
		return "at most " + most.Value
	case most == nil:
		return "at least " + least.Value
	}
	return least.Value + " to " + most.Value
}
