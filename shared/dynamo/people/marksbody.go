package people

import (
	"math/bits"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/packed"
)

// Marks are random numbers in a row. The differences between them are written as Rice codes: of each the low bits, and before them how many times
// those would overflow, as so many ones and a zero. That takes one and a half bits more than the distance of two marks has on the average,
// 11 to 12 bits for each of sixty marks of 16.

// markSpace is how many marks there are.
const markSpace = 1 << profile.MarkBits

// lowBits is how many bits of a difference are written as they are.
func lowBits(marks int) int { return bits.Len(uint(markSpace/marks)) - 1 }

// packMarks writes one more than how many marks there are, zero where there are too many to be kept, and the marks: sorted, each once.
func packMarks(w *packed.Writer, f profile.Faded) {
	marks := f.Marks
	if f.Full {
		w.Uint(0)
		return
	}
	w.Uint(uint64(len(marks)) + 1)
	if len(marks) == 0 {
		return
	}
	low, next := lowBits(len(marks)), 0
	var out bitPacker
	for _, m := range marks {
		gap := int(m) - next
		next = int(m) + 1
		for range gap >> low {
			out.put(1, 1)
		}
		out.put(0, 1)
		out.put(uint64(gap)&(1<<low-1), low)
	}
	w.Out = append(w.Out, out.bytes()...)
}

func unpackMarks(r *packed.Reader, f *profile.Faded) {
	n := r.Uint()
	if f.Full = n == 0; f.Full {
		return
	}
	if n--; n > markSpace {
		r.Fail()
	}
	if r.Err != nil || n == 0 {
		return
	}
	low, marks := lowBits(int(n)), make([]profile.HashMark, 0, n)
	in := bitUnpacker{in: r.In}
	for next := 0; len(marks) < int(n); next++ {
		for in.take(1) == 1 {
			next += 1 << low
		}
		next += int(in.take(low))
		if in.short || next >= markSpace {
			r.Fail()
			return
		}
		marks = append(marks, profile.HashMark(next))
	}
	r.In, f.Marks = in.in, marks
}

// bitPacker collects bits, the first one at the top of a byte.
type bitPacker struct {
	out  []byte
	held uint64
	n    int // bits of held, fewer than eight between two calls
}

func (p *bitPacker) put(value uint64, n int) {
	p.held, p.n = p.held<<n|value, p.n+n
	for ; p.n >= 8; p.n -= 8 {
		p.out = append(p.out, byte(p.held>>(p.n-8)))
	}
}

// bytes is what was put, with zeros up to the end of a byte.
func (p *bitPacker) bytes() []byte {
	if p.n > 0 {
		p.put(0, 8-p.n)
	}
	return p.out
}

// bitUnpacker reads what bitPacker wrote. At the end it gives zeros and is short.
type bitUnpacker struct {
	in    []byte
	held  uint64
	n     int
	short bool
}

func (u *bitUnpacker) take(n int) uint64 {
	for u.n < n {
		if len(u.in) == 0 {
			u.short = true
			return 0
		}
		u.held, u.n, u.in = u.held<<8|uint64(u.in[0]), u.n+8, u.in[1:]
	}
	u.n -= n
	return u.held >> u.n & (1<<n - 1)
}
