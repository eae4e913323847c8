package columns

import (
	"encoding/binary"
	"errors"
)

// errTorn says that bytes are not what a writer here wrote.
var errTorn = errors.New("is not what was written")

// reader takes numbers and texts from bytes. After the first fault every read gives zero and the fault stays.
type reader struct {
	in  []byte
	err error
}

func (r *reader) fail() {
	if r.err == nil {
		r.err = errTorn
	}
	r.in = nil
}

func (r *reader) uint() uint64 {
	// Most numbers of a column are below 128.
	if len(r.in) > 0 && r.in[0] < 0x80 {
		n := uint64(r.in[0])
		r.in = r.in[1:]
		return n
	}
	n, size := binary.Uvarint(r.in)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.in = r.in[size:]
	return n
}

func (r *reader) int() int64 {
	n := r.uint()
	return int64(n>>1) ^ -int64(n&1)
}

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.in)) {
		r.fail()
		return nil
	}
	b := r.in[:n:n]
	r.in = r.in[n:]
	return b
}

func (r *reader) bytes() []byte { return r.take(r.uint()) }

// count reads how many things of at least so many bytes follow.
func (r *reader) count(least int) int {
	n := r.uint()
	if n > uint64(len(r.in)/least) {
		r.fail()
		return 0
	}
	return int(n)
}

// end is the fault, also where something is left.
func (r *reader) end() error {
	if r.err == nil && len(r.in) > 0 {
		r.fail()
	}
	return r.err
}

func appendText(out []byte, text string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(text))), text...)
}
