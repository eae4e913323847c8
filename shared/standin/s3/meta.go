package s3

import (
	"crypto/md5"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"time"
)

// A file is an object's bytes with a trailer behind them: the object's MD5, which is its ETag, when it was written, and a mark. So a start need not read the objects, and tells a
// file that something else has cut. A file is written beside the folder of the bucket and renamed into it, so that nobody ever sees half of one.

const (
	mark        = "uos3"
	trailerSize = md5.Size + 8 + len(mark)
)

// meta is what is known of an object without reading it.
type meta struct {
	size    int64
	sum     [md5.Size]byte
	written time.Time
	content []byte // without a folder
}

func readMeta(path string) (m meta, err error) {
	f, err := os.Open(path)
	if err != nil {
		return m, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return m, err
	}
	trailer := make([]byte, trailerSize)
	m.size = info.Size() - int64(trailerSize)
	if m.size < 0 {
		return m, io.ErrUnexpectedEOF
	}
	if _, err := f.ReadAt(trailer, m.size); err != nil {
		return m, err
	}
	if string(trailer[trailerSize-len(mark):]) != mark {
		return m, errors.New("its end is missing")
	}
	copy(m.sum[:], trailer)
	m.written = time.UnixMilli(int64(binary.LittleEndian.Uint64(trailer[md5.Size:]))).UTC()
	return m, nil
}
