package sqs

import (
	"strconv"
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
