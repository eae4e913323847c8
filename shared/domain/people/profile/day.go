package profile

import (
	"fmt"
	"math/bits"
	"slices"
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

// Add puts a day into the set; days more than MaxActiveDays before the newest are let go.
func (d *Days) Add(day Day) {
	switch {
	case len(d.Bits) == 0:
		d.Last, d.Bits = day, []byte{1}
		return
	case d.Has(day):
		return
	case day > d.Last:
		d.shift(int(day - d.Last))
		d.Last = day
	}
	back := int(d.Last - day)
	if back >= MaxActiveDays {
		return
	}
	bits := slices.Clone(d.Bits)
	for len(bits) <= back/8 {
		bits = append(bits, 0)
	}
	bits[back/8] |= 1 << (back % 8)
	d.Bits = bits
}

// shift moves every day n places back.
func (d *Days) shift(n int) {
	var shifted Days
	shifted.Bits = make([]byte, 0, len(d.Bits)+n/8+1)
	for i := range min(len(d.Bits)*8, MaxActiveDays) {
		if d.Bits[i/8]&(1<<(i%8)) == 0 || i+n >= MaxActiveDays {
			continue
		}
		to := i + n
		for len(shifted.Bits) <= to/8 {
			shifted.Bits = append(shifted.Bits, 0)
		}
		shifted.Bits[to/8] |= 1 << (to % 8)
	}
	d.Bits = shifted.Bits
	if len(d.Bits) == 0 {
		d.Bits = []byte{0}
	}
}

// Within counts the days of the set from one to another, both included, and tells the first and the last of them; they mean nothing where there is none.
func (d Days) Within(from, to Day) (first, last Day, n int) {
	near, far := max(int(d.Last-to), 0), min(int(d.Last-from), len(d.Bits)*8-1) // how far back
	for back := near &^ 7; back <= far; back += 8 {
		b := d.Bits[back/8]
		if back < near {
			b &= 0xff << (near - back)
		}
		if far-back < 7 {
			b &= 0xff >> (7 - (far - back))
		}
		if b == 0 {
			continue
		}
		if n == 0 {
			last = d.Last - Day(back+bits.TrailingZeros8(b))
		}
		first = d.Last - Day(back+7-bits.LeadingZeros8(b))
		n += bits.OnesCount8(b)
	}
	return first, last, n
}

// Has tells whether the day is in the set.
func (d Days) Has(day Day) bool {
	back := int(d.Last - day)
	return back >= 0 && back < len(d.Bits)*8 && d.Bits[back/8]&(1<<(back%8)) != 0
}

// Count is the number of days in the set from a day on.
func (d Days) Count(from Day) int {
	_, _, n := d.Within(from, d.Last)
	return n
}
