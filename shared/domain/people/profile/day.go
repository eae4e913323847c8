package profile

import (
	"fmt"
	"time"

	"github.com/userops/userops/shared/domain/money"
)

// Shop is what the meaning of a day and of an amount depends on.
type Shop struct {
	Zone     *time.Location // nil is UTC
	Currency money.Currency // of prices that name none
}

// Day is the day that the shop's calendar shows at a time.
func (s Shop) Day(t time.Time) Day {
	if s.Zone == nil {
		return DayOf(t)
	}
	local := t.In(s.Zone)
	_, offset := local.Zone()
	return dayAt(local.Unix() + int64(offset))
}

// Day is a day of a calendar, counted from 1970-01-01.
type Day int32

// DayOf is the day of UTC's calendar; packs of the timeline go by it.
func DayOf(t time.Time) Day { return dayAt(t.Unix()) }

func dayAt(seconds int64) Day {
	if seconds < 0 {
		seconds -= 86399
	}
	return Day(seconds / 86400)
}

// Time is the day's first instant in UTC.
func (d Day) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// String is the day as YYYYMMDD.
func (d Day) String() string { return d.Time().Format("20060102") }

// ParseDay reads 2006-01-02.
func ParseDay(text string) (Day, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, fmt.Errorf("%.32q is not a date such as 2026-11-21", text)
	}
	return DayOf(t), nil
}

// Start is the day's first instant in a zone. Where clocks skip midnight, that is the first instant after the gap.
func (d Day) Start(zone *time.Location) time.Time {
	year, month, day := d.Time().Date()
	start := time.Date(year, month, day, 0, 0, 0, 0, zone)
	if (Shop{Zone: zone}).Day(start) == d {
		return start
	}
	return time.Date(year, month, day, 1, 0, 0, 0, zone)
}

// Days is a set of days as a bitmap that ends on Last: bit i of Bits is the day Last-i.
type Days struct {
	Last Day    `json:"last"`
	Bits []byte `json:"bits"`
}
