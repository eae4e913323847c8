package form

import (
	"fmt"
	"strings"

	"github.com/userops/userops/shared/domain/definition/schema"
)

// node is what was sent of a place.
func (r *reading) node(f *schema.Field, name string) *Node {
	r.nodes++
	n := &Node{Field: f, kept: r.json(name + endKept), rest: r.json(name + endRest)}
	if r.values.Get(name+endOdd) != "" {
		n.Odd, n.Typed.Text = true, r.values.Get(name)
		return n
	}
	n.Typed = Typed{Text: newlines(strings.Join(r.values[name], "\n")), As: r.values.Get(name + endAs), In: r.values.Get(name + endIn)}
	if _, is := inputs(f); is {
		return n
	}
	switch f.Type {
	case schema.Rule:
		n.Rule = r.rule(name, 1)
	case schema.Object:
		for _, part := range f.Parts {
			n.Parts = append(n.Parts, r.node(part, name+"."+part.Name))
		}
	case schema.Array:
		r.rows(n, name, f.Size)
	default:
		r.rows(n, name, r.count(name))
	}
	return n
}

func (r *reading) rows(n *Node, name string, count int) {
	for i := range count {
		if r.nodes > maxNodes {
			return
		}
		row := fmt.Sprintf("%s[%d]", name, i)
		part := r.node(n.Field.Of, row)
		part.Key = strings.TrimSpace(r.values.Get(row + endKey))
		n.Parts = append(n.Parts, part)
	}
}
