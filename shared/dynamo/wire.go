package dynamo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// Packed bodies are made of sections: a number, a length, and that many bytes. The layout of a section never changes; what is
// new comes in a section of a new number. So an older reader finds every section that it knows as it was, and writes back
// those that it does not know.

// errPacked says that a packed body ends early or holds what it cannot hold.
var errPacked = errors.New("is not a packed body")

// epoch shortens times: milliseconds since it fit into six bytes.
var epoch = time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)

type packer struct {
	out     []byte
	scratch []byte
}

// section writes one section; an empty one is left out.
func (w *packer) section(number uint64, write func(*packer)) {
	inner := packer{out: w.scratch[:0]}
	write(&inner)
	if len(inner.out) > 0 {
		w.out = binary.AppendUvarint(w.out, number)
		w.out = binary.AppendUvarint(w.out, uint64(len(inner.out)))
		w.out = append(w.out, inner.out...)
	}
	w.scratch = inner.out
}

func (w *packer) uint(n uint64)   { w.out = binary.AppendUvarint(w.out, n) }
func (w *packer) int(n int64)     { w.out = binary.AppendVarint(w.out, n) }
func (w *packer) fixed(n uint64)  { w.out = binary.BigEndian.AppendUint64(w.out, n) }
func (w *packer) float(f float64) { w.fixed(math.Float64bits(f)) }
func (w *packer) bytes(b []byte)  { w.uint(uint64(len(b))); w.out = append(w.out, b...) }
func (w *packer) text(s string)   { w.uint(uint64(len(s))); w.out = append(w.out, s...) }
func (w *packer) flag(b bool)     { w.out = append(w.out, map[bool]byte{true: 1}[b]) }
func (w *packer) time(t time.Time) {
	if t.IsZero() {
		w.int(math.MinInt64)
		return
	}
	w.int(t.UnixMilli() - epoch.UnixMilli())
}

// numberedNames is how many of the standard events are stored as a number. It never grows: a name that came later is stored as its
// text, which every version can read.
const numberedNames = 69

// standardNumbers are the numbers under which the names of standard events are stored: their place in the list, from 1.
var standardNumbers = func() map[string]uint64 {
	m := make(map[string]uint64, numberedNames)
	for i, name := range profile.StandardEvents[:numberedNames] {
		m[name] = uint64(i) + 1
	}
	return m
}()

// name writes an event's name: the number of a standard one, or zero and the text.
func (w *packer) name(s string) {
	if n := standardNumbers[s]; n > 0 {
		w.uint(n)
		return
	}
	w.uint(0)
	w.text(s)
}

// unpacker reads what packer wrote. After the first fault every read gives zero and the fault stays.
type unpacker struct {
	in  []byte
	err error
}

func (r *unpacker) fail() {
	if r.err == nil {
		r.err = errPacked
	}
	r.in = nil
}

func (r *unpacker) more() bool { return r.err == nil && len(r.in) > 0 }

func (r *unpacker) uint() uint64 {
	n, size := binary.Uvarint(r.in)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.in = r.in[size:]
	return n
}

func (r *unpacker) int() int64 {
	n, size := binary.Varint(r.in)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.in = r.in[size:]
	return n
}

func (r *unpacker) fixed() uint64 {
	if len(r.in) < 8 {
		r.fail()
		return 0
	}
	n := binary.BigEndian.Uint64(r.in)
	r.in = r.in[8:]
	return n
}

func (r *unpacker) float() float64 { return math.Float64frombits(r.fixed()) }

func (r *unpacker) bytes() []byte {
	n := r.uint()
	if n > uint64(len(r.in)) {
		r.fail()
		return nil
	}
	b := r.in[:n:n]
	r.in = r.in[n:]
	return b
}

func (r *unpacker) text() string { return string(r.bytes()) }

func (r *unpacker) flag() bool {
	if len(r.in) == 0 {
		r.fail()
		return false
	}
	b := r.in[0] != 0
	r.in = r.in[1:]
	return b
}

func (r *unpacker) time() time.Time {
	n := r.int()
	if r.err != nil || n == math.MinInt64 {
		return time.Time{}
	}
	return time.UnixMilli(n + epoch.UnixMilli()).UTC()
}

func (r *unpacker) name() string {
	n := r.uint()
	if n == 0 {
		return r.text()
	}
	if n > numberedNames {
		r.fail()
		return ""
	}
	return profile.StandardEvents[n-1]
}

// count reads the length of a list whose elements take at least one byte each.
func (r *unpacker) count() int {
	n := r.uint()
	if n > uint64(len(r.in)) {
		r.fail()
		return 0
	}
	return int(n)
}

// A write is paid by the kilobyte of the whole item.
const (
	writeUnit = 1024
	// itemOverhead is what a profile's item takes beside its body: names, keys, identity and version. An erasure takes fourteen bytes more, which
	// are left out of the reckoning.
	itemOverhead = 48
)

func writeUnits(body []byte) int { return (len(body) + itemOverhead + writeUnit - 1) / writeUnit }

// sections goes through a body. Those that read does not know are kept in unknown.
func sections(body []byte, read func(number uint64, s *unpacker) (known bool), unknown *[]byte) error {
	r, s := &unpacker{in: body}, &unpacker{}
	for r.more() {
		start := r.in
		number := r.uint()
		content := r.bytes()
		if r.err != nil {
			break
		}
		*s = unpacker{in: content} // one for all: a run reads ten million people
		if !read(number, s) {
			*unknown = append(*unknown, start[:len(start)-len(r.in)]...)
		}
		if s.err != nil {
			return fmt.Errorf("section %d %w", number, s.err)
		}
	}
	return r.err
}
