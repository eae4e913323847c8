package sqs

import (
	"unicode/utf16"
	"unicode/utf8"
)

const maxDepth = 32

// decoder reads one JSON document from front to back. Strings are slices of the document, which it rewrites in place
// where they hold escapes: the document must not be read twice.
type decoder struct {
	b     []byte
	i     int
	depth int
}

func (d *decoder) space() {
	for d.i < len(d.b) {
		switch d.b[d.i] {
		case ' ', '\t', '\n', '\r':
			d.i++
		default:
			return
		}
	}
}

// next is the first byte of the next token, 0 at the end.
func (d *decoder) next() byte {
	d.space()
	if d.i < len(d.b) {
		return d.b[d.i]
	}
	return 0
}

func (d *decoder) expect(c byte) error {
	if d.next() != c {
		return d.unexpected(string(rune(c)))
	}
	d.i++
	return nil
}

func (d *decoder) unexpected(wanted string) error {
	if d.i >= len(d.b) {
		return malformed("The JSON document ends at byte %d where %s was expected.", d.i, wanted)
	}
	return malformed("Byte %d of the JSON document is %q where %s was expected.", d.i, d.b[d.i], wanted)
}

// null consumes a null, which means an absent member.
func (d *decoder) null() bool {
	d.space()
	if len(d.b)-d.i >= 4 && string(d.b[d.i:d.i+4]) == "null" {
		d.i += 4
		return true
	}
	return false
}

// text consumes a string and undoes its escapes in place, which only ever shortens it.
func (d *decoder) text() ([]byte, error) {
	if d.next() != '"' {
		return nil, d.unexpected("a string")
	}
	d.i++
	start := d.i
	ascii := true
	for d.i < len(d.b) {
		switch c := d.b[d.i]; {
		case c == '"':
			s := d.b[start:d.i]
			d.i++
			if !ascii && !utf8.Valid(s) {
				return nil, malformed("The string at byte %d is not UTF-8.", start)
			}
			return s, nil
		case c == '\\':
			return d.escaped(start)
		case c < 0x20:
			return nil, d.unexpected("no control character inside a string")
		case c >= utf8.RuneSelf:
			ascii = false
		}
		d.i++
	}
	return nil, d.unexpected("a string's end")
}

// escaped goes on with a string whose first backslash is at d.i.
func (d *decoder) escaped(start int) ([]byte, error) {
	out := d.i
	for d.i < len(d.b) {
		c := d.b[d.i]
		if c == '"' {
			s := d.b[start:out]
			d.i++
			if !utf8.Valid(s) {
				return nil, malformed("The string at byte %d is not UTF-8.", start)
			}
			return s, nil
		}
		if c < 0x20 {
			return nil, d.unexpected("no control character inside a string")
		}
		if c != '\\' {
			d.b[out] = c
			out++
			d.i++
			continue
		}
		d.i++
		if d.i >= len(d.b) {
			break
		}
		c = d.b[d.i]
		d.i++
		switch c {
		case '"', '\\', '/':
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r, err := d.unicode()
			if err != nil {
				return nil, err
			}
			out += utf8.EncodeRune(d.b[out:], r)
			continue
		default:
			d.i--
			return nil, d.unexpected("an escape")
		}
		d.b[out] = c
		out++
	}
	return nil, d.unexpected("a string's end")
}

// unicode reads what follows \u, with the second half of a surrogate pair.
func (d *decoder) unicode() (rune, error) {
	at := d.i
	r, ok := d.hex()
	if !ok {
		return 0, d.unexpected("four hexadecimal digits")
	}
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	if d.i+1 < len(d.b) && d.b[d.i] == '\\' && d.b[d.i+1] == 'u' {
		d.i += 2
		if low, ok := d.hex(); ok {
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				return r, nil
			}
		}
	}
	return 0, malformed("The escape at byte %d is half of a surrogate pair.", at)
}

func (d *decoder) hex() (rune, bool) {
	if len(d.b)-d.i < 4 {
		return 0, false
	}
	var r rune
	for _, c := range d.b[d.i : d.i+4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	d.i += 4
	return r, true
}

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string.
func appendString[T string | []byte](out []byte, s T) []byte {
	out = append(out, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		out = append(out, s[from:i]...)
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\n':
			out = append(out, '\\', 'n')
		case '\r':
			out = append(out, '\\', 'r')
		case '\t':
			out = append(out, '\\', 't')
		default:
			out = append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		from = i + 1
	}
	out = append(out, s[from:]...)
	return append(out, '"')
}
