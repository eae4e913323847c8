package sqs

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"
)

// phase is where a message stands.
type phase uint8

const (
	unpublished phase = iota // not stored yet: nobody can see it
	ready
	delayed
	inFlight
	gone
)

type messageID [16]byte

func newMessageID() messageID {
	var id messageID
	binary.LittleEndian.PutUint64(id[:8], rand.Uint64())
	binary.LittleEndian.PutUint64(id[8:], rand.Uint64())
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

func (id messageID) append(out []byte) []byte {
	out = hex.AppendEncode(out, id[:4])
	out = append(out, '-')
	out = hex.AppendEncode(out, id[4:6])
	out = append(out, '-')
	out = hex.AppendEncode(out, id[6:8])
	out = append(out, '-')
	out = hex.AppendEncode(out, id[8:10])
	out = append(out, '-')
	return hex.AppendEncode(out, id[10:])
}

func (id messageID) String() string { return string(id.append(nil)) }

// message is what the engine keeps in memory: everything but the content, which is read from the store when the
// message is received. Times are milliseconds since 1970.
type message struct {
	seq      uint64
	id       messageID
	sent     int64
	first    int64 // first receive, 0 before it
	taken    int64 // last receive
	visible  int64 // when a delayed or received message can be seen (again)
	nonce    uint64
	receives uint32
	size     uint32
	phase    phase
	pos      [2]int32 // places in the queue's heaps, see heap.go
	// prev and next link the ready messages of a standard queue, or all messages of a FIFO group.
	prev, next *message
	group      *group
	source     string // the queue it was dead-lettered from
}

// appendState encodes everything of m that changes or is needed to rebuild the index.
func (m *message) appendState(out []byte) []byte {
	out = append(out, m.id[:]...)
	for _, v := range [...]int64{m.sent, m.first, m.taken, m.visible} {
		out = binary.LittleEndian.AppendUint64(out, uint64(v))
	}
	out = binary.LittleEndian.AppendUint64(out, m.nonce)
	out = binary.LittleEndian.AppendUint32(out, m.receives)
	out = binary.LittleEndian.AppendUint32(out, m.size)
	out = append(out, byte(m.phase))
	name := ""
	if m.group != nil {
		name = m.group.name
	}
	out = appendField(out, name)
	return appendField(out, m.source)
}

const fixedState = 16 + 5*8 + 2*4 + 1

var errRecord = errors.New("a record is damaged")

// parseState undoes appendState; the group comes back by name.
func parseState(b []byte) (*message, string, error) {
	if len(b) < fixedState {
		return nil, "", errRecord
	}
	m := &message{}
	copy(m.id[:], b)
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(b[16+8*i:]) }
	m.sent, m.first, m.taken, m.visible, m.nonce = int64(word(0)), int64(word(1)), int64(word(2)), int64(word(3)), word(4)
	m.receives = binary.LittleEndian.Uint32(b[56:])
	m.size = binary.LittleEndian.Uint32(b[60:])
	m.phase = phase(b[64])
	r := fields{b: b[fixedState:]}
	group, source := r.next(), r.next()
	m.source = string(source)
	return m, string(group), r.err
}

// attribute is a message attribute; binary tells BinaryValue from StringValue.
type attribute struct {
	name, dataType string
	binary         bool
	value          []byte
}

// content is what a sender gave; it never changes.
type content struct {
	bodyMD5      [16]byte
	attributeMD5 [16]byte
	sender       []byte
	group        []byte
	dedup        []byte
	trace        []byte
	attributes   []attribute
	body         []byte
}

func (c *content) size() int {
	n := len(c.body)
	for _, a := range c.attributes {
		n += len(a.name) + len(a.dataType) + len(a.value)
	}
	return n
}

func (c *content) append(out []byte) []byte {
	out = append(out, c.bodyMD5[:]...)
	out = append(out, c.attributeMD5[:]...)
	out = appendField(out, c.sender)
	out = appendField(out, c.group)
	out = appendField(out, c.dedup)
	out = appendField(out, c.trace)
	out = binary.AppendUvarint(out, uint64(len(c.attributes)))
	for _, a := range c.attributes {
		out = appendField(out, a.name)
		out = appendField(out, a.dataType)
		kind := byte(0)
		if a.binary {
			kind = 1
		}
		out = append(out, kind)
		out = appendField(out, a.value)
	}
	return append(out, c.body...)
}

// parseContent undoes content.append; the result refers to b.
func parseContent(b []byte, c *content) error {
	if len(b) < 32 {
		return errRecord
	}
	copy(c.bodyMD5[:], b)
	copy(c.attributeMD5[:], b[16:])
	r := fields{b: b[32:]}
	c.sender, c.group, c.dedup, c.trace = r.next(), r.next(), r.next(), r.next()
	n := r.uvarint()
	if n > maxAttributes {
		return errRecord
	}
	c.attributes = nil
	for range n {
		a := attribute{name: string(r.next()), dataType: string(r.next())}
		a.binary = r.byte() == 1
		a.value = r.next()
		c.attributes = append(c.attributes, a)
	}
	c.body = r.b
	return r.err
}

func appendField[T string | []byte](out []byte, s T) []byte {
	out = binary.AppendUvarint(out, uint64(len(s)))
	return append(out, s...)
}

// fields reads what appendField wrote and remembers the first error.
type fields struct {
	b   []byte
	err error
}

func (f *fields) uvarint() uint64 {
	v, n := binary.Uvarint(f.b)
	if n <= 0 {
		f.err, f.b = errRecord, nil
		return 0
	}
	f.b = f.b[n:]
	return v
}

func (f *fields) byte() byte {
	if len(f.b) == 0 {
		f.err = errRecord
		return 0
	}
	c := f.b[0]
	f.b = f.b[1:]
	return c
}

func (f *fields) next() []byte {
	n := f.uvarint()
	if n > uint64(len(f.b)) {
		f.err, f.b = errRecord, nil
		return nil
	}
	v := f.b[:n:n]
	f.b = f.b[n:]
	return v
}

// attributesMD5 is the digest that the SDKs check: for every attribute in the order of names its name, type, a byte
// for the kind of value (1 text, 2 binary) and the value, each preceded by its length in four bytes.
// Source: "Calculating the MD5 message digest for message attributes" in the SQS Developer Guide.
// The attributes must be sorted by name.
func attributesMD5(attributes []attribute) [16]byte {
	var buf []byte
	add := func(s []byte) {
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(s)))
		buf = append(buf, s...)
	}
	for _, a := range attributes {
		add([]byte(a.name))
		add([]byte(a.dataType))
		if a.binary {
			buf = append(buf, 2)
		} else {
			buf = append(buf, 1)
		}
		add(a.value)
	}
	return md5.Sum(buf)
}
