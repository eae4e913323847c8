package form

import (
	"encoding/json"
	"strings"

	"github.com/userops/userops/shared/domain/definition/schema"
)

// show is the node of what stands at a place: nothing, where raw is nil.
func show(f *schema.Field, raw json.RawMessage, s Shop) *Node {
	n := &Node{Field: f}
	if l, is := inputs(f); is {
		n.leaf(l, raw, s)
		return n
	}
	if isNull(raw) {
		n.kept, raw = raw, nil
	}
	fits := true
	switch f.Type {
	case schema.Rule:
		n.Rule = showRule(raw, s)
	case schema.Object:
		fits = n.object(raw, s)
	case schema.Map:
		fits = n.entries(raw, s)
	case schema.Array:
		fits = n.array(raw, s)
	default:
		fits = n.list(raw, s)
	}
	if !fits {
		return odd(f, raw)
	}
	return n
}

// odd is a value that is shown as JSON.
func odd(f *schema.Field, raw json.RawMessage) *Node {
	return &Node{Field: f, Odd: true, Typed: Typed{Text: indented(raw)}}
}

func (n *Node) leaf(l leaf, raw json.RawMessage, s Shop) {
	switch t, fits := n.shown(l, raw, s); {
	case raw == nil:
	case !fits:
		*n = *odd(n.Field, raw)
	default:
		n.Typed = t
		if again, reason := l.write(t, s); ticked(n.Field) || reason != "" || !alike(again, raw) {
			n.kept = raw
		}
	}
}

// shown is what the inputs hold of a value; nothing, of null.
func (n *Node) shown(l leaf, raw json.RawMessage, s Shop) (Typed, bool) {
	if raw == nil || isNull(raw) {
		return Typed{}, true
	}
	return l.show(raw, s)
}

func (n *Node) object(raw json.RawMessage, s Shop) bool {
	all, is := members(raw)
	if raw != nil && !is {
		return false
	}
	var rest []member
	there := 0
	for _, m := range all {
		if n.Field.Part(m.name) == nil {
			rest = append(rest, m)
			continue
		}
		there++
		if n.Field.One {
			n.Typed.As = m.name
		}
	}
	if n.Field.One && there > 1 {
		return false
	}
	if rest != nil {
		n.rest = object(rest)
	}
	if raw != nil && there == 0 && rest == nil {
		n.kept = raw
	}
	for _, part := range n.Field.Parts {
		n.Parts = append(n.Parts, show(part, one(all, part.Name), s))
	}
	return true
}

// said is what a list has typed where a document that says nothing is not the same as an empty list.
const said = "set"

func (n *Node) list(raw json.RawMessage, s Shop) bool {
	all, is := elements(raw)
	if raw != nil && !is {
		return false
	}
	for _, one := range all {
		n.Parts = append(n.Parts, show(n.Field.Of, one, s))
	}
	if raw != nil {
		n.Typed.As = said
		n.keepEmpty(raw)
	}
	return true
}

// keepEmpty keeps a list or a map without rows apart from none.
func (n *Node) keepEmpty(raw json.RawMessage) {
	if len(n.Parts) == 0 {
		n.kept = raw
	}
}

func (n *Node) array(raw json.RawMessage, s Shop) bool {
	all, is := elements(raw)
	if raw != nil && (!is || len(all) != n.Field.Size) {
		return false
	}
	for i := range n.Field.Size {
		var one json.RawMessage
		if raw != nil {
			one = all[i]
		}
		n.Parts = append(n.Parts, show(n.Field.Of, one, s))
	}
	return true
}

func (n *Node) entries(raw json.RawMessage, s Shop) bool {
	all, is := members(raw)
	if raw != nil && !is {
		return false
	}
	for _, m := range all {
		if m.name == "" || strings.ContainsAny(m.name, "\r\n") {
			return false
		}
		entry := show(n.Field.Of, m.value, s)
		entry.Key = m.name
		n.Parts = append(n.Parts, entry)
	}
	if raw != nil {
		n.keepEmpty(raw)
	}
	return true
}

// ticked says whether a field is filled in by ticks: of one that is not there nothing is sent, and several come in a sequence of their own.
func ticked(f *schema.Field) bool {
	return f.Type == schema.Flag && f.Absent == (schema.Words{}) || f.Type == schema.List && f.Of.Type == schema.Choice
}
