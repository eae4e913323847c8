package fold

import (
	"slices"

	"github.com/userops/userops/shared/domain/people/profile"
)

// Several is questions that are asked of the same people in one pass: what they have in common is read and unpacked once. Each answers as if it was asked by itself.
type Several struct {
	folds   []Fold
	reads   []Reads
	columns []string
	places  [][]int // of each question's columns in those of all
	room    []Stretch
}

// Together asks several questions at once. There is at least one.
func Together(folds ...Fold) *Several {
	s := &Several{folds: folds}
	for _, f := range folds {
		var places []int
		for _, name := range f.Columns() {
			i := slices.Index(s.columns, name)
			if i < 0 {
				i = len(s.columns)
				s.columns = append(s.columns, name)
			}
			places = append(places, i)
		}
		s.places, s.reads = append(s.places, places), append(s.reads, f.Reads())
	}
	return s
}

// Columns are those that one of the questions needs.
func (s *Several) Columns() []string { return s.columns }

// Wants tells whether one of the questions needs the events of a day.
func (s *Several) Wants(day profile.Day) bool {
	return slices.ContainsFunc(s.reads, func(r Reads) bool { return r.Of(day) })
}

// Prepare makes of a block one for each question that needs its day. They share what they read.
func (s *Several) Prepare(b *Block) {
	b.each = make([]*Block, len(s.folds))
	for i, f := range s.folds {
		if !s.reads[i].Of(b.Day) {
			continue
		}
		one := &Block{Day: b.Day, Times: b.Times, Names: b.Names, Events: b.Events}
		for _, place := range s.places[i] {
			one.Columns = append(one.Columns, b.Columns[place])
		}
		f.Prepare(one)
		b.each[i] = one
	}
}

// Add folds a person in each question that reads something of them.
func (s *Several) Add(person []Stretch) {
	for i, f := range s.folds {
		if part := s.of(i, person); len(part) > 0 {
			f.Add(part)
		}
	}
}

// of is what a question reads of a person, until the next one is asked.
func (s *Several) of(question int, person []Stretch) []Stretch {
	s.room = s.room[:0]
	for _, p := range person {
		if one := p.Block.each[question]; one != nil {
			s.room = append(s.room, Stretch{Block: one, From: p.From, To: p.To})
		}
	}
	return s.room
}
