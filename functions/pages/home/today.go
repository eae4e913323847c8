package home

import (
	"fmt"

	"github.com/userops/userops/functions/pages/chart"
	"github.com/userops/userops/shared/domain/money"
)

// compared is a figure of today beside that of last week until this time of day.
type compared struct {
	Key       string
	Now, Then int64
	Money     *money.Currency // nil for a number
}

// Amount and Before are the figures as money.
func (c compared) Amount() money.Amount { return money.Amount{Minor: c.Now, Currency: *c.Money} }

// Before is last week's.
func (c compared) Before() money.Amount { return money.Amount{Minor: c.Then, Currency: *c.Money} }

// Share is by what part of last week's there is more, or less; Known where there was any.
func (c compared) Share() float64 { return float64(c.Now-c.Then) / float64(c.Then) }

// Known says that there is something to compare with.
func (c compared) Known() bool { return c.Then != 0 }

// Compared are the figures of the page.
func (t today) Compared() []compared {
	currency := money.Currency(t.Currency)
	now, then := t.Sum, t.LastWeek.Until
	return []compared{
		{"home.today.events", now.Events, then.Events, nil}, {"home.today.visitors", now.Visitors, then.Visitors, nil}, {"home.today.orders", now.Orders, then.Orders, nil},
		{"home.today.gmv", now.GMV, then.GMV, &currency}, {"home.today.paid", now.Sum, then.Sum, &currency}, {"home.today.sent", now.Sent, then.Sent, nil},
	}
}

// ticks is how many hours lie between two words below the drawing.
const ticks = 6

// Chart draws today's events hour by hour, up to the present one, and those of last week's day.
func (o overview) Chart(title, says string) chart.Drawing {
	hours := func(of []hourly, until int) []chart.Point {
		points := make([]chart.Point, until)
		for i := range points {
			points[i].Label = fmt.Sprintf("%02d:00", i)
			if i%ticks == 0 {
				points[i].Tick = points[i].Label
			}
		}
		for _, h := range of {
			if i := h.At.In(o.zone).Hour(); i < until {
				points[i].Value += int(h.Events) // an hour that the clock shows twice is one here
			}
		}
		return points
	}
	return chart.Line("today-line", title, says, hours(o.Today.Found.Hours, o.now.In(o.zone).Hour()+1), hours(o.Today.Found.LastWeek.Hours, 24))
}

// Hourly are the hours of today for the table beside the drawing, with last week's.
func (o overview) Hourly() (all []hour) {
	of := func(all []hourly) (sums [24]figures) {
		for _, h := range all {
			at := &sums[h.At.In(o.zone).Hour()]
			at.Events, at.Orders = at.Events+h.Events, at.Orders+h.Orders
		}
		return sums
	}
	now, then := of(o.Today.Found.Hours), of(o.Today.Found.LastWeek.Hours)
	for i := range o.now.In(o.zone).Hour() + 1 {
		all = append(all, hour{fmt.Sprintf("%02d:00", i), now[i], then[i]})
	}
	return all
}

type hour struct {
	At        string
	Now, Then figures
}
