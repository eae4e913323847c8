package score

import (
	"cmp"
	"maps"
	"slices"
)

// likenedValues is how many categories, and sources, are told apart of a segment.
const likenedValues = 300

// Seen is what of somebody counts for what the members of a segment are like.
type Seen struct {
	// In are the segments that they are in, in the order of their ids.
	In    []string
	Facts Facts
	// Category is what they favour, Source what brought them; empty where it is not known, or not to be concluded.
	Category, Source string
}

// Likeness is what the members of a segment are like.
type Likeness struct {
	// Cycles are buyers by the mean days from one order day to the next, those who have two or more.
	Cycles     map[int]int    `json:"cycles,omitempty"`
	Categories map[string]int `json:"categories,omitempty"`
	Sources    map[string]int `json:"sources,omitempty"`
	// With is how many are in another segment too, by those whose id comes behind.
	With map[string]int `json:"with,omitempty"`
	// Over says that there were too many categories or sources to be told apart.
	Over map[string]bool `json:"over,omitempty"`
}

// Likenesses are those of segments by their ids. Add and Merge are sums, so that parts may come in any sequence, and what was added can be taken off again.
type Likenesses struct {
	Segments map[string]*Likeness `json:"segments,omitempty"`
	// Missing says that a part did not count them.
	Missing bool `json:"missing,omitempty"`
}

// Add counts somebody in all their segments; with a sign of -1 it takes them off again.
func (l *Likenesses) Add(one Seen, sign int) {
	for i, id := range one.In {
		s := l.of(id)
		s.add(one, sign)
		for _, other := range one.In[i+1:] {
			count(&s.With, other, sign)
		}
	}
}

// Liker counts very many people: the pairs of their segments by numbers. Its result is that of Add for each of them.
type Liker struct {
	ids   []string
	each  []Likeness
	pairs []int32
}

// LikerOf counts for segments, in the order of their ids.
func LikerOf(ids []string) *Liker {
	return &Liker{ids: ids, each: make([]Likeness, len(ids)), pairs: make([]int32, len(ids)*len(ids))}
}

// Add counts somebody, who is in these of the segments, ascending.
func (k *Liker) Add(in []int, one Seen) {
	for i, n := range in {
		k.each[n].add(one, 1)
		for _, other := range in[i+1:] {
			k.pairs[n*len(k.ids)+other]++
		}
	}
}

// Likenesses are what was counted.
func (k *Liker) Likenesses() *Likenesses {
	out := &Likenesses{Segments: map[string]*Likeness{}}
	for n, id := range k.ids {
		s := &k.each[n]
		for other, pairs := range k.pairs[n*len(k.ids) : (n+1)*len(k.ids)] {
			if pairs != 0 {
				count(&s.With, k.ids[other], int(pairs))
			}
		}
		if len(s.Cycles)+len(s.Categories)+len(s.Sources)+len(s.With)+len(s.Over) > 0 {
			out.Segments[id] = s
		}
	}
	return out
}

func (l *Likenesses) of(id string) *Likeness {
	if l.Segments == nil {
		l.Segments = map[string]*Likeness{}
	}
	if l.Segments[id] == nil {
		l.Segments[id] = &Likeness{}
	}
	return l.Segments[id]
}

// cycleOf is the mean days from one order day to the next, bounded, of who has two or more.
func cycleOf(f Facts) (days int, repeats bool) {
	b := f.Buys
	if !f.Buyer() || b.Repeats == 0 {
		return 0, false
	}
	return min((b.First-b.Last+b.Repeats/2)/b.Repeats, longestCycle), true
}

// count adds to one of some numbers. None of them is kept as zero, so that sums do not tell in what sequence they were made.
func count[K comparable](of *map[K]int, key K, n int) {
	if *of == nil {
		*of = map[K]int{}
	}
	if (*of)[key] += n; (*of)[key] == 0 {
		delete(*of, key)
	}
}

// add counts somebody beside the pairs of segments; with a sign of -1 it takes them off again.
func (s *Likeness) add(one Seen, sign int) {
	if cycle, repeats := cycleOf(one.Facts); repeats {
		count(&s.Cycles, cycle, sign)
	}
	s.value("category", &s.Categories, one.Category, sign)
	s.value("source", &s.Sources, one.Source, sign)
}

func (s *Likeness) value(kind string, of *map[string]int, value string, n int) {
	if value == "" || len(value) > maxValueBytes || s.Over[kind] {
		return
	}
	if _, known := (*of)[value]; !known && len(*of) == likenedValues {
		if s.Over == nil {
			s.Over = map[string]bool{}
		}
		s.Over[kind], *of = true, nil
		return
	}
	count(of, value, n)
}

// Merge adds what another part has counted; nil is one that has not.
func (l *Likenesses) Merge(other *Likenesses) {
	if other == nil || other.Missing {
		l.Missing = true
		return
	}
	for id, from := range other.Segments {
		s := l.of(id)
		for days, n := range from.Cycles {
			count(&s.Cycles, days, n)
		}
		for kind := range from.Over {
			if s.Over == nil {
				s.Over = map[string]bool{}
			}
			if s.Over[kind] = true; kind == "category" {
				s.Categories = nil
			} else {
				s.Sources = nil
			}
		}
		for _, value := range slices.Sorted(maps.Keys(from.Categories)) {
			s.value("category", &s.Categories, value, from.Categories[value])
		}
		for _, value := range slices.Sorted(maps.Keys(from.Sources)) {
			s.value("source", &s.Sources, value, from.Sources[value])
		}
		for id, n := range from.With {
			count(&s.With, id, n)
		}
	}
}

// Cycle is the lower median of the cycles, 0 without any.
func (s *Likeness) Cycle() int {
	counts := make([]int32, longestCycle+1)
	for days, n := range s.Cycles {
		if days >= 0 && days <= longestCycle {
			counts[days] += int32(max(n, 0))
		}
	}
	return medianOf(counts)
}

// Both is how many are in two segments.
func (l *Likenesses) Both(a, b string) int {
	if s := l.Segments[min(a, b)]; s != nil {
		return s.With[max(a, b)]
	}
	return 0
}

// Top are the values that most people have, at most so many; those of fewer than a few people are not told, who might be known by them.
func Top(of map[string]int, most int) []Valued {
	top := []Valued{}
	for value, n := range of {
		if n >= leastPeople {
			top = append(top, Valued{value, n})
		}
	}
	slices.SortFunc(top, func(a, b Valued) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value)) })
	return top[:min(len(top), most)]
}
