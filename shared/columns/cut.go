package columns

import "bytes"

// An open part of an event, such as its properties, is written as its values and what is left once they are taken out of it: its shape. The values of a path are
// a column; what stays in a shape is written with it, byte by byte. So the part comes back as it was, whatever was in it.
const (
	hole   = 0x01 // in a shape: a value was here; no JSON has such a byte
	opaque = 0x02 // what a shape begins with that is no JSON object, or has one of these bytes, and so has no holes
)

// Bounds of what is taken out of a part. What is beyond them stays in the shape.
const (
	maxCutDepth = 12
	maxPath     = 200
)

// leaf is a value of a part: where its text is, and the path to it.
type leaf struct {
	from, to int
	path     []byte
}

// cutter walks a part and tells its leaves. It is strict about what it walks, and nothing else: what it does not understand is no part with leaves.
type cutter struct {
	raw  []byte
	at   int
	path []byte
	each func(leaf)
	ok   bool
}

// leaves tells the values of an object, in the sequence of the text; the path of a leaf is gone after the call. Of a shape, a hole is a value. False says that the
// part is to be kept as it is; what was told before counts for nothing.
func leaves(raw []byte, prefix string, each func(leaf)) bool {
	c := cutter{raw: raw, each: each, ok: true, path: append(make([]byte, 0, 64), prefix...)}
	c.blank()
	if c.peek() != '{' {
		return false
	}
	c.value(0)
	c.blank()
	return c.ok && c.at == len(raw)
}

func (c *cutter) peek() byte {
	if c.at < len(c.raw) {
		return c.raw[c.at]
	}
	return 0
}

func (c *cutter) blank() {
	for c.at < len(c.raw) && (c.raw[c.at] == ' ' || c.raw[c.at] == '\n' || c.raw[c.at] == '\t' || c.raw[c.at] == '\r') {
		c.at++
	}
}

func (c *cutter) value(depth int) {
	from := c.at
	switch b := c.peek(); {
	case depth > maxCutDepth:
		c.ok = false
	case b == '{':
		c.list('}', depth, c.member)
	case b == '[':
		c.list(']', depth, c.element)
	case b == '"':
		c.text()
		c.tell(from)
	case b == hole:
		c.at++
		c.tell(from)
	default:
		for c.at < len(c.raw) && bytes.IndexByte([]byte(",]} \n\t\r"), c.raw[c.at]) < 0 {
			c.at++
		}
		c.ok = c.ok && c.at > from
		// null, nothing, and what is short in any case says as much where it is.
		if c.ok && c.raw[from] != 'n' {
			c.tell(from)
		}
	}
}

func (c *cutter) tell(from int) {
	if c.ok && len(c.path) <= maxPath {
		c.each(leaf{from, c.at, c.path})
	}
}

// text passes a string, to its closing quote.
func (c *cutter) text() {
	for c.at++; c.at < len(c.raw); c.at++ {
		switch c.raw[c.at] {
		case '\\':
			c.at++
		case '"':
			c.at++
			return
		}
	}
	c.ok = false
}

// list passes an object or an array.
func (c *cutter) list(end byte, depth int, one func(depth int)) {
	c.at++
	c.blank()
	if c.peek() == end {
		c.at++
		return
	}
	before := len(c.path)
	for c.ok {
		one(depth + 1)
		c.path = c.path[:before]
		c.blank()
		switch c.peek() {
		case ',':
			c.at++
			c.blank()
		case end:
			c.at++
			return
		default:
			c.ok = false
		}
	}
}

func (c *cutter) member(depth int) {
	if c.peek() != '"' {
		c.ok = false
		return
	}
	from := c.at
	c.text()
	if !c.ok {
		return
	}
	// A name stands in a path as it is written.
	c.path = append(append(c.path, '.'), c.raw[from+1:c.at-1]...)
	c.blank()
	if c.peek() != ':' {
		c.ok = false
		return
	}
	c.at++
	c.blank()
	c.value(depth)
}

func (c *cutter) element(depth int) {
	c.path = append(c.path, '[', ']')
	c.value(depth)
}

// plain tells whether a part may be cut: a byte that means a hole would be taken for one.
func plain(raw []byte) bool {
	return bytes.IndexByte(raw, hole) < 0
}

// piece is a part of a shape: text as it is, and the column of the value behind it, -1 at the end.
type piece struct {
	text   []byte
	column int
}

// pieces takes a shape apart. column finds the number of a path's column, -1 where there is none, which a writer would not have written.
func pieces(shape []byte, prefix string, column func(path []byte) int) ([]piece, error) {
	if len(shape) == 0 {
		return nil, nil
	}
	if shape[0] == opaque {
		return []piece{{shape[1:], -1}}, nil
	}
	var all []piece
	from, torn := 0, false
	walked := leaves(shape, prefix, func(l leaf) {
		if shape[l.from] != hole {
			return
		}
		n := column(l.path)
		torn = torn || n < 0
		all = append(all, piece{shape[from:l.from], n})
		from = l.to
	})
	if !walked || torn {
		return nil, errTorn
	}
	return append(all, piece{shape[from:], -1}), nil
}
