package columns

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"

	"github.com/userops/userops/shared/domain/people/profile"
)

// Head is what a file says of itself.
type Head struct {
	Day           profile.Day // the shop's
	Shard, Shards int
	// Made are the names of the objects that the file was made of.
	Made []string
}

// Validate tells what a file cannot say of itself.
func (h *Head) Validate() error {
	switch {
	case h.Shards < 1 || h.Shards > 1<<16:
		return fmt.Errorf("shards is %d, not within 1 and %d", h.Shards, 1<<16)
	case h.Shard < 0 || h.Shard >= h.Shards:
		return fmt.Errorf("shard is %d, not within 0 and %d", h.Shard, h.Shards-1)
	case len(h.Made) > maxMade:
		return fmt.Errorf("made has %d names, more than %d", len(h.Made), maxMade)
	}
	for i, name := range h.Made {
		if name == "" || len(name) > maxMadeName {
			return fmt.Errorf("made[%d] is empty or has more than %d bytes", i, maxMadeName)
		}
	}
	return nil
}

// castagnoli is the checksum that processors compute by themselves.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// place is where a column of a block is; plain is its size before it was compressed, 0 where it was not.
type place struct {
	offset      int64
	size, plain int
	sum         uint32
}

// Writer makes a file of events that come in their order. The same events give the same bytes.
type Writer struct {
	head    Head
	pending []Event
	bytes   int
	last    *Event
	stats   []stat
	packed  map[string]map[int][]byte // by column and block
	places  map[string]map[int]place
}

// NewWriter begins a file.
func NewWriter(head Head) (*Writer, error) {
	if err := head.Validate(); err != nil {
		return nil, err
	}
	head.Made = slices.Compact(slices.Sorted(slices.Values(head.Made)))
	return &Writer{head: head, packed: map[string]map[int][]byte{}, places: map[string]map[int]place{}}, nil
}

// Add takes the next event. It keeps the event's bytes until the block is full.
func (w *Writer) Add(e Event) error {
	if err := e.check(); err != nil {
		return err
	}
	if shard := e.Person.Shard(w.head.Shards); shard != w.head.Shard {
		return fmt.Errorf("event %.64q is of shard %d, the file of %d", e.MessageID, shard, w.head.Shard)
	}
	if w.last != nil && w.last.Compare(&e) >= 0 {
		return fmt.Errorf("event %.64q does not come after event %.64q", e.MessageID, w.last.MessageID)
	}
	if len(w.pending) == maxBlockEvents || w.bytes > maxBlockBytes {
		w.flush()
	}
	w.pending = append(w.pending, e)
	w.last = &w.pending[len(w.pending)-1]
	w.bytes += e.size()
	return nil
}

func (w *Writer) flush() {
	if len(w.pending) == 0 {
		return
	}
	w.put(build(w.pending))
	last := *w.last
	w.last, w.pending, w.bytes = &last, w.pending[:0], 0
}

// put packs a block's columns.
func (w *Writer) put(b built) {
	block := len(w.stats)
	w.stats = append(w.stats, b.stat)
	for name, raw := range b.columns {
		if len(raw) == 0 {
			continue
		}
		bytes, compressed := pack(raw)
		at := place{size: len(bytes), sum: crc32.Checksum(bytes, castagnoli)}
		if compressed {
			at.plain = len(raw)
		}
		w.hold(name, block, at, bytes)
	}
}

// hold keeps the bytes of a column of a block.
func (w *Writer) hold(name string, block int, at place, raw []byte) {
	if w.places[name] == nil {
		w.places[name], w.packed[name] = map[int]place{}, map[int][]byte{}
	}
	w.places[name][block], w.packed[name][block] = at, raw
}

// Finish is the file. Column stands behind column, so that what is asked of a file lies together.
func (w *Writer) Finish() []byte {
	w.flush()
	names := slices.Sorted(maps.Keys(w.places))
	out := append([]byte(mark), Version)
	for _, name := range names {
		for block := range w.stats {
			out = append(out, w.packed[name][block]...)
		}
	}
	index := w.index(names)
	packed := encoder().EncodeAll(index, nil)
	out = append(out, packed...)
	out = binary.LittleEndian.AppendUint32(out, crc32.Checksum(packed, castagnoli))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(packed)))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(index)))
	return append(append(out, Version), mark...)
}

func (w *Writer) index(names []string) []byte {
	out := binary.AppendVarint(nil, int64(w.head.Day))
	out = binary.AppendUvarint(binary.AppendUvarint(out, uint64(w.head.Shard)), uint64(w.head.Shards))
	out = binary.AppendUvarint(out, uint64(len(w.head.Made)))
	for _, name := range w.head.Made {
		out = appendText(out, name)
	}
	out = binary.AppendUvarint(out, uint64(len(w.stats)))
	for _, s := range w.stats {
		out = binary.AppendUvarint(binary.AppendUvarint(out, uint64(s.events)), uint64(s.people))
		out = append(append(out, s.first[:]...), s.last[:]...)
		for _, n := range [...]int64{s.begin, s.end, s.receivedFrom, s.receivedTo} {
			out = binary.AppendVarint(out, n)
		}
	}
	out = binary.AppendUvarint(out, uint64(len(names)))
	for _, name := range names {
		out = appendText(out, name)
		for block := range w.stats {
			at := w.places[name][block]
			if out = binary.AppendUvarint(out, uint64(at.size)); at.size > 0 {
				out = binary.AppendUvarint(out, uint64(at.plain))
				out = binary.LittleEndian.AppendUint32(out, at.sum)
			}
		}
	}
	return out
}
