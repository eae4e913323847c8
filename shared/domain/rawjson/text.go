package rawjson

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// Text is the text of a string; empty for any other value.
func Text(value []byte) string {
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return ""
	}
	inside := value[1 : len(value)-1]
	if bytes.IndexByte(inside, '\\') < 0 {
		return string(inside)
	}
	return string(Unescape(nil, inside))
}

// Plain is the text of a string or the digits of a number; empty for any other value.
func Plain(value []byte) string {
	if len(value) > 0 && (value[0] == '-' || value[0] >= '0' && value[0] <= '9') {
		return string(value)
	}
	return Text(value)
}

// Unescape appends the text that the inside of a string stands for. A lone surrogate, which browsers write when a text was cut within an emoji, becomes
// U+FFFD. Of what has an escape that is none, nothing is appended.
func Unescape(dst, inside []byte) []byte {
	before := len(dst)
	for {
		i := bytes.IndexByte(inside, '\\')
		if i < 0 {
			return append(dst, inside...)
		}
		dst = append(dst, inside[:i]...)
		inside = inside[i:]
		n := Escape(inside)
		switch {
		case n == 0:
			return dst[:before]
		case n == 2:
			dst = append(dst, stands[inside[1]])
		default:
			r := unit(inside)
			if utf16.IsSurrogate(r) {
				if r = utf16.DecodeRune(r, unit(inside[n:])); r != utf8.RuneError {
					n *= 2
				}
			}
			dst = utf8.AppendRune(dst, r)
		}
		inside = inside[n:]
	}
}

// stands is what the letter of an escape of two characters stands for, 0 where it is none.
var stands = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// Escape is the length of the escape at the start of b: 2, 6 for \uXXXX, 0 when it is none.
func Escape(b []byte) int {
	switch {
	case len(b) < 2 || b[0] != '\\':
		return 0
	case stands[b[1]] != 0:
		return 2
	case unit(b) >= 0:
		return 6
	}
	return 0
}

// unit is the code unit of the escape \uXXXX at the start of b, -1 when it is none.
func unit(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// Bare tells whether a byte stands for itself within a string, whatever is beside it: it is ASCII and needs no escape.
func Bare(c byte) bool { return bare[c] }

var bare = func() (t [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// AppendText appends valid UTF-8 as a string. No more is escaped than must be.
func AppendText(dst []byte, text string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	from := 0
	for i := range len(text) {
		c := text[i]
		if bare[c] || c >= utf8.RuneSelf {
			continue
		}
		dst = append(dst, text[from:i]...)
		if from = i + 1; c == '"' || c == '\\' {
			dst = append(dst, '\\', c)
		} else {
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(dst, text[from:]...), '"')
}
