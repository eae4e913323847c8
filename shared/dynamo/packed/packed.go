// Package packed is how stores write what is large or often written: bodies of numbered sections of varints, compressed where that saves a write unit. It knows no item. The surprising
// thing: a reader keeps the sections that it does not know, so that two versions can write the same item in turn.
package packed

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

// Epoch shortens times: milliseconds since it fit into six bytes.
var Epoch = time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)

// Writer collects a body in Out.
type Writer struct {
	Out     []byte
	Scratch []byte
}

// Section writes one section; an empty one is left out.
func (w *Writer) Section(number uint64, write func(*Writer)) {
	inner := Writer{Out: w.Scratch[:0]}
	write(&inner)
	if len(inner.Out) > 0 {
		w.Out = binary.AppendUvarint(w.Out, number)
		w.Out = binary.AppendUvarint(w.Out, uint64(len(inner.Out)))
		w.Out = append(w.Out, inner.Out...)
	}
	w.Scratch = inner.Out
}

// What a Writer writes, a Reader reads by the method of the same name.

// Uint writes small numbers in few bytes.
func (w *Writer) Uint(n uint64)   { w.Out = binary.AppendUvarint(w.Out, n) }
func (w *Writer) Int(n int64)     { w.Out = binary.AppendVarint(w.Out, n) }
func (w *Writer) Fixed(n uint64)  { w.Out = binary.BigEndian.AppendUint64(w.Out, n) }
func (w *Writer) Float(f float64) { w.Fixed(math.Float64bits(f)) }
func (w *Writer) Bytes(b []byte)  { w.Uint(uint64(len(b))); w.Out = append(w.Out, b...) }
func (w *Writer) Text(s string)   { w.Uint(uint64(len(s))); w.Out = append(w.Out, s...) }
func (w *Writer) Flag(b bool)     { w.Out = append(w.Out, map[bool]byte{true: 1}[b]) }
func (w *Writer) Time(t time.Time) {
	if t.IsZero() {
		w.Int(math.MinInt64)
		return
	}
	w.Int(t.UnixMilli() - Epoch.UnixMilli())
}

// NumberedNames is how many of the standard events are stored as a number. It never grows: a name that came later is stored as its
// text, which every version can read.
const NumberedNames = 69

// StandardNumbers are the numbers under which the names of standard events are stored: their place in the list, from 1.
var StandardNumbers = func() map[string]uint64 {
	m := make(map[string]uint64, NumberedNames)
	for i, name := range profile.StandardEvents[:NumberedNames] {
		m[name] = uint64(i) + 1
	}
	return m
}()

// Name writes an event's name: the number of a standard one, or zero and the text.
func (w *Writer) Name(s string) {
	if n := StandardNumbers[s]; n > 0 {
		w.Uint(n)
		return
	}
	w.Uint(0)
	w.Text(s)
}

// Reader reads what packer wrote. After the first fault every read gives zero and the fault stays.
type Reader struct {
	In  []byte
	Err error

	// whole is the same as a text, and may begin earlier. Texts that are read are parts of it: one copy of a body, and not one of each.
	whole string
}

// Fail notes that the body is none. What is read behind it is zero.
func (r *Reader) Fail() {
	if r.Err == nil {
		r.Err = errPacked
	}
	r.In = nil
}

// More tells whether there is more to read, and nothing has failed.
func (r *Reader) More() bool { return r.Err == nil && len(r.In) > 0 }

func (r *Reader) Uint() uint64 {
	n, size := binary.Uvarint(r.In)
	if size <= 0 {
		r.Fail()
		return 0
	}
	r.In = r.In[size:]
	return n
}

func (r *Reader) Int() int64 {
	n, size := binary.Varint(r.In)
	if size <= 0 {
		r.Fail()
		return 0
	}
	r.In = r.In[size:]
	return n
}

func (r *Reader) Fixed() uint64 {
	if len(r.In) < 8 {
		r.Fail()
		return 0
	}
	n := binary.BigEndian.Uint64(r.In)
	r.In = r.In[8:]
	return n
}

func (r *Reader) Float() float64 { return math.Float64frombits(r.Fixed()) }

func (r *Reader) Bytes() []byte {
	n := r.Uint()
	if n > uint64(len(r.In)) {
		r.Fail()
		return nil
	}
	b := r.In[:n:n]
	r.In = r.In[n:]
	return b
}

// part is bytes, and the same as part of the whole, where the reader has that.
func (r *Reader) part() (content []byte, text string) {
	content = r.Bytes()
	if r.whole != "" && r.Err == nil {
		end := len(r.whole) - len(r.In)
		text = r.whole[end-len(content) : end]
	}
	return content, text
}

func (r *Reader) Text() string {
	content, text := r.part()
	if text != "" {
		return text
	}
	return string(content)
}

func (r *Reader) Flag() bool {
	if len(r.In) == 0 {
		r.Fail()
		return false
	}
	b := r.In[0] != 0
	r.In = r.In[1:]
	return b
}

func (r *Reader) Time() time.Time {
	n := r.Int()
	if r.Err != nil || n == math.MinInt64 {
		return time.Time{}
	}
	return time.UnixMilli(n + Epoch.UnixMilli()).UTC()
}

func (r *Reader) Name() string {
	n := r.Uint()
	if n == 0 {
		return r.Text()
	}
	if n > NumberedNames {
		r.Fail()
		return ""
	}
	return profile.StandardEvents[n-1]
}

// Count reads the length of a list whose elements take at least one byte each.
func (r *Reader) Count() int {
	n := r.Uint()
	if n > uint64(len(r.In)) {
		r.Fail()
		return 0
	}
	return int(n)
}

// A write is paid by the kilobyte of the whole item.
const (
	writeUnit = 1024
	// itemOverhead is what a profile's item takes beside its body: names, keys, identity and version. An erasure takes fourteen bytes more, which
	// are left out of the reckoning.
	ItemOverhead = 48
)

// WriteUnits is what writing an item with the body costs.
func WriteUnits(body []byte) int { return (len(body) + ItemOverhead + writeUnit - 1) / writeUnit }

// Sections goes through a body. Those that read does not know are kept in unknown.
func Sections(body []byte, read func(number uint64, s *Reader) (known bool), unknown *[]byte) error {
	return (&Reader{In: body, whole: string(body)}).Sections(read, unknown)
}

// Sections goes through what is left of a reader, as those of a section of sections.
func (r *Reader) Sections(read func(number uint64, s *Reader) (known bool), unknown *[]byte) error {
	s := &Reader{}
	for r.More() {
		start := r.In
		number := r.Uint()
		content, text := r.part()
		if r.Err != nil {
			break
		}
		*s = Reader{In: content, whole: text} // one for all: a run reads ten million people
		if !read(number, s) {
			*unknown = append(*unknown, start[:len(start)-len(r.In)]...)
		}
		if s.Err != nil {
			return fmt.Errorf("section %d %w", number, s.Err)
		}
	}
	return r.Err
}
