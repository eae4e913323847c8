package liquid

import (
	"strings"
	"unicode"
)

var keywords = map[string]bool{
	"true": true, "false": true, "nil": true, "and": true, "or": true, "contains": true, "in": true, "reversed": true,
}

// kind sorts the tokens of an expression as far as names have to be told from the rest.
type kind int

const (
	other kind = iota
	space
	name
	open // a text without its closing quote
)

func next(s string) (token string, k kind, size int) {
	switch c := s[0]; {
	case c == '"' || c == '\'':
		end := strings.IndexByte(s[1:], c)
		if end < 0 {
			return s, open, len(s)
		}
		return s[:end+2], other, end + 2
	case unicode.IsSpace(rune(c)):
		return s[:1], space, 1
	case letter(c):
		n := 1
		for n < len(s) && (letter(s[n]) || s[n] >= '0' && s[n] <= '9' || s[n] == '-' || s[n] == '?') {
			n++
		}
		return s[:n], name, n
	case strings.HasPrefix(s, ".."):
		return s[:2], other, 2
	}
	return s[:1], other, 1
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

func identifier(s string) bool {
	if s == "" || keywords[s] {
		return false
	}
	_, k, size := next(s)
	return k == name && size == len(s)
}
