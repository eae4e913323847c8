package fold

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The recounts go over the events as they are, one question at a time, by maps, the standard library's calendar and search without shortcuts. They know nothing of blocks, marks and partials.

// crowd draws a few people whose events meet the borders: gaps of exactly half an hour, midnight, ends of weeks and months, and several events at once.
func crowd(t *rapid.T) map[string][]act {
	people := map[string][]act{}
	names := []string{"A", "B", "C", "page", "screen", "Left"}
	steps := []time.Duration{0, time.Millisecond, 5 * time.Second, 10 * time.Second, 29 * time.Minute, 30 * time.Minute, 30*time.Minute + time.Millisecond, 8 * time.Hour, 24 * time.Hour, 48 * time.Hour, 7 * 24 * time.Hour}
	for n := range rapid.IntRange(0, 6).Draw(t, "people") {
		at := on("2026-10-29 23:30").Add(time.Duration(rapid.IntRange(0, 4).Draw(t, "begin")) * 15 * time.Minute)
		var acts []act
		for range rapid.IntRange(0, 14).Draw(t, "events") {
			at = at.Add(rapid.SampledFrom(steps).Draw(t, "step"))
			a := did(at, rapid.SampledFrom(names).Draw(t, "name"))
			if rapid.IntRange(0, 3).Draw(t, "campaigned") == 0 {
				a.values["context.campaign.source"] = rapid.SampledFrom([]string{"wx", "dy"}).Draw(t, "source")
			}
			if rapid.Bool().Draw(t, "priced") {
				a.values["properties.price"] = rapid.SampledFrom([]any{1, 2.5, "2.5", true}).Draw(t, "price")
			}
			a.values["context.page.path"] = rapid.SampledFrom([]string{"/", "/p", ""}).Draw(t, "path")
			acts = append(acts, a)
		}
		people[fmt.Sprint("person-", n)] = acts
	}
	return people
}

// holds compares an answer with a recount, at 1, 4 and 64 shards.
func holds(t *rapid.T, tb testing.TB, definition, asOf string, people map[string][]act, recount any) {
	want := string(must(json.Marshal(recount)))
	random := rand.New(rand.NewPCG(1, rapid.Uint64().Draw(t, "seed")))
	for _, shards := range []int{1, 4, 64} {
		got := inShards(tb, definition, asOf, people, shards, random)
		if text := string(must(json.Marshal(got))); text != want {
			t.Fatalf("%s in %d shards is\n%s\nrecounted\n%s", definition, shards, text, want)
		}
	}
}

// label recounts a period by the standard library's calendar.
func label(at time.Time, by string) string {
	at = at.In(shanghai)
	switch by {
	case "week":
		for at.Weekday() != time.Monday {
			at = at.AddDate(0, 0, -1)
		}
	case "month":
		return at.Format("2006-01")
	}
	return at.Format("2006-01-02")
}

func within(at time.Time, from, to string) bool {
	day := at.In(shanghai).Format("2006-01-02")
	return day >= from && day <= to
}

var periods = []string{"day", "week", "month"}

func TestCountsAreRecounted(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		people, by := crowd(r), rapid.SampledFrom(periods).Draw(r, "by")
		split := rapid.Bool().Draw(r, "split")
		events := map[[3]string]int64{}
		who := map[[3]string]map[string]bool{}
		for person, acts := range people {
			for _, a := range acts {
				if !within(a.at, "2026-10-30", "2026-11-20") {
					continue
				}
				called := a.name
				if called == "" {
					called = string(a.kind)
				}
				value := ""
				if split {
					value, _ = a.values["context.campaign.source"].(string)
				}
				for _, k := range [][3]string{{"", "", value}, {"", called, value}, {label(a.at, by), "", value}, {label(a.at, by), called, value}} {
					events[k]++
					if who[k] == nil {
						who[k] = map[string]bool{}
					}
					who[k][person] = true
				}
			}
		}
		want := Counts{}
		for k, n := range events {
			want.Rows = append(want.Rows, CountRow{k[0], k[1], k[2], n, int64(len(who[k]))})
		}
		slices.SortFunc(want.Rows, func(a, b CountRow) int {
			return strings.Compare(a.Period+"\x00"+a.Event+"\x00"+a.Split, b.Period+"\x00"+b.Event+"\x00"+b.Split)
		})
		asks := ""
		if split {
			asks = `,"split":"context.campaign.source"`
		}
		holds(r, t, fmt.Sprintf(`{"kind":"count","from":"2026-10-30","to":"2026-11-20","by":%q%s}`, by, asks), "2026-12-01", people, want)
	})
}

// longest searches how far an entry goes by every choice of events, and when its steps were by the first that fits each.
func longest(acts []act, entry int, step func(a act, n int) bool, steps int, window time.Duration) (far int, times []time.Time) {
	var search func(at, n int) int
	search = func(at, n int) int {
		best := n
		for next := at + 1; next < len(acts) && n < steps; next++ {
			if step(acts[next], n) && !acts[next].at.After(acts[entry].at.Add(window)) {
				best = max(best, search(next, n+1))
			}
		}
		return best
	}
	far = search(entry, 1)
	at := entry
	times = append(times, acts[entry].at)
	for n := 1; n < far; n++ {
		for at++; !step(acts[at], n); at++ {
		}
		times = append(times, acts[at].at)
	}
	return far, times
}

func TestFunnelsAreRecounted(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		people := crowd(r)
		every, split := rapid.Bool().Draw(r, "every"), rapid.Bool().Draw(r, "split")
		names := rapid.SliceOfN(rapid.SampledFrom([]string{"A", "B", "C"}), 2, 4).Draw(r, "steps")
		window := rapid.SampledFrom([]time.Duration{10 * time.Second, 30 * time.Minute, 24 * time.Hour, 7 * 24 * time.Hour}).Draw(r, "window")
		step := func(a act, n int) bool {
			price, isNumber := a.values["properties.price"].(float64)
			if whole, is := a.values["properties.price"].(int); is {
				price, isNumber = float64(whole), true
			}
			return a.kind == "track" && a.name == names[n] && (n != 1 || isNumber && price >= 2.5)
		}
		steps := map[string][]int64{}
		took := map[string][]map[int64]int64{}
		count := func(acts []act, entry int, times []time.Time) {
			value := ""
			if split {
				value, _ = acts[entry].values["context.campaign.source"].(string)
			}
			if steps[value] == nil {
				steps[value] = make([]int64, len(names))
				for range len(names) - 1 {
					took[value] = append(took[value], map[int64]int64{})
				}
			}
			for i, at := range times {
				steps[value][i]++
				if i > 0 {
					took[value][i-1][int64(at.Sub(times[i-1]).Truncate(time.Second)/time.Second)]++
				}
			}
		}
		for _, acts := range people {
			bestEntry, best := -1, []time.Time(nil)
			for i, a := range acts {
				if !step(a, 0) || !within(a.at, "2026-10-30", "2026-11-10") {
					continue
				}
				far, times := longest(acts, i, step, len(names), window)
				if every {
					count(acts, i, times)
				} else if far > len(best) {
					bestEntry, best = i, times
				}
			}
			if bestEntry >= 0 {
				count(acts, bestEntry, best)
			}
		}
		want := Reached{}
		for value := range steps {
			row := ReachedRow{Split: value, Steps: steps[value]}
			for _, one := range took[value] {
				var all []Took
				for s, n := range one {
					all = append(all, Took{s, n})
				}
				slices.SortFunc(all, func(a, b Took) int { return int(a.Seconds - b.Seconds) })
				row.Took = append(row.Took, all)
			}
			want.Rows = append(want.Rows, row)
		}
		slices.SortFunc(want.Rows, func(a, b ReachedRow) int { return strings.Compare(a.Split, b.Split) })
		var matches []Match
		for n, name := range names {
			m := Match{Event: name}
			if n == 1 {
				m.Where = []Condition{{"properties.price", "gte", []byte("2.5")}}
			}
			matches = append(matches, m)
		}
		definition := map[string]any{"kind": "funnel", "from": "2026-10-30", "to": "2026-11-10", "steps": matches, "window": window.String(), "every": every}
		if split {
			definition["split"] = "context.campaign.source"
		}
		holds(r, t, string(must(json.Marshal(definition))), "2026-12-01", people, want)
	})
}

func TestRetentionIsRecounted(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		people, by := crowd(r), rapid.SampledFrom(periods).Draw(r, "by")
		recurring, after := rapid.Bool().Draw(r, "recurring"), rapid.Bool().Draw(r, "after")
		const count, asOf = 3, "2026-11-25"
		// next is the label of the n-th period after one.
		next := func(of string, n int) string {
			if by == "month" {
				return must(time.Parse("2006-01", of)).AddDate(0, n, 0).Format("2006-01")
			}
			return must(time.Parse("2006-01-02", of)).AddDate(0, 0, n*map[string]int{"day": 1, "week": 7}[by]).Format("2006-01-02")
		}
		size, back := map[string]int64{}, map[string][]int64{}
		for _, acts := range people {
			cohorts, backs := map[string]bool{}, map[string]bool{}
			begun := false
			for _, a := range acts {
				if !within(a.at, "2000-01-01", asOf) {
					continue
				}
				if a.name == "A" && (recurring || !begun) {
					begun = true
					if within(a.at, "2026-10-30", "2026-11-20") {
						cohorts[label(a.at, by)] = true
					}
				}
				if a.name == "B" {
					backs[label(a.at, by)] = true
				}
			}
			for c := range cohorts {
				size[c]++
				if back[c] == nil {
					back[c] = make([]int64, count)
				}
				for n := 1; n <= count; n++ {
					was := backs[next(c, n)]
					if after {
						was = false
						for b := range backs {
							was = was || b >= next(c, n)
						}
					}
					if was {
						back[c][n-1]++
					}
				}
			}
		}
		var want []string
		for c := range size {
			want = append(want, fmt.Sprint(c, size[c], back[c]))
		}
		slices.Sort(want)
		definition := fmt.Sprintf(`{"kind":"retention","from":"2026-10-30","to":"2026-11-20","first":{"event":"A"},"return":{"event":"B"},"by":%q,"recurring":%t,"onOrAfter":%t,"periods":%d}`, by, recurring, after, count)
		random := rand.New(rand.NewPCG(1, rapid.Uint64().Draw(r, "seed")))
		for _, shards := range []int{1, 4, 64} {
			cohorts := inShards(t, definition, asOf, people, shards, random).(*Cohorts)
			var got []string
			for i := range cohorts.Rows {
				row := &cohorts.Rows[i]
				got = append(got, fmt.Sprint(cohorts.Label(row), row.Size, row.Back))
			}
			if !slices.Equal(got, want) {
				r.Fatalf("%s in %d shards is %v, recounted %v", definition, shards, got, want)
			}
		}
	})
}

func TestPerformedIsRecounted(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		people := crowd(r)
		days, least := rapid.IntRange(0, 9).Draw(r, "days"), rapid.IntRange(1, 3).Draw(r, "least")
		want := Performers{}
		for _, acts := range people {
			n := 0
			for _, a := range acts {
				if a.name == "A" && within(a.at, on("2026-11-08 12:00").AddDate(0, 0, -days).Format("2006-01-02"), "2026-11-08") {
					if _, is := a.values["context.campaign.source"]; !is {
						n++
					}
				}
			}
			if n >= least && n <= 4 {
				want.People++
			}
		}
		holds(r, t, fmt.Sprintf(`{"kind":"performed","event":"A","where":[{"field":"context.campaign.source","op":"exists","value":false}],"atLeast":%d,"atMost":4,"withinDays":%d}`, least, days), "2026-11-08", people, want)
	})
}
