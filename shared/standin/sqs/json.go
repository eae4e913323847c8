package sqs

import "strconv"

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
