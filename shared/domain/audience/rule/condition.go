package rule

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// condition compares a field. A profile that does not have the field meets ne, notIn and "exists": false, and nothing else. In, notIn, hasAll and contains
// ask a list for its elements.
type condition struct {
	field *field
	key   string
	op    operation
	// operands holds one value, two for between, and several for in, notIn and hasAll.
	operands []operand
	pattern  *regexp.Regexp // for matches
	days     int            // for within, olderThan and inNext
	want     bool           // for exists
	tags     []string       // that it asks for; the empty one for any
}

// operand is a value of a rule. A date stands for its first instant in the shop's zone.
type operand struct {
	value
	date  profile.Day
	dated bool
	price *price // an amount of money, whose number is known once the shop is
}

// in is the operand's value in a shop, made in room where it has to be. Nothing is copied: millions of people are asked, of up to a thousand operands. An amount of
// another currency is nothing that a field can be.
func (o *operand) in(shop *profile.Shop, room *value) *value {
	if o.price == nil {
		return &o.value
	}
	*room = value{}
	if n, fits := o.price.in(shop.Currency); fits {
		room.kind, room.num = Number, n
	}
	return room
}

func (c condition) meets(s *Subject, blind bool) bool {
	if s.refuses && (c.field.profiles() || s.profiles(c.tags)) {
		return blind
	}
	held, ok := c.field.read(s, c.key)
	var room value
	switch c.op {
	case opExists:
		return ok == c.want
	case opNotEqual:
		return !ok || !equal(&held, c.operands[0].in(&s.shop, &room))
	case opNotIn:
		return !ok || !c.any(s, &held)
	}
	if !ok {
		return false
	}
	switch c.op {
	case opEqual:
		return equal(&held, c.operands[0].in(&s.shop, &room))
	case opIn:
		return c.any(s, &held)
	case opHasAll:
		for i := range c.operands {
			if !held.has(c.operands[i].in(&s.shop, &room)) {
				return false
			}
		}
		return true
	case opContains:
		return held.contains(&c.operands[0].value)
	case opMatches:
		return held.kind == Text && c.pattern.MatchString(held.text)
	case opBefore, opAfter, opWithin, opOlderThan, opInNext:
		return c.meetsTime(s, held)
	case opBetween:
		if c.operands[0].kind == Time {
			return c.meetsTime(s, held)
		}
		var other value
		low, high := c.operands[0].in(&s.shop, &room), c.operands[1].in(&s.shop, &other)
		return held.kind == Number && low.kind == Number && high.kind == Number && held.num.compare(low.num) >= 0 && held.num.compare(high.num) <= 0
	}
	to := c.operands[0].in(&s.shop, &room)
	if held.kind != Number || to.kind != Number {
		return false
	}
	sign := held.num.compare(to.num)
	switch c.op {
	case opAbove:
		return sign > 0
	case opAtLeast:
		return sign >= 0
	case opBelow:
		return sign < 0
	}
	return sign <= 0
}

// any says whether a value, or an element of a list, is one of the operands.
func (c condition) any(s *Subject, held *value) bool {
	var room value
	for i := range c.operands {
		if held.has(c.operands[i].in(&s.shop, &room)) {
			return true
		}
	}
	return false
}

func equal(held, to *value) bool {
	if held.kind != to.kind {
		return false
	}
	switch held.kind {
	case Number:
		return held.num.compare(to.num) == 0
	case Flag:
		return held.flag == to.flag
	}
	return held.text == to.text
}

// has says whether a value is an element of a list, or the value itself.
func (v *value) has(one *value) bool {
	if v.kind != List {
		return equal(v, one)
	}
	return one.kind == Text && slices.Contains(v.list, one.text) ||
		slices.ContainsFunc(v.elements, func(element value) bool { return equal(&element, one) })
}

// contains says whether a list has an element, or a text has a text as a part.
func (v *value) contains(one *value) bool {
	if v.kind == Text {
		return one.kind == Text && strings.Contains(v.text, one.text)
	}
	return v.kind == List && v.has(one)
}

func (c condition) meetsTime(s *Subject, held value) bool {
	at := held.at
	if held.kind != Time {
		parsed, ok := parseOperandTime(held.text)
		if held.kind != Text || !ok {
			return false
		}
		at = parsed.instant(s.shop.Zone)
	}
	switch c.op {
	case opBefore:
		return at.Before(c.operands[0].instant(s.shop.Zone))
	case opAfter:
		return !at.Before(c.operands[0].instant(s.shop.Zone))
	case opBetween:
		return !at.Before(c.operands[0].instant(s.shop.Zone)) && c.operands[1].over(at, s.shop.Zone)
	}
	days := int(s.today - s.shop.Day(at))
	switch c.op {
	case opOlderThan:
		return days > c.days
	case opInNext:
		return days <= 0 && -days <= c.days
	}
	return days >= 0 && days <= c.days
}

// over says that a time is not behind the operand: a date ends with its day.
func (o operand) over(at time.Time, zone *time.Location) bool {
	if o.dated {
		return at.Before((o.date + 1).Start(zone))
	}
	return !at.After(o.at)
}

func (o operand) instant(zone *time.Location) time.Time {
	if o.dated {
		return o.date.Start(zone)
	}
	return o.at
}

// parseOperandTime reads RFC 3339 or a date.
func parseOperandTime(text string) (operand, bool) {
	if date, err := profile.ParseDay(text); err == nil {
		return operand{value: value{kind: Time}, date: date, dated: true}, true
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	return operand{value: value{kind: Time, at: at}}, err == nil
}

// parseOperand reads a JSON value as decoded with numbers kept; what says which type is expected.
func parseOperand(raw any, kind Kind) (o operand, what string) {
	switch v := raw.(type) {
	case string:
		if kind == Text || kind == List || kind == Any {
			return operand{value: value{kind: Text, text: v}}, ""
		}
	case bool:
		if kind == Flag || kind == Any {
			return operand{value: value{kind: Flag, flag: v}}, ""
		}
	case json.Number:
		if kind == Number || kind == Any {
			n, ok := parseNumber(v.String())
			if !ok {
				return operand{}, "is a number out of range"
			}
			return operand{value: value{kind: Number, num: n}}, ""
		}
	}
	switch kind {
	case Text, List:
		return operand{}, "is not a text"
	case Flag:
		return operand{}, "is neither true nor false"
	case Number:
		return operand{}, "is not a number"
	}
	return operand{}, fmt.Sprintf("is not a text, number, true or false but %s", jsonKind(raw))
}

func jsonKind(raw any) string {
	switch raw.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case string:
		return "a text"
	case bool:
		return "true or false"
	}
	return "a number"
}
