package prediction

// Model is both models as they were fitted to a shop's buyers.
type Model struct {
	Purchases Purchases `json:"purchases"`
	Spending  Spending  `json:"spending"`
}

// Value is what somebody is expected to bring within a number of days, in minor units: the number of days with an order times what such a day comes to.
func (m Model) Value(h History, s Spent, days int) float64 {
	return m.Purchases.Expected(h, days) * m.Spending.Mean(s)
}
