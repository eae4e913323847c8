package profile

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"
)

// HalfLife is after which time an interest weighs half as much.
const HalfLife = 30 * 24 * time.Hour

// Bounds of interests.
const (
	MaxInterests = 32 // of a kind; the others count together under OtherEvents
	maxPeriods   = 8  // what is older weighs less than 1/128
	MaxViewed    = 8
)

// Interest is how much a person had to do with a category or brand: weights by periods of one half-life each. They are whole numbers, so that
// the sequence of additions does not matter; what has become of them is computed when it is asked.
type Interest struct {
	Last   int64   `json:"last"`   // the newest period, since 1970
	Counts []int64 `json:"counts"` // of the period Last-i
}

// Interests is a table of interests, by category or brand.
type Interests map[string]Interest

func periodOf(t time.Time) int64 {
	return int64(math.Floor(float64(t.Unix()) / HalfLife.Seconds()))
}

func (i Interest) add(period, weight int64) Interest {
	switch {
	case len(i.Counts) == 0:
		return Interest{period, []int64{weight}}
	case period > i.Last:
		counts := make([]int64, min(period-i.Last, maxPeriods), maxPeriods)
		if len(counts) == maxPeriods {
			return Interest{period, append(counts[:0], weight)}
		}
		counts = append(counts, i.Counts[:min(len(i.Counts), maxPeriods-len(counts))]...)
		// Periods that are empty at the end are not kept: they would tell one sequence from another.
		for counts[len(counts)-1] == 0 && len(counts) > 1 {
			counts = counts[:len(counts)-1]
		}
		counts[0] = weight
		return Interest{period, counts}
	case i.Last-period >= maxPeriods:
		return i
	}
	back := int(i.Last - period)
	// The slice may be shared with a copy of the profile.
	counts := make([]int64, max(len(i.Counts), back+1))
	copy(counts, i.Counts)
	counts[back] += weight
	i.Counts = counts
	return i
}

func (i Interest) union(j Interest) Interest {
	for back, weight := range j.Counts {
		if weight != 0 {
			i = i.add(j.Last-int64(back), weight)
		}
	}
	return i
}

// Weight is the interest's weight at a time: what was added a half-life ago counts half.
func (i Interest) Weight(now time.Time) float64 {
	sum, age := 0.0, periodOf(now)-i.Last
	for back, n := range i.Counts {
		sum += math.Ldexp(float64(n), -int(min(max(age+int64(back), 0), 1000)))
	}
	return sum
}

func (m *Interests) add(key string, at time.Time, weight int64) {
	if key = short(key); key == "" {
		return
	}
	if *m == nil {
		*m = Interests{}
	}
	key = makeRoom(*m, key, MaxInterests, nil, Interest.union)
	(*m)[key] = (*m)[key].add(periodOf(at), weight)
}

func (m *Interests) absorb(q Interests) {
	if *m == nil && len(q) > 0 {
		*m = Interests{}
	}
	for key, i := range q {
		key = makeRoom(*m, key, MaxInterests, nil, Interest.union)
		(*m)[key] = (*m)[key].union(i)
	}
}

// Favourites are the names of the table by their weight at a time, the heaviest first.
func (m Interests) Favourites(now time.Time) []string {
	names := slices.DeleteFunc(slices.Collect(maps.Keys(m)), func(name string) bool { return name == OtherEvents })
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(m[b].Weight(now), m[a].Weight(now)), cmp.Compare(a, b))
	})
	return names
}

// Favourite is the first of the Favourites, empty where there is none.
func (m Interests) Favourite(now time.Time) (best string) {
	most := 0.0
	for name, i := range m {
		if weight := i.Weight(now); name != OtherEvents && (best == "" || weight > most || weight == most && name < best) {
			best, most = name, weight
		}
	}
	return best
}

// Sum is the weight of the whole table at a time.
func (m Interests) Sum(now time.Time) float64 {
	sum := 0.0
	for _, name := range slices.Sorted(maps.Keys(m)) {
		sum += m[name].Weight(now)
	}
	return sum
}
