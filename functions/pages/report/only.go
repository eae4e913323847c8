package report

import (
	"encoding/json"
	"strconv"
)

// option is what may be picked; Text is a key of the catalogue, empty of a value that is shown as it is.
type option struct{ Value, Text string }

// only is the condition of a step as it stands in the form: none where no field is picked.
type only struct {
	N                int
	Field, Op, Value string
}

// asked is a field of events that a step may be narrowed by. Number says that it is compared as a number.
type askedField struct {
	Path, Text string
	Number     bool
}

// askedFields are those that the form offers; a link may name another, which is compared as a text.
var askedFields = []askedField{
	{"properties.category", "report.field.category", false}, {"properties.product_id", "report.field.product", false}, {"properties.name", "report.field.name", false}, {"properties.brand", "report.field.brand", false},
	{"properties.price", "report.field.price", true}, {"properties.total", "report.field.total", true}, {"properties.coupon", "report.field.coupon", false}, {"properties.query", "report.field.query", false},
	{"context.page.path", "report.field.path", false}, {"source", "report.split.source", false}, {"context.campaign.source", "report.split.utmsource", false}, {"context.device.type", "report.split.device", false},
}

// comparisons are how a field is compared, the usual one first.
var comparisons = []option{
	{"eq", "report.op.eq"}, {"ne", "report.op.ne"}, {"contains", "report.op.contains"}, {"gte", "report.op.gte"}, {"lte", "report.op.lte"},
}

// Fields are those to pick from, with none and, of a link, another.
func (o only) Fields() []option {
	all := []option{{"", "report.only.none"}}
	there := o.Field == ""
	for _, f := range askedFields {
		all = append(all, option{f.Path, f.Text})
		there = there || f.Path == o.Field
	}
	if !there {
		all = append(all, option{Value: o.Field})
	}
	return all
}

// Comparisons are those to pick from.
func (only) Comparisons() []option { return comparisons }

// Named says that the step has a condition.
func (o only) Named() bool { return o.Field != "" }

// condition is what the API is asked by it. A number that is none is handed on as it was typed, for the API to say so.
func (o only) condition() map[string]any {
	var value any = o.Value
	number := o.Op == "gte" || o.Op == "lte"
	for _, f := range askedFields {
		number = number || f.Path == o.Field && f.Number && o.Op != "contains"
	}
	if _, err := strconv.ParseFloat(o.Value, 64); number && err == nil && json.Valid([]byte(o.Value)) {
		value = json.Number(o.Value)
	}
	return map[string]any{"field": o.Field, "op": o.Op, "value": value}
}
