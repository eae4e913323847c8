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
	declared   *yaml.Node // Parameters, as written
	rules      *yaml.Node
	stated     *yaml.Node // Resources
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

// take gives the fault that there is and goes on without it.
func (d *document) take() *Fault {
	fault := d.fault
	d.fault = nil
	return fault
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// written is a template as its text has it.
func written(file string, data []byte, env Environment) (*document, error) {
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
	var transform *yaml.Node
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		switch key.Value {
		case "AWSTemplateFormatVersion", "Metadata":
		case "Description":
			d.summary = value.Value
		case "Transform":
			transform = value
		case "Parameters":
			d.declared = value
		case "Rules":
			d.rules = value
		case "Mappings":
			d.mappings = value
		case "Conditions":
			d.conditions = value
		case "Globals":
			d.globals = value
		case "Resources":
			d.stated = value
		case "Outputs":
			d.outputs = value
		default:
			d.fail(key, fmt.Sprintf("section %s is not known", key.Value), "a template has Parameters, Mappings, Conditions, Globals, Resources and Outputs")
		}
	}
	d.transform(transform)
	if d.stated == nil || d.stated.Kind != yaml.MappingNode || len(d.stated.Content) == 0 {
		d.fail(root, "no Resources", "declare at least one")
	}
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

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
