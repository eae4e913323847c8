package sqs

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strconv"
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

// group is a message group of a FIFO queue, its messages in the order of sending.
type group struct {
	name     string
	list     messageList
	inFlight int
	pos      int // in groupHeap, -1 if not open
	first    uint64
}

// messageList links messages through prev and next.
type messageList struct{ head, tail *message }

func (l *messageList) push(m *message) {
	m.prev, m.next = l.tail, nil
	if l.tail != nil {
		l.tail.next = m
	} else {
		l.head = m
	}
	l.tail = m
}

func (l *messageList) remove(m *message) {
	if m.prev != nil {
		m.prev.next = m.next
	} else {
		l.head = m.next
	}
	if m.next != nil {
		m.next.prev = m.prev
	} else {
		l.tail = m.prev
	}
	m.prev, m.next = nil, nil
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

// appendRecord begins a message's record; the content follows.
func appendRecord(out []byte, m *message) []byte {
	n := len(out)
	out = append(out, 0, 0)
	out = m.appendState(out)
	binary.LittleEndian.PutUint16(out[n:], uint16(len(out)-n-2))
	return out
}

// splitRecord is a message's first state and its content.
func splitRecord(b []byte) (state, content []byte, err error) {
	if len(b) < 2 {
		return nil, nil, errRecord
	}
	n := 2 + int(binary.LittleEndian.Uint16(b))
	if n > len(b) {
		return nil, nil, errRecord
	}
	return b[2:n], b[n:], nil
}

// sequence is the SequenceNumber of a message of a FIFO queue: 20 digits that grow, far enough apart to grow in a
// floating-point number too.
func sequence(seq uint64) string {
	return strconv.FormatUint(10_000_000_000_000_000_000+seq<<16, 10)
}
