package fold

import (
	"cmp"
	"time"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/domain/span"
)

// Performed asks who did something so often: within the last closed day and WithinDays before it, between two dates, before one, from one on, or, where Ever is set, at any time that the archive knows.
type Performed struct {
	Kind Kind `json:"kind"`
	Match
	AtLeast    int64    `json:"atLeast,omitempty"` // 1 where neither it, nor AtMost, nor Sum is said
	AtMost     *int64   `json:"atMost,omitempty"`
	WithinDays int      `json:"withinDays,omitempty"`
	Between    []string `json:"between,omitempty"` // two dates, both included
	Before     string   `json:"before,omitempty"`  // a date, not included
	Since      string   `json:"since,omitempty"`   // a date, included
	Ever       bool     `json:"ever,omitempty"`
	// Sum is what the events that count come to together.
	Sum *Sum `json:"sum,omitempty"`
	// Only takes of all events of the name the first or the last one that the archive knows, and counts it if it is one that counts.
	Only string `json:"only,omitempty"`
	// Then counts an event only if another one follows, ThenNot only if none does by the time that it might have.
	Then    *Next `json:"then,omitempty"`
	ThenNot *Next `json:"thenNot,omitempty"`
}

// Next is an event that comes behind another one.
type Next struct {
	Event  string      `json:"event"`
	Where  []Condition `json:"where,omitempty"`
	Within span.Span   `json:"within"`
}

// The words of Only.
const (
	OnlyFirst = "first"
	OnlyLast  = "last"
)

// maxNext bounds how long after an event another one follows.
const maxNext = 90 * span.Day

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
	d.checkTime(faults)
	if d.Sum != nil {
		d.Sum.check(faults)
	}
	if d.Only != "" && d.Only != OnlyFirst && d.Only != OnlyLast {
		faults.Add("only", "is not first or last")
	}
	if d.Then != nil && d.ThenNot != nil {
		faults.Add("thenNot", "stands beside then: one of the two")
	}
	d.Then.check("then", faults)
	d.ThenNot.check("thenNot", faults)
}

func (n *Next) check(at string, faults *fault.Faults) {
	if n == nil {
		return
	}
	n.match().check(at, faults)
	if n.Within <= 0 || n.Within > maxNext {
		faults.Addf(at+".within", "is not a length of time up to %s", maxNext)
	}
}

// checkTime tells what is wrong with when it is asked of.
func (d Performed) checkTime(faults *fault.Faults) {
	said := 0
	for _, is := range []bool{d.WithinDays > 0, len(d.Between) > 0, d.Before != "", d.Since != "", d.Ever} {
		if is {
			said++
		}
	}
	if said > 1 {
		faults.Add("withinDays", "stands beside between, before, since or ever: one of them")
	}
	date := func(field, text string) {
		if day, err := profile.ParseDay(text); text != "" && (err != nil || day < 0 || day > lastDay) {
			faults.Add(field, "is not a date such as 2026-11-21")
		}
	}
	date("before", d.Before)
	date("since", d.Since)
	switch len(d.Between) {
	case 0:
	case 2:
		Range{d.Between[0], d.Between[1]}.check(faults)
	default:
		faults.Add("between", "is not a list of two values, from and to")
	}
}

func (n Next) match() Match { return Match{Event: n.Event, Where: n.Where} }

// days are those whose events count, as of the last one that is known. beginning says that they have none to begin with.
func (d Performed) days(asOf profile.Day) (from, to profile.Day, beginning bool) {
	day := func(text string) profile.Day { parsed, _ := profile.ParseDay(text); return parsed }
	switch {
	case d.Ever:
		return asOf - maxDays, asOf, true
	case d.Before != "":
		to = min(asOf, day(d.Before)-1)
		return to - maxDays, to, true
	case d.Since != "":
		return day(d.Since), asOf, false
	case len(d.Between) == 2:
		return day(d.Between[0]), min(asOf, day(d.Between[1])), false
	}
	return asOf - profile.Day(d.WithinDays), asOf, false
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
	def         Performed
	least, most int64
	reads       Reads
	from, to    profile.Day // in which it counts
	beginning   bool
	calendar    *calendar
	sum         *summing
	window      int64 // of what follows
	until       int64 // up to when it is known what followed
	trusts      int   // the column, absent where everybody's word counts
	people      int64
}

// never is when what does not follow happens.
const never = int64(1<<63 - 1)

// The matches of a performedFold: what counts, any event of its name, and what follows.
const (
	counts = 1 << iota
	anyway
	follows
)

func (d Performed) compile(shop profile.Shop, asOf profile.Day) Fold {
	return d.fold(shop, asOf, (asOf + 1).Start(shop.Zone))
}

// fold makes the question as of a day and of a moment, which is of that day or its end.
func (d Performed) fold(shop profile.Shop, asOf profile.Day, until time.Time) *performedFold {
	f := &performedFold{matcher: matcher{zone: shop.Zone}, def: d, least: d.AtLeast, most: 1<<63 - 1, until: until.UnixMilli(), trusts: absent}
	switch {
	case d.AtMost != nil:
		f.most = *d.AtMost
	case d.Sum == nil:
		f.least = max(f.least, 1)
	}
	f.from, f.to, f.beginning = d.days(asOf)
	f.reads = Reads{From: f.from, To: f.to, Beginning: f.beginning}
	if d.Only != "" {
		f.reads = Reads{From: f.from, To: asOf, Beginning: true}
	}
	f.add(d.Match, Match{Event: d.Event})
	next := cmp.Or(d.Then, d.ThenNot)
	if next != nil {
		f.add(next.match())
		f.window = time.Duration(next.Within).Milliseconds()
		f.reads.To = min(asOf, f.reads.To+profile.Day(f.window/dayMilli)+1)
	}
	f.calendar = newCalendar(shop, min(f.from, f.to), max(f.from, f.to))
	if d.Sum != nil {
		f.sum = d.Sum.compile(&f.matcher, shop)
	}
	return f
}

func (f *performedFold) Fork() Fold {
	other := *f
	other.people = 0
	return &other
}

func (f *performedFold) Reset() { f.people = 0 }

func (f *performedFold) Reads() Reads { return f.reads }

func (f *performedFold) Prepare(b *Block) {
	f.prepare(b)
	if f.trusts != absent {
		column := &b.Columns[f.trusts]
		b.apart = make([]bool, len(column.Words))
		for i, w := range column.Words {
			b.apart[i] = trust.May(trust.Level(w.Text), false, trust.Behaviour) != trust.Yes
		}
	}
}

// apart tells of an event whether only a public word says so.
func (f *performedFold) apart(b *Block, i int) bool {
	if f.trusts == absent {
		return false
	}
	column := &b.Columns[f.trusts]
	from, to := column.span(i)
	return from < to && column.Codes != nil && b.apart[column.Codes[from]]
}

// Meets tells whether a person did it. It counts nothing.
func (f *performedFold) Meets(person []Stretch) bool {
	met, _ := f.meets(person, false)
	return met
}

// meets goes through a person's events from the last one to the first, so that what follows an event is known when it comes. Where proven is asked alone, what only public words say did not
// happen; differs tells whether that may make a difference.
func (f *performedFold) meets(person []Stretch, proven bool) (met, differs bool) {
	n, total, last := int64(0), int64(0), false
	next := never
	for p := len(person) - 1; p >= 0; p-- {
		b := person[p].Block
		for i := person[p].To - 1; i >= person[p].From; i-- {
			mark := b.marks[i]
			if mark == 0 {
				continue
			}
			if f.apart(b, i) {
				differs = true
				if proven {
					continue
				}
			}
			is := mark&counts != 0 && f.within(b.Times[i]) && f.followed(b.Times[i], next)
			if mark&follows != 0 {
				next = b.Times[i]
			}
			if f.def.Only != "" {
				if mark&anyway == 0 || f.def.Only == OnlyLast && last {
					continue
				}
				n, total, last = 0, 0, true
			}
			if is {
				n++
				if f.sum != nil {
					total = f.sum.add(total, b, i)
				}
			}
		}
	}
	return n >= f.least && n <= f.most && (f.sum == nil || total >= f.sum.least && total <= f.sum.most), differs
}

// within tells whether a moment is one in which it counts.
func (f *performedFold) within(at int64) bool {
	day := f.calendar.day(at)
	return day <= f.to && (f.beginning || day >= f.from)
}

// followed tells whether what has to follow does, or does not.
func (f *performedFold) followed(at, next int64) bool {
	switch {
	case f.def.Then != nil:
		return next != never && next-at <= f.window
	case f.def.ThenNot != nil:
		return (next == never || next-at > f.window) && at+f.window <= f.until
	}
	return true
}

func (f *performedFold) Add(person []Stretch) {
	if f.Meets(person) {
		f.people++
	}
}

func (f *performedFold) Partial() Partial { return &Performers{f.people} }
