package packed

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestBytesAsTheyAre holds both sides of each size at which the head of a frame is another one.
func TestBytesAsTheyAre(t *testing.T) {
	for _, before := range [][]byte{nil, []byte("b"), bytes.Repeat([]byte("r"), 300), bytes.Repeat([]byte("some text "), 40), incompressible(5000), incompressible(300_000)} {
		for _, n := range []int{0, 1, 255, 256, 65_791, 65_792, maxBlock - 1, maxBlock} {
			if n -= len(before); n < 0 {
				n += len(before)
			}
			raw := incompressible(n)
			both := compressApart(before, raw)
			got, err := Decoder().DecodeAll(both, nil)
			if err != nil || !bytes.Equal(got, slices.Concat(before, raw)) {
				t.Errorf("%d bytes after %d: %v, %d are read", n, len(before), err, len(got))
			}
			if more := len(both) - len(Encoder().EncodeAll(before, nil)) - n; len(before) > 0 && n < maxBlock && more > blockHead+3 {
				t.Errorf("%d bytes after %d: %d bytes beside them", n, len(before), more)
			}
		}
	}
}

// incompressible is what cannot be compressed.
func incompressible(n int) []byte {
	source, out := rand.New(rand.NewPCG(7, 7)), make([]byte, n)
	for i := range out {
		out[i] = byte(source.Uint32())
	}
	return out
}
