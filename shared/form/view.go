package form

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/definition/schema"
	"github.com/userops/userops/shared/domain/reward/ledger"
)

//go:embed form.html
var source string

var drawing = sync.OnceValue(func() *template.Template { return template.Must(template.New("form").Parse(source)) })

// HTML draws the fields. What belongs to the whole, as a button that saves, is the page's.
func (f *Form) HTML(p Page) (template.HTML, error) {
	var out bytes.Buffer
	if err := drawing().ExecuteTemplate(&out, "document", view{f.Root, &page{p, f.shop}, false}); err != nil {
		return "", fmt.Errorf("drawing %s: %w", f.Root.Field.Label.English, err)
	}
	return template.HTML(out.String()), nil //nolint:gosec // the template has escaped it
}

// Refused are the faults that are of no field, in the words of a language.
func (f *Form) Refused(l rule.Language) []string {
	return told(f.Root.Faults, "", l)
}

// view is a node as its template sees it.
type view struct {
	*Node
	*page
	element bool // of an array
}

// Label is what the field is called.
func (v view) Label() string { return v.Field.Label.In(v.Language) }

// Help says what it means.
func (v view) Help() string { return v.Field.Help.In(v.Language) }

// Control is the template that draws it.
func (v view) Control() string {
	f := v.Field
	switch {
	case v.Odd:
		return "odd"
	case onLines(f) && f.Of.Type == schema.Choice:
		return "ticks"
	case onLines(f):
		return "lines"
	case f.Type == schema.Flag && f.Absent != (schema.Words{}):
		return "choice"
	}
	return controls[f.Type]
}

var controls = map[schema.Type]string{
	schema.Text: "line", schema.Secret: "line", schema.Span: "line", schema.Moment: "line", schema.Clock: "line", schema.Whole: "line", schema.Decimal: "line", schema.Percent: "line", schema.Minor: "line",
	schema.Lines: "lines", schema.Liquid: "lines", schema.JSON: "lines", schema.Choice: "choice", schema.Reference: "choice", schema.Flag: "tick",
	schema.Money: "money", schema.Quantity: "quantity", schema.Value: "value", schema.Payload: "value", schema.Rule: "rule",
	schema.Object: "object", schema.List: "rows", schema.Map: "rows", schema.Array: "array",
}

// Box says that the field is drawn in a frame with others below it, rather than as one input beside its label.
func (v view) Box() bool {
	switch v.Control() {
	case "object", "rows", "array", "rule", "ticks":
		return true
	}
	return false
}

// Usual are the parts of a document that most have, and Rare the others.
func (v view) Usual() []view { return v.parted(false) }

// Rare are the parts of a document that most go without.
func (v view) Rare() []view { return v.parted(true) }

func (v view) parted(rare bool) []view {
	return slices.DeleteFunc(v.Inside(), func(part view) bool { return part.Field.Rare != rare })
}

// Wanted says that one of the rare parts is there, or has to be mended.
func (v view) Wanted() bool {
	return slices.ContainsFunc(v.Rare(), func(part view) bool { return part.filled() })
}

// ID is the id of its first input.
func (v view) ID() string { return v.Name }

// Inputs are the attributes of an input that no other has.
func (v view) Fixed() bool { return v.ReadOnly || v.Path == "id" && !v.New }

// Input is the type of a line. A browser empties a picker of times that cannot hold what was typed, so that stands in a line.
func (v view) Input() string {
	typed := v.Typed.Text
	switch v.Field.Type {
	case schema.Secret:
		return "password"
	case schema.Clock:
		if _, reason := writeClock(v.Typed, v.shop); reason == "" {
			return "time"
		}
	case schema.Moment:
		if _, err := time.Parse(local[0], typed); err == nil || typed == "" {
			return "datetime-local"
		}
		if _, err := time.Parse(local[1], typed); err == nil {
			return "datetime-local"
		}
	}
	return "text"
}

// Step lets a picker hold seconds.
func (v view) Step() bool {
	return v.Input() == "datetime-local" && strings.Count(v.Typed.Text, ":") > 1
}

// Mode is which keys a telephone shows.
func (v view) Mode() string {
	switch v.Field.Type {
	case schema.Whole:
		return "numeric"
	case schema.Decimal, schema.Percent, schema.Minor, schema.Money, schema.Quantity:
		return "decimal"
	}
	return ""
}

// Unit stands behind the input.
func (v view) Unit() string {
	switch v.Field.Type {
	case schema.Percent:
		return "%"
	case schema.Minor:
		return string(v.shop.Currency)
	case schema.Span:
		return v.T("span")
	case schema.Moment:
		return v.shop.Zone.String()
	}
	return ""
}

// Tall is how many lines the input has.
func (v view) Tall() int {
	least := 3
	if v.Field.Type == schema.Liquid {
		least = 8
	}
	return min(max(least, strings.Count(v.Typed.Text, "\n")+2), 24)
}

// Faulty are the faults at this place.
func (v view) Faulty() []string {
	if v.Name == root {
		return nil // the page shows them above the form
	}
	return told(v.Faults, v.Path, v.Language)
}

// Nameless says that no label stands beside the input: it is one of several of a fixed number.
func (v view) Nameless() bool { return v.element }

// Described are the ids of what is said of the input.
func (v view) Described() string {
	ids := v.ID() + "~help"
	if v.element {
		ids = v.ID()[:strings.LastIndex(v.ID(), "[")] + "~help"
	}
	if len(v.Faulty()) > 0 {
		ids += " " + v.ID() + "~error"
	}
	return ids
}

// Kept and Rest are what travels with the form.
func (v view) Kept() string { return string(v.kept) }

// Rest is what a newer version says here.
func (v view) Rest() string { return string(v.rest) }

// Inside are the parts or rows.
func (v view) Inside() []view {
	all := make([]view, len(v.Parts))
	for i, part := range v.Parts {
		all[i] = view{part, v.page, v.Field.Type == schema.Array}
	}
	return all
}

// Entries says that rows have names.
func (v view) Entries() bool { return v.Field.Type == schema.Map }

// KeyLabel is what the name of a row is called.
func (v view) KeyLabel() string {
	if w := v.Field.Key; w != (schema.Words{}) {
		return w.In(v.Language)
	}
	return v.Label()
}

// Suggested are the usual names of rows.
func (v view) Suggested() []Option { return v.labelled(v.Field.Options) }

// Saying says that a list without rows is another thing than none.
func (v view) Saying() bool { return v.Field.Type == schema.List && v.Field.Absent != (schema.Words{}) }

// Unsaid is what holds without it.
func (v view) Unsaid() string { return v.Field.Absent.In(v.Language) }

// Said says whether the list is there.
func (v view) Said() bool { return v.Typed.As == said }

func (v view) labelled(options []schema.Option) []Option {
	all := make([]Option, len(options))
	for i, o := range options {
		all[i] = Option{o.Value, o.In(v.Language)}
	}
	return all
}

// picks is the field of which something is picked: the list's element, of a list.
func (v view) picks() *schema.Field {
	if v.Field.Type == schema.List {
		return v.Field.Of
	}
	return v.Field
}

// options are what the field can be.
func (v view) options() []Option {
	switch f := v.picks(); f.Type {
	case schema.Flag:
		return []Option{{"true", v.T("yes")}, {"false", v.T("no")}}
	case schema.Reference:
		return v.references(f.Refers)
	default:
		return v.labelled(f.Options)
	}
}

// Options are what a select offers: first nothing, last what stands there and is not on the list.
func (v view) Options() []Option {
	f, all := v.picks(), v.options()
	for _, there := range lines(v.Typed.Text) {
		if !slices.ContainsFunc(all, func(o Option) bool { return o.Value == there }) {
			all = append(all, Option{there, there + "（" + v.T("there.not") + "）"})
		}
	}
	if v.Field.Type == schema.List {
		return all
	}
	nothing := v.T("none")
	switch {
	case f.Absent != (schema.Words{}):
		nothing = f.Absent.In(v.Language)
	case !f.Optional:
		nothing = v.T("pick")
	}
	return slices.Concat([]Option{{"", nothing}}, all)
}

// Ticked says whether a value is one of those that were picked.
func (v view) Ticked(value string) bool { return slices.Contains(lines(v.Typed.Text), value) }

// Units are those of rewards.
func (v view) Units() []Option {
	var all []Option
	for _, form := range ledger.Forms() {
		all = append(all, Option{form.Name, schema.UnitWords(form.Name).In(v.Language)})
	}
	return all
}

// Currency is that of an amount: the shop's until another is typed.
func (v view) Currency(typed string) string {
	if typed == "" {
		return string(v.shop.Currency)
	}
	return typed
}

// Kinds are what a value can be.
func (v view) Kinds() []Option {
	all := []string{asText, asNumber, asFlag, asTexts, asNumbers}
	if v.Field.Type == schema.Payload {
		all = []string{asText, asJSON}
	} else if v.Typed.As == asJSON {
		all = append(all, asJSON)
	}
	var out []Option
	for _, as := range all {
		out = append(out, Option{as, v.T("as." + as)})
	}
	return out
}

// AsLabel is what the kinds are called.
func (v view) AsLabel() string {
	if v.Field.Type == schema.Payload {
		return v.T("payload")
	}
	return v.T("as")
}

// Ruled says whether a rule stands below the node.
func (v view) Ruled() (has bool) {
	v.walk(func(n *Node) { has = has || n.Rule != nil })
	return has
}

// Fields are the options of what can be asked, each with its group.
func (v view) Fields() template.HTML { return offered()[v.Language] }

// RuleView is the rule of the node.
func (v view) RuleView() ruleView { return ruleView{v.Node.Rule, v.page, 1} }

// shownAmount is an amount as people read it: "500.00 CNY".
func shownAmount(text, currency string) string { return text + " " + currency }
