// Package address brings what people write of themselves to one form, so that two spellings of one e-mail address or phone number can
// be compared. It is for comparing only: mail goes to the address as it was written. The surprising thing: letters outside ASCII are
// never folded, since a folding of Unicode makes one address of two people's (the Kelvin sign is no k).
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

// Email is the form in which two spellings of an e-mail address are equal; empty for what is none.
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
	// china is the country code of numbers that are written with and without it; mobile numbers there have eleven digits.
	china       = "86"
	chinaMobile = 11
)

// Phone is the form in which two spellings of a phone number are equal: its digits, without a prefix for calls from abroad, and without
// the country for China, in whose shops +86 138..., 0086138..., 86138... and 138... are one number. Empty for what is nobody's own.
func Phone(text string) string {
	text = strings.TrimSpace(Narrow(text))
	number := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
	if len(number) < minPhone {
		return ""
	}
	abroad := strings.HasPrefix(text, "+")
	if rest, zeros := strings.CutPrefix(number, "00"); !abroad && zeros && len(rest) >= minPhone {
		number, abroad = rest, true
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
