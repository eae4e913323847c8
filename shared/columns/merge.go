package columns

import (
	"iter"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
)

// Sequence is events in the order of the files. It ends behind an error.
type Sequence = iter.Seq2[Event, error]

// Sorted is a sequence of events that come in any order, such as those of packs. It sorts them in place.
func Sorted(events []Event) Sequence {
	return func(yield func(Event, error) bool) {
		slices.SortFunc(events, func(a, b Event) int { return a.Compare(&b) })
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Erasures says of people up to when what was received of them is gone.
type Erasures map[Person]time.Time

// gone tells whether an event was received before its person was erased.
func (e Erasures) gone(p Person, received time.Time) bool {
	at, erased := e[p]
	return erased && !received.After(at)
}

// Merging makes a file of what stands in others.
type Merging struct {
	Head
	// Known are files that stand beside the new one: what is in them is not in it.
	Known []*File
	// Erased are left out: all of them so far, since what came again after an erasure is no copy of what came before it.
	Erased Erasures
}

// Counts says what became of the events that a merging saw.
type Counts struct{ Written, Duplicate, Erased int }

// Merge makes the file. Of the copies of an event, which have person, source and messageId in common, the first in order stays, so that neither the sequence of the sources nor merging in steps changes
// what comes out.
func (m Merging) Merge(sources ...Sequence) ([]byte, Counts, error) {
	var counts Counts
	w, err := NewWriter(m.Head)
	if err != nil {
		return nil, counts, err
	}
	known := newKnowledge(m.Known, m.Erased)
	defer known.stop()
	var of Person
	var seen map[event.Hash]bool
	for e, err := range together(sources) {
		if err != nil {
			return nil, counts, err
		}
		if seen == nil || e.Person != of {
			of = e.Person
			if seen, err = known.of(of); err != nil {
				return nil, counts, err
			}
		}
		is := e.identity()
		switch {
		case seen[is]:
			counts.Duplicate++
			continue
		case m.Erased.gone(e.Person, e.ReceivedAt):
			counts.Erased++
			continue
		}
		seen[is] = true
		if err := w.Add(e); err != nil {
			return nil, counts, err
		}
		counts.Written++
	}
	return w.Finish(), counts, nil
}

// together is the events of several sequences as one.
func together(sources []Sequence) Sequence {
	return func(yield func(Event, error) bool) {
		var heads []*head
		for _, source := range sources {
			next, stop := iter.Pull2(source)
			defer stop()
			h := &head{next: next}
			if h.advance() {
				heads = append(heads, h)
			}
		}
		for len(heads) > 0 {
			first := 0
			for i, h := range heads {
				if h.err != nil {
					yield(Event{}, h.err)
					return
				}
				if h.event.Compare(&heads[first].event) < 0 {
					first = i
				}
			}
			if !yield(heads[first].event, nil) {
				return
			}
			if !heads[first].advance() {
				heads = slices.Delete(heads, first, first+1)
			}
		}
	}
}

// head is where a sequence stands.
type head struct {
	next  func() (Event, error, bool)
	event Event
	err   error
}

func (h *head) advance() (more bool) {
	h.event, h.err, more = h.next()
	return more
}

// identities are what the events of a file are known by, a stretch of one person at a time. Those that are gone are not among them: what comes again after an erasure is no copy.
func (f *File) identities(erased Erasures) iter.Seq2[stretchOf, error] {
	return func(yield func(stretchOf, error) bool) {
		for block, s := range f.stats {
			people, ends, err := f.people(block)
			if err != nil {
				yield(stretchOf{}, err)
				return
			}
			ids, err := f.messageIDs(block)
			if err != nil {
				yield(stretchOf{}, err)
				return
			}
			sources, err := f.vector(colSource, block, s.events)
			if err != nil {
				yield(stretchOf{}, err)
				return
			}
			received, err := f.receivedOf(block, people, ends, erased)
			if err != nil {
				yield(stretchOf{}, err)
				return
			}
			i := uint32(0)
			for p, end := range ends {
				one := stretchOf{person: people[p]}
				for ; i < end; i++ {
					if received != nil && erased.gone(people[p], time.UnixMilli(received[i])) {
						continue
					}
					one.hashes = append(one.hashes, event.Fingerprint(string(sources.at(int(i))), ids[i]))
				}
				if !yield(one, nil) {
					return
				}
			}
		}
	}
}

// receivedOf is when the events of a block were received, nil where nobody in it was erased.
func (f *File) receivedOf(block int, people []Person, ends []uint32, erased Erasures) ([]int64, error) {
	if !slices.ContainsFunc(people, func(p Person) bool { _, is := erased[p]; return is }) {
		return nil, nil
	}
	times, err := f.times(block, ends)
	if err != nil {
		return nil, err
	}
	return f.received(block, times)
}

type stretchOf struct {
	person Person
	hashes []event.Hash
}

// knowledge is what stands in files beside the one that is made, asked for one person after the other.
type knowledge struct {
	nexts []func() (stretchOf, error, bool)
	heads []stretchOf
	more  []bool
	stops []func()
}

func newKnowledge(files []*File, erased Erasures) *knowledge {
	k := &knowledge{heads: make([]stretchOf, len(files)), more: make([]bool, len(files))}
	for i, f := range files {
		next, stop := iter.Pull2(f.identities(erased))
		k.nexts, k.stops = append(k.nexts, next), append(k.stops, stop)
		k.more[i] = true // before everybody: the first is read when somebody is asked
	}
	return k
}

func (k *knowledge) stop() {
	for _, stop := range k.stops {
		stop()
	}
}

// of is what is known of a person, for the caller to add to. Whoever is asked comes after who was asked before.
func (k *knowledge) of(p Person) (map[event.Hash]bool, error) {
	seen := map[event.Hash]bool{}
	for i := range k.heads {
		for k.more[i] && (k.heads[i].hashes == nil || k.heads[i].person.Compare(p) <= 0) {
			if k.heads[i].person == p {
				for _, h := range k.heads[i].hashes {
					seen[h] = true
				}
			}
			var err error
			if k.heads[i], err, k.more[i] = k.nexts[i](); err != nil {
				return nil, err
			}
		}
	}
	return seen, nil
}
