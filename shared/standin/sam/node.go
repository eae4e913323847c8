package sam

import (
	"fmt"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// intrinsic recognises both forms of a function: a tag (!Ref X) and a map of one key ({Ref: X}, {Fn::Sub: X}). The
// argument of the short form is the same node without its tag.
func intrinsic(n *yaml.Node) (name string, argument *yaml.Node, ok bool) {
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		name = n.Tag[1:]
		switch name {
		case "Ref", "Condition":
		case "Base64", "Cidr", "FindInMap", "GetAtt", "GetAZs", "If", "ImportValue", "Join", "Select", "Split", "Sub", "Equals", "And", "Or", "Not", "Transform", "Length", "ToJsonString", "ForEach":
			name = "Fn::" + name
		default:
			return "", nil, false
		}
		bare := *n
		bare.Tag = ""
		return name, &bare, true
	}
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 {
		key := n.Content[0].Value
		if key == "Ref" || strings.HasPrefix(key, "Fn::") {
			return key, n.Content[1], true
		}
	}
	return "", nil, false
}

func lookup(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func shallow(n *yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: n.Kind, Tag: n.Tag, Line: n.Line}
}

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

func (d *document) arguments(at *yaml.Node, name string, arg *yaml.Node, n int) []*yaml.Node {
	if arg.Kind != yaml.SequenceNode || len(arg.Content) != n {
		d.fail(at, fmt.Sprintf("%s wants a list of %d", name, n), "check its form in the CloudFormation reference")
		return nil
	}
	return arg.Content
}

func (d *document) list(n *yaml.Node, name string) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		d.fail(n, name+" wants a list", "check its form in the CloudFormation reference")
		return nil
	}
	return n.Content
}

func (d *document) plain(n *yaml.Node, name string) string {
	if n == nil || n.Kind != yaml.ScalarNode {
		d.fail(n, name+" wants a plain text", "check its form in the CloudFormation reference")
		return ""
	}
	return n.Value
}
