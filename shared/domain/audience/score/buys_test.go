package score

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/userops/userops/shared/domain/audience/prediction"
	"github.com/userops/userops/shared/domain/people/profile"
)

// TestBuys counts the days of any orders by the dates that a shop's calendar shows.
func TestBuys(t *testing.T) {
	shanghai := zone(t, "Asia/Shanghai")
	shop := profile.Shop{Zone: shanghai, Currency: "CNY"}
	asOf, err := profile.ParseDay("2026-11-21")
	if err != nil {
		t.Fatal(err)
	}
	last := time.Date(2026, 11, 21, 0, 0, 0, 0, shanghai)
	rapid.Check(t, func(t *rapid.T) {
		p := profile.Profile{Memory: profile.Memory{FirstSeen: last.AddDate(-2, 0, 0), LastSeen: last}}
		dates, sums := map[string]int64{}, int64(0)
		first, newest := "", ""
		for range rapid.IntRange(1, 12).Draw(t, "orders") {
			at := last.Add(-time.Duration(rapid.IntRange(-3*24, 400*24).Draw(t, "hours ago")) * time.Hour)
			e := profile.OrderEntry{At: at, Net: int64(rapid.IntRange(-100, 5000).Draw(t, "net")), Currency: "CNY"}
			if rapid.IntRange(0, 9).Draw(t, "abroad") == 0 {
				e.Currency = "USD"
			}
			p.Orders.Replace(nil, &e)
			date := at.In(shanghai).Format(time.DateOnly)
			if date > "2026-11-21" {
				continue
			}
			spent := int64(0)
			if e.Currency == "CNY" {
				spent = max(e.Net, 0)
			}
			dates[date] += spent
			if first == "" || date < first {
				first = date
			}
			newest = max(newest, date)
		}
		for date, spent := range dates {
			if date != first {
				sums += spent
			}
		}
		ago := func(date string) int {
			at, err := time.ParseInLocation(time.DateOnly, date, shanghai)
			if err != nil {
				t.Fatal(err)
			}
			return int(last.Sub(at) / (24 * time.Hour)) // Shanghai has no summer time
		}
		facts, _ := Observe(&p, asOf, Scoring{}, shop)
		var want Buys
		if facts.Buyer() {
			want = Buys{Repeats: len(dates) - 1, First: ago(first), Last: ago(newest), Spent: sums}
		}
		if facts.Buys != want {
			t.Errorf("%+v, want %+v", facts.Buys, want)
		}
	})
}

// TestPredict holds the bands to what somebody's days say.
func TestPredict(t *testing.T) {
	m := Model{Predictions: &prediction.Learned{Sample: 1000, Model: prediction.Model{Purchases: prediction.Purchases{R: 0.243, Alpha: 4.414, A: 0.793, B: 2.426}, Spending: prediction.Spending{P: 6.25, Q: 3.74, V: 1544}}}}
	for k := range m.Predictions.Deciles {
		m.Predictions.Deciles[k] = float64(k+1) * 1000
	}
	for name, c := range map[string]struct {
		buys   Buys
		alive  string
		decile int
	}{
		"P(alive) is 0.727, and 2.9 days with an order of 24.66 a year": {Buys{Repeats: 2, First: 272, Last: 59, Spent: 4470}, prediction.Alive, 4},
		"one repeat and long gone":                                      {Buys{Repeats: 1, First: 272, Last: 260, Spent: 1177}, prediction.Lost, 1},
		"in between":                                                    {Buys{Repeats: 2, First: 272, Last: 180, Spent: 4470}, prediction.AtRisk, 2},
		"one order, fresh":                                              {Buys{First: 30, Last: 30}, prediction.Alive, 4},
		"one order, cooling":                                            {Buys{First: 31, Last: 31}, prediction.AtRisk, 4},
		"one order, and long ago":                                       {Buys{First: 91, Last: 91}, prediction.Lost, 2},
		"very many, and yesterday":                                      {Buys{Repeats: 60, First: 600, Last: 1, Spent: 600_000}, prediction.Alive, 10},
		"very many, and a year away":                                    {Buys{Repeats: 60, First: 600, Last: 365, Spent: 600_000}, prediction.Lost, 1},
	} {
		if alive, decile := m.Predict(c.buys); alive != c.alive || decile != c.decile {
			t.Errorf("%s: %s %d, want %s %d", name, alive, decile, c.alive, c.decile)
		}
	}
	if alive, decile := (Model{}).Predict(Buys{Repeats: 2, First: 272, Last: 59, Spent: 4470}); alive != "" || decile != 0 {
		t.Errorf("without predictions %q %d", alive, decile)
	}
}
