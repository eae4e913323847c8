package refusal

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/userops/userops/functions/pages/chart"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/functions/pages/view"
)

// week is how far back refusals are shown, in hours.
const week = 7 * 24

// shown is the page of a source.
type shown struct {
	noted
	Source   string
	Warnings noted
	Partial  bool
	visit    *view.Visit
}

func show(v *view.Visit) error {
	s := shown{Source: cmp.Or(v.Query("source"), "default"), visit: v}
	if err := v.Together(v.Read(&s, nil, "sources", s.Source, "refusals")); err != nil {
		return err
	}
	return v.Show(pages, "show", s)
}

// Refused are the refusals.
func (s shown) Refused() noted { return s.noted }

// shortDay is how a day is written below a drawing.
var shortDay = map[text.Lang]string{text.Chinese: "1月2日", text.English: "2 Jan"}

// Chart draws the hours of the week that ends now.
func (s shown) Chart(id, title, says string, of noted) chart.Drawing {
	first := s.visit.Now().UTC().Truncate(time.Hour).Add(-(week - 1) * time.Hour)
	points := make([]chart.Point, week)
	for i := range points {
		at := first.Add(time.Duration(i) * time.Hour)
		points[i].Label = s.visit.Moment(at)
		if at.In(s.visit.Shop.Zone).Hour() == 0 {
			points[i].Tick = at.In(s.visit.Shop.Zone).Format(shortDay[s.visit.Lang])
		}
	}
	for _, h := range of.Hours {
		if i := int(h.Hour.Sub(first) / time.Hour); i >= 0 && i < week && !h.Hour.Before(first) {
			points[i].Value = h.all()
		}
	}
	return chart.Bars(id, title, says, points)
}

func (h hour) all() (sum int) {
	for _, n := range h.Counts {
		sum += n
	}
	return sum
}

// All is how many there were.
func (n noted) All() (sum int) {
	for _, h := range n.Hours {
		sum += h.all()
	}
	return sum
}

// counted is a line of a table.
type counted struct {
	Reason string
	Count  int
}

// Reasons are how many there were of each, the most first.
func (n noted) Reasons() (all []counted) {
	sum := map[string]int{}
	for _, h := range n.Hours {
		for reason, c := range h.Counts {
			sum[reason] += c
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(sum)) {
		all = append(all, counted{reason, sum[reason]})
	}
	slices.SortStableFunc(all, func(a, b counted) int { return cmp.Compare(b.Count, a.Count) })
	return all
}

// ByHour are the hours with their reasons, for the table beside the drawing.
func (n noted) ByHour() (all []hourly) {
	for _, h := range n.Hours {
		all = append(all, hourly{h.Hour, h.all(), noted{Hours: []hour{h}}.Reasons()})
	}
	return all
}

type hourly struct {
	Hour    time.Time
	All     int
	Reasons []counted
}
