package form

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/definition/schema"
)

// node is what the document has at a place, nil for nothing.
func (w *writing) node(n *Node) json.RawMessage {
	if n.Odd {
		raw, reason := writeJSON(n.Typed, w.shop)
		if reason != "" {
			w.fault(n, reason)
		}
		return raw
	}
	if l, is := inputs(n.Field); is {
		return w.leaf(n, l)
	}
	var raw json.RawMessage
	switch n.Field.Type {
	case schema.Rule:
		raw = w.rule(n.Rule)
	case schema.Object:
		raw = w.object(n)
	case schema.Map:
		raw = w.entries(n)
	default:
		raw = w.rows(n)
	}
	if raw == nil {
		return n.kept
	}
	return raw
}

func (w *writing) leaf(n *Node, l leaf) json.RawMessage {
	if n.kept != nil {
		if was, fits := n.shown(l, n.kept, w.shop); fits && sameTyped(n.Field, was, n.Typed, w.shop) {
			return n.kept
		}
	}
	raw, reason := l.write(n.Typed, w.shop)
	switch {
	case reason == "":
	case onLines(n.Field):
		w.lines(n)
	default:
		w.fault(n, reason)
	}
	return raw
}

// lines notes which lines are none.
func (w *writing) lines(n *Node) {
	for i, line := range lines(n.Typed.Text) {
		if _, reason := leaves[n.Field.Of.Type].write(Typed{Text: line}, w.shop); reason != "" {
			w.faultAt(n, fmt.Sprintf("%s[%d]", n.Path, i), reason)
		}
	}
}

// sameTyped says whether somebody has left an input as it was shown. A browser drops line breaks where there is one line, and writes those of others in its own way; a box
// without a tick sends nothing, and ticks have no sequence.
func sameTyped(f *schema.Field, was, now Typed, s Shop) bool {
	if f.Type == schema.List && f.Of.Type == schema.Choice {
		return sameLines(was.Text, now.Text)
	}
	a, b := plain(f, was.Text), plain(f, now.Text)
	if f.Type == schema.Flag && f.Absent == (schema.Words{}) {
		a, b = strings.TrimPrefix(a, "false"), strings.TrimPrefix(b, "false")
	}
	if a == "" || b == "" {
		return a == b // what nothing is, is of no account
	}
	same := func(x, y string) bool {
		return x == y || (f.Type == schema.Money || f.Type == schema.Quantity) && filledBy(x, s) == filledBy(y, s)
	}
	return a == b && same(was.As, now.As) && same(was.In, now.In)
}

// filledBy is a currency as it is shown: the shop's where none is said.
func filledBy(typed string, s Shop) string {
	if typed == "" {
		return string(s.Currency)
	}
	return typed
}

// several are the types that are typed on several lines.
var several = []schema.Type{schema.List, schema.Lines, schema.Liquid, schema.Payload, schema.Value, schema.JSON}

func plain(f *schema.Field, typed string) string {
	typed = strings.ReplaceAll(newlines(typed), "\r", "\n")
	if !slices.Contains(several, f.Type) {
		typed = strings.ReplaceAll(typed, "\n", "")
	}
	return typed
}

// sameLines says whether the lines are the same in any sequence.
func sameLines(a, b string) bool {
	was, now := lines(a), lines(b)
	slices.Sort(was)
	slices.Sort(now)
	return slices.Equal(slices.Compact(was), slices.Compact(now))
}

func (w *writing) object(n *Node) json.RawMessage {
	var all []member
	for _, part := range n.Parts {
		if n.Field.One && part.Field.Name != n.Typed.As {
			continue
		}
		raw := w.node(part)
		if raw == nil && n.Field.One && part.Field.Type == schema.Object {
			raw = json.RawMessage("{}") // it was picked
		}
		if raw != nil {
			all = append(all, member{part.Field.Name, raw})
		}
	}
	rest, _ := members(n.rest)
	if all = append(all, rest...); all == nil {
		return nil
	}
	return object(all)
}

func (w *writing) entries(n *Node) json.RawMessage {
	var all []member
	for _, part := range n.Parts {
		raw := w.node(part)
		if part.Key == "" && raw == nil {
			continue // a row that nobody has filled in
		}
		if raw == nil && part.Field.Type == schema.Object {
			raw = json.RawMessage("{}")
		}
		switch {
		case part.Key == "":
			w.fault(part, "has no name")
			continue
		case raw == nil:
			w.fault(part, "is missing")
			continue
		case one(all, part.Key) != nil:
			w.fault(part, "is there twice")
		}
		all = append(all, member{part.Key, raw})
	}
	if all == nil {
		return nil
	}
	return object(all)
}

// rows is a list. Rows that say nothing stay in their place.
func (w *writing) rows(n *Node) json.RawMessage {
	all := make([]json.RawMessage, 0, len(n.Parts))
	blank := true
	for _, part := range n.Parts {
		raw := w.node(part)
		blank = blank && raw == nil
		all = append(all, raw)
	}
	switch {
	case n.Field.Type == schema.Array && blank:
		return nil
	case n.Field.Type == schema.List && n.Field.Absent != (schema.Words{}) && n.Typed.As != said:
		if !isNull(n.kept) {
			n.kept = nil // somebody wants it not said
		}
		return nil
	case n.Field.Type == schema.List && len(all) == 0:
		if n.Field.Absent != (schema.Words{}) {
			return json.RawMessage("[]")
		}
		return nil
	}
	for i, raw := range all {
		switch {
		case raw != nil:
		case n.Field.Of.Type == schema.Object:
			all[i] = json.RawMessage("{}")
		default:
			if all[i] = json.RawMessage("null"); len(n.Parts[i].Faults) == 0 {
				w.fault(n.Parts[i], "is missing")
			}
		}
	}
	return list(all)
}
