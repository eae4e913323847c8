package report

import (
	"math"

	"github.com/userops/userops/shared/domain/insight/fold"
)

// Seen is what was counted: of everybody, or of a sample of people.
type Seen struct {
	Whole fold.Partial
	// Groups are the same people in groups of chance, whose partials make Whole; none of everybody.
	Groups []fold.Partial
	// Share is what share of all people a person of the sample had the chance of; 1 of everybody.
	Share float64
}

// quantile is that of Student's t for an interval of 95 % and 31 degrees of freedom: 32 groups.
const quantile = 2.0395

// Groups is how many groups of chance a sample is counted in.
const Groups = 32

// sampled says whether there is anything to estimate.
func (s Seen) sampled() bool { return s.Share < 1 && len(s.Groups) > 1 }

// term is a cell of a sum, which is added, or taken off where Minus says so.
type term struct {
	fold.Cell
	minus bool
}

// exactly adds up as integers: an amount may be greater than what a float64 tells apart.
func exactly(p fold.Partial, sum []term) (n int64) {
	for _, t := range sum {
		one, _ := p.Figure(t.Cell)
		if t.minus {
			one = -one
		}
		n += one
	}
	return n
}

func of(p fold.Partial, sum []term) (n float64) {
	for _, t := range sum {
		one, _ := p.Figure(t.Cell)
		if t.minus {
			one = -one
		}
		n += float64(one)
	}
	return n
}

// total is the estimate of a sum over all people, and its interval. Each person is in the sample by the chance f = Share, independently, so that the estimate of Horvitz and Thompson is t/f, and that of its
// variance the sum of the squares of what each person adds, times (1-f)/f² (Särndal, Swensson, Wretman, Model Assisted Survey Sampling, 1992, 2.8 and 3.2). The squares are estimated from the groups: G/(G-1) times the
// squares of the groups' distances from their mean (Wolter, Introduction to Variance Estimation, 2007, 2.2). Of whole numbers the squares are at least the sum, which holds where few were met. What was seen is there.
func (s Seen) total(sum []term) (estimate int64, interval Interval) {
	if !s.sampled() {
		n := exactly(s.Whole, sum)
		return n, Interval{n, n}
	}
	t := of(s.Whole, sum)
	squares := math.Max(s.squares(sum, nil, 0), math.Abs(t))
	spread := quantile * math.Sqrt(squares*(1-s.Share)) / s.Share
	low, high := t/s.Share-spread, t/s.Share+spread
	if t >= 0 && !anyMinus(sum) {
		low = math.Max(low, t)
	}
	return int64(math.Round(t / s.Share)), Interval{int64(math.Floor(low)), int64(math.Ceil(high))}
}

func anyMinus(sum []term) bool {
	for _, t := range sum {
		if t.minus {
			return true
		}
	}
	return false
}

// squares estimates the sum over the people of the sample of the squares of a - r b.
func (s Seen) squares(a, b []term, r float64) (sum float64) {
	g := float64(len(s.Groups))
	distances, mean := make([]float64, len(s.Groups)), 0.0
	for i, p := range s.Groups {
		distances[i] = of(p, a) - r*of(p, b)
		mean += distances[i] / g
	}
	for _, d := range distances {
		sum += (d - mean) * (d - mean)
	}
	return sum * g / (g - 1)
}

// ratio is one sum by another, nil where there is nothing to divide by. Its variance is that of a ratio: of the residuals a - r b, by b² (Särndal and others, 5.6). A share, which is within 0 and 1, has at
// least the spread of so many draws with two more of each kind (Agresti and Coull, The American Statistician 52, 1998), so that nobody of ten is not never.
func (s Seen) ratio(a, b []term, share bool, scale float64) (value any, interval Interval) {
	top, bottom := of(s.Whole, a), of(s.Whole, b)
	if bottom <= 0 {
		return nil, Interval{}
	}
	r := top / bottom
	if !s.sampled() {
		return rounded(r * scale), Interval{rounded(r * scale), rounded(r * scale)}
	}
	variance := s.squares(a, b, r) / (bottom * bottom)
	if share {
		p := (top + 2) / (bottom + 4)
		variance = math.Max(variance, p*(1-p)/(bottom+4))
	}
	spread := quantile * math.Sqrt(variance*(1-s.Share))
	low, high := r-spread, r+spread
	if share {
		low, high = math.Max(low, 0), math.Min(high, 1)
	}
	return rounded(r * scale), Interval{rounded(low * scale), rounded(high * scale)}
}

// rounded leaves six digits behind the point: more are noise, and differ from machine to machine.
func rounded(v float64) float64 { return math.Round(v*1e6) / 1e6 }

// line is a row that is being written.
type line struct {
	seen Seen
	row  Row
	at   fold.Cell
	cols []string
}

func (l *line) text(name string, v any) *line {
	l.cols, l.row.Values = append(l.cols, name), append(l.row.Values, v)
	return l
}

func (l *line) put(name string, v any, i Interval) *line {
	l.text(name, v)
	if l.seen.sampled() && v != nil {
		if l.row.Intervals == nil {
			l.row.Intervals = map[string]Interval{}
		}
		l.row.Intervals[name] = i
	}
	return l
}

// sum is the terms of figures of the row at hand; those that begin with - are taken off.
func (l *line) sum(figures ...string) (all []term) {
	for _, name := range figures {
		t := term{Cell: l.at}
		if name[0] == '-' {
			t.minus, name = true, name[1:]
		}
		t.Figure = name
		all = append(all, t)
	}
	return all
}

// number writes a figure of the row, under its own name or another.
func (l *line) number(name string, figures ...string) *line {
	n, i := l.seen.total(l.sum(figures...))
	return l.put(name, n, i)
}

func (l *line) share(name, a, b string) *line {
	v, i := l.seen.ratio(l.sum(a), l.sum(b), true, 1)
	return l.put(name, v, i)
}

// mean writes one sum by another, in units of which so many are one of the sum's.
func (l *line) mean(name string, a []term, b []term, scale float64) *line {
	v, i := l.seen.ratio(a, b, false, scale)
	return l.put(name, v, i)
}

// begin begins a row of a cell.
func (s Seen) begin(at fold.Cell) *line { return &line{seen: s, at: at} }

func (t *Table) add(l *line) {
	t.Columns = l.cols
	t.Rows = append(t.Rows, l.row)
}
