package rule

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/clip"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/span"
	"github.com/userops/userops/shared/domain/spelling"
)

// Bounds of what is asked of the archive.
const (
	maxWhere    = 10 // conditions on one event
	maxNext     = 90 * span.Day
	sumDecimals = 6
	maxSum      = 1_000_000_000_000
	maxProperty = 200
)

// The words of a performed.
const (
	keyEvent   = "event"
	keyWhere   = "where"
	keyLeast   = "atLeast"
	keyMost    = "atMost"
	keyWithin  = "withinDays"
	keyBetween = "between"
	keyBefore  = "before"
	keySince   = "since"
	keySum     = "sum"
	keyOnly    = "only"
	keyThen    = "then"
	keyThenNot = "thenNot"
)

// beyond are those that no profile's memory answers.
var beyond = []string{keyWhere, keyBetween, keyBefore, keySince, keySum, keyOnly, keyThen, keyThenNot}

// spans are those that say when, of which a performed has one at most.
var spans = []string{keyWithin, keyBetween, keyBefore, keySince}

// deed reads what only the archive knows of a performed; nil where it asks nothing of the kind.
func (p *parser) deed(object map[string]any, path string) map[string]any {
	if said(object, beyond...) == 0 {
		return nil
	}
	asks := map[string]any{}
	if said(object, spans...) > 1 {
		p.faults.Addf(path, "says when more than once: one of %s", strings.Join(spans, ", "))
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		at := path + "." + key
		switch raw := object[key]; key {
		case keyWhere:
			asks[key] = p.where(raw, at)
		case keyBetween:
			asks[key] = p.betweenDates(raw, at)
		case keyBefore, keySince:
			asks[key] = p.date(raw, at)
		case keySum:
			asks[key] = p.sum(raw, at)
		case keyOnly:
			if asks[key] = raw; raw != "first" && raw != "last" {
				p.faults.Add(at, "is neither first nor last")
			}
		case keyThen, keyThenNot:
			asks[key] = p.next(raw, at)
		}
	}
	if said(object, keyThen, keyThenNot) == 2 {
		p.faults.Addf(path+"."+keyThenNot, "stands beside %s: one of the two", keyThen)
	}
	return asks
}

// date reads a day of the shop.
func (p *parser) date(raw any, path string) string {
	text, _ := raw.(string)
	if day, err := profile.ParseDay(text); err != nil || day < 0 {
		p.faults.Add(path, "is not a date such as 2026-11-21")
		return ""
	}
	return text
}

func (p *parser) betweenDates(raw any, path string) []string {
	list, ok := raw.([]any)
	if !ok || len(list) != 2 {
		p.faults.Add(path, "is not a list of two values, from and to")
		return nil
	}
	from, to := p.date(list[0], path+"[0]"), p.date(list[1], path+"[1]")
	first, _ := profile.ParseDay(from)
	last, _ := profile.ParseDay(to)
	switch {
	case from == "" || to == "":
	case last < first:
		p.faults.Add(path+"[1]", "is below the first one")
	case last-first >= profile.MaxActiveDays:
		p.faults.Addf(path+"[1]", "is more than %d days after the first one", profile.MaxActiveDays)
	}
	return []string{from, to}
}

// next reads what comes, or does not come, after an event.
func (p *parser) next(raw any, path string) map[string]any {
	object, ok := raw.(map[string]any)
	if !ok {
		p.faults.Addf(path, "is not an object but %s", jsonKind(raw))
		return nil
	}
	p.only(object, path, keyEvent, keyWhere, "within")
	asks := map[string]any{keyEvent: p.event(object, path)}
	if where, has := object[keyWhere]; has {
		asks[keyWhere] = p.where(where, path+"."+keyWhere)
	}
	text, _ := object["within"].(string)
	within, err := span.Parse(text)
	if err != nil || within <= 0 || within > maxNext {
		p.faults.Addf(path+".within", "is not a length of time such as 30m, 36h or 14d, of up to %s", maxNext)
	}
	asks["within"] = within.String()
	return asks
}

// sum reads what the events have to come to.
func (p *parser) sum(raw any, path string) map[string]any {
	object, ok := raw.(map[string]any)
	if !ok {
		p.faults.Addf(path, "is not an object but %s", jsonKind(raw))
		return nil
	}
	p.only(object, path, "field", keyLeast, keyMost)
	asks := map[string]any{"field": p.property(object, path)}
	if said(object, keyLeast, keyMost) == 0 {
		p.faults.Add(path, "has neither atLeast nor atMost")
	}
	var bounds []operand
	for _, key := range []string{keyLeast, keyMost} {
		bound, has := object[key]
		if !has {
			continue
		}
		asks[key] = bound
		bounds = append(bounds, p.sumBound(bound, path+"."+key))
	}
	if len(bounds) < 2 || bounds[0].kind != Number || bounds[1].kind != Number {
		return asks
	}
	switch least, most := bounds[0], bounds[1]; {
	case (least.price == nil) != (most.price == nil):
		p.faults.Addf(path+"."+keyMost, "is money where %s is none, or the other way round", keyLeast)
	case least.price == nil && most.num.compare(least.num) < 0:
		p.faults.Addf(path+"."+keyMost, "is below %s", keyLeast)
	}
	return asks
}

// sumBound reads a number, or an amount of money.
func (p *parser) sumBound(raw any, path string) operand {
	if object, is := raw.(map[string]any); is {
		return p.money(condition{field: &field{name: path, unit: Money}}, object, path)
	}
	text, is := raw.(json.Number)
	d, err := money.ReadDecimal(text.String())
	number, fits := parseNumber(text.String())
	f, _ := text.Float64()
	if !is || err != nil || !fits || d.Scale > sumDecimals || math.Abs(f) > maxSum {
		p.faults.Addf(path, "is neither a number of up to %d decimals, up to %d, nor money such as %s", sumDecimals, maxSum, `{"money": "500.00"}`)
		return operand{}
	}
	return operand{value: value{kind: Number, num: number}}
}

// propertyForm is how a value of an event is named: its path, with [] behind what is a list.
var propertyForm = regexp.MustCompile(`^(source|(properties|context)(\.[^.\s][^.]*)+)$`)

// property reads the name of a value of an event.
func (p *parser) property(object map[string]any, path string) string {
	name, _ := object["field"].(string)
	if !propertyForm.MatchString(name) || len(name) > maxProperty {
		p.faults.Addf(path+".field", "%q is not a value of an event, such as properties.total, context.page.path or source", clip.Shown(name))
	}
	return name
}

// numbers are the properties of the specification that are numbers: a comparison of one with a text asks for nobody.
var numbers = []string{"total", "revenue", "subtotal", "value", "price", "quantity", "discount", "tax", "shipping", "position"}

// numeric tells whether a value of an event is a number by the specification.
func numeric(name string) bool {
	last := name[strings.LastIndex(name, ".")+1:]
	return strings.HasPrefix(name, "properties.") && slices.Contains(numbers, last)
}

// wheres are the comparisons of a value of an event.
var wheres = []string{
	string(opEqual), string(opNotEqual), string(opAbove), string(opAtLeast), string(opBelow), string(opAtMost), string(opBetween), string(opIn), string(opNotIn), string(opHasAll),
	string(opContains), string(opMatches), string(opBefore), string(opAfter), string(opExists),
}

// where reads conditions on an event, all of which it has to meet.
func (p *parser) where(raw any, path string) []any {
	list, ok := raw.([]any)
	if !ok || len(list) == 0 || len(list) > maxWhere {
		p.faults.Addf(path, "is not a list of 1 to %d conditions", maxWhere)
		return nil
	}
	var all []any
	for i, one := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		object, ok := one.(map[string]any)
		if !ok {
			p.faults.Addf(at, "is not an object but %s", jsonKind(one))
			continue
		}
		p.only(object, at, "field", "op", "value")
		name, op := p.property(object, at), ""
		if op, _ = object["op"].(string); !slices.Contains(wheres, op) {
			p.faults.Addf(at+".op", "%q is not one of %s%s", clip.Shown(op), strings.Join(wheres, ", "), spelling.Hint(op, wheres...))
			continue
		}
		all = append(all, map[string]any{"field": name, "op": op, "value": p.compared(object, name, operation(op), at+".value")})
	}
	return all
}

// compared reads what a value of an event is compared with.
func (p *parser) compared(object map[string]any, name string, op operation, path string) any {
	raw, has := object["value"]
	switch {
	case op == opExists && !has:
		return true
	case !has:
		p.faults.Add(path, "is missing")
		return nil
	}
	switch op {
	case opExists:
		if _, is := raw.(bool); !is {
			p.faults.Add(path, "is neither true nor false")
		}
	case opMatches:
		p.pattern(raw, path)
	case opBefore, opAfter:
		if text, _ := raw.(string); text != "" {
			if _, ok := parseOperandTime(text); ok {
				break
			}
		}
		p.faults.Add(path, "is not a time such as 2026-11-21T08:00:00Z or a date such as 2026-11-21")
	case opContains:
		p.scalar(raw, Text, path)
	case opAbove, opAtLeast, opBelow, opAtMost:
		p.scalar(raw, Number, path)
	case opBetween:
		list, _ := raw.([]any)
		if len(list) != 2 {
			p.faults.Add(path, "is not a list of two values, from and to")
			break
		}
		low, high := p.scalar(list[0], Number, path+"[0]"), p.scalar(list[1], Number, path+"[1]")
		if low.kind == Number && high.kind == Number && high.num.compare(low.num) < 0 {
			p.faults.Add(path+"[1]", "is below the first one")
		}
	case opIn, opNotIn, opHasAll:
		list, ok := raw.([]any)
		if !ok || len(list) == 0 || len(list) > maxOperands {
			p.faults.Addf(path, "is not a list of 1 to %d values", maxOperands)
		}
		for i, one := range list {
			p.ofKind(one, name, fmt.Sprintf("%s[%d]", path, i))
		}
	default:
		p.ofKind(raw, name, path)
	}
	return raw
}

// ofKind reads a text, a number, true or false; of what is a number by the specification a number.
func (p *parser) ofKind(raw any, name, path string) {
	if _, is := raw.(string); is && numeric(name) {
		p.faults.Addf(path, "is a text, and %s is a number: without quotation marks", name)
		return
	}
	p.scalar(raw, Any, path)
}

// scalar reads one value of a kind.
func (p *parser) scalar(raw any, kind Kind, path string) operand {
	o, what := parseOperand(raw, kind)
	switch {
	case what != "":
		p.faults.Add(path, what)
	case len(o.text) > maxText:
		p.faults.Addf(path, "is longer than %d bytes", maxText)
	case kind == Text && o.text == "":
		p.faults.Add(path, "is empty")
	}
	return o
}

// event reads the name of an event.
func (p *parser) event(object map[string]any, path string) string {
	name, _ := object[keyEvent].(string)
	if name == "" || len(name) > profile.MaxCounterName {
		p.faults.Addf(path+"."+keyEvent, "is not the name of an event, of at most %d bytes", profile.MaxCounterName)
	}
	return name
}

// said is how many of some keys an object has.
func said(object map[string]any, keys ...string) (n int) {
	for _, key := range keys {
		if _, has := object[key]; has {
			n++
		}
	}
	return n
}
