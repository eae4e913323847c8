package score

import (
	"cmp"
	"maps"
	"slices"
)

// Bounds of the values that a run counts.
const (
	// maxDistinct is how many values of one field a part counts, and mergedDistinct how many all parts together do: one with more is no field to pick a value from.
	maxDistinct    = 400
	mergedDistinct = 2000
	// maxValues bounds those of all fields of a part, which travel in its columns.
	maxValues = 4000
	// maxValueBytes is the longest value that is counted.
	maxValueBytes = 64
	// leastPeople is how many people have a value that is told: what fewer have may tell who they are.
	leastPeople = 5
	// mostTold is how many values of a field are told, those that most people have.
	mostTold = 50
)

// Values counts how many people have each value of fields with few of them. It is exact, or it says that a field has too many.
type Values struct {
	Counts Counts          `json:"counts,omitempty"`
	Over   map[string]bool `json:"over,omitempty"` // fields with too many values
	// Missing says that a part did not count any.
	Missing bool `json:"missing,omitempty"`

	all int
}

// Valued is a value and how many people have it.
type Valued struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

// Add counts somebody who has a value of a field.
func (v *Values) Add(field, value string) {
	if value == "" || len(value) > maxValueBytes {
		return
	}
	v.add(field, value, 1, maxDistinct)
	if v.all > maxValues {
		v.drop(slices.MaxFunc(slices.Sorted(maps.Keys(v.Counts)), func(a, b string) int { return cmp.Compare(len(v.Counts[a]), len(v.Counts[b])) }))
	}
}

func (v *Values) add(field, value string, n, most int) {
	if v.Over[field] {
		return
	}
	if v.Counts == nil {
		v.Counts = Counts{}
	}
	if _, known := v.Counts[field][value]; !known {
		if len(v.Counts[field]) == most {
			v.drop(field)
			return
		}
		v.all++
	}
	v.Counts.Add(field, value, n)
}

// drop lets go of a field with too many values.
func (v *Values) drop(field string) {
	if v.Over == nil {
		v.Over = map[string]bool{}
	}
	v.Over[field] = true
	v.all -= len(v.Counts[field])
	delete(v.Counts, field)
}

// Merge adds what another part has counted; nil is one that has not.
func (v *Values) Merge(other *Values) {
	if other == nil || other.Missing {
		v.Missing = true
		return
	}
	for _, field := range slices.Sorted(maps.Keys(other.Over)) {
		v.drop(field)
	}
	for field, values := range other.Counts {
		for value, n := range values {
			v.add(field, value, n, mergedDistinct)
		}
	}
}

// Told are the values of each field, those that most people have first; nothing where a part is missing.
func (v *Values) Told() map[string][]Valued {
	told := map[string][]Valued{}
	if v.Missing {
		return told
	}
	for field, values := range v.Counts {
		var all []Valued
		for value, n := range values {
			if n >= leastPeople {
				all = append(all, Valued{value, n})
			}
		}
		slices.SortFunc(all, func(a, b Valued) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value)) })
		if all = all[:min(len(all), mostTold)]; len(all) > 0 {
			told[field] = all
		}
	}
	return told
}
