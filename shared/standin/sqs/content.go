package sqs

import (
	"crypto/md5"
	"encoding/binary"
	"errors"
)

var errRecord = errors.New("a record is damaged")

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
