package fold

import (
	"cmp"
	"time"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/span"
)

// Funnel asks how far people come who begin: each step counts after the one before it, in the order of a person's events, and no later than Window after the first. Who begins several times counts once,
// by the first entry that goes furthest, or, with Every, by every entry. An entry is within From and To; its further steps may come later.
type Funnel struct {
	Kind Kind `json:"kind"`
	Range
	Steps  []Match   `json:"steps"`
	Window span.Span `json:"window,omitzero"` // 7 days where it says nothing
	Every  bool      `json:"every,omitempty"`
	// Split is a field of the entry's event by which people are told apart.
	Split string `json:"split,omitempty"`
}

const (
	maxWindow     = 90 * span.Day
	defaultWindow = 7 * span.Day
)

func (d Funnel) check(faults *fault.Faults) {
	d.Range.check(faults)
	checkSplit(d.Split, faults)
	if len(d.Steps) < 2 || len(d.Steps) > maxMatches {
		faults.Addf("steps", "are not 2 to %d", maxMatches)
	}
	for i, m := range d.Steps {
		m.check(index("steps", i), faults)
	}
	if d.Window < 0 || d.Window > maxWindow || d.Window%span.Span(time.Second) != 0 {
		faults.Add("window", "is not whole seconds up to 90d")
	}
}

// Reached is the partial of a Funnel.
type Reached struct {
	Rows []ReachedRow `json:"rows,omitempty"`
	// Over says that the split has too many values; then there are no rows.
	Over bool `json:"over,omitempty"`
}

// ReachedRow is how far the people, or entries, of a value of the split came.
type ReachedRow struct {
	Split string `json:"split,omitempty"`
	// Steps is how many came to each step or further.
	Steps []int64 `json:"steps"`
	// Took is, of each step but the first, how many took how long to it from the one before.
	Took [][]Took `json:"took,omitempty"`
}

// Took is how many took so many whole seconds.
type Took struct {
	Seconds int64 `json:"s"`
	Count   int64 `json:"n"`
}

// Median is the middle of the times that a step took, the lower one of two; false where nobody came to it. The step after the first is 1.
func (r *ReachedRow) Median(step int) (time.Duration, bool) {
	all := int64(0)
	for _, t := range r.Took[step-1] {
		all += t.Count
	}
	before := int64(0)
	for _, t := range r.Took[step-1] {
		if before += t.Count; 2*before >= all {
			return time.Duration(t.Seconds) * time.Second, true
		}
	}
	return 0, false
}

func compareReached(a, b *ReachedRow) int { return cmp.Compare(a.Split, b.Split) }
func compareTook(a, b *Took) int          { return cmp.Compare(a.Seconds, b.Seconds) }

func (*Reached) kind() Kind { return KindFunnel }

// Merge adds how far other people came.
func (r *Reached) Merge(other Partial) error {
	o, same := other.(*Reached)
	if !same || len(r.Rows) > 0 && len(o.Rows) > 0 && len(r.Rows[0].Steps) != len(o.Rows[0].Steps) {
		return ErrPartial
	}
	rows := mergeRows(r.Rows, o.Rows, compareReached, func(a, b *ReachedRow) {
		steps, took := make([]int64, len(a.Steps)), make([][]Took, len(a.Took))
		for i := range steps {
			steps[i] = a.Steps[i] + b.Steps[i]
		}
		for i := range took {
			took[i] = mergeRows(a.Took[i], b.Took[i], compareTook, func(a, b *Took) { a.Count += b.Count })
		}
		a.Steps, a.Took = steps, took
	})
	*r = reached(rows, r.Over || o.Over)
	return nil
}

// Figure is who came to a step, or who came to it and not to the next. Of the last step nobody dropped: who came to it has done all.
func (r *Reached) Figure(of Cell) (int64, bool) {
	if of.Figure != "reached" && of.Figure != "dropped" || of.Step < 1 || of.Step > maxMatches {
		return 0, false
	}
	row := rowOf(r.Rows, ReachedRow{Split: of.Split}, compareReached)
	if of.Step > len(row.Steps) {
		return 0, true
	}
	n := row.Steps[of.Step-1]
	switch {
	case of.Figure == "reached":
		return n, true
	case of.Step == len(row.Steps):
		return 0, true
	}
	return n - row.Steps[of.Step], true
}

// reached are rows that say so where they are too many to be shown.
func reached(rows []ReachedRow, over bool) Reached {
	if over || len(rows) > maxGroups {
		return Reached{Over: true}
	}
	return Reached{Rows: rows}
}

// way is the events of one entry: when each step was, as far as it came.
type way struct {
	split int
	times []int64
}

// funnelFold keeps of a person the events that are steps: lists[n] are the places in them of the n-th step.
type funnelFold struct {
	matcher
	def      Funnel
	from, to profile.Day
	calendar *calendar
	window   int64
	split    *words
	rows     []funnelRow

	times  []int64
	lists  [][]int
	next   []int
	splits []int // of the entries
	best   way
	trial  way
}

type funnelRow struct {
	steps []int64
	took  []map[int64]int64
}

func (d Funnel) compile(shop profile.Shop, _ profile.Day) Fold {
	f := &funnelFold{matcher: matcher{zone: shop.Zone}, def: d, window: time.Duration(cmp.Or(d.Window, defaultWindow)).Milliseconds(), lists: make([][]int, len(d.Steps)), next: make([]int, len(d.Steps))}
	f.from, f.to = d.days()
	f.calendar = newCalendar(shop, f.from, f.to)
	f.add(d.Steps...)
	f.split = newWords(absent, 0)
	if d.Split != "" {
		f.split.column = f.column(d.Split)
	}
	return f
}

func (f *funnelFold) Fork() Fold {
	other := *f
	other.rows = nil
	return &other
}

func (f *funnelFold) Reset() { f.rows = nil }

func (f *funnelFold) Reads() Reads {
	return Reads{From: f.from, To: f.to + profile.Day(f.window/dayMilli) + 1}
}

func (f *funnelFold) Prepare(b *Block) {
	f.prepare(b)
	prepareGroups(b, f.split)
}

func (f *funnelFold) Add(person []Stretch) {
	f.collect(person)
	if len(f.lists[0]) == 0 {
		return
	}
	clear(f.next)
	f.best.times = f.best.times[:0]
	for n := range f.lists[0] {
		f.follow(n)
		switch {
		case f.def.Every:
			f.count(&f.trial)
		case len(f.trial.times) > len(f.best.times):
			f.best, f.trial = f.trial, f.best
		}
		if !f.def.Every && len(f.best.times) == len(f.def.Steps) {
			break
		}
	}
	if !f.def.Every {
		f.count(&f.best)
	}
}

// collect finds a person's steps.
func (f *funnelFold) collect(person []Stretch) {
	f.times, f.splits = f.times[:0], f.splits[:0]
	for n := range f.lists {
		f.lists[n] = f.lists[n][:0]
	}
	for _, s := range person {
		marks, times := s.Block.marks[s.From:s.To], s.Block.Times[s.From:s.To]
		for i, mark := range marks {
			if mark == 0 {
				continue
			}
			place := len(f.times)
			f.times = append(f.times, times[i])
			for n := range f.lists {
				if mark&(1<<n) == 0 {
					continue
				}
				if n == 0 {
					if day := f.calendar.day(times[i]); day < f.from || day > f.to {
						continue
					}
					split, _ := f.split.of(s.Block, s.From+i)
					f.splits = append(f.splits, split)
				}
				f.lists[n] = append(f.lists[n], place)
			}
		}
	}
}

// follow tries how far the n-th entry goes: each step is the first one after the step before. Of a later entry no step is earlier, so where the last search ended the next one goes on.
func (f *funnelFold) follow(n int) {
	at := f.lists[0][n]
	begin := f.times[at]
	f.trial.split, f.trial.times = f.splits[n], append(f.trial.times[:0], begin)
	for step := 1; step < len(f.lists); step++ {
		list, next := f.lists[step], f.next[step]
		for next < len(list) && list[next] <= at {
			next++
		}
		f.next[step] = next
		if next == len(list) || f.times[list[next]] > begin+f.window {
			return
		}
		at = list[next]
		f.trial.times = append(f.trial.times, f.times[at])
	}
}

func (f *funnelFold) count(w *way) {
	for len(f.rows) <= w.split {
		f.rows = append(f.rows, funnelRow{})
	}
	row := &f.rows[w.split]
	if row.steps == nil {
		row.steps, row.took = make([]int64, len(f.def.Steps)), make([]map[int64]int64, len(f.def.Steps)-1)
		for i := range row.took {
			row.took[i] = map[int64]int64{}
		}
	}
	for i, at := range w.times {
		row.steps[i]++
		if i > 0 {
			row.took[i-1][(at-w.times[i-1])/1000]++
		}
	}
}

func (f *funnelFold) Partial() Partial {
	var rows []ReachedRow
	for split, row := range f.rows {
		if row.steps == nil {
			continue
		}
		out := ReachedRow{Split: f.split.texts[split], Steps: append([]int64(nil), row.steps...)}
		for _, took := range row.took {
			var all []Took
			for seconds, n := range took {
				all = append(all, Took{seconds, n})
			}
			out.Took = append(out.Took, sortRows(all, compareTook))
		}
		rows = append(rows, out)
	}
	p := reached(sortRows(rows, compareReached), f.split.over)
	return &p
}

// Reach is how many steps a person comes to by the entry that counts, 0 for who does not begin. It counts nothing.
func (f *funnelFold) Reach(person []Stretch) (steps int) {
	f.collect(person)
	clear(f.next)
	for n := range f.lists[0] {
		f.follow(n)
		steps = max(steps, len(f.trial.times))
	}
	return steps
}
