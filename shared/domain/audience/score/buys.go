package score

import (
	"github.com/userops/userops/shared/domain/audience/prediction"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
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

// buys reads the days of the orders. Of those that are no longer kept one by one each counts as a day of its own, and the first as one of mean size.
func (o *observer) buys(p *profile.Profile) (b Buys) {
	var first, last profile.Day
	days := 0
	for _, base := range p.Orders.Base {
		if base.Orders == 0 || !base.FirstAt.Before(o.end) {
			continue
		}
		at := o.shop.Day(base.FirstAt)
		if days == 0 || at < first {
			first = at
		}
		last = max(last, at, min(o.shop.Day(base.LastAt), o.asOf))
		days += base.Orders
		if base.Currency == o.shop.Currency {
			b.Spent = money.AddCapped(b.Spent, base.Net-base.Net/int64(base.Orders))
		}
	}
	for _, entry := range p.Orders.Entries { // in order of time
		if !entry.At.Before(o.end) {
			break
		}
		day := o.shop.Day(entry.At)
		if days == 0 {
			first = day
		}
		if days == 0 || day > last {
			days, last = days+1, day
		}
		if day > first && entry.Net > 0 && entry.Currency == o.shop.Currency {
			b.Spent = money.AddCapped(b.Spent, entry.Net)
		}
	}
	if days == 0 {
		return Buys{}
	}
	b.Repeats, b.First, b.Last = days-1, int(o.asOf-first), int(o.asOf-last)
	return b
}

// Predict says what a run's predictions make of a buyer: the band of whether they still buy, and the decile of what they will bring within a year; nothing where the run has none. Of who has ordered
// on one day the model always says that they still do, so the bands of class15 say it: as long as an order is fresh, they are; as long as it cools, they are at risk.
func (m Model) Predict(b Buys) (band string, decile int) {
	if !m.Predictions.Enough() {
		return "", 0
	}
	return m.band(b), m.Predictions.Decile(m.Predictions.Value(b.History(), b.Mean(), prediction.YearDays))
}

func (m Model) band(b Buys) string {
	if b.Repeats > 0 {
		return prediction.Band(m.Predictions.Purchases.Alive(b.History()))
	}
	scoring := m.Scoring.Filled()
	switch {
	case b.Last <= scoring.ActiveDays:
		return prediction.Alive
	case b.Last <= scoring.CoolingDays:
		return prediction.AtRisk
	}
	return prediction.Lost
}
