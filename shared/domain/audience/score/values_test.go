package score

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// several adds up, of each value as many people as its number says.
func several(counts map[string]int) *Values {
	v := &Values{}
	for _, value := range slices.Sorted(maps.Keys(counts)) {
		for range counts[value] {
			v.Add("city", value)
		}
	}
	return v
}

// travelled is what comes out of a part's columns.
func travelled(t *testing.T, v *Values) *Values {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out := &Values{}
	if err := json.Unmarshal(body, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestToldValues: what five people have or more, most people first, however they were divided.
func TestToldValues(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		want := map[string]int{}
		parts := []*Values{{}, {}, {}}
		for range random.IntN(300) {
			value := fmt.Sprint("city ", random.IntN(12))
			want[value]++
			parts[random.IntN(3)].Add("city", value)
		}
		var all Values
		for _, part := range parts {
			all.Merge(travelled(t, part))
		}
		told := all.Told()["city"]
		for i, one := range told {
			if one.Count != want[one.Value] || i > 0 && (told[i-1].Count < one.Count || told[i-1].Count == one.Count && told[i-1].Value >= one.Value) {
				t.Fatalf("told %v of %v", told, want)
			}
			delete(want, one.Value)
		}
		for value, n := range want {
			if n >= 5 {
				t.Fatalf("%s with %d is left out", value, n)
			}
		}
	}
	if got := several(map[string]int{"Ulm": 5, "Bern": 4}).Told(); !reflect.DeepEqual(got, map[string][]Valued{"city": {{"Ulm", 5}}}) {
		t.Errorf("of five and four people: %v", got)
	}
}

// TestBoundsOfValues on both sides of each.
func TestBoundsOfValues(t *testing.T) {
	distinct := func(field string, n int, v *Values) *Values {
		for i := range n {
			for range 5 {
				v.Add(field, fmt.Sprint("v", i))
			}
		}
		return v
	}
	told := func(parts ...*Values) int {
		var all Values
		for _, one := range parts {
			all.Merge(one)
		}
		return len(all.Told()["city"])
	}
	if got := told(distinct("city", 400, &Values{})); got != 50 {
		t.Errorf("of 400 values %d are told, want the first 50", got)
	}
	if got := told(distinct("city", 401, &Values{})); got != 0 {
		t.Errorf("of 401 values %d are told", got)
	}
	if got := told(distinct("city", 3, &Values{}), distinct("city", 401, &Values{})); got != 0 {
		t.Errorf("with a part of too many %d are told", got)
	}
	if got := told(distinct("city", 3, &Values{}), nil); got != 0 {
		t.Errorf("with a part that counted none %d are told", got)
	}
	if got := told(distinct("city", 3, &Values{}), &Values{Missing: true}); got != 0 {
		t.Errorf("with a part that has left them out %d are told", got)
	}
	// Of all fields together the largest goes, and what is left is exact.
	v := &Values{}
	for i := range 10 {
		distinct(fmt.Sprint("f", i), 394-i, v) // 3,895
	}
	distinct("city", 100, v)
	if v.Over["f0"] || len(v.Counts) != 11 {
		t.Errorf("of 4,000 values, over are %v", v.Over)
	}
	distinct("more", 200, v)
	if total := 0; true {
		for _, values := range v.Counts {
			total += len(values)
		}
		if !v.Over["f0"] || v.Over["city"] || total > 4000 || len(v.Counts["city"]) != 100 || v.all != total {
			t.Errorf("%d values are left, of which it knows %d, over are %v", total, v.all, v.Over)
		}
	}
	v = &Values{}
	for range 5 {
		v.Add("city", strings.Repeat("a", 64))
		v.Add("city", strings.Repeat("b", 65))
		v.Add("city", "")
	}
	if got := v.Told()["city"]; len(got) != 1 || len(got[0].Value) != 64 {
		t.Errorf("of long values and none: %v", got)
	}
}
