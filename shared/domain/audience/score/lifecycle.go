package score

import (
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// The states of the lifecycle beside New: active, silent 沉默 after N days without activity, dormant 沉睡 after 2N, churned 流失 after
// 4N.
const (
	Active  = "active"
	Silent  = "silent"
	Dormant = "dormant"
	Churned = "churned"
)

// Lifecycles lists the states in the order in which a person goes through them.
func Lifecycles() []string { return []string{New, Active, Silent, Dormant, Churned} }

// Lifecycle is the state of a person who was first and last active so many days ago. The first N days are new, also for somebody
// who was active on one of them only.
func Lifecycle(sinceFirst, sinceLast, n int) string {
	switch {
	case sinceLast >= 4*n:
		return Churned
	case sinceLast >= 2*n:
		return Dormant
	case sinceLast >= n:
		return Silent
	case sinceFirst < n:
		return New
	}
	return Active
}

// Interval is the length that the interval lifecycle compares: the calendar day, week (from Monday) or month of a date with
// the one before.
type Interval string

// The intervals.
const (
	Daily   Interval = "day"
	Weekly  Interval = "week"
	Monthly Interval = "month"
)

// Intervals lists the intervals.
func Intervals() []Interval { return []Interval{Daily, Weekly, Monthly} }

// The states of an interval beside New.
const (
	Returning    = "returning"
	Resurrecting = "resurrecting"
	Lapsing      = "lapsing"
)

// bounds are the first day of the interval that holds the date, and of the one before.
func (i Interval) bounds(asOf profile.Day) (start, previous profile.Day) {
	switch i {
	case Weekly:
		// 1970-01-01 was a Thursday.
		start = asOf - (asOf+3)%7
		return start, start - 7
	case Monthly:
		year, month, _ := asOf.Time().Date()
		first := func(m time.Month) profile.Day { return profile.DayOf(time.Date(year, m, 1, 0, 0, 0, 0, time.UTC)) }
		return first(month), first(month - 1)
	}
	return asOf, asOf - 1
}

// State is where a profile stands in the interval of a date: new (first seen in it), returning (active in it and the one before),
// resurrecting (active in it but not in the one before), lapsing (active in the one before only), empty for none of these.
func (i Interval) State(p *profile.Profile, asOf profile.Day, shop profile.Shop) string {
	start, previous := i.bounds(asOf)
	now := activeWithin(p.Active, start, asOf)
	before := activeWithin(p.Active, previous, start-1)
	switch {
	case now && !p.FirstSeen.IsZero() && p.Day(p.FirstSeen, shop) >= start:
		return New
	case now && before:
		return Returning
	case now:
		return Resurrecting
	case before:
		return Lapsing
	}
	return ""
}

func activeWithin(active profile.Days, from, to profile.Day) bool {
	_, _, n := active.Within(from, to)
	return n > 0
}
