package columns

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"time"
)

// Rows gives back every event of the file as it was written, in order. It ends behind an error.
func (f *File) Rows() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for block := range f.stats {
			events, err := f.rows(block)
			if err != nil {
				yield(Event{}, err)
				return
			}
			for i := range events {
				if !yield(events[i], nil) {
					return
				}
			}
		}
	}
}

// rows are the events of a block.
func (f *File) rows(block int) ([]Event, error) {
	people, ends, err := f.people(block)
	if err != nil {
		return nil, err
	}
	events := make([]Event, f.stats[block].events)
	i := uint32(0)
	for p, end := range ends {
		for ; i < end; i++ {
			events[i].Person = people[p]
		}
	}
	for _, read := range []func(int, []Event) error{f.ids, f.words} {
		if err := read(block, events); err != nil {
			return nil, err
		}
	}
	times, err := f.times(block, ends)
	if err != nil {
		return nil, err
	}
	received, err := f.received(block, times)
	if err != nil {
		return nil, err
	}
	if err := f.clocks(block, events, times, received); err != nil {
		return nil, err
	}
	for part := range parts {
		if err := f.restore(block, part, events); err != nil {
			return nil, err
		}
	}
	return events, nil
}

// words reads the columns of one text an event.
func (f *File) words(block int, events []Event) error {
	for _, c := range textColumns {
		v, err := f.vector(c.name, block, len(events))
		if err != nil {
			return err
		}
		words := make([]string, len(v.texts)) // one for all who say it
		for i, text := range v.texts {
			words[i] = string(text)
		}
		for i := range events {
			word := ""
			if v.whole == nil {
				word = words[v.codes[i]]
			} else {
				word = string(v.at(i))
			}
			if !c.set(&events[i], word) {
				return torn(c.name, block, errTorn)
			}
		}
	}
	return nil
}

// ids reads the messageIds.
func (f *File) ids(block int, events []Event) error {
	ids, err := f.messageIDs(block)
	if err != nil {
		return err
	}
	for i := range events {
		events[i].MessageID = ids[i]
	}
	return nil
}

func (f *File) messageIDs(block int) ([]string, error) {
	raw, err := f.column(colMessage, block)
	if err != nil {
		return nil, err
	}
	tails, err := f.column(colTail, block)
	if err != nil {
		return nil, err
	}
	n := f.stats[block].events
	r := &reader{in: raw}
	ends, err := readVector(r.bytes(), n)
	if err != nil || ends.length != n || r.err != nil {
		return nil, torn(colMessage, block, errTorn)
	}
	heads, err := readVector(r.in, n)
	if err != nil || heads.length != n {
		return nil, torn(colMessage, block, errTorn)
	}
	out := make([]string, n)
	var room []byte
	t := &reader{in: tails}
	for i := range out {
		room = heads.appendAt(room[:0], i)
		end := ends.at(i)
		if len(end) != 1 || end[0] > idHex {
			return nil, torn(colMessage, block, errTorn)
		}
		if end[0] != idText {
			tail := t.take(16)
			if t.err != nil {
				return nil, torn(colTail, block, errTorn)
			}
			room = appendTail(room, tail, end[0] == idUUID)
		}
		out[i] = string(room)
	}
	if t.end() != nil {
		return nil, torn(colTail, block, errTorn)
	}
	return out, nil
}

func appendTail(out, tail []byte, uuid bool) []byte {
	if !uuid {
		return hex.AppendEncode(out, tail)
	}
	for i, n := 0, 0; n < 5; n++ {
		to := [...]int{4, 6, 8, 10, 16}[n]
		if n > 0 {
			out = append(out, '-')
		}
		out, i = hex.AppendEncode(out, tail[i:to]), to
	}
	return out
}

// clocks reads the times that no question asks, and sets all of them.
func (f *File) clocks(block int, events []Event, times, received []int64) error {
	raw, err := f.column(colClock, block)
	if err != nil {
		return err
	}
	r := &reader{in: raw}
	for i := range events {
		flags := r.take(1)
		if r.err != nil || flags[0] >= 2*clockAhead {
			return torn(colClock, block, errTorn)
		}
		stamp, original, sent := times[i], int64(0), int64(0)
		if flags[0]&clockAhead != 0 {
			stamp += r.int()
		}
		if flags[0]&clockOriginal != 0 {
			original = stamp + r.int()
		}
		if flags[0]&clockSent != 0 {
			sent = received[i] + r.int()
		}
		var nanos [4]uint64
		if flags[0]&clockDigits != 0 {
			for n := range nanos {
				if nanos[n] = r.uint(); nanos[n] >= uint64(time.Millisecond) {
					r.fail()
				}
			}
		}
		at := func(milli int64, n int) time.Time { return time.UnixMilli(milli).Add(time.Duration(nanos[n])).UTC() }
		e := &events[i].Event
		e.Timestamp, e.ReceivedAt = at(stamp, 0), at(received[i], 1)
		if flags[0]&clockOriginal != 0 {
			e.OriginalTimestamp = at(original, 2)
		}
		if flags[0]&clockSent != 0 {
			e.SentAt = at(sent, 3)
		}
	}
	if err := r.end(); err != nil {
		return torn(colClock, block, err)
	}
	return nil
}

// restore puts the values of a part back into its shapes.
func (f *File) restore(block, part int, events []Event) error {
	shapes, err := f.vector(parts[part], block, len(events))
	if err != nil {
		return err
	}
	numbers := map[string]int{}
	var vectors []vector
	column := func(path []byte) int {
		n, known := numbers[string(path)]
		if known {
			return n
		}
		v, e := f.vector(string(path), block, -1)
		if e != nil {
			err = e
			return -1
		}
		n = len(vectors)
		numbers[string(path)], vectors = n, append(vectors, v)
		return n
	}
	cuts := make([][]piece, len(shapes.texts))
	for i, shape := range shapes.texts {
		cut, torn := pieces(shape, parts[part], column)
		if err != nil || torn != nil {
			return fmt.Errorf("restoring %s of block %d: %w", parts[part], block, errTorn)
		}
		cuts[i] = cut
	}
	if shapes.whole != nil {
		return torn(parts[part], block, errTorn)
	}
	used := make([]int, len(vectors))
	size := 0
	for i := range events {
		var out []byte
		for _, p := range cuts[shapes.codes[i]] {
			if out = append(out, p.text...); p.column < 0 {
				continue
			}
			v := &vectors[p.column]
			if used[p.column] == v.length {
				return torn(parts[part], block, errTorn)
			}
			out = v.appendAt(out, used[p.column])
			used[p.column]++
		}
		if size += len(out); size > 2*maxBlockBytes+maxEvent {
			return fmt.Errorf("restoring %s of block %d: %w", parts[part], block, errTorn)
		}
		e := &events[i].Event
		*[...]*json.RawMessage{&e.Properties, &e.Traits, &e.Context, &e.Integrations}[part] = out
	}
	for n := range vectors {
		if used[n] != vectors[n].length {
			return torn(parts[part], block, errTorn)
		}
	}
	return nil
}
