package columns

import (
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// encoder and decoder are of zstd, one each for the whole process. A pack's checksum is in the index.
var (
	encoder = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20), zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderCRC(false))
		if err != nil {
			panic(err) // the options are constants
		}
		return e
	})
	decoder = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxPlain), zstd.IgnoreChecksum(true))
		if err != nil {
			panic(err)
		}
		return d
	})
)

// pack compresses a column of a block where that saves a tenth: what does not get smaller is read faster as it is.
func pack(plain []byte) (packed []byte, compressed bool) {
	packed = encoder().EncodeAll(plain, make([]byte, 0, len(plain)/2))
	if len(packed) > len(plain)-len(plain)/10 {
		return plain, false
	}
	return packed, true
}

// unpack is pack's plain, of which the size is known.
func unpack(packed []byte, plain int) ([]byte, error) {
	out, err := decoder().DecodeAll(packed, make([]byte, 0, plain))
	if err != nil {
		return nil, fmt.Errorf("decompressing: %w", err)
	}
	if len(out) != plain {
		return nil, fmt.Errorf("decompressing: %w", errTorn)
	}
	return out, nil
}
