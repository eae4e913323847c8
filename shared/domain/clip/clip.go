// Package clip shortens texts, never within a character. The surprising thing: it counts bytes, since that is what items and answers are bounded by.
package clip

import "unicode/utf8"

// To is a text, or as much of its beginning as has n bytes or less.
func To(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// shown is how many bytes of a text are quoted.
const shown = 64

// Shown is a text as it is quoted back to its author, who knows the rest.
func Shown(text string) string {
	if len(text) <= shown {
		return text
	}
	return To(text, shown) + "..."
}
