package report

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
)

// input is a field of a form. Kind is date, number, text, pick or tick.
type input struct {
	Name, Label, Help, Kind string
	Value                   string
	Options                 []option
	Offers                  bool // of events
	Fault                   string
	// Only is the condition of a step, nil of other fields.
	Only *only
	// N tells fields of one name apart, from 1; 0 of a field that is alone.
	N int
}

// ID is that of the field in the page.
func (i input) ID() string {
	if i.N == 0 {
		return i.Name
	}
	return i.Name + "-" + strconv.Itoa(i.N)
}

// typed is a form as it was sent by its address, in a shop whose day it is.
type typed struct {
	url.Values
	today time.Time
	lang  interface{ Word(string, any) string }
}

func typedOf(v *view.Visit) *typed {
	return &typed{v.R.URL.Query(), v.Now().In(v.Shop.Zone), v.Lang}
}

// sent says that somebody has asked.
func (t *typed) sent() bool { return t.Has("from") }

// or is what was typed into a field, or the usual value where nothing was sent.
func (t *typed) or(name, usual string) string {
	if !t.sent() {
		return usual
	}
	return strings.TrimSpace(t.Get(name))
}

// days are the fields of the days that are asked: four weeks up to yesterday, where nobody has said others.
func (t *typed) days(back int) []input {
	day := func(ago int) string { return t.today.AddDate(0, 0, -ago).Format(time.DateOnly) }
	return []input{{Name: "from", Label: "report.from", Kind: "date", Value: t.or("from", day(back))}, {Name: "to", Label: "report.to", Kind: "date", Value: t.or("to", day(1))}}
}

func (t *typed) by(usual string) input {
	return input{Name: "by", Label: "report.by", Kind: "pick", Value: t.or("by", usual), Options: []option{{"day", "report.by.day"}, {"week", "report.by.week"}, {"month", "report.by.month"}}}
}

// splits are the fields by which figures are told apart. One that is typed is a path of the API.
var splits = []option{
	{"", "report.split.none"}, {"source", "report.split.source"}, {"context.campaign.source", "report.split.utmsource"}, {"context.campaign.medium", "report.split.utmmedium"}, {"context.campaign.name", "report.split.utmname"},
	{"context.device.type", "report.split.device"}, {"context.locale", "report.split.locale"}, {"properties.coupon", "report.split.coupon"}, {"properties.category", "report.split.category"},
}

func (t *typed) split() input {
	i := input{Name: "split", Label: "report.split", Kind: "pick", Value: t.or("split", ""), Options: splits}
	if !slices.ContainsFunc(splits, func(o option) bool { return o.Value == i.Value }) {
		i.Options = append(slices.Clone(splits), option{Value: i.Value}) // a link may name another
	}
	return i
}

// base is what every question has.
func (t *typed) base(kind string) map[string]any {
	d := map[string]any{"kind": kind, "from": t.Get("from"), "to": t.Get("to")}
	if by := t.Get("by"); by != "" {
		d["by"] = by
	}
	if split := strings.TrimSpace(t.Get("split")); split != "" {
		d["split"] = split
	}
	return d
}

// events are those that forms offer, by their names; whoever types what one is called in their language means it.
var events = []string{
	"page", "screen", "Product Viewed", "Product List Viewed", "Products Searched", "Product Added", "Cart Viewed", "Checkout Started", "Order Completed", "Order Refunded", "Order Cancelled", "Signed Up", "*",
}

func (t *typed) event(text string) map[string]any {
	text = strings.TrimSpace(text)
	for _, name := range events {
		if t.lang.Word("event", name) == text {
			text = name
		}
	}
	return map[string]any{"event": text}
}

// place puts the faults of the API beside the fields that they are of, and gives those of none.
func place(inputs []input, faults []api.FieldFault) (left []api.FieldFault) {
	for _, f := range faults {
		name := strings.TrimPrefix(f.Field, "definition.")
		n := 1
		if rest, is := strings.CutPrefix(name, "steps"); is {
			name = "step"
			if at, err := strconv.Atoi(strings.TrimPrefix(rest[:max(strings.IndexByte(rest, ']'), 0)], "[")); err == nil {
				n = at + 1
			}
		}
		name, _, _ = strings.Cut(name, ".")
		i := slices.IndexFunc(inputs, func(i input) bool { return i.Name == name && (i.N == 0 || i.N == n) })
		if i < 0 || inputs[i].Fault != "" {
			left = append(left, f)
			continue
		}
		inputs[i].Fault = f.Reason
	}
	return left
}
