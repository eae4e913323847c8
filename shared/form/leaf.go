package form

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/userops/userops/shared/domain/fault"
)

// What a value or a payload is typed as.
const (
	asText    = "text"
	asNumber  = "number"
	asFlag    = "flag"
	asTexts   = "texts"
	asNumbers = "numbers"
	asJSON    = "json"
)

// leaf is how a value of a type is shown in its inputs, and read off them.
type leaf struct {
	// show is false for a value that these inputs cannot tell, which is shown as JSON then. It is asked for neither nothing nor null.
	show func(raw json.RawMessage, s Shop) (Typed, bool)
	// write is the value that was typed, nil for none; or why it is none, as a fault has it.
	write func(t Typed, s Shop) (json.RawMessage, string)
}

func showText(raw json.RawMessage, _ Shop) (Typed, bool) {
	s, ok := textIn(raw)
	return Typed{Text: s}, ok
}

func writeText(t Typed, _ Shop) (json.RawMessage, string) {
	if t.Text == "" {
		return nil, ""
	}
	return text(t.Text), ""
}

func showFlag(raw json.RawMessage, _ Shop) (Typed, bool) {
	s := string(compact(raw))
	return Typed{Text: s}, s == "true" || s == "false"
}

func writeFlag(t Typed, _ Shop) (json.RawMessage, string) {
	switch t.Text {
	case "":
		return nil, ""
	case "true", "false":
		return json.RawMessage(t.Text), ""
	}
	return nil, "is neither true nor false"
}

func showNumber(raw json.RawMessage, _ Shop) (Typed, bool) {
	s, ok := numberIn(raw)
	return Typed{Text: s}, ok
}

var (
	wholeForm   = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	decimalForm = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
)

// number is what was typed as a number, without what an input method for Chinese makes of digits.
func number(typed string) string {
	typed = strings.TrimSpace(strings.Map(narrow, typed))
	if strings.HasPrefix(typed, ".") {
		typed = "0" + typed
	}
	return strings.TrimPrefix(typed, "+")
}

// narrow is a character of ASCII for one of full width.
func narrow(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		return r - '！' + '!'
	case r == '。':
		return '.'
	case r == '\u3000':
		return ' '
	}
	return r
}

func writeWhole(t Typed, _ Shop) (json.RawMessage, string) {
	n := number(t.Text)
	switch {
	case n == "":
		return nil, ""
	case !wholeForm.MatchString(n):
		return nil, "is not a whole number"
	}
	return json.RawMessage(n), ""
}

func writeDecimal(t Typed, _ Shop) (json.RawMessage, string) {
	n := number(t.Text)
	switch {
	case n == "":
		return nil, ""
	case !decimalForm.MatchString(n):
		return nil, "is not a number"
	}
	return json.RawMessage(n), ""
}

func showJSON(raw json.RawMessage, _ Shop) (Typed, bool) { return Typed{Text: indented(raw)}, true }

func writeJSON(t Typed, _ Shop) (json.RawMessage, string) {
	if strings.TrimSpace(t.Text) == "" {
		return nil, ""
	}
	if reason := fault.Syntax([]byte(t.Text)); reason != "" {
		return nil, reason
	}
	return compact(json.RawMessage(t.Text)), ""
}

// showPayload tells a text that is a template from JSON whose texts are.
func showPayload(raw json.RawMessage, s Shop) (Typed, bool) {
	if t, ok := showText(raw, s); ok {
		t.As = asText
		return t, true
	}
	return Typed{Text: indented(raw), As: asJSON}, true
}

func showValue(raw json.RawMessage, _ Shop) (Typed, bool) {
	if s, ok := textIn(raw); ok {
		return Typed{Text: s, As: asText}, true
	}
	if n, ok := numberIn(raw); ok {
		return Typed{Text: n, As: asNumber}, true
	}
	if s := string(compact(raw)); s == "true" || s == "false" {
		return Typed{Text: s, As: asFlag}, true
	}
	if lines, ok := linesOf(raw, textIn); ok {
		return Typed{Text: lines, As: asTexts}, true
	}
	if lines, ok := linesOf(raw, numberIn); ok {
		return Typed{Text: lines, As: asNumbers}, true
	}
	return Typed{Text: indented(raw), As: asJSON}, true
}

// linesOf puts each element of a list on a line; false for no list, an empty one, and elements that no line holds as they are.
func linesOf(raw json.RawMessage, show func(json.RawMessage) (string, bool)) (string, bool) {
	all, ok := elements(raw)
	lines := make([]string, len(all))
	for i, one := range all {
		if lines[i], ok = show(one); !ok || lines[i] == "" || strings.TrimSpace(lines[i]) != lines[i] || strings.ContainsAny(lines[i], "\r\n") {
			return "", false
		}
	}
	return strings.Join(lines, "\n"), ok && len(all) > 0
}

// lines are what was typed on lines, those that are blank apart.
func lines(typed string) []string {
	var all []string
	for line := range strings.Lines(typed) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

func writeValue(t Typed, s Shop) (json.RawMessage, string) {
	switch t.As {
	case asNumber:
		return writeDecimal(t, s)
	case asFlag:
		return writeFlag(Typed{Text: yes(t.Text)}, s)
	case asTexts:
		return writeLines(t.Text, leaf{showText, writeText}, s)
	case asNumbers:
		return writeLines(t.Text, leaf{showNumber, writeDecimal}, s)
	case asJSON:
		return writeJSON(t, s)
	}
	return writeText(t, s)
}

// flagWords are what people type for true and false.
var flagWords = map[string]string{"yes": "true", "是": "true", "no": "false", "否": "false"}

func yes(typed string) string {
	typed = strings.ToLower(strings.TrimSpace(typed))
	if word, has := flagWords[typed]; has {
		return word
	}
	return typed
}

// writeLines is the list of what stands on the lines, nil without any.
func writeLines(typed string, of leaf, s Shop) (json.RawMessage, string) {
	var all []json.RawMessage
	for _, line := range lines(typed) {
		raw, reason := of.write(Typed{Text: line}, s)
		if reason != "" {
			return nil, line + " " + reason
		}
		all = append(all, raw)
	}
	if all == nil {
		return nil, ""
	}
	return list(all), ""
}
