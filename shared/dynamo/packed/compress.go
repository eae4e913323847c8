package packed

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Encoder and Decoder are of zstd, one each for the whole process.
var (
	Encoder = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(64<<10), zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderCRC(false))
		if err != nil {
			panic(err) // the options are constants
		}
		return e
	})
	Decoder = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
		if err != nil {
			panic(err)
		}
		return d
	})
)

// Compressed is what a compressed body begins with. Section 40 is never used, so that no plain body begins so.
var Compressed = []byte{0x28, 0xb5, 0x2f, 0xfd}

// Compress compresses a body as far as that saves write units: whole, or but for its end, which no compressor makes small and which spoils the codes
// that it finds for the rest.
func Compress(body []byte, compressible int) []byte {
	if WriteUnits(body) == 1 {
		return body
	}
	best := body
	whole := Encoder().EncodeAll(body, make([]byte, 0, len(body)))
	if WriteUnits(whole) < WriteUnits(body) {
		best = whole
	}
	// So much of the end may be saved, not more; mostly that is too little.
	within := len(body[compressible:]) / 4
	if WriteUnits(whole) == WriteUnits(whole[:max(len(whole)-within, 0)]) {
		return best
	}
	if apart := compressApart(body[:compressible], body[compressible:]); WriteUnits(apart) < WriteUnits(best) {
		best = apart
	}
	return best
}

// Parts of a frame of zstd: RFC 8878, 3.1.1.
const (
	frameHead     = 5      // magic number and descriptor
	singleSegment = 1 << 5 // of the descriptor: the size follows, and no window
	sizeFlag      = 6      // where the descriptor tells how many bytes the size has
	blockHead     = 3      // last, kind and size
	lastBlock     = 1
	blockRLE      = 1
	maxBlock      = 128 << 10
)

// compressApart makes a frame of a text that is compressed and of bytes as they are, in a block of their own. Of more than a block holds it makes
// two frames.
func compressApart(text, raw []byte) []byte {
	frame := Encoder().EncodeAll(text, make([]byte, 0, len(text)+len(raw)))
	if len(text) == 0 || len(raw) >= maxBlock {
		return Encoder().EncodeAll(raw, frame)
	}
	out := make([]byte, 0, len(frame)+len(raw)+8)
	out = append(out, Compressed...)
	switch n := len(text) + len(raw); {
	case n < 256:
		out = append(out, singleSegment, byte(n))
	case n < 256+1<<16:
		out = binary.LittleEndian.AppendUint16(append(out, singleSegment|1<<sizeFlag), uint16(n-256))
	default:
		out = binary.LittleEndian.AppendUint32(append(out, singleSegment|2<<sizeFlag), uint32(n))
	}
	for blocks := blocksOf(frame); len(blocks) > 0; {
		head := uint32(blocks[0]) | uint32(blocks[1])<<8 | uint32(blocks[2])<<16
		n := int(head >> 3)
		if head>>1&3 == blockRLE {
			n = 1
		}
		out = append(appendBlockHead(out, head&^lastBlock), blocks[blockHead:blockHead+n]...)
		blocks = blocks[blockHead+n:]
	}
	return append(appendBlockHead(out, uint32(len(raw))<<3|lastBlock), raw...)
}

func appendBlockHead(out []byte, head uint32) []byte {
	return append(out, byte(head), byte(head>>8), byte(head>>16))
}

// blocksOf is a frame without its head. It has neither a checksum nor a dictionary.
func blocksOf(frame []byte) []byte {
	descriptor, rest := frame[frameHead-1], frame[frameHead:]
	size := 1 << (descriptor >> sizeFlag)
	if size > 1 && descriptor&singleSegment == 0 {
		size++ // the window; where the size would have one byte, the window has it
	}
	return rest[size:]
}

// Decompress is a body as it was before Compress.
func Decompress(body []byte) ([]byte, error) {
	if !bytes.HasPrefix(body, Compressed) {
		return body, nil
	}
	plain, err := Decoder().DecodeAll(body, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPacked, err)
	}
	return plain, nil
}
