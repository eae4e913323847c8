package schedule

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a schedule may name a zone that this machine does not know

	"github.com/winebarrel/cronplan/v2"
)

// Expression says when a schedule is due. It is one of rate(), cron() and at().
type Expression struct {
	text  string
	every time.Duration
	once  time.Time
	cron  *cronplan.Expression
	zone  *time.Location
}

var (
	form = regexp.MustCompile(`^(rate|cron|at)\((.*)\)$`)
	rate = regexp.MustCompile(`^([1-9]\d*) (minute|minutes|hour|hours|day|days)$`)
)

// Parse reads an expression; cron and at are in the zone, an IANA name.
func Parse(text, zone string) (Expression, error) {
	e := Expression{text: text}
	location, err := time.LoadLocation(zone)
	if err != nil || zone == "" || zone == "Local" {
		return e, fmt.Errorf("time zone %q is not known", zone)
	}
	e.zone = location
	m := form.FindStringSubmatch(text)
	if m == nil {
		return e, fmt.Errorf("schedule %q is not rate(...), cron(...) or at(...)", text)
	}
	switch m[1] {
	case "rate":
		p := rate.FindStringSubmatch(m[2])
		if p == nil {
			return e, fmt.Errorf("schedule %q: write it like rate(5 minutes)", text)
		}
		n, err := strconv.Atoi(p[1])
		if err != nil || n > 1_000_000 {
			return e, fmt.Errorf("schedule %q: the number is too large", text)
		}
		unit := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[strings.TrimSuffix(p[2], "s")]
		if (n == 1) == strings.HasSuffix(p[2], "s") {
			return e, fmt.Errorf("schedule %q: a unit is singular after 1 and plural otherwise", text)
		}
		e.every = time.Duration(n) * unit
	case "at":
		if e.once, err = time.ParseInLocation("2006-01-02T15:04:05", m[2], location); err != nil {
			return e, fmt.Errorf("schedule %q: write it like at(2026-11-21T09:00:00)", text)
		}
	case "cron":
		if n := len(strings.Fields(m[2])); n != 6 {
			return e, fmt.Errorf("schedule %q has %d fields: minutes, hours, day of month, month, day of week and year are six", text, n)
		}
		if e.cron, err = cronplan.Parse(m[2]); err != nil {
			return e, fmt.Errorf("schedule %q: %s", text, strings.Join(strings.Fields(err.Error()), " "))
		}
	}
	return e, nil
}

// Next is the first time after the given one at which the schedule is due, or the zero time. A rate counts from the given origin, at
// which it is due too. A cron time that the clocks skip in spring is left out, and one that they repeat in autumn is due once.
func (e Expression) Next(after, origin time.Time) time.Time {
	switch {
	case e.every > 0:
		if after.Before(origin) {
			return origin
		}
		return origin.Add((after.Sub(origin)/e.every + 1) * e.every)
	case e.cron == nil:
		if e.once.After(after) {
			return e.once
		}
		return time.Time{}
	}
	// The expression is matched against the clock on the wall, written as if it were UTC, where no hour is missing or comes twice.
	local := after.In(e.zone)
	wall := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), 0, 0, time.UTC)
	// A day of matches may lie in a gap or in an hour that has had its turn.
	for range 24*60 + 1 {
		if wall = e.cron.Next(wall); wall.IsZero() {
			break
		}
		if at := first(wall, e.zone); at.After(after) {
			return at
		}
		wall = wall.Add(time.Minute)
	}
	return time.Time{}
}

// first is the instant at which the clocks of a zone show the wall time for the first time, or zero when they skip it.
func first(wall time.Time, zone *time.Location) time.Time {
	var out time.Time
	for _, near := range []time.Duration{-24 * time.Hour, 24 * time.Hour} {
		_, offset := wall.Add(near).In(zone).Zone()
		at := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		if at.Hour() == wall.Hour() && at.Minute() == wall.Minute() && (out.IsZero() || at.Before(out)) {
			out = at
		}
	}
	return out
}
