package profile

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/money"
)

// Replace takes out what an order contributed before and puts in what it contributes now; either may be absent. The outcome
// does not depend on the sequence of replacements.
func (o *Orders) Replace(before, after *OrderEntry) {
	if before != nil && after != nil && *before == *after {
		return
	}
	if before != nil {
		o.remove(*before)
	}
	if after != nil {
		o.insert(*after)
	}
}

// Holds tells whether an order is among the sums. One that is not belongs to somebody who was erased, and nothing of it may be taken out.
func (o *Orders) Holds(e OrderEntry) bool {
	if _, found := slices.BinarySearchFunc(o.Entries, e, compareEntries); found {
		return true
	}
	// The collapsed are those before the listed ones.
	return (len(o.Entries) == 0 || !e.At.After(o.Entries[0].At)) &&
		slices.ContainsFunc(o.Base, func(b Collapsed) bool { return b.Currency == e.Currency && b.Orders > 0 })
}

func compareEntries(a, b OrderEntry) int {
	if c := a.At.Compare(b.At); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Net, b.Net); c != 0 {
		return c
	}
	return cmp.Compare(a.Currency, b.Currency)
}

func (o *Orders) insert(e OrderEntry) {
	o.Count++
	if len(o.Base) > 0 && (len(o.Entries) == 0 || e.At.Before(o.Entries[0].At)) {
		o.collapse(e)
		return
	}
	at, _ := slices.BinarySearchFunc(o.Entries, e, compareEntries)
	o.Entries = slices.Insert(slices.Clone(o.Entries), at, e)
	if len(o.Entries) > MaxOrderEntries {
		o.collapse(o.Entries[0])
		o.Entries = o.Entries[1:]
	}
}

func (o *Orders) remove(e OrderEntry) {
	o.Count--
	at, found := slices.BinarySearchFunc(o.Entries, e, compareEntries)
	if found {
		o.Entries = slices.Delete(slices.Clone(o.Entries), at, at+1)
		return
	}
	// The entry has been collapsed: its sums are taken back; the dates of the collapsed ones stay as they are.
	for i := range o.Base {
		if b := &o.Base[i]; b.Currency == e.Currency {
			b.Orders--
			b.Net -= e.Net
			if e.Net > 0 {
				b.Count--
			}
			return
		}
	}
}

// sink collapses what is listed and older than something that was collapsed: whoever looks for an order goes by that.
func (o *Orders) sink() {
	var newest time.Time
	for _, b := range o.Base {
		for _, at := range []time.Time{b.FirstAt, b.LastAt} {
			if at.After(newest) {
				newest = at
			}
		}
	}
	for len(o.Entries) > 0 && !o.Entries[0].At.After(newest) {
		o.collapse(o.Entries[0])
		o.Entries = o.Entries[1:]
	}
}

func (o *Orders) collapse(e OrderEntry) {
	at := slices.IndexFunc(o.Base, func(b Collapsed) bool { return b.Currency == e.Currency })
	if at < 0 {
		o.Base = append(slices.Clone(o.Base), Collapsed{Currency: e.Currency, FirstAt: e.At})
		slices.SortFunc(o.Base, func(a, b Collapsed) int { return cmp.Compare(a.Currency, b.Currency) })
		at = slices.IndexFunc(o.Base, func(b Collapsed) bool { return b.Currency == e.Currency })
	} else {
		o.Base = slices.Clone(o.Base)
	}
	b := &o.Base[at]
	b.Orders++
	b.Net += e.Net
	if e.At.Before(b.FirstAt) {
		b.FirstAt = e.At
	}
	if e.Net > 0 {
		b.Count++
		if e.At.After(b.LastAt) {
			b.LastAt = e.At
		}
	}
}

// Revenue is the net sum by currency, sorted by currency. Currencies without an order are absent.
func (o Orders) Revenue() []money.Amount {
	sums := map[money.Currency]int64{}
	for _, b := range o.Base {
		sums[b.Currency] += b.Net
	}
	for _, e := range o.Entries {
		sums[e.Currency] += e.Net
	}
	amounts := make([]money.Amount, 0, len(sums))
	for c, n := range sums {
		amounts = append(amounts, money.Amount{Minor: n, Currency: c})
	}
	slices.SortFunc(amounts, func(a, b money.Amount) int { return cmp.Compare(a.Currency, b.Currency) })
	return amounts
}

// FirstAt is when the first order was paid; zero when there is none. LastAt is when the last one was.
func (o Orders) FirstAt() time.Time {
	var first time.Time
	for _, b := range o.Base {
		if first.IsZero() || b.FirstAt.Before(first) {
			first = b.FirstAt
		}
	}
	if len(o.Entries) > 0 && (first.IsZero() || o.Entries[0].At.Before(first)) {
		first = o.Entries[0].At
	}
	return first
}

// LastAt is when the last order was paid, whatever its total; zero when there is none.
func (o Orders) LastAt() time.Time {
	if n := len(o.Entries); n > 0 {
		return o.Entries[n-1].At
	}
	var last time.Time
	for _, b := range o.Base {
		if b.LastAt.After(last) {
			last = b.LastAt
		}
	}
	return last
}

// Rhythm is the mean of the days between two order days and their standard deviation, over the listed orders with a net above
// zero, by the calendar of a zone. gaps is how many there are; without one the others are 0.
func (o Orders) Rhythm(zone *time.Location) (mean, deviation float64, gaps int) {
	var last Day
	var sum, squares float64
	first := true
	for _, e := range o.Entries {
		if e.Net <= 0 {
			continue
		}
		y, m, d := e.At.In(zone).Date()
		day := DayOf(time.Date(y, m, d, 0, 0, 0, 0, time.UTC))
		if !first && day > last {
			gap := float64(day - last)
			sum, squares = sum+gap, squares+gap*gap
			gaps++
		}
		last, first = day, false
	}
	if gaps == 0 {
		return 0, 0, 0
	}
	mean = sum / float64(gaps)
	return mean, math.Sqrt(max(squares/float64(gaps)-mean*mean, 0)), gaps
}
