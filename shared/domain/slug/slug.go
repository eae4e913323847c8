// Package slug is a text that names something wherever names go: in addresses, keys, tokens and headers. It holds letters and digits of ASCII, hyphens
// and underscores alone, so it is none of what these have as separators, and is written in each as it is. The surprising thing: documents that were saved
// before this was the rule of every kind may have other ids, and stay in force: it is asked of a document that is about to be saved.
package slug

import (
	"fmt"
	"strings"
	"unicode"
)

// Most is how many bytes the id of a definition may have.
const Most = 64

// Fault is why a text cannot be the id of a definition, as it continues "id ..."; empty if it can.
func Fault(id string) string {
	if Fits(id, 1, Most) {
		return ""
	}
	return fmt.Sprintf("must be 1 to %d of a-z, A-Z, 0-9, - and _", Most)
}

// Of is a slug that a name reads like: its letters of ASCII small, its digits, and a hyphen for whatever stands between; empty where a letter of another script would be lost, since what is left then names
// something else. It leaves room for a number behind it.
func Of(name string) string {
	var b strings.Builder
	gap := false
	for _, c := range strings.ToLower(name) {
		switch {
		case b.Len() > Most-room-2: // a hyphen and a letter more would be too much
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			b.WriteRune(c)
			gap = false
		case unicode.IsLetter(c):
			return ""
		default:
			gap = true
		}
	}
	return b.String()
}

// room is how many bytes of an id Of leaves free.
const room = 16

// Fits tells whether a text is a slug of least to most bytes.
func Fits(text string, least, most int) bool {
	if len(text) < least || len(text) > most {
		return false
	}
	for _, c := range []byte(text) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
