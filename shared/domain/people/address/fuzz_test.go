package address

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// wide is text as an input method for Chinese writes it.
func wide(text string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r <= '~' {
			return r - '!' + '！'
		}
		return r
	}, text)
}

// FuzzAddresses: a form is its own form, nothing outside ASCII is folded, full width makes no difference, and a number is made of digits.
func FuzzAddresses(f *testing.F) {
	for _, text := range []string{"Mei+x@Gmail.com", " ａ．ｂ＠ｓｈｏｐ．ｅｘａｍｐｌｅ ", "+86 138 0000 1111", "0086-10-88888888", "\u212aate@shop.example", "+@gmail.com", ".+.@googlemail.com", "００８６", "@", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return // what came as JSON is valid
		}
		for name, form := range map[string]func(string) string{"email": Email, "mailbox": Mailbox, "lower": Lower, "narrow": Narrow} {
			if once := form(text); form(once) != once {
				t.Errorf("%s: %q becomes %q, and then %q", name, text, once, form(once))
			}
		}
		if Email(wide(text)) != Email(text) || Mailbox(wide(text)) != Mailbox(text) || Phone(wide(text)) != Phone(text) {
			t.Errorf("%q is another address in full width", text)
		}
		beyond := func(text string) string {
			return strings.Map(func(r rune) rune {
				if r < utf8.RuneSelf || r >= '！' && r <= '～' {
					return -1
				}
				return r
			}, text)
		}
		if got := beyond(Email(text)); got != beyond(strings.TrimSpace(Narrow(text))) {
			t.Errorf("of %q what is not ASCII becomes %q", text, got)
		}
		// What joins people by a number is equal to itself however it is compared, and written as it is kept.
		if joined := Number(text); joined != "" && (Number(joined) != joined || Phone(joined) != Phone(text) || Number(wide(text)) != joined) {
			t.Errorf("%q is joined by %q, which is compared as %q and not as %q", text, joined, Phone(joined), Phone(text))
		}
		number := Phone(text)
		if strings.Trim(number, "0123456789") != "" || number != "" && len(number) < minPhone {
			t.Errorf("%q is the number %q", text, number)
		}
		if spaced := Phone(strings.ReplaceAll(text, "-", " ")); spaced != number {
			t.Errorf("%q without dashes is %q, with them %q", text, spaced, number)
		}
	})
}
