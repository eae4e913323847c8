package segment

import (
	"fmt"
	"strings"
	"time"

	"github.com/userops/userops/functions/pages/chart"
)

// looked is how many runs are looked at: a month of nightly ones.
const looked = "31"

// run is a pass of segmentation, which has counted who is in each segment.
type run struct {
	RunID, State, AsOf string
	ReportOnly         bool
	CreatedAt          time.Time
	Profiles           int
	Segments           map[string]int
}

// size is how many were in a segment by a run.
type size struct {
	Run     run
	Members int
	Change  int // since the run before, where Compared
	// Compared says that the run before has a size too.
	Compared bool
}

// Share is the part of everybody.
func (s size) Share() float64 {
	if s.Run.Profiles == 0 {
		return 0
	}
	return float64(s.Members) / float64(s.Run.Profiles)
}

// Fewer is by how many it has shrunk.
func (s size) Fewer() int { return -s.Change }

// trend is how a segment's size went, the oldest first. Runs of which it is not known are left out.
type trend struct{ Sizes []size }

// trendOf reads it off runs, the oldest first. A run names nobody's segment; one that had a rule before the run and is not named had nobody.
func trendOf(id string, changed time.Time, runs []run) (t trend) {
	for _, r := range runs {
		n, named := r.Segments[id]
		if !named && !changed.Before(r.CreatedAt) {
			continue
		}
		s := size{Run: r, Members: n}
		if last := t.Last(); last != nil {
			s.Change, s.Compared = n-last.Members, true
		}
		t.Sizes = append(t.Sizes, s)
	}
	return t
}

// Last is the newest size, nil where none is known.
func (t trend) Last() *size {
	if len(t.Sizes) == 0 {
		return nil
	}
	return &t.Sizes[len(t.Sizes)-1]
}

// Newest are the sizes, the newest first.
func (t trend) Newest() []size {
	all := make([]size, 0, len(t.Sizes))
	for i := len(t.Sizes) - 1; i >= 0; i-- {
		all = append(all, t.Sizes[i])
	}
	return all
}

// Drawn says that there are enough of them for a line.
func (t trend) Drawn() bool { return len(t.Sizes) > 1 }

// The extent of a line, in the units of the drawing.
const (
	width  = 240
	height = 48
	margin = 3
)

// Line is the sizes as the points of a line, from zero at the bottom to the greatest at the top.
func (t trend) Line() string {
	most := 1
	for _, s := range t.Sizes {
		most = max(most, s.Members)
	}
	points := make([]string, len(t.Sizes))
	for i, s := range t.Sizes {
		x := margin + (width-2*margin)*i/max(len(t.Sizes)-1, 1)
		y := height - margin - (height-2*margin)*s.Members/most
		points[i] = fmt.Sprintf("%d,%d", x, y)
	}
	return strings.Join(points, " ")
}

// Chart draws the sizes greater, with the days of their runs.
func (t trend) Chart(title, says string) chart.Drawing {
	points := make([]chart.Point, len(t.Sizes))
	for i, s := range t.Sizes {
		points[i] = chart.Point{Label: s.Run.AsOf, Value: s.Members}
		if i == 0 || i == len(points)-1 {
			points[i].Tick = s.Run.AsOf
		}
	}
	return chart.Line("trend-line", title, says, points, nil)
}

// Box is the extent of the drawing.
func (trend) Box() string { return fmt.Sprintf("0 0 %d %d", width, height) }

// First is the oldest size.
func (t trend) First() size { return t.Sizes[0] }
