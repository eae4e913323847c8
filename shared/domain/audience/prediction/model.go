package prediction

import "slices"

// Model is both models as they were fitted to a shop's buyers.
type Model struct {
	Purchases Purchases `json:"purchases"`
	Spending  Spending  `json:"spending"`
}

// YearDays are the days of the value that deciles are of.
const YearDays = 365

// Horizons are the days that figures are told for.
var Horizons = [...]int{30, 90, YearDays}

// Tells says whether the model has figures for somebody. Of few buyers the likeliest parameters can lie so far out that there are no digits left for what follows from them.
func (m Model) Tells(h History, s Spent) bool {
	none := func(v float64) bool { return !finite(v) || v < 0 }
	mean := m.Spending.Mean(s)
	return !none(m.Purchases.Alive(h)) && !slices.ContainsFunc(Horizons[:], func(days int) bool {
		expected := m.Purchases.Expected(h, days)
		return none(expected) || none(expected*mean)
	})
}

// Value is what somebody is expected to bring within a number of days, in minor units: the number of days with an order times what such a day comes to.
func (m Model) Value(h History, s Spent, days int) float64 {
	return m.Purchases.Expected(h, days) * m.Spending.Mean(s)
}
