package dynamodb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// journal is the log beside the store's file: what was changed since the file's last commit. A group of writes is one record,
// written before the writes are answered; after the death of the process its records are done again.
//
// The file begins with a magic text and the store's identity. A record has its length, the CRC-32C of its body, and the body: the
// generation of the file it goes on top of, then changes. A record that is cut off ends the journal: it was never answered.
type journal struct {
	file *os.File
	size int64
	body []byte // of the record being collected
}

const (
	journalMagic  = "ddbjrnl1"
	journalHead   = len(journalMagic) + 8
	recordHead    = 8
	maxRecordBody = 1 << 30
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// change kinds in a record
const (
	changePut      = 'p'
	changeDelete   = 'd'
	changeCreate   = 'C'
	changeDrop     = 'D'
	changeSequence = 'S'
)

func openJournal(path string) (*journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	return &journal{file: f, body: make([]byte, recordHead, 4096)}, nil
}

var errForeignJournal = errors.New("its journal belongs to another store or to a later state of this one: put both files back together, or delete the journal to lose what is in it")

// replay calls apply with the changes of each whole record of the generation, then leaves the journal ready for more.
func (j *journal) replay(identity, generation uint64, apply func(changes []byte) error) (records int, err error) {
	text, err := io.ReadAll(io.NewSectionReader(j.file, 0, 1<<62))
	if err != nil {
		return 0, err
	}
	if len(text) < journalHead {
		return 0, j.begin(identity)
	}
	if string(text[:len(journalMagic)]) != journalMagic || binary.BigEndian.Uint64(text[len(journalMagic):]) != identity {
		return 0, errForeignJournal
	}
	at := journalHead
	for len(text)-at >= recordHead {
		n := int(binary.BigEndian.Uint32(text[at:]))
		if n < 8 || n > len(text)-at-recordHead {
			break
		}
		body := text[at+recordHead : at+recordHead+n]
		if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(text[at+4:]) {
			break
		}
		at += recordHead + n
		switch g := binary.BigEndian.Uint64(body); {
		case g > generation:
			return records, errForeignJournal
		case g == generation:
			records++
			if err := apply(body[8:]); err != nil {
				return records, fmt.Errorf("replaying its journal: %w", err)
			}
		}
	}
	j.size = int64(at)
	return records, j.file.Truncate(j.size)
}

// begin makes the journal an empty one of the store.
func (j *journal) begin(identity uint64) error {
	if err := j.file.Truncate(0); err != nil {
		return err
	}
	head := binary.BigEndian.AppendUint64([]byte(journalMagic), identity)
	if _, err := j.file.WriteAt(head, 0); err != nil {
		return err
	}
	j.size = int64(journalHead)
	return nil
}

// note collects one change.
func (j *journal) note(kind byte, bucket, key, value []byte) {
	j.body = append(j.body, kind)
	j.body = appendBytes(j.body, bucket)
	j.body = appendBytes(j.body, key)
	j.body = appendBytes(j.body, value)
}

// changes calls f with each change of a record.
func eachChange(changes []byte, f func(kind byte, bucket, key, value []byte) error) error {
	for len(changes) > 0 {
		kind := changes[0]
		bucket, rest := readBytes(changes[1:])
		key, rest := readBytes(rest)
		value, rest := readBytes(rest)
		if err := f(kind, bucket, key, value); err != nil {
			return err
		}
		changes = rest
	}
	return nil
}

// empty says whether nothing has been collected.
func (j *journal) empty() bool { return len(j.body) <= recordHead+8 }

// clear begins a record on top of a generation.
func (j *journal) clear(generation uint64) {
	if cap(j.body) > 4<<20 {
		j.body = make([]byte, recordHead, 4096)
	}
	j.body = binary.BigEndian.AppendUint64(j.body[:recordHead], generation)
}

// write appends what was collected as one record.
func (j *journal) write() error {
	body := j.body[recordHead:]
	if len(body) > maxRecordBody {
		return fmt.Errorf("a journal record of %d bytes is too large", len(body))
	}
	binary.BigEndian.PutUint32(j.body, uint32(len(body)))
	binary.BigEndian.PutUint32(j.body[4:], crc32.Checksum(body, castagnoli))
	if _, err := j.file.WriteAt(j.body, j.size); err != nil {
		// What was written of it must not be taken for a record later.
		return errors.Join(err, j.file.Truncate(j.size))
	}
	j.size += int64(len(j.body))
	return nil
}

// reset forgets all records: the file has them.
func (j *journal) reset() error {
	if j.size == int64(journalHead) {
		return nil
	}
	if err := j.file.Truncate(int64(journalHead)); err != nil {
		return err
	}
	j.size = int64(journalHead)
	return nil
}
