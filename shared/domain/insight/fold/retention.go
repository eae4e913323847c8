package fold

import (
	"cmp"
	"slices"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Retention asks who of those that did something in a period came back in later ones. A cohort is of who did First for the first time in that period, or, recurring, of who did it in that period at all;
// they are back in the n-th period after it by Return in that period, or, "on or after", in that period or later. From and To are the days of First; Return is looked for until the last closed day.
type Retention struct {
	Kind Kind `json:"kind"`
	Range
	First  Match  `json:"first"`
	Return Match  `json:"return"`
	By     Period `json:"by"`
	// Recurring puts people into the cohort of every period in which they did First.
	Recurring bool `json:"recurring,omitempty"`
	OnOrAfter bool `json:"onOrAfter,omitempty"`
	Periods   int  `json:"periods"` // how many after the first are looked at
}

const maxPeriods = 400

func (d Retention) check(faults *fault.Faults) {
	d.Range.check(faults)
	checkPeriod("by", d.By, faults)
	d.First.check("first", faults)
	d.Return.check("return", faults)
	if d.Periods < 1 || d.Periods > maxPeriods {
		faults.Addf("periods", "is not within 1 and %d", maxPeriods)
	}
}

// Cohorts is the partial of a Retention.
type Cohorts struct {
	// By and AsOf say which periods are over.
	By   Period      `json:"by"`
	AsOf profile.Day `json:"asOf"`
	Rows []CohortRow `json:"rows,omitempty"`
}

// CohortRow is the people of a cohort, and how many of them were back in each period after it, from the first.
type CohortRow struct {
	First profile.Day `json:"first"` // day of the period
	Size  int64       `json:"size"`
	Back  []int64     `json:"back"`
}

func compareCohorts(a, b *CohortRow) int { return cmp.Compare(a.First, b.First) }

func (*Cohorts) kind() Kind { return KindRetention }

// Merge adds the cohorts of other people.
func (c *Cohorts) Merge(other Partial) error {
	o, same := other.(*Cohorts)
	if !same || c.By != "" && o.By != "" && (c.By != o.By || c.AsOf != o.AsOf) || len(c.Rows) > 0 && len(o.Rows) > 0 && len(c.Rows[0].Back) != len(o.Rows[0].Back) {
		return ErrPartial
	}
	c.By, c.AsOf = cmp.Or(c.By, o.By), cmp.Or(c.AsOf, o.AsOf)
	c.Rows = mergeRows(c.Rows, o.Rows, compareCohorts, func(a, b *CohortRow) {
		a.Size += b.Size
		back := slices.Clone(a.Back)
		for i := range back {
			back[i] += b.Back[i]
		}
		a.Back = back
	})
	return nil
}

// Figure is the people of a cohort, or those of them who were back.
func (c *Cohorts) Figure(of Cell) (int64, bool) {
	row := rowOf(c.Rows, CohortRow{First: firstOf(of.Period)}, compareCohorts)
	switch {
	case of.Figure == "size":
		return row.Size, true
	case of.Figure != "back" || of.After < 1 || of.After > maxPeriods:
		return 0, false
	case of.After > len(row.Back):
		return 0, true
	}
	return row.Back[of.After-1], true
}

// State says how much of a period is known.
type State string

// The states of a period.
const (
	Over  State = "over"
	Going State = "going" // it is not over: what is counted may still grow
	Ahead State = "ahead" // it has not begun
)

// Label is how the cohort's period is written.
func (c *Cohorts) Label(row *CohortRow) string { return c.By.label(row.First) }

// State is that of the n-th period after a cohort's; 0 is the cohort's own.
func (c *Cohorts) State(row *CohortRow, n int) State {
	switch begin := c.By.after(row.First, n); {
	case begin > c.AsOf:
		return Ahead
	case c.By.after(begin, 1)-1 > c.AsOf:
		return Going
	}
	return Over
}

// Mean is the share of people who were back in the n-th period, of all cohorts together for which it is over: a large cohort counts for more. False where there are none.
func (c *Cohorts) Mean(n int) (share float64, known bool) {
	var back, size int64
	for i := range c.Rows {
		if row := &c.Rows[i]; n >= 1 && n <= len(row.Back) && c.State(row, n) == Over {
			back, size = back+row.Back[n-1], size+row.Size
		}
	}
	if size == 0 {
		return 0, false
	}
	return float64(back) / float64(size), true
}

// The bits of a retention's matches.
const (
	markFirst = 1 << iota
	markReturn
)

type retentionFold struct {
	matcher
	def      Retention
	from, to profile.Day
	asOf     profile.Day
	calendar *calendar
	base     profile.Day // of the first cohort
	rows     []CohortRow

	// Of a person: the cohorts, and the periods of Return, by their number from the first cohort's.
	firsts, backs []int
}

func (d Retention) compile(shop profile.Shop, asOf profile.Day) Fold {
	f := &retentionFold{matcher: matcher{zone: shop.Zone}, def: d, asOf: asOf}
	f.from, f.to = d.days()
	f.calendar = newCalendar(shop, f.from, max(f.to, min(asOf, f.to+maxDays)))
	f.base = d.By.first(f.from)
	f.add(d.First, d.Return)
	f.empty()
	return f
}

func (f *retentionFold) empty() {
	f.rows = make([]CohortRow, 1+f.def.By.between(f.base, f.def.By.first(f.to)))
	for i := range f.rows {
		f.rows[i] = CohortRow{First: f.def.By.after(f.base, i), Back: make([]int64, f.def.Periods)}
	}
}

func (f *retentionFold) Fork() Fold {
	other := *f
	other.empty()
	return &other
}

func (f *retentionFold) Reset() {
	for i := range f.rows {
		if row := &f.rows[i]; row.Size > 0 {
			row.Size = 0
			clear(row.Back)
		}
	}
}

func (f *retentionFold) Reads() Reads {
	last := f.def.By.after(f.def.By.first(f.to), f.def.Periods+1) - 1
	if f.def.OnOrAfter {
		last = f.asOf
	}
	return Reads{From: f.from, To: min(f.asOf, max(f.to, last)), Beginning: !f.def.Recurring}
}

func (f *retentionFold) Prepare(b *Block) { f.prepare(b) }

func (f *retentionFold) Add(person []Stretch) {
	f.firsts, f.backs = f.firsts[:0], f.backs[:0]
	begun := false
	for _, s := range person {
		for i := s.From; i < s.To; i++ {
			mark := s.Block.marks[i]
			if mark == 0 {
				continue
			}
			day := f.calendar.day(s.Block.Times[i])
			if day > f.asOf {
				continue
			}
			period := f.def.By.between(f.base, f.def.By.first(day))
			if mark&markFirst != 0 && (f.def.Recurring || !begun) {
				begun = true
				if day >= f.from && day <= f.to && !contains(f.firsts, period) {
					f.firsts = append(f.firsts, period)
				}
			}
			if mark&markReturn != 0 && !contains(f.backs, period) {
				f.backs = append(f.backs, period)
			}
		}
	}
	for _, first := range f.firsts {
		f.rows[first].Size++
		f.back(first)
	}
}

// contains asks the last one first: periods come in order.
func contains(periods []int, p int) bool { return len(periods) > 0 && periods[len(periods)-1] == p }

// back counts where a person of a cohort was back.
func (f *retentionFold) back(first int) {
	row := &f.rows[first]
	if f.def.OnOrAfter {
		if n := len(f.backs); n > 0 {
			for i := range min(f.backs[n-1]-first, len(row.Back)) {
				row.Back[i]++
			}
		}
		return
	}
	for _, p := range f.backs {
		if n := p - first; n >= 1 && n <= len(row.Back) {
			row.Back[n-1]++
		}
	}
}

func (f *retentionFold) Partial() Partial {
	p := &Cohorts{By: f.def.By, AsOf: f.asOf}
	for _, row := range f.rows {
		if row.Size > 0 {
			row.Back = slices.Clone(row.Back)
			p.Rows = append(p.Rows, row)
		}
	}
	return p
}
