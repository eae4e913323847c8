package form

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/definition/schema"
)

// Change is one place in which two documents differ, in the words of a language.
type Change struct {
	Place         string // "Variants › gift › Weight"
	Before, After string // empty where there is nothing
}

// between stands between the names of a place.
const between = " › "

// Differences are the places in which a document became another, in the sequence of the form. Either may be empty.
func Differences(f *schema.Field, before, after json.RawMessage, s Shop, p Page) []Change {
	c := comparing{page: &page{p, s}}
	was, is := Show(f, before, s), Show(f, after, s)
	c.compare(was.Root, is.Root, "")
	return c.changes
}

// comparing notes where two forms differ.
type comparing struct {
	*page
	changes []Change
}

// compare looks at one place of both; either may be nil.
func (c *comparing) compare(was, is *Node, place string) {
	some := is
	if some == nil {
		some = was
	}
	split := was == nil || is == nil || !was.Odd && !is.Odd
	switch f := some.Field; {
	case !split || f.Type != schema.Object && f.Type != schema.List && f.Type != schema.Map && f.Type != schema.Array || onLines(f):
		c.note(place, was, is)
	case f.Type == schema.Object:
		for i, part := range f.Parts {
			c.compare(partOf(was, i), partOf(is, i), under(place, part.Label.In(c.Language)))
		}
		c.rest(place, was, is)
	default:
		c.rows(place, was, is)
		if (was == nil || len(was.Parts) == 0) && (is == nil || len(is.Parts) == 0) {
			c.note(place, was, is)
		}
	}
}

func under(place, name string) string {
	if place == "" {
		return name
	}
	return place + between + name
}

func partOf(n *Node, i int) *Node {
	if n == nil || i >= len(n.Parts) {
		return nil
	}
	return n.Parts[i]
}

// rows compares those of the same name, where each has one of its own, and else those of the same place.
func (c *comparing) rows(place string, was, is *Node) {
	before, after := rowsOf(was), rowsOf(is)
	for _, name := range union(before.names, after.names) {
		c.compare(before.row[name], after.row[name], under(place, name))
	}
}

// named are the rows of a list by what they are called.
type named struct {
	names []string
	row   map[string]*Node
}

func rowsOf(n *Node) named {
	all := named{row: map[string]*Node{}}
	if n == nil {
		return all
	}
	for i, part := range n.Parts {
		name := own(part)
		if name == "" || all.row[name] != nil {
			name = "#" + strconv.Itoa(i+1)
		}
		all.names, all.row[name] = append(all.names, name), part
	}
	return all
}

// own is what a row is called by itself: the name of an entry, or an id.
func own(n *Node) string {
	if n.Key != "" {
		return n.Key
	}
	for _, part := range n.Parts {
		if part.Field.Name == "id" {
			return part.Typed.Text
		}
	}
	return ""
}

func union(a, b []string) []string {
	all := slices.Clone(a)
	for _, name := range b {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

func (c *comparing) rest(place string, was, is *Node) {
	before, after := restOf(was), restOf(is)
	if !alike(before, after) {
		c.changes = append(c.changes, Change{under(place, c.T("more")), indented(before), indented(after)})
	}
}

func restOf(n *Node) json.RawMessage {
	if n == nil {
		return nil
	}
	return n.rest
}

// note is the change of a place, if it is one.
func (c *comparing) note(place string, was, is *Node) {
	before, after := c.document(was), c.document(is)
	if alike(before, after) {
		return
	}
	change := Change{Place: place}
	if before != nil {
		change.Before = c.say(was)
	}
	if after != nil {
		change.After = c.say(is)
	}
	if change.Before == change.After { // they are written otherwise
		change.Before, change.After = string(before), string(after)
	}
	c.changes = append(c.changes, change)
}

func (c *comparing) document(n *Node) json.RawMessage {
	if n == nil {
		return nil
	}
	return (&writing{shop: c.shop}).node(n)
}

// say is what stands at a place, in words.
func (c *comparing) say(n *Node) string {
	v := view{n, c.page, false}
	t := n.Typed
	switch {
	case n.Odd:
		return t.Text
	case n.Rule != nil:
		return ruleView{n.Rule, c.page, 1}.Say()
	case n.Field.Type == schema.Secret && t.Text != "":
		return "••••••"
	case n.Field.Type == schema.Quantity && t.In != "":
		return shownAmount(t.Text, t.In) + " " + schema.UnitWords(t.As).In(c.Language)
	case n.Field.Type == schema.Quantity:
		return t.Text + " " + schema.UnitWords(t.As).In(c.Language)
	case n.Field.Type == schema.Money:
		return shownAmount(t.Text, t.As)
	case n.Field.Type == schema.Minor && t.Text != "":
		return shownAmount(t.Text, string(c.shop.Currency))
	case n.Field.Type == schema.Percent && t.Text != "":
		return t.Text + "%"
	case n.Field.Type == schema.Choice || n.Field.Type == schema.Flag || n.Field.Type == schema.Reference || onLines(n.Field) && (n.Field.Of.Type == schema.Choice || n.Field.Of.Type == schema.Reference):
		return v.picked()
	case t.Text == "":
		return c.T("empty")
	}
	return t.Text
}

// picked are the names of what was picked.
func (v view) picked() string {
	var all []string
	for _, value := range lines(v.Typed.Text) {
		i := slices.IndexFunc(v.options(), func(o Option) bool { return o.Value == value })
		if i >= 0 {
			value = v.options()[i].Label
		}
		all = append(all, value)
	}
	if all == nil {
		return v.T("empty")
	}
	return strings.Join(all, v.T("comma"))
}

// Say is the rule in words, a line for each row.
func (r ruleView) Say() string {
	if r.Rule.Kind == Group && len(r.Rules) == 0 {
		return r.T("rule.empty")
	}
	var out strings.Builder
	r.lines(&out, "")
	return strings.TrimSuffix(out.String(), "\n")
}

func (r ruleView) lines(out *strings.Builder, before string) {
	if r.Rule.Kind != Group {
		out.WriteString(before + r.row() + "\n")
		return
	}
	out.WriteString(before + r.T("rule.mode."+r.Typed[inMode]) + strings.TrimSpace(colon(r.Language)) + "\n")
	for _, one := range r.Inside() {
		one.lines(out, before+"  ")
	}
}

// Place is a place of a rule in words, with how deep it lies; the rule itself at 0.
type Place struct {
	Path, Text string
	Depth      int
}

// Places are those of a rule, each before what it holds.
func Places(raw json.RawMessage, s Shop, p Page) (all []Place) {
	r := showRule(compact(raw), s)
	r.number("", "rule")
	ruleView{r, &page{p, s}, 1}.places(&all)
	return all
}

func (r ruleView) places(all *[]Place) {
	place := Place{Path: r.Path, Depth: r.depth - 1}
	if r.Rule.Kind != Group {
		place.Text = r.row()
		*all = append(*all, place)
		return
	}
	place.Text = r.T("rule.mode." + r.Typed[inMode])
	*all = append(*all, place)
	for _, one := range r.Inside() {
		one.places(all)
	}
}

// row is one row in words.
func (r ruleView) row() string {
	not := ""
	if r.Not {
		not = r.T("rule.not.said") + " "
	}
	switch r.Rule.Kind {
	case Condition:
		return not + strings.Join(slices.DeleteFunc([]string{r.FieldLabel(), r.Typed[inKey], r.T("op." + r.Typed[inOp]), r.compared(), r.counted(), r.lacking()}, func(s string) bool { return s == "" }), " ")
	case Performed:
		said := not + r.T("rule.did") + " " + cmp.Or(r.Typed[inEvent], r.T("rule.lacking"))
		for _, input := range append([]string{inLeast, inMost, inDays}, beyond...) {
			n := r.Typed[input]
			switch input {
			case inWhere:
				n = strings.Join(lines(n), r.T("comma"))
			case inOnly, inSumAs:
				if n != "" {
					n = r.T("rule." + input + "." + n)
				}
			case inThen:
				n = map[string]string{"then": r.T("rule.then.yes"), "thenNot": r.T("rule.then.no")}[n]
			}
			if n != "" {
				said += r.T("comma") + r.T("rule."+input) + " " + n
			}
		}
		return said
	case Member:
		in := "rule.in.yes"
		if r.Typed[inForm] == "notSegment" {
			in = "rule.in.no"
		}
		id := r.Typed[inSegment]
		if i := slices.IndexFunc(r.Segments(), func(o Option) bool { return o.Value == id }); i >= 0 {
			id = r.Segments()[i].Label
		}
		return not + r.T(in) + " " + id
	case Share:
		return not + r.T("rule.share") + " " + r.Typed[inFrom] + "–" + r.Typed[inTo] + "% (" + r.Typed[inSeed] + ")"
	}
	return r.Typed[inText]
}

// compared is what the field is compared with.
func (r ruleView) compared() string {
	var all []string
	for _, value := range lines(r.Typed[inValue]) {
		switch {
		case r.Value() == "flag" && value == "true":
			value = r.T("yes")
		case r.Value() == "flag":
			value = r.T("no")
		}
		f, _ := r.asked()
		if i := slices.IndexFunc(f.Values, func(v rule.Value) bool { return v.Value == value }); i >= 0 {
			value = f.Values[i].Label
		}
		all = append(all, value)
	}
	return strings.Join(all, r.T("comma"))
}

// lacking says that the field is compared with nothing yet.
func (r ruleView) lacking() string {
	if r.Typed[inValue] == "" {
		return r.T("rule.lacking")
	}
	return ""
}

// counted is the unit, where a number has one.
func (r ruleView) counted() string {
	if op := r.Typed[inOp]; op == "before" || op == "after" || r.Typed[inValue] == "" {
		return ""
	}
	return r.Unit()
}
