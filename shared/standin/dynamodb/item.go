package dynamodb

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strconv"
)

// maxItemSize is the service's limit of one item, names included.
const maxItemSize = 400 << 10

// item is a row: its attributes, each a length-prefixed name and a value, sorted by name. The zero item is no item.
type item struct {
	raw  []byte
	size int
}

func (it item) exists() bool { return it.raw != nil }

// lookup finds an attribute in a run of attributes; nil if it is absent.
func lookup[T string | []byte](attrs []byte, want T) []byte {
	for len(attrs) > 0 {
		name, value, rest := nextAttr(attrs)
		if string(name) == string(want) {
			return value
		}
		attrs = rest
	}
	return nil
}

func (it item) attr(name string) []byte { return lookup(it.raw, name) }

func itemOf(raw []byte) item {
	if raw == nil {
		raw = []byte{}
	}
	size := 0
	for rest := raw; len(rest) > 0; {
		var name, v []byte
		name, v, rest = nextAttr(rest)
		size += len(name) + valueSize(v)
	}
	return item{raw, size}
}

// parseItem reads an item from JSON.
func parseItem(s *scanner) item {
	start := s.i
	raw := parseMap(s, make([]byte, 0, 256), 0)
	if s.err != nil || start == s.i {
		return item{}
	}
	return itemOf(raw)
}

// stored is the item as kept in the file: its size, then its attributes.
func (it item) stored() []byte {
	b := make([]byte, 0, len(it.raw)+4)
	b = binary.AppendUvarint(b, uint64(it.size))
	return append(b, it.raw...)
}

// loadItem is the inverse of stored; nil gives no item. It shares b.
func loadItem(b []byte) item {
	if b == nil {
		return item{}
	}
	size, w := binary.Uvarint(b)
	return item{b[w:len(b):len(b)], int(size)}
}

// attr is one attribute of an item taken apart for an update.
type attr struct{ name, value []byte }

func takeApart(attrs []byte) []attr {
	out := make([]attr, 0, 16)
	for len(attrs) > 0 {
		var a attr
		a.name, a.value, attrs = nextAttr(attrs)
		out = append(out, a)
	}
	return out
}

func putTogether(attrs []attr) []byte {
	n := 0
	for _, a := range attrs {
		n += len(a.name) + len(a.value) + 3
	}
	out := make([]byte, 0, n)
	for _, a := range attrs {
		out = appendBytes(out, a.name)
		out = append(out, a.value...)
	}
	return out
}

func mapOf(attrs []attr) []byte {
	out := open(nil, tagMap)
	out = append(out, putTogether(attrs)...)
	return shut(out, 0)
}

func findAttr(attrs []attr, name string) (int, bool) {
	return slices.BinarySearchFunc(attrs, name, func(a attr, n string) int { return bytes.Compare(a.name, []byte(n)) })
}

// step is one element of a document path: a name, or an index if the name is empty.
type step struct {
	name  string
	index int
}

type path []step

func (p path) String() string {
	out := []byte{'['}
	for i, s := range p {
		if i > 0 {
			out = append(out, ", "...)
		}
		if s.name != "" {
			out = append(out, s.name...)
		} else {
			out = append(out, '[')
			out = appendInt(out, s.index)
			out = append(out, ']')
		}
	}
	return string(append(out, ']'))
}

// find gives the value at a path; nil if there is none.
func (it item) find(p path) []byte {
	v := lookup(it.raw, p[0].name)
	for _, s := range p[1:] {
		if v == nil {
			return nil
		}
		v = child(v, s)
	}
	return v
}

func child(v []byte, s step) []byte {
	if s.name != "" {
		if v[0] != tagMap {
			return nil
		}
		return lookup(content(v), s.name)
	}
	if v[0] != tagList {
		return nil
	}
	i := 0
	for rest := content(v); len(rest) > 0; i++ {
		var e []byte
		e, rest = split(rest)
		if i == s.index {
			return e
		}
	}
	return nil
}

func errBadPath() error {
	return invalid("The document path provided in the update expression is invalid for update")
}

// setAttr puts a value at a path below attrs.
func setAttr(attrs []attr, p path, value []byte) ([]attr, error) {
	i, found := findAttr(attrs, p[0].name)
	if len(p) > 1 {
		if !found {
			return nil, errBadPath()
		}
		v, err := setWithin(attrs[i].value, p[1:], value)
		if err != nil {
			return nil, err
		}
		attrs[i].value = v
		return attrs, nil
	}
	if found {
		attrs[i].value = value
		return attrs, nil
	}
	return slices.Insert(attrs, i, attr{[]byte(p[0].name), value}), nil
}

func setWithin(v []byte, p path, value []byte) ([]byte, error) {
	if p[0].name != "" {
		if v[0] != tagMap {
			return nil, errBadPath()
		}
		attrs, err := setAttr(takeApart(content(v)), p, value)
		if err != nil {
			return nil, err
		}
		return mapOf(attrs), nil
	}
	if v[0] != tagList {
		return nil, errBadPath()
	}
	elements := listElements(v)
	at := p[0].index
	switch {
	case len(p) > 1 && at >= len(elements):
		return nil, errBadPath()
	case len(p) > 1:
		inner, err := setWithin(elements[at], p[1:], value)
		if err != nil {
			return nil, err
		}
		elements[at] = inner
	case at >= len(elements):
		elements = append(elements, value)
	default:
		elements[at] = value
	}
	return listOf(elements), nil
}

// removeAttr takes what is at a path away. Absent leaves are no error, absent parents are.
func removeAttr(attrs []attr, p path) ([]attr, error) {
	i, found := findAttr(attrs, p[0].name)
	switch {
	case len(p) == 1 && found:
		return slices.Delete(attrs, i, i+1), nil
	case len(p) == 1:
		return attrs, nil
	case !found:
		return nil, errBadPath()
	}
	v, err := removeWithin(attrs[i].value, p[1:])
	if err != nil {
		return nil, err
	}
	attrs[i].value = v
	return attrs, nil
}

func removeWithin(v []byte, p path) ([]byte, error) {
	if p[0].name != "" {
		if v[0] != tagMap {
			return nil, errBadPath()
		}
		attrs, err := removeAttr(takeApart(content(v)), p)
		if err != nil {
			return nil, err
		}
		return mapOf(attrs), nil
	}
	if v[0] != tagList {
		return nil, errBadPath()
	}
	elements := listElements(v)
	at := p[0].index
	switch {
	case at >= len(elements) && len(p) > 1:
		return nil, errBadPath()
	case at >= len(elements):
		return v, nil
	case len(p) > 1:
		inner, err := removeWithin(elements[at], p[1:])
		if err != nil {
			return nil, err
		}
		elements[at] = inner
	default:
		elements = slices.Delete(elements, at, at+1)
	}
	return listOf(elements), nil
}

func appendInt(dst []byte, n int) []byte { return strconv.AppendInt(dst, int64(n), 10) }
