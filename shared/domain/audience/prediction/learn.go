package prediction

import (
	"bytes"
	"container/heap"
	"slices"
)

// Lack is what there is too little of to predict from.
type Lack string

// What there can be too little of.
const (
	LacksBuyers Lack = "buyers" // fewer than the gate asks
	LacksDays   Lack = "days"   // the first order is not so long ago
	LacksRecent Lack = "recent" // no order within RecentDays
	LacksRepeat Lack = "repeat" // nobody has ordered on three days
	LacksFit    Lack = "fit"    // the orders do not tell the parameters
	LacksParts  Lack = "parts"  // the run began under a version that did not collect what predictions need
)

// What it takes to predict, beside what a gate asks.
const (
	RecentDays   = 30
	leastRepeats = 2
)

// Gate is how many buyers it takes to predict, and how many days since the first order.
type Gate struct{ Buyers, Days int }

// DefaultGate is where figures begin to be worth showing.
var DefaultGate = Gate{Buyers: 500, Days: 180}

// Evidence is what there is to predict from, over all buyers.
type Evidence struct {
	Buyers int `json:"buyers"`
	// Days is how long ago the first order was, Since how long ago the last one was.
	Days  int `json:"days"`
	Since int `json:"since"`
	// Regular are the buyers with orders on three days or more.
	Regular int `json:"regular"`
}

// Add counts a buyer, whose first order was so many days ago and whose last one so many.
func (e *Evidence) Add(repeats, first, last int) {
	if e.Buyers == 0 {
		e.Since = last
	}
	e.Buyers++
	e.Days, e.Since = max(e.Days, first), min(e.Since, last)
	if repeats >= leastRepeats {
		e.Regular++
	}
}

// Lacks tells what there is too little of; nothing where there is enough.
func (e Evidence) Lacks(gate Gate) []Lack {
	var out []Lack
	for _, one := range [...]struct {
		lack Lack
		is   bool
	}{
		{LacksBuyers, e.Buyers < gate.Buyers}, {LacksDays, e.Days < gate.Days},
		{LacksRecent, e.Buyers == 0 || e.Since > RecentDays}, {LacksRepeat, e.Regular == 0},
	} {
		if one.is {
			out = append(out, one.lack)
		}
	}
	return out
}

// Buyer is one who may be taken to learn from.
type Buyer struct {
	// Key is what a sample goes by: part of a hash, so that who is taken has nothing to do with what they bought.
	Key     [16]byte
	History History
	Spent   Spent
}

// SampleSize bounds how many buyers are learnt from: with more, the parameters change by less than figures show, and a fit takes longer than a function has.
const SampleSize = 100_000

// Sample takes the buyers with the smallest keys, whatever order they come in: everybody, as long as there are no more than SampleSize.
type Sample struct{ taken byKey }

// Add offers a buyer.
func (s *Sample) Add(b Buyer) {
	if len(s.taken) < SampleSize {
		heap.Push(&s.taken, b)
	} else if bytes.Compare(b.Key[:], s.taken[0].Key[:]) < 0 {
		s.taken[0] = b
		heap.Fix(&s.taken, 0)
	}
}

// byKey is a heap with the largest key on top.
type byKey []Buyer

func (b byKey) Len() int           { return len(b) }
func (b byKey) Less(i, j int) bool { return bytes.Compare(b[i].Key[:], b[j].Key[:]) > 0 }
func (b byKey) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }
func (b *byKey) Push(x any)        { *b = append(*b, x.(Buyer)) }
func (b *byKey) Pop() any {
	last := len(*b) - 1
	out := (*b)[last]
	*b = (*b)[:last]
	return out
}

// Learned is what a run learned of its buyers: the models and the borders of the deciles of value, or what there is too little of. It is stored with the run, and a buyer's figures are computed from it.
type Learned struct {
	Evidence Evidence `json:"evidence"`
	Lacks    []Lack   `json:"lacks,omitempty"`
	// Sample is how many buyers the models were fitted to.
	Sample int `json:"sample,omitempty"`
	Model
	// Deciles are the borders of the value within YearDays, in minor units: type 7 quantiles at 10, 20, ... 90 percent of the sample.
	Deciles [9]float64 `json:"deciles"`
}

// Learn fits the models to a sample. The same buyers give the same bits.
func Learn(evidence Evidence, sample Sample, gate Gate) Learned {
	learned := Learned{Evidence: evidence, Lacks: evidence.Lacks(gate)}
	if len(learned.Lacks) > 0 {
		return learned
	}
	var (
		histories []History
		spent     []Spent
	)
	for _, b := range sample.taken {
		histories = append(histories, b.History)
		if b.Spent.Repeats > 0 {
			spent = append(spent, b.Spent)
		}
	}
	purchases, err := FitPurchases(Group(histories))
	if err != nil {
		learned.Lacks = []Lack{LacksFit}
		return learned
	}
	spending, err := FitSpending(spent)
	if err != nil {
		learned.Lacks = []Lack{LacksFit}
		return learned
	}
	learned.Sample, learned.Model = len(sample.taken), Model{purchases, spending}
	values := make([]float64, 0, len(sample.taken))
	for _, b := range sample.taken {
		if !learned.Tells(b.History, b.Spent) {
			return Learned{Evidence: evidence, Lacks: []Lack{LacksFit}}
		}
		values = append(values, learned.Value(b.History, b.Spent, YearDays))
	}
	slices.Sort(values)
	for k := range learned.Deciles {
		learned.Deciles[k] = quantile(values, k+1, len(learned.Deciles)+1)
	}
	return learned
}

// quantile is the type 7 quantile at k/n of sorted values.
func quantile(sorted []float64, k, n int) float64 {
	position := (len(sorted) - 1) * k
	at, rest := position/n, position%n
	if rest == 0 {
		return sorted[at]
	}
	return sorted[at] + (sorted[at+1]-sorted[at])*float64(rest)/float64(n)
}

// Enough says that there is something to predict with.
func (l *Learned) Enough() bool { return l != nil && len(l.Lacks) == 0 && l.Sample > 0 }

// Decile is 10 for the tenth of the buyers who will bring most within a year, 1 for the one who will bring least: 1 and the number of borders below the value.
func (l *Learned) Decile(value float64) int {
	n := 1
	for _, border := range l.Deciles {
		if border < value {
			n++
		}
	}
	return n
}

// The bands of who still buys.
const (
	Alive  = "alive"
	AtRisk = "at-risk"
	Lost   = "lost"
)

// Bands lists them, best first.
func Bands() []string { return []string{Alive, AtRisk, Lost} }

const (
	aliveFrom  = 0.7
	atRiskFrom = 0.3
)

// Band is where a probability lies: alive from 0.7, at risk from 0.3, likely lost below.
func Band(probability float64) string {
	switch {
	case probability >= aliveFrom:
		return Alive
	case probability >= atRiskFrom:
		return AtRisk
	}
	return Lost
}
