// Package form is a document of a definition as a form that people fill in: what stands in the document is shown in inputs, and what was typed becomes a document
// again. What a field is called and may be is package schema's; what is wrong with a document is for whoever saves it to say. It knows no request but the
// values of one, and no page: it draws the fields, and nothing around them. The surprising thing: whatever the inputs cannot tell, as a field of a newer version, an
// empty list beside none, a length of time written otherwise, travels with them and comes back as it was, as long as nobody types another value.
package form

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/definition/schema"
	"github.com/userops/userops/shared/domain/fault"
)

// Form is a document as it is shown, or as it was typed.
type Form struct {
	Root *Node
	shop Shop
}

// Show is the form of a document, of a new one where doc is empty.
func Show(f *schema.Field, doc json.RawMessage, s Shop) *Form {
	form := &Form{Root: show(f, compact(doc), s), shop: s}
	form.Root.number(root, "")
	return form
}

// Read is the form that was sent.
func Read(f *schema.Field, values url.Values, s Shop) *Form {
	r := reading{values: values, shop: s}
	form := &Form{Root: r.node(f, root), shop: s}
	form.Root.number(root, "")
	return form
}

// Document is what the form says, with the faults of what cannot be read, which stand in it too. Its faults are those of this program; those of the API come after.
func (f *Form) Document() (json.RawMessage, fault.Faults) {
	w := writing{shop: f.shop}
	raw := w.node(f.Root)
	if raw == nil {
		raw = json.RawMessage("{}")
	}
	return raw, w.faults
}

// Fill types a text into an input of the document's own, as whoever sees the form could have.
func (f *Form) Fill(field, text string) {
	if n := f.Root.find(root + "." + field); n != nil {
		n.Typed.Text = text
	}
}

// Blame puts the faults of the API beside the fields that they are of. Those that are of no field stand at the document.
func (f *Form) Blame(faults fault.Faults) {
	for _, one := range faults {
		n := f.Root.holding(one.Field)
		if n.Rule != nil {
			n.Rule.blame(one)
			continue
		}
		n.Faults = append(n.Faults, one)
	}
}

// holding is the deepest node that has a place in it.
func (n *Node) holding(field string) *Node {
	for _, part := range n.Parts {
		if within(part.Path, field) {
			return part.holding(field)
		}
	}
	return n
}

// Act does what a button of the form asks for, and says whether it was one: to add a row, to take one away, to put it before the one above.
func (f *Form) Act(do string) bool {
	verb, name, _ := strings.Cut(do, " ")
	done := f.act(verb, name)
	if done {
		f.Root.number(root, "")
	}
	return done
}

// letter tells a new row from the others by a letter, where its field is told by one.
func (n *Node) letter(others []*Node) {
	i := slices.IndexFunc(n.Parts, func(part *Node) bool { return part.Field.Letter })
	if i < 0 {
		return
	}
	for letter := 'a'; letter <= 'z'; letter++ {
		if typed := string(letter); !slices.ContainsFunc(others, func(o *Node) bool { return len(o.Parts) > i && o.Parts[i].Typed.Text == typed }) {
			n.Parts[i].Typed.Text = typed
			return
		}
	}
}

func (f *Form) act(verb, name string) bool {
	var ruled *Node
	f.Root.walk(func(n *Node) {
		if n.Rule != nil && within(n.Name, name) {
			ruled = n
		}
	})
	if ruled != nil {
		return ruled.Rule.act(verb, name)
	}
	if verb == "add" {
		n := f.Root.find(name)
		if n == nil || n.Odd || n.Field.Type != schema.List && n.Field.Type != schema.Map || onLines(n.Field) || len(n.Parts) >= maxRows {
			return false
		}
		row := show(n.Field.Of, nil, f.shop)
		row.letter(n.Parts)
		n.Parts, n.Typed.As = append(n.Parts, row), said
		return true
	}
	at := strings.LastIndex(name, "[")
	var above *Node
	if at > 0 {
		above = f.Root.find(name[:at])
	}
	if above == nil || above.Field.Type == schema.Array {
		return false
	}
	i := slices.IndexFunc(above.Parts, func(n *Node) bool { return n.Name == name })
	switch {
	case i < 0 || verb != "remove" && verb != "up":
		return false
	case verb == "remove":
		above.Parts = slices.Delete(above.Parts, i, i+1)
		above.kept = nil
	case i > 0:
		above.Parts[i-1], above.Parts[i] = above.Parts[i], above.Parts[i-1]
	}
	return true
}
