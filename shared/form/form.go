// Package form is a document of a definition as a form that people fill in: what stands in the document is shown in inputs, and what was typed becomes a document
// again. What a field is called and may be is package schema's; what is wrong with a document is for whoever saves it to say. It knows no request but the
// values of one, and no page: it draws the fields, and nothing around them. The surprising thing: whatever the inputs cannot tell, as a field of a newer version, an
// empty list beside none, a length of time written otherwise, travels with them and comes back as it was, as long as nobody types another value.
package form

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/definition/schema"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/money"
)

// Shop is what times and amounts are shown by.
type Shop struct {
	Zone     *time.Location
	Currency money.Currency
}

// Form is a document as it is shown, or as it was typed.
type Form struct {
	Root *Node
	shop Shop
}

// Node is one place of a form.
type Node struct {
	Field *schema.Field
	// Name is the beginning of the names of its inputs, Path its place in the document, as a fault names it.
	Name, Path string
	Typed      Typed
	Key        string  // what was typed as its name, of an entry of a map
	Parts      []*Node // the members of an object; the rows of a list, an array or a map
	Rule       *Rule   // of a rule
	Odd        bool    // it is shown as JSON, since its inputs cannot tell what stands there
	Faults     []fault.Fault

	kept json.RawMessage // what stands there in the document, where it is not what its inputs tell
	rest json.RawMessage // the members of an object that have no field
}

// root is the name of the document's own node.
const root = "doc"

// Bounds of what is read from a request.
const (
	maxNodes = 5000
	maxRows  = 1000
)

// The ends of the names of inputs that are not of what was typed in the first one.
const (
	endAs   = "~as"
	endIn   = "~in"
	endKey  = "~key"
	endRows = "~n"
	endOdd  = "~odd"
	endKept = "~kept"
	endRest = "~rest"
)

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

// number gives the node and what lies below it their names and places.
func (n *Node) number(name, path string) {
	n.Name, n.Path = name, path
	if n.Rule != nil {
		n.Rule.number(name, path)
	}
	for i, part := range n.Parts {
		row := fmt.Sprintf("%s[%d]", name, i)
		switch n.Field.Type {
		case schema.Object:
			part.number(name+"."+part.Field.Name, strings.TrimPrefix(path+"."+part.Field.Name, "."))
		case schema.Map:
			part.number(row, strings.TrimPrefix(path+"."+part.Key, "."))
		default:
			part.number(row, fmt.Sprintf("%s[%d]", path, i))
		}
	}
}

// walk visits the node and all below it.
func (n *Node) walk(each func(*Node)) {
	each(n)
	for _, part := range n.Parts {
		part.walk(each)
	}
}

// find is the node of a name, nil if there is none.
func (n *Node) find(name string) (found *Node) {
	n.walk(func(one *Node) {
		if one.Name == name {
			found = one
		}
	})
	return found
}

// onLines says whether a list is typed on the lines of one input, or ticked, rather than in rows of inputs.
func onLines(f *schema.Field) bool {
	if f.Type != schema.List {
		return false
	}
	switch f.Of.Type {
	case schema.Text, schema.Choice, schema.Reference, schema.Whole, schema.Decimal, schema.Percent, schema.Minor, schema.Span:
		return true
	}
	return false
}

// inputs are those of a field that is filled in at one place.
func inputs(f *schema.Field) (leaf, bool) {
	if onLines(f) {
		of := leaves[f.Of.Type]
		return leaf{
			func(raw json.RawMessage, s Shop) (Typed, bool) {
				lines, ok := linesOf(raw, func(one json.RawMessage) (string, bool) {
					t, ok := of.show(one, s)
					return t.Text, ok
				})
				return Typed{Text: lines}, ok || string(raw) == "[]"
			},
			func(t Typed, s Shop) (json.RawMessage, string) { return writeLines(t.Text, of, s) },
		}, true
	}
	l, is := leaves[f.Type]
	return l, is
}
