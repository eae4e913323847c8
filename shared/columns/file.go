package columns

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/userops/userops/shared/domain/people/profile"
)

// File is one that is read. What it reads of its object it reads when it is asked, a column of a block at a time; it may be asked by many at once.
type File struct {
	Head
	from   io.ReaderAt
	stats  []stat
	places map[string][]place // by column and block; of size 0 where a block does not have it
}

const trailerSize = 3*4 + 1 + int64(len(mark))

// Open reads a file's index.
func Open(from io.ReaderAt, size int64) (*File, error) {
	head := int64(len(mark) + 1)
	if size < head+trailerSize {
		return nil, fmt.Errorf("opening a file of %d bytes: %w", size, errTorn)
	}
	trailer := make([]byte, trailerSize)
	if err := readAt(from, trailer, size-trailerSize); err != nil {
		return nil, err
	}
	if string(trailer[13:]) != mark {
		return nil, fmt.Errorf("opening a file: %w", errTorn)
	}
	if v := trailer[12]; v != Version {
		return nil, fmt.Errorf("opening a file: its version is %d, and only %d is known", v, Version)
	}
	sum, packed, plain := binary.LittleEndian.Uint32(trailer), int64(binary.LittleEndian.Uint32(trailer[4:])), int(binary.LittleEndian.Uint32(trailer[8:]))
	begin := size - trailerSize - packed
	if begin < head || plain > maxIndex || packed > maxIndex {
		return nil, fmt.Errorf("opening a file: its index %w", errTorn)
	}
	raw := make([]byte, packed)
	if err := readAt(from, raw, begin); err != nil {
		return nil, err
	}
	if crc32.Checksum(raw, castagnoli) != sum {
		return nil, fmt.Errorf("opening a file: its index %w", errTorn)
	}
	index, err := unpack(raw, plain)
	if err != nil {
		return nil, fmt.Errorf("opening a file: %w", err)
	}
	f := &File{from: from, places: map[string][]place{}}
	if err := f.index(index, head, begin); err != nil {
		return nil, fmt.Errorf("opening a file: its index %w", err)
	}
	return f, nil
}

func readAt(from io.ReaderAt, into []byte, at int64) error {
	if n, err := from.ReadAt(into, at); n < len(into) {
		return fmt.Errorf("reading a file: %w", err)
	}
	return nil
}

// index reads what Writer.index wrote. The columns' bytes are from one offset to another.
func (f *File) index(raw []byte, from, to int64) error {
	r := &reader{in: raw}
	f.Day = profile.Day(r.int())
	f.Shard, f.Shards = int(r.uint()), int(r.uint())
	f.Made = make([]string, r.count(1))
	for i := range f.Made {
		f.Made[i] = string(r.bytes())
	}
	if r.err == nil && f.Validate() != nil {
		r.fail()
	}
	f.stats = make([]stat, r.count(2+2*len(Person{})+4))
	for i := range f.stats {
		s := &f.stats[i]
		events, people := r.uint(), r.uint()
		copy(s.first[:], r.take(uint64(len(s.first))))
		copy(s.last[:], r.take(uint64(len(s.last))))
		s.begin, s.end, s.receivedFrom, s.receivedTo = r.int(), r.int(), r.int(), r.int()
		if events < 1 || events > maxBlockEvents || people < 1 || people > events || s.first.Compare(s.last) > 0 || i > 0 && f.stats[i-1].last.Compare(s.first) > 0 {
			r.fail()
			break
		}
		s.events, s.people = int(events), int(people)
	}
	for range r.count(1 + len(f.stats)) {
		name := string(r.bytes())
		places := make([]place, len(f.stats))
		for block := range places {
			size := r.uint()
			if size == 0 {
				continue
			}
			plain := r.uint()
			if size > uint64(to-from) || plain > maxPlain {
				r.fail()
				return r.err
			}
			places[block] = place{offset: from, size: int(size), plain: int(plain)}
			if sum := r.take(4); sum != nil {
				places[block].sum = binary.LittleEndian.Uint32(sum)
			}
			from += int64(size)
		}
		f.places[name] = places
	}
	if from != to {
		r.fail()
	}
	return r.end()
}

// Events is how many events are in the file.
func (f *File) Events() (n int) {
	for _, s := range f.stats {
		n += s.events
	}
	return n
}

// raw are the bytes of a column of a block that has it.
func (f *File) raw(name string, block int) ([]byte, error) {
	at := f.places[name][block]
	raw := make([]byte, at.size)
	if err := readAt(f.from, raw, at.offset); err != nil {
		return nil, err
	}
	if crc32.Checksum(raw, castagnoli) != at.sum {
		return nil, torn(name, block, errTorn)
	}
	return raw, nil
}

// column is a column of a block as it was before it was compressed; nil where the block does not have it.
func (f *File) column(name string, block int) ([]byte, error) {
	places := f.places[name]
	if places == nil || places[block].size == 0 {
		return nil, nil
	}
	at := places[block]
	raw, err := f.raw(name, block)
	if err != nil {
		return nil, err
	}
	if at.plain == 0 {
		return raw, nil
	}
	plain, err := unpack(raw, at.plain)
	if err != nil {
		return nil, torn(name, block, err)
	}
	return plain, nil
}

func torn(name string, block int, err error) error {
	return fmt.Errorf("reading column %.128s of block %d: %w", name, block, err)
}

// vector reads a column of texts, of so many values where the number is known.
func (f *File) vector(name string, block, values int) (vector, error) {
	raw, err := f.column(name, block)
	if err != nil {
		return vector{}, err
	}
	most := maxValues
	if values >= 0 {
		most = values
	}
	v, err := readVector(raw, most)
	if err == nil && values >= 0 && v.length != values {
		err = errTorn
	}
	if err != nil {
		return vector{}, torn(name, block, err)
	}
	return v, nil
}

// people are who is in a block, and where the events of each end.
func (f *File) people(block int) ([]Person, []uint32, error) {
	raw, err := f.column(colPerson, block)
	if err != nil {
		return nil, nil, err
	}
	s := f.stats[block]
	r := &reader{in: raw}
	people, ends := make([]Person, s.people), make([]uint32, s.people)
	for i := range people {
		copy(people[i][:], r.take(uint64(len(people[i]))))
	}
	end := uint64(0)
	for i := range ends {
		n := r.uint()
		if n == 0 || n > uint64(s.events) || i > 0 && people[i-1].Compare(people[i]) >= 0 {
			r.fail()
		}
		end += n
		ends[i] = uint32(end)
	}
	if r.err == nil && (end != uint64(s.events) || people[0] != s.first || people[len(people)-1] != s.last) {
		r.fail()
	}
	if err := r.end(); err != nil {
		return nil, nil, torn(colPerson, block, err)
	}
	return people, ends, nil
}

// times are when the events of a block happened, in milliseconds since 1970.
func (f *File) times(block int, ends []uint32) ([]int64, error) {
	raw, err := f.column(colTime, block)
	if err != nil {
		return nil, err
	}
	s := f.stats[block]
	times := make([]int64, s.events)
	i, used := uint32(0), 0
	for _, end := range ends {
		at := s.begin
		for ; i < end; i++ {
			// Every question reads every time, so the numbers are taken here and not one by one from a reader.
			var n uint64
			for shift := 0; ; shift += 7 {
				if used == len(raw) || shift > 63 {
					return nil, torn(colTime, block, errTorn)
				}
				b := raw[used]
				used++
				if n |= uint64(b&0x7f) << shift; b < 0x80 {
					break
				}
			}
			at += int64(n)
			times[i] = at
		}
	}
	if used != len(raw) {
		return nil, torn(colTime, block, errTorn)
	}
	return times, nil
}

// received are when the events of a block were received.
func (f *File) received(block int, times []int64) ([]int64, error) {
	raw, err := f.column(colReceived, block)
	if err != nil {
		return nil, err
	}
	r := &reader{in: raw}
	received := make([]int64, len(times))
	for i := range received {
		received[i] = times[i] + r.int()
	}
	if err := r.end(); err != nil {
		return nil, torn(colReceived, block, err)
	}
	return received, nil
}
