package fold

import (
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Performed asks who did something so often within the last days: the last closed day and WithinDays before it.
type Performed struct {
	Kind Kind `json:"kind"`
	Match
	AtLeast    int64  `json:"atLeast,omitempty"` // 1 where neither is said
	AtMost     *int64 `json:"atMost,omitempty"`
	WithinDays int    `json:"withinDays"`
}

func (d Performed) check(faults *fault.Faults) {
	d.Match.check("", faults)
	for i := range *faults {
		if (*faults)[i].Field[0] == '.' {
			(*faults)[i].Field = (*faults)[i].Field[1:]
		}
	}
	if d.WithinDays < 0 || d.WithinDays >= maxDays {
		faults.Addf("withinDays", "is not within 0 and %d", maxDays-1)
	}
	if d.AtLeast < 0 {
		faults.Add("atLeast", "is below zero")
	}
	if d.AtMost != nil && *d.AtMost < d.AtLeast {
		faults.Add("atMost", "is below atLeast, or zero")
	}
}

// Performers is the partial of a Performed.
type Performers struct {
	People int64 `json:"people"`
}

func (*Performers) kind() Kind { return KindPerformed }

// Merge adds the other people who did it.
func (p *Performers) Merge(other Partial) error {
	o, same := other.(*Performers)
	if !same {
		return ErrPartial
	}
	p.People += o.People
	return nil
}

// Figure is the people.
func (p *Performers) Figure(of Cell) (int64, bool) { return p.People, of.Figure == "people" }

type performedFold struct {
	matcher
	least, most int64
	reads       Reads
	calendar    *calendar
	people      int64
}

func (d Performed) compile(shop profile.Shop, asOf profile.Day) Fold {
	f := &performedFold{matcher: matcher{zone: shop.Zone}, least: d.AtLeast, most: 1<<63 - 1, reads: Reads{From: asOf - profile.Day(d.WithinDays), To: asOf}}
	if d.AtMost != nil {
		f.most = *d.AtMost
	} else {
		f.least = max(f.least, 1)
	}
	f.calendar = newCalendar(shop, f.reads.From, f.reads.To)
	f.add(d.Match)
	return f
}

func (f *performedFold) Fork() Fold {
	other := *f
	other.people = 0
	return &other
}

func (f *performedFold) Reset() { f.people = 0 }

func (f *performedFold) Reads() Reads     { return f.reads }
func (f *performedFold) Prepare(b *Block) { f.prepare(b) }

// Meets tells whether a person did it so often. It counts nothing.
func (f *performedFold) Meets(person []Stretch) bool {
	n := int64(0)
	for _, s := range person {
		for i := s.From; i < s.To; i++ {
			if s.Block.marks[i] == 0 {
				continue
			}
			if day := f.calendar.day(s.Block.Times[i]); day >= f.reads.From && day <= f.reads.To {
				n++
			}
		}
	}
	return n >= f.least && n <= f.most
}

func (f *performedFold) Add(person []Stretch) {
	if f.Meets(person) {
		f.people++
	}
}

func (f *performedFold) Partial() Partial { return &Performers{f.people} }
