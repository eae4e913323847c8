// Package score says where everybody stands: against all buyers by what they bought (recency, frequency, monetary value), and by themselves in their
// lifecycle. Facts are what is known of one profile, a Model is what a run learned of all of them, and Scores follow from both; a Run is one pass of that. It
// reads no profile from anywhere. The surprising thing: every border is exact, a fraction of whole numbers, so that any number of shards, on any processor,
// puts everybody into the same class.
package score

// Facts are what a run knows of one profile as of a date: everything that its classes follow from, apart from the others'.
type Facts struct {
	// Orders net above zero in the shop's currency. R is in whole days, M in minor units; R and M mean nothing while F is 0.
	R, F int
	M    int64
	// Buys means nothing while F is 0 either.
	Buys Buys
	// SinceFirst and SinceLast are whole days since the first and the latest activity.
	SinceFirst, SinceLast int
	// Engaged says that a cart, a wishlist or a product was looked at within the settings' days.
	Engaged bool
	// Explored says that one was looked at at any time, Referred that somebody was brought. Activity is the score of the as-of date.
	Explored, Referred bool
	Activity           int
	// Approximate says that orders or activity around the as-of date are no longer kept one by one, so that they counted whole.
	Approximate bool
}

// Buyer says whether there is a paid order.
func (f Facts) Buyer() bool { return f.F > 0 }
