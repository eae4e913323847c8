package fold

import (
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// Period is a stretch of the shop's calendar that figures are given by.
type Period string

// The periods. A week begins on Monday.
const (
	Day   Period = "day"
	Week  Period = "week"
	Month Period = "month"
)

func (p Period) known() bool { return p == Day || p == Week || p == Month }

// first is the first day of the period that a day is in.
func (p Period) first(d profile.Day) profile.Day {
	switch p {
	case Week:
		return d - (d%7+7+3)%7 // 1970-01-01 was a Thursday
	case Month:
		return d - profile.Day(d.Time().Day()-1)
	}
	return d
}

// after is the first day of the period n behind the one that begins with a day.
func (p Period) after(first profile.Day, n int) profile.Day {
	switch p {
	case Week:
		return first + profile.Day(7*n)
	case Month:
		return profile.DayOf(first.Time().AddDate(0, n, 0))
	}
	return first + profile.Day(n)
}

// between is how many periods lie from one that begins with a day to another.
func (p Period) between(a, b profile.Day) int {
	switch p {
	case Week:
		return int(b-a) / 7
	case Month:
		from, to := a.Time(), b.Time()
		return 12*(to.Year()-from.Year()) + int(to.Month()) - int(from.Month())
	}
	return int(b - a)
}

// calendar tells the shop's day of a time without asking the zone for each event.
type calendar struct {
	shop   profile.Shop
	from   profile.Day
	starts []int64 // of the days from from on, and of the two behind the last
}

const dayMilli = int64(24 * time.Hour / time.Millisecond)

func newCalendar(shop profile.Shop, from, to profile.Day) *calendar {
	c := &calendar{shop: shop, from: from, starts: make([]int64, to-from+3)}
	for i := len(c.starts) - 1; i >= 0; i-- {
		d := from + profile.Day(i)
		start := d.Start(shop.Zone)
		if c.starts[i] = start.UnixMilli(); i+1 < len(c.starts) && shop.Day(start) != d {
			c.starts[i] = c.starts[i+1] // an island that changed sides of the date line never had this day
		}
	}
	return c
}

// day is the shop's day at a time.
func (c *calendar) day(at int64) profile.Day {
	// Days are about as long as each other, so the guess is off by one at most.
	guess := int((at - c.starts[0]) / dayMilli)
	for i := guess - 1; i <= guess+1; i++ {
		if i >= 0 && i+1 < len(c.starts) && at >= c.starts[i] && at < c.starts[i+1] {
			return c.from + profile.Day(i)
		}
	}
	return c.shop.Day(time.UnixMilli(at))
}

// label is how a period is written that begins with a day.
func (p Period) label(first profile.Day) string {
	if p == Month {
		return first.Time().Format("2006-01")
	}
	return first.Time().Format(time.DateOnly)
}

// firstOf is the first day of a period that is written so; a day that no period begins with where nothing is.
func firstOf(label string) profile.Day {
	if month, err := time.Parse("2006-01", label); err == nil {
		return profile.DayOf(month)
	}
	if day, err := profile.ParseDay(label); err == nil {
		return day
	}
	return noDay
}

// noDay is a day long before all others.
const noDay = profile.Day(-1 << 30)
