package form

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/fault"
)

const asMoney = "money"

// showPerformed is what the inputs of a row hold; false where they cannot tell it.
func showPerformed(all []member, _ Shop) (map[string]string, bool) {
	inner, is := members(all[0].value)
	if !is || len(all) != 1 {
		return nil, false
	}
	var plain []member
	typed := map[string]string{}
	ok := true
	for _, m := range inner {
		switch m.name {
		case "where":
			typed[inWhere], ok = showWhere(m.value)
		case "since":
			typed[inSince], ok = textIn(m.value)
		case "before":
			typed[inUntil], ok = showBefore(m.value)
		case "between":
			var days []string
			ok = json.Unmarshal(m.value, &days) == nil && len(days) == 2
			if ok {
				typed[inSince], typed[inUntil] = days[0], days[1]
			}
		case "sum":
			ok = showSum(m.value, typed)
		case "only":
			typed[inOnly], ok = textIn(m.value)
			ok = ok && (typed[inOnly] == "first" || typed[inOnly] == "last")
		case "then", "thenNot":
			next, object := members(m.value)
			event, isText := textIn(one(next, "event"))
			within, isSpan := textIn(one(next, "within"))
			_, twice := typed[inThen]
			ok = object && isText && isSpan && !twice && only(next, "event", "within")
			typed[inThen], typed[inNext], typed[inSpan] = m.name, event, within
		default:
			plain = append(plain, m)
		}
		if !ok {
			return nil, false
		}
	}
	if days := []json.RawMessage{one(inner, "since"), one(inner, "before"), one(inner, "between")}; (days[0] != nil && (days[1] != nil || days[2] != nil)) || days[1] != nil && days[2] != nil {
		return nil, false // it says when more than once, which the inputs would say otherwise
	}
	rest, ok := showParts([]member{{all[0].name, object(plain)}}, performedParts)
	for input, value := range rest {
		typed[input] = value
	}
	return typed, ok
}

// showBefore is the last day that a date leaves in.
func showBefore(raw json.RawMessage) (string, bool) {
	text, ok := textIn(raw)
	day, err := time.Parse(time.DateOnly, text)
	return day.AddDate(0, 0, -1).Format(time.DateOnly), ok && err == nil
}

func showSum(raw json.RawMessage, typed map[string]string) (ok bool) {
	inner, is := members(raw)
	if typed[inSum], ok = textIn(one(inner, "field")); !ok || !is || !only(inner, "field", "atLeast", "atMost") {
		return false
	}
	for _, b := range []struct{ name, input string }{{"atLeast", inSumMin}, {"atMost", inSumMax}} {
		bound := one(inner, b.name)
		if bound == nil {
			continue
		}
		if typed[b.input], ok = numberIn(bound); ok && typed[inSumAs] == "" {
			continue
		}
		price, object := members(bound)
		if typed[b.input], ok = textIn(one(price, "money")); !ok || !object || len(price) != 1 || b.name == "atMost" && one(inner, "atLeast") != nil && typed[inSumAs] == "" {
			return false
		}
		typed[inSumAs] = asMoney
	}
	return true
}

// showWhere is a line for each condition; false where a line would not say the same.
func showWhere(raw json.RawMessage) (string, bool) {
	var conditions []json.RawMessage
	if json.Unmarshal(raw, &conditions) != nil || len(conditions) == 0 {
		return "", false
	}
	var lines []string
	for _, c := range conditions {
		inner, is := members(c)
		field, isText := textIn(one(inner, "field"))
		op, isOp := textIn(one(inner, "op"))
		if !is || !isText || !isOp || !only(inner, "field", "op", "value") || field == "" || op == "" || strings.ContainsAny(field+op, " \n") {
			return "", false
		}
		line := field + " " + op
		if value := one(inner, "value"); value != nil {
			text, plain := textIn(value)
			if !plain || text == "" || strings.TrimSpace(text) != text || strings.Contains(text, "\n") || json.Valid([]byte(text)) {
				text = string(value)
			}
			line += " " + text
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n"), true
}

// writeWhere reads the lines: what is no JSON behind field and comparison is a text.
func writeWhere(typed string) json.RawMessage {
	var all []json.RawMessage
	for _, line := range lines(typed) {
		field, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		op, value, has := strings.Cut(strings.TrimSpace(rest), " ")
		inner := []member{{"field", text(field)}, {"op", text(op)}}
		if value = strings.TrimSpace(value); has && value != "" {
			raw := json.RawMessage(value)
			if !json.Valid(raw) {
				raw = text(value)
			}
			inner = append(inner, member{"value", raw})
		}
		all = append(all, object(inner))
	}
	return arrayOf(all)
}

func arrayOf(all []json.RawMessage) json.RawMessage {
	out := []byte{'['}
	for i, one := range all {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, one...)
	}
	return append(out, ']')
}

func writePerformed(typed map[string]string, s Shop) (json.RawMessage, fault.Faults) {
	raw, faults := writeParts("performed", typed, performedParts, writeWhole)
	outer, _ := members(raw)
	inner, _ := members(outer[0].value)
	if typed[inWhere] != "" {
		inner = append(inner, member{"where", writeWhere(typed[inWhere])})
	}
	since, until := strings.TrimSpace(typed[inSince]), strings.TrimSpace(typed[inUntil])
	switch {
	case since != "" && until != "":
		inner = append(inner, member{"between", arrayOf([]json.RawMessage{text(since), text(until)})})
	case since != "":
		inner = append(inner, member{"since", text(since)})
	case until != "":
		before := until // what is no date, the API refuses
		if day, err := time.Parse(time.DateOnly, until); err == nil {
			before = day.AddDate(0, 0, 1).Format(time.DateOnly)
		}
		inner = append(inner, member{"before", text(before)})
	}
	if typed[inSum]+typed[inSumMin]+typed[inSumMax] != "" {
		sum := []member{{"field", text(typed[inSum])}}
		for _, b := range []struct{ name, input string }{{"atLeast", inSumMin}, {"atMost", inSumMax}} {
			n := number(typed[b.input])
			switch {
			case n == "":
				continue
			case typed[inSumAs] == asMoney:
				sum = append(sum, member{b.name, object([]member{{"money", text(n)}})})
				continue
			}
			bound, reason := writeDecimal(Typed{Text: n}, s)
			if reason != "" {
				faults.Add("performed.sum."+b.name, reason)
			}
			if bound != nil {
				sum = append(sum, member{b.name, bound})
			}
		}
		inner = append(inner, member{"sum", object(sum)})
	}
	if typed[inOnly] != "" {
		inner = append(inner, member{"only", text(typed[inOnly])})
	}
	if then := typed[inThen]; then == "then" || then == "thenNot" {
		inner = append(inner, member{then, object([]member{{"event", text(typed[inNext])}, {"within", text(typed[inSpan])}})})
	}
	return object([]member{{"performed", object(inner)}}), faults
}
