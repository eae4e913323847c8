package columns

import (
	"maps"
	"slices"
	"time"
)

// sorted are the people of a list in their order.
func (e Erasures) sorted() []Person { return slices.SortedFunc(maps.Keys(e), Person.Compare) }

// Hold tells whether the file holds an event that is gone. It reads no more than who is in the blocks that may hold one.
func (e Erasures) Hold(f *File) (bool, error) {
	people := e.sorted()
	for block := range f.stats {
		gone, err := e.in(f, block, people)
		if err != nil || slices.Contains(gone, true) {
			return err == nil, err
		}
	}
	return false, nil
}

// in tells of each event of a block whether it is gone; nil where none can be.
func (e Erasures) in(f *File, block int, people []Person) ([]bool, error) {
	s := f.stats[block]
	from, _ := slices.BinarySearchFunc(people, s.first, Person.Compare)
	if from == len(people) || people[from].Compare(s.last) > 0 {
		return nil, nil
	}
	in, ends, err := f.people(block)
	if err != nil || !meet(in, people[from:]) {
		return nil, err
	}
	received, err := f.receivedOf(block, in, ends, e)
	if err != nil {
		return nil, err
	}
	gone := make([]bool, s.events)
	i := uint32(0)
	for n, end := range ends {
		for ; i < end; i++ {
			gone[i] = e.gone(in[n], time.UnixMilli(received[i]))
		}
	}
	return gone, nil
}

// Purge is a file without the events that are gone. The blocks in which there is none are taken over as they are, so that it costs little where few people were erased. The same file and erasures give the same bytes.
func (e Erasures) Purge(f *File) ([]byte, Counts, error) {
	var counts Counts
	w, err := NewWriter(f.Head)
	if err != nil {
		return nil, counts, err
	}
	people := e.sorted()
	for block := range f.stats {
		gone, err := e.in(f, block, people)
		if err != nil {
			return nil, counts, err
		}
		if !slices.Contains(gone, true) {
			if err := w.take(f, block); err != nil {
				return nil, counts, err
			}
			counts.Written += f.stats[block].events
			continue
		}
		events, err := f.rows(block)
		if err != nil {
			return nil, counts, err
		}
		var left []Event
		for i := range events {
			if !gone[i] {
				left = append(left, events[i])
			}
		}
		counts.Written, counts.Erased = counts.Written+len(left), counts.Erased+len(events)-len(left)
		if len(left) > 0 {
			w.put(build(left))
		}
	}
	return w.Finish(), counts, nil
}

// take puts a block of another file behind those that there are, byte by byte.
func (w *Writer) take(f *File, block int) error {
	into := len(w.stats)
	w.stats = append(w.stats, f.stats[block])
	for name, places := range f.places {
		at := places[block]
		if at.size == 0 {
			continue
		}
		raw, err := f.raw(name, block)
		if err != nil {
			return err
		}
		at.offset = 0 // the file's, which Finish makes anew
		w.hold(name, into, at, raw)
	}
	return nil
}
