// Package experiment says which arm of a comparison a person is in. It is the assignment only: nothing is stored, since the
// same value under the same seed always hashes to the same place. It is not the analysis of an experiment. The surprising
// thing: the hash is GrowthBook's, bit for bit, so that any of its SDKs gives the same answer in the shop's own pages.
package experiment

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// Bucket places a value in [0, 1) in steps of a ten-thousandth: GrowthBook's hash version 2. Seeds separate experiments from
// each other; value is the userId, or the profileId of a person without one.
func Bucket(seed, value string) float64 {
	inner := strconv.FormatUint(uint64(fnv32a(seed+value)), 10)
	return float64(fnv32a(inner)%10000) / 10000
}

// BucketV1 is GrowthBook's hash version 1, in steps of a thousandth. It is biased between experiments with similar seeds and
// is here for namespaces, whose hash never moved to version 2.
func BucketV1(seed, value string) float64 {
	return float64(fnv32a(value+seed)%1000) / 1000
}

// fnv32a is FNV-1a over the UTF-8 bytes; hash/fnv would cost an allocation for each person of a run.
func fnv32a(s string) uint32 {
	h := uint32(2166136261)
	for i := range len(s) {
		h ^= uint32(s[i])
		h *= 16777619
	}
	return h
}

// Range is the half-open interval [Start, End) of buckets that belong to one arm.
type Range struct{ Start, End float64 }

// Contains says whether a bucket falls into the range. An empty range contains nothing.
func (r Range) Contains(bucket float64) bool { return bucket >= r.Start && bucket < r.End }

// Errors of Ranges.
var (
	ErrNoArms   = errors.New("has no arms")
	ErrCoverage = errors.New("coverage is not between 0 and 1")
	ErrWeight   = errors.New("a weight is below 0 or not a number")
	ErrSum      = errors.New("weights do not sum to 1")
)

// sumTolerance lets thirds be written as .3333, .3333 and .3334, and no more.
const sumTolerance = 1e-6

// Ranges cuts [0, 1) by the weights and lets coverage of each piece take part: 0.5 with weights .4 and .6 gives [0, .2) and
// [.4, .7). A person keeps the arm when coverage grows.
func Ranges(coverage float64, weights []float64) ([]Range, error) {
	if len(weights) == 0 {
		return nil, ErrNoArms
	}
	if !(coverage >= 0 && coverage <= 1) {
		return nil, ErrCoverage
	}
	sum := 0.0
	for _, w := range weights {
		if !(w >= 0) || math.IsInf(w, 1) {
			return nil, ErrWeight
		}
		sum += w
	}
	if math.Abs(sum-1) > sumTolerance {
		return nil, fmt.Errorf("%w but to %g", ErrSum, sum)
	}
	ranges := make([]Range, len(weights))
	start := 0.0
	for i, w := range weights {
		// The conversion keeps arm64 from fusing the two operations: a border must be the same bits everywhere.
		ranges[i] = Range{start, start + float64(coverage*w)}
		start += w
	}
	return ranges, nil
}

// Choose is the index of the arm whose range holds the bucket, or -1 for those who do not take part.
func Choose(bucket float64, ranges []Range) int {
	for i, r := range ranges {
		if r.Contains(bucket) {
			return i
		}
	}
	return -1
}

// Namespace excludes experiments from each other: each takes a range of the same namespace, and a person is in at most one of
// them as long as the ranges do not overlap.
type Namespace struct {
	ID    string
	Range Range
}

// Admits says whether the value's place in the namespace lies in this experiment's range.
func (n Namespace) Admits(value string) bool {
	return n.Range.Contains(BucketV1("__"+n.ID, value))
}
