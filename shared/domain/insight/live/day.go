package live

import (
	"slices"
	"time"
)

// Row is the figures of a stretch of time that begins at a moment.
type Row struct {
	At time.Time `json:"at"`
	Figures
}

// Day is what was counted of a stretch of time, hour by hour of the shop's clock and, of its end, minute by minute. Stretches without any figure have no row.
type Day struct {
	Sum     Figures `json:"sum"`
	Hours   []Row   `json:"hours"`
	Minutes []Row   `json:"minutes,omitempty"` // since a moment
}

// Add adds up what instances have counted from one time to before another; minutes are told from since on.
func Add(hours []Hour, from, to, since time.Time, zone *time.Location) (d Day) {
	byHour, byMinute := map[int64]*Figures{}, map[int64]*Figures{}
	for i := range hours {
		h := &hours[i]
		for n, f := range h.Minutes {
			at := h.Hour.Add(time.Duration(n) * time.Minute)
			if f == (Figures{}) || at.Before(from.Truncate(time.Minute)) || !at.Before(to) {
				continue
			}
			d.Sum.Add(f)
			add(byHour, hourOf(at, zone), f)
			if !at.Before(since) {
				add(byMinute, at, f)
			}
		}
	}
	d.Hours, d.Minutes = rows(byHour, zone), rows(byMinute, zone)
	return d
}

// hourOf is the first moment of the hour that a clock shows. Some zones are half an hour off, and of one the clocks change by as much.
func hourOf(at time.Time, zone *time.Location) time.Time {
	local := at.In(zone)
	first := local.Add(-time.Duration(local.Minute()) * time.Minute)
	for first.Hour() != local.Hour() {
		first = first.Add(time.Minute)
	}
	return first
}

func add(to map[int64]*Figures, at time.Time, f Figures) {
	k := at.Unix()
	if to[k] == nil {
		to[k] = &Figures{}
	}
	to[k].Add(f)
}

func rows(of map[int64]*Figures, zone *time.Location) []Row {
	all := make([]Row, 0, len(of))
	for at, f := range of {
		all = append(all, Row{time.Unix(at, 0).In(zone), *f})
	}
	slices.SortFunc(all, func(a, b Row) int { return a.At.Compare(b.At) })
	return all
}
