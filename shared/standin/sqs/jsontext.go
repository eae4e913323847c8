package sqs

import (
	"unicode/utf16"
	"unicode/utf8"
)

// str reads a string that outlives the document; null leaves to alone.
func (d *decoder) str(to *string) error {
	if d.null() {
		return nil
	}
	b, err := d.text()
	if err == nil {
		*to = string(b)
	}
	return err
}

// bytes reads a string as a slice of the document; null leaves to alone.
func (d *decoder) bytes(to *[]byte) error {
	if d.null() {
		return nil
	}
	b, err := d.text()
	if err == nil {
		*to = b
	}
	return err
}

func (d *decoder) strings(to *[]string) error {
	return d.array(func() error {
		b, err := d.text()
		if err == nil {
			*to = append(*to, string(b))
		}
		return err
	})
}

// stringMap reads an object of strings; an absent object leaves to nil.
func (d *decoder) stringMap(to *map[string]string) error {
	if d.null() {
		return nil
	}
	*to = map[string]string{}
	return d.object(func(key []byte) error {
		k := string(key)
		v, err := d.text()
		if err == nil {
			(*to)[k] = string(v)
		}
		return err
	})
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
