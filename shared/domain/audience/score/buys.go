package score

import (
	"github.com/userops/userops/shared/domain/audience/prediction"
)

// Buys is on what days somebody has ordered, whatever the orders came to: what predictions go by.
type Buys struct {
	// Repeats are the days with an order after the first such day. First and Last are how many days ago the first and the last one were.
	Repeats, First, Last int
	// Spent is what the orders of the repeat days came to, in minor units of the shop's currency.
	Spent int64
}

// History is what the models take.
func (b Buys) History() prediction.History {
	return prediction.Since(b.Repeats, b.First-b.Last, b.First)
}

// Mean is what a repeat day came to.
func (b Buys) Mean() prediction.Spent {
	if b.Repeats == 0 {
		return prediction.Spent{}
	}
	return prediction.Spent{Repeats: int32(b.Repeats), Mean: float64(b.Spent) / float64(b.Repeats)}
}
