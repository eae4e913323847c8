package columns

import (
	"maps"
	"slices"
)

// Rows are the events of a file that belong to people of the shard under their own name, whole and in order, without those that are gone. With what Moved gives of all files, they are all events of the
// shard's people.
func (r Reading) Rows(f *File) Sequence {
	return func(yield func(Event, error) bool) {
		if r.passes(f) {
			return
		}
		for e, err := range f.Rows() {
			if err == nil && (!r.here(f, e.Person) || r.Erased.gone(e.Person, e.ReceivedAt)) {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// Moved are events of people who were merged, for files one after the other.
type Moved struct {
	reading Reading
	sorted  absorbed
}

// Moved begins with everybody who was merged, of all shards.
func (r Reading) Moved() Moved {
	return Moved{r, absorbed{all: slices.SortedFunc(maps.Keys(r.Merged), Person.Compare), in: map[int][][]Person{}}}
}

// Of are the events of a file that belong to somebody else by now, under who they are, of whichever shard that is. Of blocks in which nobody was merged no more is read than who is in them.
func (m Moved) Of(f *File) (moved []Event, err error) {
	r := m.reading
	for block, s := range f.stats {
		some := m.sorted.between(f, s.first, s.last)
		if len(some) == 0 {
			continue
		}
		people, _, err := f.people(block)
		if err != nil {
			return nil, err
		}
		if !meet(people, some) {
			continue
		}
		events, err := f.rows(block)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			if _, merged := r.Merged[e.Person]; !merged || r.Erased.gone(e.Person, e.ReceivedAt) {
				continue
			}
			if e.Person = r.survivor(e.Person); r.within(e.Person) && (r.Without == nil || !r.Without(e.Person)) {
				moved = append(moved, e)
			}
		}
	}
	return moved, nil
}

// Together is the events of several sequences as one, in the order of the files.
func Together(sources ...Sequence) Sequence { return together(sources) }
