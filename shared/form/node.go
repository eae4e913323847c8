package form

import (
	"encoding/json"
	"fmt"
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

// Typed is what the inputs of one place hold: what was typed, or is shown.
type Typed struct {
	Text string
	As   string // what the text is: the currency of an amount, the unit of a reward, the type of a value
	In   string // the currency of a reward that is money
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

// filled says that somebody has said something there, or that it has to be mended.
func (n *Node) filled() (filled bool) {
	n.walk(func(one *Node) {
		switch typed := one.Typed.Text; {
		case one.Odd, one.kept != nil, len(one.Faults) > 0, typed != "" && typed != "false":
			filled = true
		case one.Rule != nil && (one.Rule.Kind != Group || len(one.Rule.Rules) > 0 || len(one.Rule.Faults) > 0 || one.Rule.Unknown != ""):
			filled = true
		}
	})
	return filled
}
