// Package sms is what there is to know of a text message beside who sends it: the text as the provider has it registered, with places for values such as
// ${name}, the values of one message, how many parts it is billed as, and whether it says how to want no more. It is not the channel, which is
// shared/channel/sms. The surprising thing: a shop sends no text at all. It sends the code of a text that the provider has approved before, with the values; the text
// stands in our template so that it can be checked, shown and counted.
package sms

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/userops/userops/shared/domain/fault"
)

// Message is the payload of a template for text messages.
type Message struct {
	// Template is the provider's code of the registered text, such as SMS_154950909.
	Template string `json:"template"`
	// Params are the values of the places in the text, by their names.
	Params map[string]string `json:"params,omitempty"`
	// Sign is the sender's name that stands before the text; empty means the deployment's.
	Sign string `json:"sign,omitempty"`
}

const (
	// maxText is how many characters a registered text has at most.
	maxText = 500
	// maxSign is how many characters a sender's name has at most.
	maxSign = 24
)

var (
	place    = regexp.MustCompile(`\$\{([^{}]*)\}`)
	variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,49}$`)
	code     = regexp.MustCompile(`^SMS_[0-9]{1,20}$`)
	// leave are the ways in which texts say how to want no more: 拒收请回复R, which providers ask for by now, 退订回T and 回TD退订 of before, and STOP abroad.
	leave = regexp.MustCompile(`(?i)(退订|拒收)(请)?(回复?|发送?)?\s*(R|TD|T|N|0000)|(回复?|发送?)\s*(R|TD|T|N|0000)\s*(即可)?(退订|拒收)|\b(reply|text|txt|send)\s+STOP\b|\bSTOP\s+to\s+(end|opt|unsub|quit)`)
)

// Places are the names of the values that a text has places for, each once, in their order.
func Places(text string) (names []string) {
	for _, m := range place.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	return names
}

// Filled is a text as somebody reads it: the sender's name, where one is given, and the values in their places.
func Filled(text string, m Message) string {
	text = place.ReplaceAllStringFunc(text, func(at string) string { return m.Params[at[2:len(at)-1]] })
	if m.Sign != "" {
		text = "【" + m.Sign + "】" + text
	}
	return text
}

// OptsOut tells whether a text says how to want no more.
func OptsOut(text string) bool { return leave.MatchString(text) }

// A message of one part has more room than the parts of a longer one, which carry a header each. In mainland China every character counts alike.
const (
	wideAlone, widePart     = 70, 67
	narrowAlone, narrowPart = 160, 153
)

// Parts is how many messages a text is billed as; 0 for an empty one. Outside of mainland China a text of the GSM alphabet alone has more room.
func Parts(text string, mainland bool) int {
	alone, part, units := wideAlone, widePart, len(utf16.Encode([]rune(text)))
	if septets, narrow := septets(text); narrow && !mainland {
		alone, part, units = narrowAlone, narrowPart, septets
	}
	switch {
	case units == 0:
		return 0
	case units <= alone:
		return 1
	}
	return (units + part - 1) / part
}

// The alphabet of 3GPP TS 23.038, and what takes two places in it, behind an escape.
const (
	gsm      = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	extended = "\f^{}\\[~]|€"
)

// septets counts the places that a text takes in the GSM alphabet; false where it has a character that is not there.
func septets(text string) (count int, narrow bool) {
	for _, c := range text {
		switch {
		case strings.ContainsRune(gsm, c):
			count++
		case strings.ContainsRune(extended, c):
			count += 2
		default:
			return 0, false
		}
	}
	return count, true
}

// Faults are those of the text and the payload of a template.
func Faults(text string, payload json.RawMessage) (f fault.Faults) {
	if text == "" || len(payload) == 0 {
		return nil // which is a fault of its own
	}
	f = textFaults(text)
	var m Message
	if trimmed := strings.TrimSpace(string(payload)); !strings.HasPrefix(trimmed, "{") {
		f.Add("payload", "must be an object with template and params")
		return f
	}
	if faults := fault.Decode(payload, &m); len(faults) > 0 {
		return append(f, faults.Under("payload")...)
	}
	if !code.MatchString(m.Template) {
		f.Add("payload.template", "must be the code of an approved text, such as SMS_154950909")
	}
	if strings.ContainsAny(m.Sign, "【】[]{}") || utf8.RuneCountInString(m.Sign) > maxSign {
		f.Addf("payload.sign", "must be at most %d characters, without brackets: the provider sets them", maxSign)
	}
	places := Places(text)
	for _, name := range places {
		if _, given := m.Params[name]; !given {
			f.Addf("payload.params", "has no %s, which the text has a place for", name)
		}
	}
	for name, value := range m.Params {
		switch {
		case !slices.Contains(places, name):
			f.Addf("payload.params."+name, "has no place in the text: ${%s}", name)
		case value == "":
			f.Add("payload.params."+name, "is empty, which providers refuse")
		}
	}
	slices.SortFunc(f, func(a, b fault.Fault) int { return strings.Compare(a.Field+a.Reason, b.Field+b.Reason) })
	return f
}

func textFaults(text string) (f fault.Faults) {
	switch {
	case strings.Contains(text, "{{") || strings.Contains(text, "{%"):
		f.Add("text", "must be the text as the provider has approved it, with places such as ${name}: what fills them stands in payload.params")
	case strings.ContainsAny(text, "【】"):
		f.Add("text", "must not name the sender: the provider sets the name in brackets before it")
	case utf8.RuneCountInString(text) > maxText:
		f.Addf("text", "must be at most %d characters", maxText)
	}
	for _, name := range Places(text) {
		if !variable.MatchString(name) {
			f.Addf("text", "has a place ${%s} that no value can have the name of", name)
		}
	}
	return f
}
