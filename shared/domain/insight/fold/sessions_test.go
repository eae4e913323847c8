package fold

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// sitting is a session as the recount has it: its events.
type sitting []act

// sittings cuts a person's events by looking at each pair.
func sittings(acts []act) (all []sitting) {
	campaignOf := func(s sitting) (last string) {
		for _, a := range s {
			if c, is := a.values["context.campaign.source"].(string); is {
				last = c
			}
		}
		return last
	}
	for i, a := range acts {
		whole := i > 0 && a.at.Sub(acts[i-1].at) <= 30*time.Minute && label(a.at, "day") == label(acts[i-1].at, "day")
		if c, is := a.values["context.campaign.source"].(string); whole && is && c != campaignOf(all[len(all)-1]) {
			whole = false
		}
		if whole {
			all[len(all)-1] = append(all[len(all)-1], a)
		} else {
			all = append(all, sitting{a})
		}
	}
	return all
}

func (a act) isView() bool { return a.kind == "page" || a.kind == "screen" }

func (a act) page() string {
	if path, _ := a.values["context.page.path"].(string); a.kind == "page" && path != "" {
		return path
	}
	return a.name
}

func TestSessionsAreRecounted(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		people, by := crowd(r), rapid.SampledFrom(periods).Draw(r, "by")
		leave := rapid.Bool().Draw(r, "leave")
		type key struct {
			period string
			all    bool
			split  string
		}
		rows, who := map[key]*VisitRow{}, map[key]map[string]bool{}
		pages := map[string]*PageRow{}
		pageRow := func(a act) *PageRow {
			k := a.page() + "\x00" + string(a.kind)
			if pages[k] == nil {
				pages[k] = &PageRow{Page: a.page(), Screen: a.kind == "screen"}
			}
			return pages[k]
		}
		for person, acts := range people {
			var in []act
			for _, a := range acts {
				if within(a.at, "2026-10-30", "2026-11-20") {
					in = append(in, a)
				}
			}
			for _, s := range sittings(in) {
				one := VisitRow{Sessions: 1, Events: int64(len(s)), Length: s[len(s)-1].at.Sub(s[0].at).Milliseconds()}
				var views []act
				left, split := 0, ""
				for i, a := range s {
					if c, is := a.values["context.campaign.source"].(string); is && split == "" {
						split = c
					}
					if leave && a.name == "Left" {
						left++
					}
					if !a.isView() {
						continue
					}
					views = append(views, a)
					page := pageRow(a)
					page.Views++
					if i+1 < len(s) {
						dwell := s[i+1].at.Sub(a.at).Milliseconds()
						page.Dwell, page.Known, one.Dwell, one.Known = page.Dwell+dwell, page.Known+1, one.Dwell+dwell, one.Known+1
					}
				}
				one.Views = int64(len(views))
				if len(views) == 1 && left+1 == len(s) && (left == 0 || one.Length < 10_000) {
					one.Bounces = 1
				}
				if len(views) > 0 {
					pageRow(views[0]).Entries++
					pageRow(views[0]).Bounces += one.Bounces
					pageRow(views[len(views)-1]).Exits++
				}
				for _, k := range []key{{label(s[0].at, by), true, ""}, {label(s[0].at, by), false, split}} {
					if rows[k] == nil {
						rows[k], who[k] = &VisitRow{Period: k.period, All: k.all, Split: k.split}, map[string]bool{}
					}
					rows[k].add(&one)
					who[k][person] = true
				}
			}
		}
		want := Visits{}
		for k, row := range rows {
			row.People = int64(len(who[k]))
			want.Rows = append(want.Rows, *row)
		}
		slices.SortFunc(want.Rows, func(a, b VisitRow) int {
			return strings.Compare(fmt.Sprint(a.Period, !a.All, a.Split), fmt.Sprint(b.Period, !b.All, b.Split))
		})
		for _, page := range pages {
			want.Pages = append(want.Pages, *page)
		}
		slices.SortFunc(want.Pages, func(a, b PageRow) int {
			return strings.Compare(fmt.Sprint(a.Page, "\x00", a.Screen), fmt.Sprint(b.Page, "\x00", b.Screen))
		})
		asks := ""
		if leave {
			asks = `,"leave":"Left"`
		}
		holds(r, t, fmt.Sprintf(`{"kind":"sessions","from":"2026-10-30","to":"2026-11-20","by":%q,"split":"context.campaign.source"%s}`, by, asks), "2026-12-01", people, want)
	})
}

// visitsOf is the one row of somebody's sessions.
func visitsOf(t *testing.T, more string, acts ...act) VisitRow {
	t.Helper()
	v := answer(t, `{"kind":"sessions","from":"2026-11-01","to":"2026-11-30","by":"month"`+more+`}`, "2026-12-01", map[string][]act{"p": acts}).(*Visits)
	if len(v.Rows) != 1 {
		t.Fatalf("rows are %+v", v.Rows)
	}
	return v.Rows[0]
}

func TestWhereASessionIsCut(t *testing.T) {
	noon, second := on("2026-11-10 12:00"), time.Second
	from := func(at time.Time, source string) act { return did(at, "page", "context.campaign.source", source) }
	for name, c := range map[string]struct {
		acts []act
		want int64
	}{
		"half an hour":          {[]act{did(noon, "page"), did(noon.Add(30*time.Minute), "page")}, 1},
		"and a millisecond":     {[]act{did(noon, "page"), did(noon.Add(30*time.Minute+time.Millisecond), "page")}, 2},
		"before midnight":       {[]act{did(on("2026-11-10 23:50"), "page"), did(on("2026-11-10 23:59:59"), "page")}, 1},
		"midnight of the shop":  {[]act{did(on("2026-11-10 23:59:59"), "page"), did(on("2026-11-11 00:00"), "page")}, 2},
		"midnight of UTC":       {[]act{did(on("2026-11-10 07:59:59"), "page"), did(on("2026-11-10 08:00"), "page")}, 1},
		"the same campaign":     {[]act{from(noon, "wx"), from(noon.Add(second), "wx"), did(noon.Add(2*second), "page"), from(noon.Add(3*second), "wx")}, 1},
		"another campaign":      {[]act{from(noon, "wx"), from(noon.Add(second), "dy")}, 2},
		"none and then one":     {[]act{did(noon, "page"), from(noon.Add(second), "dy")}, 2},
		"one and then none":     {[]act{from(noon, "wx"), did(noon.Add(second), "page")}, 1},
		"a campaign that ended": {[]act{from(noon, "wx"), did(noon.Add(time.Hour), "page"), from(noon.Add(time.Hour+second), "wx")}, 3},
		"another name of it":    {[]act{from(noon, "wx"), did(noon.Add(second), "page", "context.campaign.source", "wx", "context.campaign.name", "b")}, 2},
	} {
		if got := visitsOf(t, "", c.acts...); got.Sessions != c.want {
			t.Errorf("%s: %d sessions, want %d", name, got.Sessions, c.want)
		}
	}
}

func TestWhatABounceIs(t *testing.T) {
	noon := on("2026-11-10 12:00")
	page, leave := did(noon, "page"), `,"leave":"Page Left"`
	left := func(after time.Duration) act { return did(noon.Add(after), "Page Left") }
	for name, c := range map[string]struct {
		more string
		acts []act
		want int64
	}{
		"a page":                     {"", []act{page}, 1},
		"a screen":                   {"", []act{did(noon, "screen")}, 1},
		"two pages":                  {"", []act{page, did(noon.Add(1), "page")}, 0},
		"a page and another event":   {"", []act{page, left(time.Second)}, 0},
		"no page":                    {"", []act{left(time.Second)}, 0},
		"left before ten seconds":    {leave, []act{page, left(9999 * time.Millisecond)}, 1},
		"left after ten seconds":     {leave, []act{page, left(10 * time.Second)}, 0},
		"left before what is set":    {leave + `,"bounce":"1m"`, []act{page, left(59 * time.Second)}, 1},
		"left after what is set":     {leave + `,"bounce":"1m"`, []act{page, left(time.Minute)}, 0},
		"never left":                 {leave, []act{page}, 1},
		"left, and something before": {leave, []act{page, did(noon.Add(time.Second), "X"), left(2 * time.Second)}, 0},
	} {
		if got := visitsOf(t, c.more, c.acts...); got.Bounces != c.want {
			t.Errorf("%s: %d bounces, want %d", name, got.Bounces, c.want)
		}
	}
}

func TestDwellOfTheLastPageIsNotKnown(t *testing.T) {
	noon := on("2026-11-10 12:00")
	v := answer(t, `{"kind":"sessions","from":"2026-11-10","to":"2026-11-10","by":"day"}`, "2026-12-01", map[string][]act{"p": {
		did(noon, "page", "context.page.path", "/"), did(noon.Add(7*time.Second), "X"), did(noon.Add(9*time.Second), "page", "context.page.path", "/p"),
	}}).(*Visits)
	want := &Visits{
		Rows:  []VisitRow{{Period: "2026-11-10", All: true, People: 1, Sessions: 1, Views: 2, Events: 3, Length: 9000, Dwell: 7000, Known: 1}},
		Pages: []PageRow{{Page: "/", Views: 1, Entries: 1, Dwell: 7000, Known: 1}, {Page: "/p", Views: 1, Exits: 1}},
	}
	if !reflect.DeepEqual(v, want) {
		t.Errorf("got %+v, want %+v", v, want)
	}
}
