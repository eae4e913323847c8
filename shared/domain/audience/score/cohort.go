package score

import (
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// How many cohorts are counted: people who were first seen in each of the last months and on each of the last days. Profiles remember 400 days of activity, which the oldest month lies within.
const (
	cohortMonths = 12
	cohortDays   = 30
)

// Cohorts counts people by when they were first seen, and how many of them were active in each month, or on each day, from then on: the first number is how many there are. Its keys are "2026-11" and "2026-11-21".
type Cohorts struct {
	Months map[string][]int `json:"months,omitempty"`
	Days   map[string][]int `json:"days,omitempty"`
	// Missing says that a part did not count them.
	Missing bool `json:"missing,omitempty"`
}

// Calendar is the months that end with the one of a date. It is made once for all people.
type Calendar struct {
	asOf   profile.Day
	shop   profile.Shop
	starts [cohortMonths + 1]profile.Day // of the months, the oldest first, and of the one to come
}

// CalendarOf is the calendar of a date.
func CalendarOf(asOf profile.Day, shop profile.Shop) Calendar {
	c := Calendar{asOf: asOf, shop: shop}
	year, month, _ := asOf.Time().Date()
	for i := range c.starts {
		c.starts[i] = profile.DayOf(time.Date(year, month+time.Month(i-cohortMonths+1), 1, 0, 0, 0, 0, time.UTC))
	}
	return c
}

// Add counts somebody who was first seen by the date of the calendar.
func (c *Cohorts) Add(p *profile.Profile, by Calendar) {
	first := p.Day(p.FirstSeen, by.shop)
	if first < by.starts[0] || first > by.asOf {
		return
	}
	at := cohortMonths - 1
	for by.starts[at] > first {
		at--
	}
	row := cells(&c.Months, by.starts[at].Time().Format("2006-01"), cohortMonths-at)
	for i := range row {
		if i == 0 || activeWithin(p.Active, by.starts[at+i], min(by.starts[at+i+1]-1, by.asOf)) {
			row[i]++
		}
	}
	if back := int(by.asOf - first); back < cohortDays {
		row := cells(&c.Days, first.Time().Format(time.DateOnly), back+1)
		for i := range row {
			if i == 0 || p.Active.Has(first+profile.Day(i)) {
				row[i]++
			}
		}
	}
}

// cells are the numbers of a cohort.
func cells(of *map[string][]int, name string, n int) []int {
	if *of == nil {
		*of = map[string][]int{}
	}
	if (*of)[name] == nil {
		(*of)[name] = make([]int, n)
	}
	return (*of)[name]
}

// Merge adds what another part has counted; nil is one that has not.
func (c *Cohorts) Merge(other *Cohorts) {
	if other == nil || other.Missing {
		c.Missing = true
		return
	}
	for _, pair := range [...]struct {
		to   *map[string][]int
		from map[string][]int
	}{{&c.Months, other.Months}, {&c.Days, other.Days}} {
		for name, row := range pair.from {
			into := cells(pair.to, name, len(row))
			for i := range min(len(row), len(into)) {
				into[i] += row[i]
			}
		}
	}
}
