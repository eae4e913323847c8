// Package address brings what people write of themselves to one form, so that two spellings of one e-mail address or phone number are one: where people
// are joined by them, where two people are compared, and where an address is barred. Whether a text is an address at all is for its reader to say; of a
// number, Number says it. The surprising thing: letters outside ASCII are never folded, since a folding of Unicode makes one address of two people's (the
// Kelvin sign is no k).
package address

import "strings"

// Narrow writes full-width forms, as an input method for Chinese or Japanese leaves them, as the ASCII that they stand for.
func Narrow(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		case r == '\u3000':
			return ' '
		}
		return r
	}, text)
}

// Lower is text with its ASCII letters in lower case.
func Lower(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

// Email is the form in which two spellings of an e-mail address are equal, and in which it is kept and written to; empty for nothing.
func Email(text string) string { return Lower(strings.TrimSpace(Narrow(text))) }

// Mailbox is the form in which two addresses are equal that usually reach one mailbox: without what stands behind a plus, and, at
// Google, without dots. It is a reason to look, not a proof: other providers may give such addresses to different people.
func Mailbox(text string) string {
	local, domain, ok := strings.Cut(Email(text), "@")
	if !ok {
		return ""
	}
	if head, _, plus := strings.Cut(local, "+"); plus && head != "" {
		local = head
	}
	if domain == "googlemail.com" {
		domain = "gmail.com"
	}
	if domain == "gmail.com" {
		local = strings.ReplaceAll(local, ".", "")
	}
	return local + "@" + domain
}

const (
	// minPhone is how many digits make a number a person's own; "0" and "110" are nobody's.
	minPhone = 7
	// minNumber and maxNumber bound what may be a number at all. E.164 has at most fifteen digits.
	minNumber, maxNumber = 6, 15
	// china is the country code of numbers that are written with and without it; mobile numbers there have eleven digits.
	china       = "86"
	chinaMobile = 11
)

// Digits are the digits of a phone number, and whether they begin with a country: behind a +, or behind 00, which is left out.
func Digits(text string) (digits string, abroad bool) {
	text = strings.TrimSpace(Narrow(text))
	digits = strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
	if strings.HasPrefix(text, "+") {
		return digits, true
	}
	if rest, zeros := strings.CutPrefix(digits, "00"); zeros && len(rest) >= minNumber {
		return rest, true
	}
	return digits, false
}

// Number is a phone number by which people are joined: its digits, behind a + where it says its country. Which country another one is of cannot be known,
// so +8613800001111 and 13800001111 are two; Phone compares them. Empty for what is no number: with letters in it, of fewer than 6 digits or more than 15,
// or of one digit alone.
func Number(text string) string {
	for i, c := range strings.TrimSpace(Narrow(text)) {
		if !(c >= '0' && c <= '9' || strings.ContainsRune(" -.()/", c) || c == '+' && i == 0) {
			return ""
		}
	}
	digits, abroad := Digits(text)
	switch {
	case len(digits) < minNumber || len(digits) > maxNumber || strings.Trim(digits, digits[:1]) == "":
		return ""
	case abroad:
		return "+" + digits
	case strings.HasPrefix(digits, "00"):
		return "" // of a country, and too short for one
	}
	return digits
}

// Phone is the form in which two spellings of a phone number are compared: its digits, without a prefix for calls from abroad, and without
// the country for China, in whose shops +86 138..., 0086138..., 86138... and 138... are one number. Empty for what is nobody's own.
func Phone(text string) string {
	number, abroad := Digits(text)
	if len(number) < minPhone {
		return ""
	}
	rest, chinese := strings.CutPrefix(number, china)
	rest = strings.TrimPrefix(rest, "0") // +86 (0)10 ...
	switch {
	case chinese && len(rest) == chinaMobile && rest[0] == '1':
		return rest
	case chinese && abroad && len(rest) >= minPhone:
		return "0" + rest // a landline, as it is dialled at home
	}
	return number
}
