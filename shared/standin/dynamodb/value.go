package dynamodb

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"slices"
)

// A value is kept as bytes: a tag, then for a scalar its length and content, for a collection the length of its content in
// four bytes and the content. Maps are sorted by name, sets by content, numbers have their canonical spelling, so two values
// are equal exactly when their bytes are.
const (
	tagString    = 'S'
	tagNumber    = 'N'
	tagBinary    = 'B'
	tagTrue      = 'T'
	tagFalse     = 'F'
	tagNull      = '0'
	tagMap       = 'M'
	tagList      = 'L'
	tagStringSet = 's'
	tagNumberSet = 'n'
	tagBinarySet = 'b'
)

// maxDepth is the service's limit of nested maps and lists.
const maxDepth = 32

func typeName(tag byte) string {
	switch tag {
	case tagTrue, tagFalse:
		return "BOOL"
	case tagNull:
		return "NULL"
	case tagStringSet:
		return "SS"
	case tagNumberSet:
		return "NS"
	case tagBinarySet:
		return "BS"
	}
	return string(rune(tag))
}

func isSet(tag byte) bool { return tag == tagStringSet || tag == tagNumberSet || tag == tagBinarySet }

// readBytes splits a length-prefixed run of bytes off b.
func readBytes(b []byte) (head, rest []byte) {
	if b[0] < 0x80 {
		n := 1 + int(b[0])
		return b[1:n], b[n:]
	}
	n, w := binary.Uvarint(b)
	return b[w : w+int(n)], b[w+int(n):]
}

func appendBytes(dst, b []byte) []byte {
	if len(b) < 0x80 {
		dst = append(dst, byte(len(b)))
	} else {
		dst = binary.AppendUvarint(dst, uint64(len(b)))
	}
	return append(dst, b...)
}

// split cuts the first value off b.
func split(b []byte) (value, rest []byte) {
	switch b[0] {
	case tagString, tagNumber, tagBinary:
		n := 2 + int(b[1])
		if b[1] >= 0x80 {
			l, w := binary.Uvarint(b[1:])
			n = 1 + w + int(l)
		}
		return b[:n], b[n:]
	case tagTrue, tagFalse, tagNull:
		return b[:1], b[1:]
	}
	n := 5 + int(binary.BigEndian.Uint32(b[1:]))
	return b[:n], b[n:]
}

// content gives the bytes of a scalar, or the elements of a collection.
func content(value []byte) []byte {
	switch value[0] {
	case tagString, tagNumber, tagBinary:
		c, _ := readBytes(value[1:])
		return c
	case tagTrue, tagFalse, tagNull:
		return nil
	}
	return value[5:]
}

func scalar(tag byte, content []byte) []byte {
	return appendBytes(append(make([]byte, 0, len(content)+4), tag), content)
}

// open appends the head of a collection; shut fills its length in.
func open(dst []byte, tag byte) []byte { return append(dst, tag, 0, 0, 0, 0) }

func shut(dst []byte, start int) []byte {
	binary.BigEndian.PutUint32(dst[start+1:], uint32(len(dst)-start-5))
	return dst
}

// parseValue reads {"S":"..."} and appends the value.
func parseValue(s *scanner, dst []byte, depth int) []byte {
	if depth > maxDepth {
		s.stop(invalid("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"))
		return dst
	}
	if !s.begin('{') {
		return dst
	}
	seen := false
	for s.more('}') {
		name := s.key()
		if s.null() {
			continue
		}
		if seen && s.err == nil {
			s.stop(invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"))
			return dst
		}
		seen = true
		dst = parseTyped(s, dst, string(name), depth)
	}
	if !seen && s.err == nil {
		s.stop(invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"))
	}
	return dst
}

// stop ends reading with a fault other than broken JSON.
func (s *scanner) stop(err error) {
	if s.err == nil && err != nil {
		s.err = err
		s.i = len(s.b)
	}
}

func parseTyped(s *scanner, dst []byte, name string, depth int) []byte {
	start := len(dst)
	switch name {
	case "S":
		return appendBytes(append(dst, tagString), s.text())
	case "N":
		return s.number(append(dst, tagNumber))
	case "B":
		return s.binary(append(dst, tagBinary))
	case "BOOL":
		if s.bool() {
			return append(dst, tagTrue)
		}
		return append(dst, tagFalse)
	case "NULL":
		if !s.bool() && s.err == nil {
			s.stop(badParameter("Null attribute value types must have the value of true"))
		}
		return append(dst, tagNull)
	case "M":
		dst = parseMap(s, open(dst, tagMap), depth+1)
		return shut(dst, start)
	case "L":
		dst = open(dst, tagList)
		s.begin('[')
		for s.more(']') {
			dst = parseValue(s, dst, depth+1)
		}
		return shut(dst, start)
	case "SS":
		return parseSet(s, dst, tagStringSet)
	case "NS":
		return parseSet(s, dst, tagNumberSet)
	case "BS":
		return parseSet(s, dst, tagBinarySet)
	}
	s.skip(0)
	s.stop(invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"))
	return dst
}

// number reads a number's text and appends it in canonical spelling with its length.
func (s *scanner) number(dst []byte) []byte {
	text := s.text()
	if s.err != nil {
		return dst
	}
	if plainInteger(text) {
		return appendBytes(dst, text)
	}
	var buf [200]byte
	canonical, err := appendNumber(buf[:0], text)
	s.stop(err)
	return appendBytes(dst, canonical)
}

func (s *scanner) binary(dst []byte) []byte {
	text := s.text()
	if s.err != nil {
		return dst
	}
	raw := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Strict().Decode(raw, text)
	if err != nil {
		s.fail("Invalid base64 in a Binary attribute value")
		return dst
	}
	return appendBytes(dst, raw[:n])
}

func parseSet(s *scanner, dst []byte, tag byte) []byte {
	start := len(dst)
	dst = open(dst, tag)
	var elements [][]byte
	var scratch []byte
	s.begin('[')
	for s.more(']') {
		at := len(scratch)
		switch tag {
		case tagStringSet:
			scratch = appendBytes(scratch, s.text())
		case tagNumberSet:
			scratch = s.number(scratch)
		default:
			scratch = s.binary(scratch)
		}
		elements = append(elements, scratch[at:])
	}
	if s.err != nil {
		return dst
	}
	if len(elements) == 0 {
		s.stop(badParameter("An %s set  may not be empty", map[byte]string{tagStringSet: "string", tagNumberSet: "number", tagBinarySet: "binary"}[tag]))
		return dst
	}
	for i, e := range elements {
		elements[i], _ = readBytes(e)
	}
	if !sortSet(elements, tag) {
		if tag == tagStringSet {
			s.stop(badParameter("Input collection [%s] contains duplicates.", bytes.Join(elements, []byte(", "))))
		} else {
			s.stop(badParameter("Input collection contains duplicates"))
		}
		return dst
	}
	for _, e := range elements {
		dst = appendBytes(dst, e)
	}
	return shut(dst, start)
}

// sortSet orders a set's elements and says whether they differ from each other.
func sortSet(elements [][]byte, tag byte) bool {
	order := bytes.Compare
	if tag == tagNumberSet {
		order = compareNumbers
	}
	slices.SortFunc(elements, order)
	for i := 1; i < len(elements); i++ {
		if bytes.Equal(elements[i-1], elements[i]) {
			return false
		}
	}
	return true
}

// setOf builds a set value; elements must differ. It is nil without elements.
func setOf(tag byte, elements [][]byte) []byte {
	if len(elements) == 0 {
		return nil
	}
	sortSet(elements, tag)
	dst := open(nil, tag)
	for _, e := range elements {
		dst = appendBytes(dst, e)
	}
	return shut(dst, 0)
}

func setElements(value []byte) [][]byte {
	var out [][]byte
	for rest := content(value); len(rest) > 0; {
		var e []byte
		e, rest = readBytes(rest)
		out = append(out, e)
	}
	return out
}

func listElements(value []byte) [][]byte {
	var out [][]byte
	for rest := content(value); len(rest) > 0; {
		var e []byte
		e, rest = split(rest)
		out = append(out, e)
	}
	return out
}

func listOf(elements [][]byte) []byte {
	dst := open(nil, tagList)
	for _, e := range elements {
		dst = append(dst, e...)
	}
	return shut(dst, 0)
}

// span marks one attribute in a buffer while a map is read.
type span struct {
	from, to int
	name     []byte
}

// parseMap reads {"name":{value},...} and appends the attributes sorted by name.
func parseMap(s *scanner, dst []byte, depth int) []byte {
	var room [24]span
	spans := room[:0]
	start := len(dst)
	sorted := true
	if !s.begin('{') {
		return dst
	}
	for s.more('}') {
		name := s.key()
		from := len(dst)
		dst = appendBytes(dst, name)
		dst = parseValue(s, dst, depth)
		if s.err != nil {
			return dst
		}
		if len(name) == 0 || len(name) > 65535 {
			s.stop(badParameter("Attribute name must be between 1 and 65535 bytes long"))
			return dst
		}
		if n := len(spans); n > 0 && bytes.Compare(spans[n-1].name, name) >= 0 {
			sorted = false
		}
		spans = append(spans, span{from, len(dst), name})
	}
	if sorted || s.err != nil {
		return dst
	}
	slices.SortFunc(spans, func(a, b span) int { return bytes.Compare(a.name, b.name) })
	var spare [1024]byte
	ordered := spare[:0]
	for i, p := range spans {
		if i > 0 && bytes.Equal(spans[i-1].name, p.name) {
			s.fail("Duplicate attribute name in a map: %s", p.name)
			return dst
		}
		ordered = append(ordered, dst[p.from:p.to]...)
	}
	copy(dst[start:], ordered)
	return dst
}
