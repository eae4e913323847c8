package prediction

import "slices"

// Model is both models as they were fitted to a shop's buyers.
type Model struct {
	Purchases Purchases `json:"purchases"`
	Spending  Spending  `json:"spending"`
}

// YearDays are the days of the value that deciles are of.
const YearDays = 365

// Tells says whether the model has figures for somebody. Of few buyers the likeliest parameters can lie so far out that there are no digits left for what follows from them.
func (m Model) Tells(h History, s Spent) bool {
	all := []float64{m.Purchases.Alive(h)}
	for _, days := range [...]int{30, 90, YearDays} {
		all = append(all, m.Purchases.Expected(h, days), m.Value(h, s, days))
	}
	return !slices.ContainsFunc(all, func(v float64) bool { return !finite(v) || v < 0 })
}

// Value is what somebody is expected to bring within a number of days, in minor units: the number of days with an order times what such a day comes to.
func (m Model) Value(h History, s Spent, days int) float64 {
	return m.Purchases.Expected(h, days) * m.Spending.Mean(s)
}
