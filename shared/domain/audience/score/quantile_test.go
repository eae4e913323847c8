package score

import (
	"encoding/json"
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestQuintilesAreType7(t *testing.T) {
	for name, c := range map[string]struct {
		values []int64
		want   [4]float64
	}{
		"nobody":           {nil, [4]float64{}},
		"one":              {[]int64{7}, [4]float64{7, 7, 7, 7}},
		"two":              {[]int64{0, 10}, [4]float64{2, 4, 6, 8}},
		"ten":              {[]int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, [4]float64{2.8, 4.6, 6.4, 8.2}},
		"six hit values":   {[]int64{5, 10, 20, 40, 80, 160}, [4]float64{10, 20, 40, 80}},
		"mostly ties":      {[]int64{1, 1, 1, 1, 1, 1, 1, 1, 1, 9}, [4]float64{1, 1, 1, 1}},
		"ties and a slope": {[]int64{1, 1, 1, 2, 5}, [4]float64{1, 1, 1.4, 2.6}},
	} {
		t.Run(name, func(t *testing.T) {
			for i, b := range Quintiles(c.values) {
				if b.Float() != c.want[i] {
					t.Errorf("border %d = %v, want %v", i, b.Float(), c.want[i])
				}
			}
		})
	}
}

func TestQuintilesStayExactAtTheEndOfTheRange(t *testing.T) {
	got := Quintiles([]int64{0, math.MaxInt64})
	// MaxInt64 is 5*1844674407370955161 + 2.
	want := Breakpoints{{1844674407370955161, 2}, {3689348814741910322, 4}, {5534023222112865484, 1}, {7378697629483820645, 3}}
	if got != want {
		t.Errorf("Quintiles = %v, want %v", got, want)
	}
}

// exactQuantile is the definition of type 7 in rational numbers: x[h] + (h - floor h) (x[h+1] - x[h]) with h = (n-1) k/5.
func exactQuantile(sorted []int64, k int64) *big.Rat {
	h := big.NewRat(int64(len(sorted)-1)*k, 5)
	at := new(big.Int).Quo(h.Num(), h.Denom()).Int64()
	fraction := new(big.Rat).Sub(h, new(big.Rat).SetInt64(at))
	low := new(big.Rat).SetInt64(sorted[at])
	next := sorted[min(int(at)+1, len(sorted)-1)]
	step := new(big.Rat).Sub(new(big.Rat).SetInt64(next), low)
	return low.Add(low, step.Mul(step, fraction))
}

func TestQuintilesAndScoresEqualTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.OneOf(rapid.Int64Range(0, 6), rapid.Int64Range(0, math.MaxInt64)), 1, 60).Draw(t, "values")
		slices.Sort(values)
		got := Quintiles(values)
		for k := range got {
			want := exactQuantile(values, int64(k+1))
			exact := new(big.Rat).Add(new(big.Rat).SetInt64(got[k].Whole), big.NewRat(int64(got[k].Fifths), 5))
			if exact.Cmp(want) != 0 {
				t.Fatalf("border %d of %v = %v, want %v", k, values, exact, want)
			}
		}
		for _, v := range values {
			below := 0
			for k := range int64(4) {
				if exactQuantile(values, k+1).Cmp(new(big.Rat).SetInt64(v)) < 0 {
					below++
				}
			}
			if got.below(v) != below {
				t.Fatalf("%d has %d borders of %v below it, want %d", v, got.below(v), got, below)
			}
		}
	})
}

func TestBreakpointJSON(t *testing.T) {
	for text, b := range map[string]Breakpoint{"12": {12, 0}, "12.4": {12, 2}, "0.8": {0, 4}, "9223372036854775807": {math.MaxInt64, 0}} {
		out, err := json.Marshal(b)
		if err != nil || string(out) != text {
			t.Errorf("Marshal(%v) = %s, %v, want %s", b, out, err, text)
		}
		var back Breakpoint
		if err := json.Unmarshal([]byte(text), &back); err != nil || back != b {
			t.Errorf("Unmarshal(%s) = %v, %v, want %v", text, back, err, b)
		}
	}
	for _, text := range []string{"1.5", "1.25", `"x"`, "1e3", "-0.2", "-1.4", "9223372036854775808"} {
		var b Breakpoint
		if err := json.Unmarshal([]byte(text), &b); err == nil {
			t.Errorf("Unmarshal(%s) = %v, want an error", text, b)
		}
	}
}

func TestLineComparesExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := Line{Total: rapid.Int64Range(0, math.MaxInt64).Draw(t, "total"), Count: rapid.Int64Range(1, math.MaxInt64).Draw(t, "count")}
		near := l.Total / l.Count
		v := rapid.OneOf(rapid.Int64Range(max(near-1, 0), near), rapid.Int64Range(0, math.MaxInt64)).Draw(t, "value")
		want := new(big.Rat).SetInt64(v).Cmp(big.NewRat(l.Total, l.Count))
		if got := l.compare(v); got != want {
			t.Fatalf("%d against %d/%d = %d, want %d", v, l.Total, l.Count, got, want)
		}
	})
}

func TestLinesOfValues(t *testing.T) {
	for name, c := range map[string]struct {
		values       []int64
		mean, median float64
	}{
		"nobody": {nil, 0, 0},
		"odd":    {[]int64{1, 2, 9}, 4, 2},
		"even":   {[]int64{1, 2, 5, 9}, 4.25, 3.5},
	} {
		if got := mean(c.values).Float(); got != c.mean {
			t.Errorf("%s: mean = %v, want %v", name, got, c.mean)
		}
		if got := median(c.values).Float(); got != c.median {
			t.Errorf("%s: median = %v, want %v", name, got, c.median)
		}
	}
	if got := mean([]int64{math.MaxInt64, 1}); got.Total != math.MaxInt64 {
		t.Errorf("mean beyond 63 bits has the sum %d, want it capped", got.Total)
	}
}
