package form

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/audience/rule"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/money"
)

// rowKind is how one form of the language is a row.
type rowKind struct {
	kind Kind
	form string // the member that only this form has
	// show is what the inputs hold; false where they cannot tell it.
	show func(all []member, s Shop) (map[string]string, bool)
	// write is what they say.
	write func(typed map[string]string, s Shop) (json.RawMessage, fault.Faults)
}

// rowKinds are the forms of the language, and last what is none of them.
var rowKinds = []rowKind{
	{Condition, "field", showCondition, writeCondition},
	{Performed, "performed", showPerformed, writePerformed},
	{Member, "segment", showMember, writeMember},
	{Member, "notSegment", showMember, writeMember},
	{Share, "percent", showShare, writeShare},
	{Written, "", nil, writeWritten},
}

func writeWritten(typed map[string]string, s Shop) (json.RawMessage, fault.Faults) {
	raw, reason := writeJSON(Typed{Text: typed[inText]}, s)
	switch {
	case reason != "":
		return json.RawMessage("{}"), fault.Faults{{Reason: reason}}
	case raw == nil:
		return json.RawMessage("{}"), nil
	}
	return raw, nil
}

func showMember(all []member, _ Shop) (map[string]string, bool) {
	id, ok := textIn(all[0].value)
	return map[string]string{inForm: all[0].name, inSegment: id}, ok && len(all) == 1
}

func writeMember(typed map[string]string, _ Shop) (json.RawMessage, fault.Faults) {
	form := "segment"
	if typed[inForm] == "notSegment" {
		form = "notSegment"
	}
	return object([]member{{form, text(typed[inSegment])}}), nil
}

func showShare(all []member, _ Shop) (map[string]string, bool) { return showParts(all, shareParts) }

func writeShare(typed map[string]string, _ Shop) (json.RawMessage, fault.Faults) {
	return writeParts("percent", typed, shareParts, writeDecimal)
}

// called are the fields by what operators call them in either language, and by their names.
var called = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for _, l := range rule.Languages() {
		for _, f := range rule.Fields(l) {
			all[f.Label], all[f.Name] = f.Name, f.Name
		}
	}
	return all
})

// resolve puts the name of a field in the place of what an operator calls it, in either language. What is no field stays as it was typed.
func resolve(typed map[string]string) {
	for _, input := range []string{inField, inNew} {
		name := strings.TrimSpace(typed[input])
		if known, is := called()[name]; is {
			typed[input] = known
		} else if f, key, ok := rule.Find(name, rule.English); ok && input == inField {
			typed[inField], typed[inKey] = f.Name, key
		}
	}
}

// fieldOf is the field of a condition, and its name in a rule; false for what is none.
func fieldOf(typed map[string]string) (rule.Field, string, bool) {
	f, _, ok := rule.Find(typed[inField], rule.English)
	name := typed[inField]
	if before, rest, pattern := strings.Cut(f.Name, "<"); pattern && ok {
		_, after, _ := strings.Cut(rest, ">")
		name = before + typed[inKey] + after
	}
	return f, name, ok
}

func showCondition(all []member, s Shop) (map[string]string, bool) {
	name, isText := textIn(one(all, "field"))
	f, key, known := rule.Find(name, rule.English)
	op, opIsText := textIn(one(all, "op"))
	if !isText || !known || !opIsText || !slices.Contains(f.Ops, op) || !only(all, "field", "op", "value", "days") {
		return nil, false
	}
	typed := map[string]string{inField: f.Name, inOp: op}
	if key != "" {
		typed[inKey] = key
	}
	value, days := one(all, "value"), one(all, "days")
	switch {
	case value == nil && days == nil && op != "exists": // it was not typed yet
		return typed, true
	case byDays(op) != (days != nil) || byDays(op) && value != nil:
		return nil, false
	case byDays(op):
		n, ok := numberIn(days)
		typed[inValue] = n
		return typed, ok
	case op == "exists" && value == nil:
		typed[inValue] = "true"
		return typed, true
	}
	shown, ok := operandOf(f, op).show(value, s)
	typed[inValue] = shown.Text
	if shown.As != "" {
		typed[inAs] = shown.As
	}
	if shown.In != "" {
		typed[inCurrency] = shown.In
	}
	return typed, ok
}

func writeCondition(typed map[string]string, s Shop) (json.RawMessage, fault.Faults) {
	f, name, known := fieldOf(typed)
	all := []member{{"field", text(name)}}
	switch {
	case typed[inField] == "":
		return object(all), fault.Faults{{Field: "field", Reason: "is missing: pick what is asked"}}
	case !known:
		return object(all), nil // the API says what it might have been meant for
	}
	op := typed[inOp]
	if op == "" {
		op = f.Ops[0]
	}
	all = append(all, member{"op", text(op)})
	into, l := "value", operandOf(f, op)
	if byDays(op) {
		into = "days"
	}
	raw, reason := l.write(Typed{Text: typed[inValue], As: typed[inAs], In: typed[inCurrency]}, s)
	if raw != nil {
		all = append(all, member{into, raw})
	}
	if reason != "" {
		return object(all), fault.Faults{{Field: into, Reason: reason}}
	}
	return object(all), nil
}

// byDays says that a comparison takes a number of days.
func byDays(op string) bool { return op == "within" || op == "olderThan" || op == "inNext" }

// ofSeveral says that a comparison takes a list, a line each.
func ofSeveral(op string) bool {
	return op == "in" || op == "notIn" || op == "hasAll" || op == "between"
}

// operandOf is how what a field is compared with is shown and read.
func operandOf(f rule.Field, op string) leaf {
	one := operandOfKind(f)
	switch op {
	case "exists":
		return leaf{showFlag, writeFlag}
	case "within", "olderThan", "inNext":
		return leaf{showNumber, writeWhole}
	case "matches":
		return leaf{showText, writeText}
	case "before", "after":
		return leaf{showDate, writeDate}
	case "gt", "gte", "lt", "lte":
		if f.Unit != rule.Money {
			return leaf{showNumber, writeDecimal}
		}
	case "contains":
		if f.Kind != rule.Any {
			return leaf{showText, writeText}
		}
	case "in", "notIn", "hasAll", "between":
		if f.Kind == rule.Any {
			return one // a list is a value of its own there
		}
		if f.Kind == rule.Time {
			one = leaf{showDate, writeDate}
		}
		return leaf{
			func(raw json.RawMessage, s Shop) (Typed, bool) {
				lines, ok := linesOf(raw, func(raw json.RawMessage) (string, bool) {
					t, ok := one.show(raw, s)
					return t.Text, ok && t.In == ""
				})
				return Typed{Text: lines}, ok
			},
			func(t Typed, s Shop) (json.RawMessage, string) { return writeLines(t.Text, one, s) },
		}
	}
	return one
}

func operandOfKind(f rule.Field) leaf {
	switch {
	case f.Kind == rule.Number && f.Unit == rule.Money:
		return leaf{showPrice, writePrice}
	case f.Kind == rule.Number:
		return leaf{showNumber, writeDecimal}
	case f.Kind == rule.Flag:
		return leaf{showFlag, writeFlag}
	case f.Kind == rule.Any:
		return leaf{showScalar, writeValue}
	}
	return leaf{showText, writeText}
}

// showScalar is what a trait is compared with. What no input tells is no row.
func showScalar(raw json.RawMessage, s Shop) (Typed, bool) {
	t, ok := showValue(raw, s)
	return t, ok && t.As != asJSON
}

// showPrice tells an amount of a rule in yuan: minor units, or {"money": "500.00"}.
func showPrice(raw json.RawMessage, s Shop) (Typed, bool) {
	if t, ok := showMinor(raw, s); ok {
		return t, true
	}
	all, is := members(raw)
	decimal, isText := textIn(one(all, "money"))
	code, named := textIn(one(all, "currency"))
	return Typed{Text: decimal, In: code}, is && isText && only(all, "money", "currency") && (named || len(all) == 1)
}

func writePrice(t Typed, s Shop) (json.RawMessage, string) {
	typed := number(t.Text)
	if typed == "" {
		return nil, ""
	}
	c, err := currency(t.In, s)
	if err != nil {
		return nil, err.Error()
	}
	a, reason := amount(typed, c)
	if reason != "" {
		return nil, reason
	}
	all := []member{{"money", text(money.Amount{Minor: a.Minor, Currency: c}.Decimal())}}
	if t.In != "" {
		all = append(all, member{"currency", text(string(c))})
	}
	return object(all), ""
}

// showDate takes a day as it stands, and a time by the shop's clock.
func showDate(raw json.RawMessage, s Shop) (Typed, bool) {
	typed, ok := textIn(raw)
	if _, err := time.Parse(time.DateOnly, typed); err == nil {
		return Typed{Text: typed}, ok
	}
	return showMoment(raw, s)
}

func writeDate(t Typed, s Shop) (json.RawMessage, string) {
	typed := number(t.Text)
	if _, err := time.Parse(time.DateOnly, typed); err == nil {
		return text(typed), ""
	}
	raw, reason := writeMoment(t, s)
	if reason == notMoment {
		reason = "is neither a date such as 2026-11-21 nor one with a time such as 2026-11-21T08:00"
	}
	return raw, reason
}
