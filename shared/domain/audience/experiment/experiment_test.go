package experiment

import (
	"errors"
	"math"
	"strconv"
	"testing"
)

func TestBucketVectors(t *testing.T) {
	for _, c := range []struct {
		seed, value string
		want        float64
	}{
		{"seed", "a", 0.0505},
		{"seed", "b", 0.2696},
		{"foo", "ab", 0.2575},
		{"checkout-v2", "用户42", 0.2915},
	} {
		if got := Bucket(c.seed, c.value); got != c.want {
			t.Errorf("Bucket(%q, %q) = %v, want %v", c.seed, c.value, got, c.want)
		}
	}
}

func TestBucketV1Vectors(t *testing.T) {
	for _, c := range []struct {
		seed, value string
		want        float64
	}{
		{"", "a", 0.22}, {"", "b", 0.077}, {"b", "a", 0.946}, {"ef", "d", 0.652}, {"asdf", "8952klfjas09ujk", 0.549},
		{"", "123", 0.011}, {"", `___)((*":&`, 0.563},
	} {
		if got := BucketV1(c.seed, c.value); got != c.want {
			t.Errorf("BucketV1(%q, %q) = %v, want %v", c.seed, c.value, got, c.want)
		}
	}
}

func TestBucketIsUniform(t *testing.T) {
	const n, arms = 100_000, 10
	var counts [arms]int
	for i := range n {
		counts[int(Bucket("uniform", "user-"+strconv.Itoa(i))*arms)]++
	}
	chi2 := 0.0
	for _, c := range counts {
		d := float64(c) - n/arms
		chi2 += d * d / (n / arms)
	}
	// 27.88 is the 0.1% point of chi-squared with 9 degrees of freedom.
	if chi2 > 27.88 {
		t.Errorf("chi-squared over ten equal arms = %.2f, counts %v", chi2, counts)
	}
}

func TestRanges(t *testing.T) {
	for _, c := range []struct {
		name     string
		coverage float64
		weights  []float64
		want     []Range
		err      error
	}{
		{"half coverage", 0.5, []float64{.4, .6}, []Range{{0, .2}, {.4, .7}}, nil},
		{"whole coverage", 1, []float64{.5, .5}, []Range{{0, .5}, {.5, 1}}, nil},
		{"no coverage", 0, []float64{1}, []Range{{0, 0}}, nil},
		{"an arm of weight 0", 1, []float64{0, 1}, []Range{{0, 0}, {0, 1}}, nil},
		{"thirds as decimals", 1, []float64{.3333, .3333, .3334}, []Range{{0, .3333}, {.3333, .6666}, {.6666, 1}}, nil},
		{"sum too small", 1, []float64{.4, .5}, nil, ErrSum},
		{"sum too large", 1, []float64{.5, .6}, nil, ErrSum},
		{"no arms", 1, nil, nil, ErrNoArms},
		{"coverage below 0", -.01, []float64{1}, nil, ErrCoverage},
		{"coverage above 1", 1.01, []float64{1}, nil, ErrCoverage},
		{"coverage not a number", math.NaN(), []float64{1}, nil, ErrCoverage},
		{"negative weight", 1, []float64{-1, 2}, nil, ErrWeight},
		{"weight not a number", 1, []float64{math.NaN(), 1}, nil, ErrWeight},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Ranges(c.coverage, c.weights)
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if len(got) != len(c.want) {
				t.Fatalf("ranges %v, want %v", got, c.want)
			}
			for i := range got {
				if math.Abs(got[i].Start-c.want[i].Start) > 1e-12 || math.Abs(got[i].End-c.want[i].End) > 1e-12 {
					t.Errorf("range %d = %v, want %v", i, got[i], c.want[i])
				}
			}
		})
	}
}

func TestChoose(t *testing.T) {
	ranges := []Range{{0, .2}, {.4, .7}}
	for _, c := range []struct {
		bucket float64
		want   int
	}{{0, 0}, {.1999, 0}, {.2, -1}, {.3999, -1}, {.4, 1}, {.6999, 1}, {.7, -1}, {.9999, -1}} {
		if got := Choose(c.bucket, ranges); got != c.want {
			t.Errorf("Choose(%v) = %d, want %d", c.bucket, got, c.want)
		}
	}
}

func TestNamespacesExclude(t *testing.T) {
	first := Namespace{"checkout", Range{0, .4}}
	second := Namespace{"checkout", Range{.4, 1}}
	in := 0
	for i := range 10_000 {
		value := strconv.Itoa(i)
		if first.Admits(value) == second.Admits(value) {
			t.Fatalf("value %s is in both or in none", value)
		}
		if first.Admits(value) {
			in++
		}
	}
	if in < 3700 || in > 4300 {
		t.Errorf("the namespace of 40%% admits %d of 10000", in)
	}
}
