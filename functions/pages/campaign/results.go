package campaign

import (
	"cmp"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
)

// results is how far a campaign is and what it has decided, as the API tells it.
type results struct {
	Phase    campaign.Phase
	Stopped  []string
	Audience *spoken
	delivery.Summary
	Variants []delivery.Arm
}

// spoken is how far the audience of the time that the campaign names now is spoken to.
type spoken struct {
	At, Until time.Time
	Listing   *struct{ Listed, Shards, ShardsDone int }
	delivery.Summary
	EnteredAgain int64
}

// row is an outcome and its reason, with the number of each variant.
type row struct {
	Outcome delivery.Outcome
	Reason  delivery.Reason
	Counts  []int64
	Sum     int64
}

// Names are the variants, in their order; one without a name is of a campaign that has none, or ended before an arm was drawn.
func (r results) Names() (all []string) {
	for _, arm := range r.Variants {
		all = append(all, arm.Variant)
	}
	return all
}

// Split says that there are several variants to tell apart.
func (r results) Split() bool {
	return len(r.Variants) > 1 || len(r.Variants) == 1 && r.Variants[0].Variant != ""
}

// Ends are what notifications ended as, the most frequent first. What is put off has not ended, and is no row.
func (r results) Ends() []row {
	return r.rows(func(t delivery.Tally) bool { return t.Outcome != delivery.Deferred })
}

// Delays are why notifications were put off, each as often as it was.
func (r results) Delays() []row {
	return r.rows(func(t delivery.Tally) bool { return t.Outcome == delivery.Deferred })
}

func (r results) rows(wanted func(delivery.Tally) bool) (all []row) {
	for i, arm := range r.Variants {
		for _, t := range arm.Tallies {
			if !wanted(t) {
				continue
			}
			at := slices.IndexFunc(all, func(one row) bool { return one.Outcome == t.Outcome && one.Reason == t.Reason })
			if at < 0 {
				at = len(all)
				all = append(all, row{t.Outcome, t.Reason, make([]int64, len(r.Variants)), 0})
			}
			all[at].Counts[i] += t.Count
			all[at].Sum += t.Count
		}
	}
	slices.SortStableFunc(all, func(a, b row) int {
		return cmp.Or(-cmp.Compare(a.Sum, b.Sum), cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Reason, b.Reason))
	})
	return all
}

// Ended adds up what has ended, by variant.
func (r results) Ended() row {
	sum := row{Counts: make([]int64, len(r.Variants))}
	for _, one := range r.Ends() {
		for i, n := range one.Counts {
			sum.Counts[i] += n
		}
		sum.Sum += one.Sum
	}
	return sum
}

// Why is the most frequent reason for which nothing was sent, nil where all was.
func (r results) Why() *row {
	for _, one := range r.Ends() {
		if one.Outcome != delivery.Sent {
			return &one
		}
	}
	return nil
}

// share is how many of a variant were sent.
type share struct {
	Variant string
	Sent    int64
}

// Sendings are how many of each variant were sent, of those that have a name.
func (r results) Sendings() (all []share) {
	for _, arm := range r.Variants {
		one := share{Variant: arm.Variant}
		for _, t := range arm.Tallies {
			if t.Outcome == delivery.Sent {
				one.Sent += t.Count
			}
		}
		if one.Variant != "" {
			all = append(all, one)
		}
	}
	return all
}

// Span is how many columns a number that is of all variants leaves free.
func (r results) Span() int { return len(r.Variants) + 1 }
