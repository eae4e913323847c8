package sam

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// document is a template under way: the tree as written, and what has been resolved of it. The first fault sticks and
// everything after it is idle, so that callers need not check at every step.
type document struct {
	file       string
	env        Environment
	fault      *Fault
	parameters map[string]*yaml.Node // resolved values
	listed     []Parameter
	mappings   *yaml.Node
	conditions *yaml.Node
	decided    map[string]bool
	deciding   map[string]bool
	resources  map[string]*resource
	order      []*resource
	outputs    *yaml.Node
	globals    *yaml.Node
	summary    string
}

// resource is one entry of Resources whose condition holds; properties are as written, with globals merged in.
type resource struct {
	id         string
	kind       string
	properties *yaml.Node
	line       int
	absent     bool // its condition is false
	name       string
	naming     bool
}

func (d *document) fail(n *yaml.Node, what, do string) {
	if d.fault != nil {
		return
	}
	line := 0
	if n != nil {
		line = n.Line
	}
	// A name may hold a line break, and a fault is one line.
	d.fault = &Fault{File: d.file, Line: line, What: oneLine(what), Do: oneLine(do)}
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

func open(file string, data []byte, env Environment) (*document, error) {
	if env.Region == "" {
		env.Region = "us-east-1"
	}
	if env.AccountID == "" {
		env.AccountID = "000000000000"
	}
	if env.StackName == "" {
		env.StackName = "local"
	}
	if env.QueueBase == "" {
		env.QueueBase = "https://sqs." + env.Region + ".amazonaws.com"
	}
	d := &document{
		file: file, env: env,
		parameters: map[string]*yaml.Node{}, decided: map[string]bool{}, deciding: map[string]bool{}, resources: map[string]*resource{},
	}
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		f := &Fault{File: file, What: "not valid YAML: " + oneLine(yamlLine.ReplaceAllString(err.Error(), "")), Do: "mend the syntax there or on the line before"}
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			f.Line, _ = strconv.Atoi(m[1])
		}
		return nil, f
	}
	if root.Kind == 0 {
		return nil, &Fault{File: file, What: "the template is empty", Do: "give it at least Transform and Resources"}
	}
	d.check(&root, 0)
	d.sections(root.Content[0])
	if d.fault != nil {
		return nil, d.fault
	}
	return d, nil
}

// check refuses what YAML allows and a template may not hold, for the whole tree at once.
func (d *document) check(n *yaml.Node, depth int) {
	if depth > 100 {
		d.fail(n, "nested more than 100 deep", "flatten it")
	}
	if d.fault != nil {
		return
	}
	switch n.Kind {
	case yaml.AliasNode:
		d.fail(n, "a YAML alias", "write the value out: CloudFormation does not take aliases everywhere")
	case yaml.MappingNode:
		seen := map[string]bool{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if key.Kind != yaml.ScalarNode {
				d.fail(key, "a key that is not a plain text", "quote it or mend the indentation")
			}
			if key.Value == "<<" && key.Tag == "!!merge" {
				d.fail(key, "a YAML merge key", "write the values out")
			}
			if seen[key.Value] {
				d.fail(key, fmt.Sprintf("%q is given twice", key.Value), "remove one of them")
			}
			seen[key.Value] = true
		}
	}
	for _, child := range n.Content {
		d.check(child, depth+1)
	}
}

func (d *document) sections(root *yaml.Node) {
	if root.Kind != yaml.MappingNode {
		d.fail(root, "the template is not a map of sections", "begin with Transform: AWS::Serverless-2016-10-31 and Resources:")
		return
	}
	var parameters, resources, transform *yaml.Node
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		switch key.Value {
		case "AWSTemplateFormatVersion", "Metadata", "Rules":
		case "Description":
			d.summary = value.Value
		case "Transform":
			transform = value
		case "Parameters":
			parameters = value
		case "Mappings":
			d.mappings = value
		case "Conditions":
			d.conditions = value
		case "Globals":
			d.globals = value
		case "Resources":
			resources = value
		case "Outputs":
			d.outputs = value
		default:
			d.fail(key, fmt.Sprintf("section %s is not known", key.Value), "a template has Parameters, Mappings, Conditions, Globals, Resources and Outputs")
		}
	}
	d.transform(transform)
	d.readParameters(parameters)
	if resources == nil || resources.Kind != yaml.MappingNode || len(resources.Content) == 0 {
		d.fail(root, "no Resources", "declare at least one")
		return
	}
	d.checkGlobals()
	d.readResources(resources)
}

func (d *document) transform(n *yaml.Node) {
	const sam = "AWS::Serverless-2016-10-31"
	names := []*yaml.Node{n}
	if n != nil && n.Kind == yaml.SequenceNode {
		names = n.Content
	}
	for _, name := range names {
		if name != nil && name.Value != sam {
			d.fail(name, fmt.Sprintf("transform %s is not supported", name.Value), "only "+sam+" is")
		}
	}
}

func (d *document) readParameters(n *yaml.Node) {
	known := map[string]bool{}
	for _, e := range d.entries(n, "Parameters") {
		known[e.key.Value] = true
		p := d.section(e.value, "parameter "+e.key.Value)
		out := Parameter{Name: e.key.Value, Type: p.text("Type", ""), Description: p.text("Description", "")}
		fallback := p.take("Default")
		allowed, pattern := p.take("AllowedValues"), p.text("AllowedPattern", "")
		least, most := p.take("MinValue"), p.take("MaxValue")
		shortest, longest := p.take("MinLength"), p.take("MaxLength")
		p.ignore("NoEcho", "ConstraintDescription")
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
		bad := func(why string) {
			do := "change its Default"
			if given {
				do = fmt.Sprintf("change -param %s=%s", out.Name, value)
			}
			d.fail(e.key, fmt.Sprintf("parameter %s is %q, %s", out.Name, value, why), do)
		}
		if allowed != nil {
			var choices []string
			ok := false
			for _, a := range allowed.Content {
				choices = append(choices, a.Value)
				ok = ok || a.Value == value
			}
			if !ok {
				bad("not one of " + strings.Join(choices, ", "))
			}
		}
		if pattern != "" {
			if re, err := regexp.Compile("^(?:" + pattern + ")$"); err != nil {
				d.fail(e.key, fmt.Sprintf("AllowedPattern of %s is not a regular expression known here", out.Name), "simplify it")
			} else if !re.MatchString(value) {
				bad("which does not match " + pattern)
			}
		}
		switch {
		case out.Type == "Number":
			x, err := strconv.ParseFloat(value, 64)
			if err != nil {
				bad("not a number")
			} else if least != nil && x < asFloat(least) || most != nil && x > asFloat(most) {
				bad("out of range")
			}
			d.parameters[out.Name] = scalar(e.value, value)
		case out.Type == "String":
			if shortest != nil && float64(len(value)) < asFloat(shortest) || longest != nil && float64(len(value)) > asFloat(longest) {
				bad("of a length out of range")
			}
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
		d.listed = append(d.listed, out)
	}
	for name := range d.env.Parameters {
		if !known[name] {
			d.fail(nil, fmt.Sprintf("no parameter %s is declared", name), "check the name after -param against Parameters")
		}
	}
}

func (d *document) readResources(n *yaml.Node) {
	for _, e := range d.entries(n, "Resources") {
		if !logicalID.MatchString(e.key.Value) {
			d.fail(e.key, fmt.Sprintf("%q is no logical id", e.key.Value), "use letters and digits only")
		}
		s := d.section(e.value, "resource "+e.key.Value)
		at, written := s.left["Type"]
		r := &resource{id: e.key.Value, kind: s.text("Type", ""), line: e.key.Line, properties: s.take("Properties")}
		condition := s.take("Condition")
		s.ignore("DependsOn", "Metadata", "DeletionPolicy", "UpdateReplacePolicy", "CreationPolicy", "UpdatePolicy")
		s.done()
		if r.kind == "" {
			d.fail(e.key, fmt.Sprintf("resource %s has no Type", r.id), "give it one")
		}
		if written && !knownType(r.kind) {
			d.fail(at.value, fmt.Sprintf("resource %s is of type %s, which is not known here", r.id, r.kind), "check the spelling, or leave it out")
		}
		if condition != nil {
			r.absent = !d.condition(condition, condition.Value)
		}
		if r.properties == nil {
			r.properties = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: r.line}
		}
		r.properties = d.mergeGlobals(r.kind, r.properties)
		d.resources[r.id] = r
		d.order = append(d.order, r)
	}
}

var logicalID = regexp.MustCompile(`^[A-Za-z0-9]+$`)

func scalar(at *yaml.Node, value string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
	if at != nil {
		n.Line = at.Line
	}
	return n
}

func asFloat(n *yaml.Node) float64 {
	x, _ := strconv.ParseFloat(n.Value, 64)
	return x
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
