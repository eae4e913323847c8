package sam

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

var globalsOf = map[string]string{typeFunction: "Function", typeHTTPAPI: "HttpApi"}

func (d *document) checkGlobals() {
	for _, e := range d.entries(d.globals, "Globals") {
		if e.key.Value != "Function" && e.key.Value != "HttpApi" {
			d.fail(e.key, fmt.Sprintf("Globals has %s, which is not known here", e.key.Value), "only Function and HttpApi are")
		}
	}
}

// mergeGlobals gives a resource what Globals says for its type, by SAM's rules: maps merge, lists are joined with the
// global part first, and anything else, functions included, is overridden.
func (d *document) mergeGlobals(kind string, own *yaml.Node) *yaml.Node {
	section, ok := globalsOf[kind]
	if !ok || d.globals == nil {
		return own
	}
	if global := lookup(d.globals, section); global != nil {
		return mergeNodes(global, own)
	}
	return own
}

func mergeNodes(global, own *yaml.Node) *yaml.Node {
	if _, _, ok := intrinsic(global); ok {
		return own
	}
	if _, _, ok := intrinsic(own); ok || global.Kind != own.Kind {
		return own
	}
	switch own.Kind {
	case yaml.MappingNode:
		out := shallow(own)
		for i := 0; i+1 < len(global.Content); i += 2 {
			key, value := global.Content[i], global.Content[i+1]
			if mine := lookup(own, key.Value); mine != nil {
				value = mergeNodes(value, mine)
			}
			out.Content = append(out.Content, key, value)
		}
		for i := 0; i+1 < len(own.Content); i += 2 {
			if lookup(global, own.Content[i].Value) == nil {
				out.Content = append(out.Content, own.Content[i], own.Content[i+1])
			}
		}
		return out
	case yaml.SequenceNode:
		out := shallow(own)
		out.Content = append(append(out.Content, global.Content...), own.Content...)
		return out
	}
	return own
}
