package columns

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/insight/fold"
)

// Reading is how files are read for the people of a shard. Files name people as they were when a day was closed; who they are since, and what is gone of them, it knows.
type Reading struct {
	Shard, Shards int
	// From is who is asked about first, and Before whom nobody is from: people are in the order of their bytes. The zero Before is nobody's.
	From, Before Person
	// Merged says into whom people were merged since. Their events are the other's, whichever shard they lie in.
	Merged map[Person]Person
	// Erased says up to when what was received of people is gone.
	Erased Erasures
	// Aside are further files, opened as they are asked for, in which nobody is asked about but those who were merged; nil is none.
	Aside iter.Seq2[*File, error]
	// Without tells who counts nowhere, such as bots and testers; nil leaves out nobody.
	Without func(Person) bool
}

// question is what is read for.
type question interface {
	Columns() []string
	Prepare(*fold.Block)
}

// Each gives the people of the shard in their order, each with all of their events in order. What it gives is the caller's until the call returns.
func (r Reading) Each(q question, each func(Person, []fold.Stretch) error, files ...*File) error {
	if r.Shards < 1 || r.Shard < 0 || r.Shard >= r.Shards {
		return fmt.Errorf("reading shard %d of %d", r.Shard, r.Shards)
	}
	moved, err := r.moved(q, files)
	if err != nil {
		return err
	}
	survivors := slices.SortedFunc(maps.Keys(moved), Person.Compare)
	var cursors []*cursor
	for n, f := range files {
		if r.passes(f) {
			continue
		}
		c := &cursor{file: f, number: n, block: -1}
		if more, err := r.next(c, q); err != nil {
			return err
		} else if more {
			cursors = append(cursors, c)
		}
	}
	heap := byPerson(cursors)
	heap.init()
	var pieces []portion
	var room []fold.Stretch
	for len(heap) > 0 || len(survivors) > 0 {
		var person Person
		switch {
		case len(heap) == 0:
			person = survivors[0]
		case len(survivors) == 0 || heap[0].person().Compare(survivors[0]) <= 0:
			person = heap[0].person()
		default:
			person = survivors[0]
		}
		pieces = pieces[:0]
		if len(survivors) > 0 && survivors[0] == person {
			pieces, survivors = append(pieces, moved[person]...), survivors[1:]
			delete(moved, person)
		}
		for len(heap) > 0 && heap[0].person() == person {
			c := heap[0]
			pieces = r.take(pieces, c.loaded, c.at, c.number)
			more, err := r.next(c, q)
			if err != nil {
				return err
			}
			heap.settle(more)
		}
		if room, err = inOrder(room[:0], pieces); err != nil {
			return err
		}
		if len(room) == 0 {
			continue
		}
		if err := each(person, room); err != nil {
			return err
		}
	}
	return nil
}

// survivor is who a person is by now. A circle of merges, which nobody should write, ends where it began.
func (r Reading) survivor(p Person) Person {
	for range len(r.Merged) {
		next, merged := r.Merged[p]
		if !merged {
			break
		}
		p = next
	}
	return p
}

// Asks tells whether somebody who is still somebody is asked about.
func (r Reading) Asks(p Person) bool {
	return p.Shard(r.Shards) == r.Shard && r.within(p) && (r.Without == nil || !r.Without(p))
}

// within tells whether somebody is between From and Before.
func (r Reading) within(p Person) bool {
	return p.Compare(r.From) >= 0 && (r.Before == Person{} || p.Compare(r.Before) < 0)
}

// here tells whether somebody is asked about, under their own name.
func (r Reading) here(f *File, p Person) bool {
	if _, merged := r.Merged[p]; merged {
		return false
	}
	return r.within(p) && (f.Shards%r.Shards == 0 || p.Shard(r.Shards) == r.Shard) && (r.Without == nil || !r.Without(p))
}

// passes tells whether nobody who is asked about is in a file under their own name. Where a question has fewer shards than a file, and a number by which the file's can be divided, a file belongs to one of its shards.
func (r Reading) passes(f *File) bool { return f.Shards%r.Shards == 0 && f.Shard%r.Shards != r.Shard }

// moved are the events of everybody who was merged into somebody of the shard since, by the one they are now. Somebody's events are in files of one shard; of a block nothing is read but who is in it, unless
// somebody of them is.
func (r Reading) moved(q question, files []*File) (map[Person][]portion, error) {
	moved := map[Person][]portion{}
	into := map[Person]Person{}
	for p := range r.Merged {
		if now := r.survivor(p); r.Asks(now) {
			into[p] = now
		}
	}
	if len(into) == 0 {
		return moved, nil
	}
	sorted := absorbed{all: slices.SortedFunc(maps.Keys(into), Person.Compare), in: map[int][][]Person{}}
	for n, f := range files {
		if err := r.movedOf(q, f, n, into, sorted, moved); err != nil {
			return nil, err
		}
	}
	if r.Aside == nil {
		return moved, nil
	}
	n := len(files)
	for f, err := range r.Aside {
		if err == nil {
			err = r.movedOf(q, f, n, into, sorted, moved)
		}
		if err != nil {
			return nil, err
		}
		n++
	}
	return moved, nil
}

// movedOf adds those of a file.
func (r Reading) movedOf(q question, f *File, number int, into map[Person]Person, sorted absorbed, moved map[Person][]portion) error {
	for block, s := range f.stats {
		some := sorted.between(f, s.first, s.last)
		if len(some) == 0 {
			continue
		}
		people, _, err := f.people(block)
		if err != nil {
			return err
		}
		if !meet(people, some) {
			continue
		}
		l, err := f.load(block, q.Columns(), r.Erased)
		if err != nil {
			return err
		}
		var rows []uint32
		var found []portion
		for i, p := range l.people {
			now, is := into[p]
			if !is {
				continue
			}
			for _, one := range r.take(nil, l, i, number) {
				begin := len(rows)
				for row := one.From; row < one.To; row++ {
					rows = append(rows, uint32(row))
				}
				one.now, one.From, one.To = now, begin, len(rows)
				found = append(found, one)
			}
		}
		if len(rows) == 0 {
			continue
		}
		picked := l.pick(rows)
		q.Prepare(picked.Block)
		for _, one := range found {
			one.Block, one.source = picked.Block, picked.source
			moved[one.now] = append(moved[one.now], one)
		}
	}
	return nil
}

// portion is a stretch of events and where they come from.
type portion struct {
	fold.Stretch
	source *source
	file   int
	person Person // as the file has it
	now    Person // who they are since, where they were merged
}

// take appends the events of the i-th person of a block, without those that are gone.
func (r Reading) take(pieces []portion, l *loaded, i, file int) []portion {
	from, to := 0, int(l.ends[i])
	if i > 0 {
		from = int(l.ends[i-1])
	}
	one := portion{Stretch: fold.Stretch{Block: l.Block, From: from, To: to}, source: l.source, file: file, person: l.people[i]}
	at, erased := r.Erased[l.people[i]]
	if !erased {
		return append(pieces, one)
	}
	gone := func(row int) bool { return l.received[row] <= at.UnixMilli() }
	for from < to {
		for one.From = from; from < to && !gone(from); from++ {
		}
		if one.To = from; one.From < one.To {
			pieces = append(pieces, one)
		}
		for from < to && gone(from) {
			from++
		}
	}
	return pieces
}

// cursor is where the reading of a file stands.
type cursor struct {
	file   *File
	number int
	block  int
	at     int
	*loaded
}

func (c *cursor) person() Person { return c.people[c.at] }

// next goes on to the next person of the file who is asked about.
func (r Reading) next(c *cursor, q question) (more bool, err error) {
	for {
		if c.loaded != nil {
			for c.at++; c.at < len(c.people); c.at++ {
				if r.here(c.file, c.people[c.at]) {
					return true, nil
				}
			}
		}
		if c.block++; c.block == len(c.file.stats) {
			return false, nil
		}
		switch s := c.file.stats[c.block]; {
		case s.last.Compare(r.From) < 0:
			c.loaded = nil
			continue
		case r.Before != Person{} && s.first.Compare(r.Before) >= 0:
			return false, nil
		}
		if c.loaded, err = c.file.load(c.block, q.Columns(), r.Erased); err != nil {
			return false, err
		}
		q.Prepare(c.Block)
		c.at = -1
	}
}

// byPerson is a heap of cursors: whose person comes first, and of those the file that was named first.
type byPerson []*cursor

func (h byPerson) before(a, b int) bool {
	c := h[a].person().Compare(h[b].person())
	return c < 0 || c == 0 && h[a].number < h[b].number
}

func (h byPerson) init() {
	for i := len(h)/2 - 1; i >= 0; i-- {
		h.down(i)
	}
}

func (h byPerson) down(i int) {
	for {
		first := i
		for _, child := range [...]int{2*i + 1, 2*i + 2} {
			if child < len(h) && h.before(child, first) {
				first = child
			}
		}
		if first == i {
			return
		}
		h[i], h[first] = h[first], h[i]
		i = first
	}
}

// settle puts the first cursor where it belongs by now, or away.
func (h *byPerson) settle(more bool) {
	if !more {
		last := len(*h) - 1
		(*h)[0] = (*h)[last]
		*h = (*h)[:last]
	}
	h.down(0)
}

// inOrder appends a person's pieces in the order in which things happened. Days follow each other, so mostly nothing is to be done; further files of a day, and those who were merged, have to be gone through
// event by event.
func inOrder(out []fold.Stretch, pieces []portion) ([]fold.Stretch, error) {
	slices.SortStableFunc(pieces, func(a, b portion) int { return cmp.Compare(a.Block.Times[a.From], b.Block.Times[b.From]) })
	apart := true
	for i := 1; i < len(pieces) && apart; i++ {
		a, b := &pieces[i-1], &pieces[i]
		end, begin := a.Block.Times[a.To-1], b.Block.Times[b.From]
		apart = end < begin || end == begin && a.file == b.file && a.person == b.person
	}
	if apart {
		for i := range pieces {
			out = append(out, pieces[i].Stretch)
		}
		return out, nil
	}
	pieces = slices.Clone(pieces)
	for len(pieces) > 0 {
		first := 0
		for i := 1; i < len(pieces); i++ {
			before, err := earlier(&pieces[i], &pieces[first])
			if err != nil {
				return nil, err
			}
			if before {
				first = i
			}
		}
		p := &pieces[first]
		if n := len(out); n > 0 && out[n-1].Block == p.Block && out[n-1].To == p.From {
			out[n-1].To++
		} else {
			out = append(out, fold.Stretch{Block: p.Block, From: p.From, To: p.From + 1})
		}
		if p.From++; p.From == p.To {
			pieces = slices.Delete(pieces, first, first+1)
		}
	}
	return out, nil
}

// earlier tells whether the first event of one piece comes before that of another: by time, and of one time by messageId and source.
func earlier(a, b *portion) (bool, error) {
	if c := cmp.Compare(a.Block.Times[a.From], b.Block.Times[b.From]); c != 0 {
		return c < 0, nil
	}
	x, err := a.source.id(a.From)
	if err != nil {
		return false, err
	}
	y, err := b.source.id(b.From)
	if err != nil {
		return false, err
	}
	return strings.Compare(x, y) < 0, nil
}
