package sqs

import (
	"strconv"
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

// object calls member for every key; member must consume the value.
func (d *decoder) object(member func(key []byte) error) error {
	if d.null() {
		return nil
	}
	if err := d.enter('{', "an object"); err != nil {
		return err
	}
	if d.next() == '}' {
		d.i++
		d.depth--
		return nil
	}
	for {
		key, err := d.text()
		if err != nil {
			return err
		}
		if err := d.expect(':'); err != nil {
			return err
		}
		if err := member(key); err != nil {
			return err
		}
		switch d.next() {
		case ',':
			d.i++
		case '}':
			d.i++
			d.depth--
			return nil
		default:
			return d.unexpected("a comma or the object's end")
		}
	}
}

// array calls element before every element; element must consume it.
func (d *decoder) array(element func() error) error {
	if d.null() {
		return nil
	}
	if err := d.enter('[', "an array"); err != nil {
		return err
	}
	if d.next() == ']' {
		d.i++
		d.depth--
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		switch d.next() {
		case ',':
			d.i++
		case ']':
			d.i++
			d.depth--
			return nil
		default:
			return d.unexpected("a comma or the array's end")
		}
	}
}

func (d *decoder) enter(c byte, what string) error {
	if d.next() != c {
		return d.unexpected(what)
	}
	d.i++
	if d.depth++; d.depth > maxDepth {
		return malformed("The JSON document is nested deeper than %d.", maxDepth)
	}
	return nil
}

// end checks that nothing follows the document.
func (d *decoder) end() error {
	if d.next() != 0 || d.i < len(d.b) {
		return d.unexpected("the document's end")
	}
	return nil
}

// skip consumes a value of any type.
func (d *decoder) skip() error {
	switch c := d.next(); {
	case c == '{':
		return d.object(func([]byte) error { return d.skip() })
	case c == '[':
		return d.array(d.skip)
	case c == '"':
		_, err := d.text()
		return err
	case c == '-' || c >= '0' && c <= '9':
		_, err := d.number()
		return err
	}
	for _, word := range []string{"true", "false", "null"} {
		if len(d.b)-d.i >= len(word) && string(d.b[d.i:d.i+len(word)]) == word {
			d.i += len(word)
			return nil
		}
	}
	return d.unexpected("a value")
}

// number consumes a number by JSON's grammar.
func (d *decoder) number() ([]byte, error) {
	d.space()
	start := d.i
	if d.at('-') {
		d.i++
	}
	switch {
	case d.at('0'):
		d.i++
	case !d.digits():
		return nil, d.unexpected("a number")
	}
	if d.at('.') {
		d.i++
		if !d.digits() {
			return nil, d.unexpected("a digit")
		}
	}
	if d.at('e') || d.at('E') {
		d.i++
		if d.at('+') || d.at('-') {
			d.i++
		}
		if !d.digits() {
			return nil, d.unexpected("a digit")
		}
	}
	return d.b[start:d.i], nil
}

func (d *decoder) at(c byte) bool { return d.i < len(d.b) && d.b[d.i] == c }

func (d *decoder) digits() bool {
	start := d.i
	for d.i < len(d.b) && d.b[d.i] >= '0' && d.b[d.i] <= '9' {
		d.i++
	}
	return d.i > start
}

// integer reads a 32-bit integer into to and sets present, leaving both alone for null.
func (d *decoder) integer(to *int, present *bool) error {
	if d.null() {
		return nil
	}
	start := d.i
	n, err := d.number()
	if err != nil {
		return err
	}
	v, err := strconv.ParseInt(string(n), 10, 32)
	if err != nil {
		return malformed("%q at byte %d is not a 32-bit integer.", shorten(string(n)), start)
	}
	*to, *present = int(v), true
	return nil
}

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
