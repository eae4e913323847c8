package score

import (
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/slug"
)

func TestSegment11IsTotal(t *testing.T) {
	cells := map[string]int{}
	for r := 1; r <= 5; r++ {
		for f := 1; f <= 5; f++ {
			if n := len(grid11[r-1][f-1]); n != 5 {
				t.Fatalf("the line R %d F %d has %d cells, want 5", r, f, n)
			}
			for m := 1; m <= 5; m++ {
				name := Segment11(r, f, m)
				if !slices.Contains(Segments11(), name) {
					t.Errorf("cell %d%d%d is %q, none of the 11", r, f, m, name)
				}
				cells[name]++
			}
		}
	}
	sum := 0
	for _, name := range Segments11() {
		if cells[name] == 0 {
			t.Errorf("no cell is %s", name)
		}
		sum += cells[name]
	}
	if sum != 125 || len(cells) != 11 {
		t.Errorf("%d cells in %d segments, want 125 in 11", sum, len(cells))
	}
	for _, outside := range [][3]int{{0, 1, 1}, {6, 1, 1}, {1, 0, 1}, {1, 6, 1}, {1, 1, 0}, {1, 1, 6}, {0, 0, 0}} {
		if got := Segment11(outside[0], outside[1], outside[2]); got != "" {
			t.Errorf("Segment11(%v) = %q, want none", outside, got)
		}
	}
}

func TestSegment11Corners(t *testing.T) {
	for cell, want := range map[[3]int]string{
		{5, 5, 5}: Champions, {5, 4, 4}: Champions, {4, 5, 3}: Loyal, {3, 5, 1}: Loyal, {5, 1, 5}: New, {5, 1, 1}: New, {4, 1, 1}: Promising,
		{5, 2, 2}: PotentialLoyalist, {3, 3, 3}: NeedAttention, {3, 1, 1}: AboutToSleep, {2, 3, 3}: AtRisk, {2, 5, 5}: CantLose,
		{1, 5, 5}: CantLose, {1, 4, 3}: AtRisk, {2, 1, 1}: Hibernating, {1, 1, 5}: Hibernating, {1, 1, 1}: Lost,
	} {
		if got := Segment11(cell[0], cell[1], cell[2]); got != want {
			t.Errorf("Segment11(%v) = %s, want %s", cell, got, want)
		}
	}
}

// modelOf is a model whose lines are set by hand.
func modelOf(r, f, m Line) Model {
	return Model{Lines: Lines{r, f, m}, Means: Lines{r, f, m}, Scoring: DefaultScoring()}
}

func TestClass8SidesOfEachLine(t *testing.T) {
	// The mean of recency is 10.5 days, of frequency 3 orders, of value 100.25.
	model := modelOf(Line{21, 2}, Line{9, 3}, Line{401, 4})
	for name, c := range map[string]struct {
		facts Facts
		want  string
	}{
		"all good":               {Facts{R: 10, F: 4, M: 101}, "111"},
		"recency over":           {Facts{R: 11, F: 4, M: 101}, "011"},
		"frequency at its mean":  {Facts{R: 10, F: 3, M: 101}, "111"},
		"frequency below":        {Facts{R: 10, F: 2, M: 101}, "101"},
		"value just below":       {Facts{R: 10, F: 4, M: 100}, "110"},
		"only recent":            {Facts{R: 0, F: 1, M: 1}, "100"},
		"only frequent":          {Facts{R: 99, F: 9, M: 1}, "010"},
		"only of value":          {Facts{R: 99, F: 1, M: 9999}, "001"},
		"nothing":                {Facts{R: 99, F: 1, M: 1}, "000"},
		"value at a whole line":  {Facts{R: 99, F: 1, M: 101}, "001"},
		"recency on a half line": {Facts{R: 10, F: 1, M: 1}, "100"},
	} {
		if got := model.Score(c.facts).Class8; got != c.want {
			t.Errorf("%s: class8 = %s, want %s", name, got, c.want)
		}
	}
	whole := modelOf(Line{10, 1}, Line{3, 1}, Line{100, 1})
	if got := whole.Score(Facts{R: 10, F: 3, M: 100}).Class8; got != "111" {
		t.Errorf("on all three lines: class8 = %s, want 111", got)
	}
}

func TestClass15SidesOfEachBand(t *testing.T) {
	model := modelOf(Line{50, 1}, Line{5, 2}, Line{200, 2})
	for name, c := range map[string]struct {
		facts Facts
		want  string
	}{
		"today":                   {Facts{R: 0, F: 3, M: 100}, "active-11"},
		"last active day":         {Facts{R: 30, F: 2, M: 100}, "active-01"},
		"first cooling day":       {Facts{R: 31, F: 3, M: 99}, "cooling-10"},
		"last cooling day":        {Facts{R: 90, F: 2, M: 99}, "cooling-00"},
		"first lapsed day":        {Facts{R: 91, F: 3, M: 100}, "lapsed-11"},
		"engaged, long known":     {Facts{Engaged: true, SinceFirst: 400}, "engaged"},
		"engaged, new":            {Facts{Engaged: true, SinceFirst: 1}, "engaged"},
		"last new day":            {Facts{SinceFirst: 30}, "new"},
		"first idle day":          {Facts{SinceFirst: 31}, "idle"},
		"bought and engaged also": {Facts{R: 0, F: 1, M: 1, Engaged: true}, "active-00"},
	} {
		if got := model.Score(c.facts).Class15; got != c.want {
			t.Errorf("%s: class15 = %s, want %s", name, got, c.want)
		}
	}
	if n := len(Classes15()); n != 15 {
		t.Errorf("there are %d classes, want 15", n)
	}
}

func TestBandsAreSettings(t *testing.T) {
	model := Model{Scoring: Scoring{ActiveDays: 7, CoolingDays: 14, NewDays: 3, QuietDays: 10}}
	for name, c := range map[string]struct {
		facts              Facts
		class15, lifecycle string
	}{
		"active":  {Facts{R: 7, F: 1, SinceFirst: 10, SinceLast: 9}, "active-11", Active},
		"cooling": {Facts{R: 8, F: 1, SinceFirst: 10, SinceLast: 10}, "cooling-11", Silent},
		"lapsed":  {Facts{R: 15, F: 1, SinceFirst: 20, SinceLast: 20}, "lapsed-11", Dormant},
		"idle":    {Facts{SinceFirst: 4, SinceLast: 4}, Idle, New},
	} {
		got := model.Score(c.facts)
		if got.Class15 != c.class15 || got.Lifecycle != c.lifecycle {
			t.Errorf("%s: %s and %s, want %s and %s", name, got.Class15, got.Lifecycle, c.class15, c.lifecycle)
		}
	}
}

func TestLifecycleSidesOfEachState(t *testing.T) {
	for _, c := range []struct {
		first, last int
		want        string
	}{
		{0, 0, New}, {29, 0, New}, {29, 29, New}, {30, 0, Active}, {30, 29, Active}, {30, 30, Silent}, {400, 59, Silent}, {400, 60, Dormant},
		{400, 119, Dormant}, {400, 120, Churned}, {4000, 4000, Churned},
	} {
		if got := Lifecycle(c.first, c.last, 30); got != c.want {
			t.Errorf("first seen %d days ago, last %d: %s, want %s", c.first, c.last, got, c.want)
		}
	}
}

func TestIntervalStates(t *testing.T) {
	date := func(s string) profile.Day {
		d, err := profile.ParseDay(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	asOf := date("2026-11-21") // a Saturday; its week began on the 16th
	for name, c := range map[string]struct {
		interval Interval
		active   []string
		first    string
		want     string
	}{
		"new today":                      {Daily, []string{"2026-11-21"}, "2026-11-21", New},
		"today and yesterday":            {Daily, []string{"2026-11-20", "2026-11-21"}, "2026-11-20", Returning},
		"today, not yesterday":           {Daily, []string{"2026-11-19", "2026-11-21"}, "2026-11-19", Resurrecting},
		"yesterday only":                 {Daily, []string{"2026-11-20"}, "2026-11-20", Lapsing},
		"neither":                        {Daily, []string{"2026-11-19"}, "2026-11-19", ""},
		"new on Monday":                  {Weekly, []string{"2026-11-16"}, "2026-11-16", New},
		"Sunday belongs to the last":     {Weekly, []string{"2026-11-15"}, "2026-11-15", Lapsing},
		"Monday a week before":           {Weekly, []string{"2026-11-09", "2026-11-18"}, "2026-11-09", Returning},
		"the Sunday before that":         {Weekly, []string{"2026-11-08", "2026-11-18"}, "2026-11-08", Resurrecting},
		"month":                          {Monthly, []string{"2026-10-31", "2026-11-01"}, "2026-01-05", Returning},
		"month, seen early in it":        {Monthly, []string{"2026-11-01"}, "2026-11-01", New},
		"month before":                   {Monthly, []string{"2026-10-01"}, "2026-10-01", Lapsing},
		"two months before":              {Monthly, []string{"2026-09-30", "2026-11-02"}, "2026-09-30", Resurrecting},
		"activity after the date is not": {Daily, []string{"2026-11-22"}, "2026-11-01", ""},
	} {
		var days profile.Days
		for _, d := range c.active {
			days.Add(date(d))
		}
		first := date(c.first).Time().Add(time.Hour)
		if got := c.interval.State(&profile.Profile{Memory: profile.Memory{Active: days, FirstSeen: first, ShopDays: 1}}, asOf, profile.Shop{}); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if start, previous := Monthly.bounds(date("2026-01-31")); start.String() != "20260101" || previous.String() != "20251201" {
		t.Errorf("the month of 2026-01-31 and the one before begin on %s and %s", start, previous)
	}
}

func TestEveryDerivedSegmentExists(t *testing.T) {
	ids := IDs()
	if len(ids) != 8+11+15+5+3+7+3+10 {
		t.Errorf("there are %d derived segments, want 62", len(ids))
	}
	for _, id := range ids {
		if !id.Exists() {
			t.Errorf("%s is not derived", id)
		}
		if slug.Fault(string(id)) == "" {
			t.Errorf("%s could be defined by an operator", id)
		}
	}
	for _, id := range []ID{"class8:112", "class8:", ":111", "class8", "big-spenders", "", "tier:gold"} {
		if id.Exists() || id.Holds(profile.Scores{Class8: "111"}) {
			t.Errorf("%s is derived", id)
		}
	}
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func at(t *testing.T, s string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func shopOf(t *testing.T) profile.Shop {
	return profile.Shop{Zone: zone(t, "Asia/Shanghai"), Currency: "CNY"}
}
