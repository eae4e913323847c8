package fold

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Count asks how often something happened and to how many people, by period and event. Without Events it is all events, by their names.
type Count struct {
	Kind Kind `json:"kind"`
	Range
	By     Period  `json:"by"`
	Events []Match `json:"events,omitempty"`
	Split  string  `json:"split,omitempty"`
}

func (d Count) check(faults *fault.Faults) {
	d.Range.check(faults)
	checkPeriod("by", d.By, faults)
	checkSplit(d.Split, faults)
	if len(d.Events) > maxMatches {
		faults.Addf("events", "has more than %d", maxMatches)
	}
	for i, m := range d.Events {
		m.check(index("events", i), faults)
		if slices.ContainsFunc(d.Events[:i], func(o Match) bool { return o.title() == m.title() }) {
			faults.Add(index("events", i)+".as", "is what another event is called")
		}
	}
}

// Counts is the partial of a Count.
type Counts struct {
	Rows []CountRow `json:"rows,omitempty"`
	// Over says that there are too many events or values of the split; then there are no rows.
	Over bool `json:"over,omitempty"`
}

// CountRow is how often an event happened in a period, and to how many people. Period is empty for all of them together, Event for any of the events.
type CountRow struct {
	Period string `json:"period"`
	Event  string `json:"event"`
	Split  string `json:"split,omitempty"`
	Events int64  `json:"events"`
	People int64  `json:"people"`
}

func compareCounts(a, b *CountRow) int {
	return cmp.Or(cmp.Compare(a.Period, b.Period), cmp.Compare(a.Event, b.Event), cmp.Compare(a.Split, b.Split))
}

func (*Counts) kind() Kind { return KindCount }

// Merge adds the counts of other people.
func (c *Counts) Merge(other Partial) error {
	o, same := other.(*Counts)
	if !same {
		return ErrPartial
	}
	rows := mergeRows(c.Rows, o.Rows, compareCounts, func(a, b *CountRow) { a.Events, a.People = a.Events+b.Events, a.People+b.People })
	*c = bounded(rows, c.Over || o.Over)
	return nil
}

// bounded are counts that say so where they are too many to be shown.
func bounded(rows []CountRow, over bool) Counts {
	if over || tooMany(rows, func(r *CountRow) string { return r.Split }) || tooMany(rows, func(r *CountRow) string { return r.Event }) {
		return Counts{Over: true}
	}
	return Counts{Rows: rows}
}

// Figure is the events or the people of a row.
func (c *Counts) Figure(of Cell) (int64, bool) {
	r := rowOf(c.Rows, CountRow{Period: of.Period, Event: of.Event, Split: of.Split}, compareCounts)
	return pick(of.Figure, named{"events", r.Events}, named{"people", r.People})
}

type countCell struct {
	events, people int64
	last           int64 // the person that was counted last
}

// grid is cells by period, event and value of the split. The first period and the first event are all of them together.
type grid [][][]countCell

func (g grid) at(period, event, split int) *countCell {
	for len(g[period]) <= event {
		g[period] = append(g[period], nil)
	}
	for len(g[period][event]) <= split {
		g[period][event] = append(g[period][event], countCell{})
	}
	return &g[period][event][split]
}

type countFold struct {
	matcher
	def      Count
	from, to profile.Day
	calendar *calendar
	names    *words // of events that were not named
	split    *words
	cells    grid
	periods  []int // by day
	person   int64
}

func (d Count) compile(shop profile.Shop, _ profile.Day) Fold {
	f := &countFold{matcher: matcher{zone: shop.Zone}, def: d, names: newWords(absent, 0)}
	f.from, f.to = d.days()
	f.calendar = newCalendar(shop, f.from, f.to)
	f.add(d.Events...)
	if len(d.Events) == 0 {
		f.add(Match{Event: "*"})
	}
	f.split = newWords(absent, 0)
	if d.Split != "" {
		f.split.column = f.column(d.Split)
	}
	first := d.By.first(f.from)
	for day := f.from; day <= f.to; day++ {
		f.periods = append(f.periods, 1+d.By.between(first, d.By.first(day)))
	}
	f.cells = make(grid, 1+f.periods[len(f.periods)-1]+1)
	return f
}

func (f *countFold) Fork() Fold {
	other := *f
	other.cells = make(grid, len(f.cells))
	return &other
}

func (f *countFold) Reset() { clear(f.cells) }

func (f *countFold) Reads() Reads { return Reads{From: f.from, To: f.to} }

func (f *countFold) Prepare(b *Block) {
	f.prepare(b)
	prepareGroups(b, f.split)
	if len(f.def.Events) > 0 {
		return
	}
	listed := make([]uint32, len(b.Names))
	for i, n := range b.Names {
		if n.Name == "" || n.Kind != event.Track {
			n.Name = string(n.Kind)
		}
		listed[i] = uint32(1 + f.names.number(n.Name))
	}
	b.groups = append(b.groups, listed)
}

func (f *countFold) Add(person []Stretch) {
	f.person++
	for _, s := range person {
		for i := s.From; i < s.To; i++ {
			mark := s.Block.marks[i]
			if mark == 0 {
				continue
			}
			day := f.calendar.day(s.Block.Times[i])
			if day < f.from || day > f.to {
				continue
			}
			period := f.periods[day-f.from]
			split, _ := f.split.of(s.Block, i)
			f.count(period, 0, split)
			if len(f.def.Events) == 0 {
				f.count(period, int(s.Block.groups[1][s.Block.Events[i]]), split)
				continue
			}
			for ; mark != 0; mark &= mark - 1 {
				f.count(period, 1+bits.TrailingZeros32(mark), split)
			}
		}
	}
}

// count counts an event in its period, and in all of them together.
func (f *countFold) count(period, event, split int) {
	for _, c := range [...]*countCell{f.cells.at(0, event, split), f.cells.at(period, event, split)} {
		c.events++
		if c.last != f.person {
			c.last = f.person
			c.people++
		}
	}
}

func (f *countFold) Partial() Partial {
	var rows []CountRow
	first := f.def.By.first(f.from)
	for period, events := range f.cells {
		for event, splits := range events {
			for split, c := range splits {
				if c.events == 0 {
					continue
				}
				row := CountRow{Split: f.split.texts[split], Events: c.events, People: c.people}
				if period > 0 {
					row.Period = f.def.By.label(f.def.By.after(first, period-1))
				}
				switch {
				case event == 0:
				case len(f.def.Events) == 0:
					row.Event = f.names.texts[event-1]
				default:
					row.Event = f.def.Events[event-1].title()
				}
				rows = append(rows, row)
			}
		}
	}
	p := bounded(sortRows(rows, compareCounts), f.split.over || f.names.over)
	return &p
}
