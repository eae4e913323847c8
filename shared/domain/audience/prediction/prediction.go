// Package prediction says who of the buyers still buys, and what they will be worth. It knows orders as counts, days and sums, and nothing else of a person. The surprising thing: nothing here is
// learnt by trial; two models with four and three parameters are fitted to everybody's orders, and the same orders give the same parameters, in whatever parts they came.
//
// How often somebody buys, and whether they still do, is BG/NBD: Fader, Hardie and Lee, "Counting Your Customers" the Easy Way (2005). What an order of theirs comes to is Gamma-Gamma: Fader and
// Hardie, The Gamma-Gamma Model of Monetary Value (2013).
package prediction

import "math"

// daysOfWeek is how many days the unit of time of the model has. The published figures are in weeks.
const daysOfWeek = 7

// History is what the models know of a buyer.
type History struct {
	// Repeats are the days with an order after the first such day.
	Repeats int32
	// Last is how many weeks after the first order the last one was, Age how many weeks after it now is. 0 <= Last <= Age.
	Last, Age float64
}

// Since is the history of somebody whose last order was some days after the first one, which is so many days ago.
func Since(repeats, last, age int) History {
	return History{int32(repeats), float64(last) / daysOfWeek, float64(age) / daysOfWeek}
}

// Count is a history and how many buyers have it.
type Count struct {
	History
	Buyers int64
}

// Spent is what is known of what a buyer's orders come to.
type Spent struct {
	// Repeats are the days that Mean is over, those after the first one.
	Repeats int32
	// Mean is what a repeat day came to, in minor units.
	Mean float64
}

// finite says that a figure is a number.
func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
