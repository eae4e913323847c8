package fold

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// cellsOf are the cells of an answer, with their numbers, as somebody finds them who reads its JSON.
func cellsOf(t testing.TB, p Partial) map[Cell]int64 {
	t.Helper()
	all := map[Cell]int64{}
	switch p := p.(type) {
	case *Counts:
		for _, r := range p.Rows {
			all[Cell{Figure: "events", Period: r.Period, Event: r.Event, Split: r.Split}] = r.Events
			all[Cell{Figure: "people", Period: r.Period, Event: r.Event, Split: r.Split}] = r.People
		}
	case *Visits:
		for _, r := range p.Rows {
			for figure, n := range map[string]int64{"people": r.People, "sessions": r.Sessions, "views": r.Views, "events": r.Events, "bounces": r.Bounces, "length": r.Length, "dwell": r.Dwell, "known": r.Known} {
				all[Cell{Figure: figure, Period: r.Period, All: r.All, Split: r.Split}] = n
			}
		}
		for _, r := range p.Pages {
			for figure, n := range map[string]int64{"pageViews": r.Views, "pageEntries": r.Entries, "pageExits": r.Exits, "pageBounces": r.Bounces, "pageDwell": r.Dwell, "pageKnown": r.Known} {
				all[Cell{Figure: figure, Page: r.Page, Screen: r.Screen}] = n
			}
		}
	case *Reached:
		for _, r := range p.Rows {
			for i, n := range r.Steps {
				all[Cell{Figure: "reached", Split: r.Split, Step: i + 1}] = n
				further := n // of the last step nobody is to go on
				if i+1 < len(r.Steps) {
					further = r.Steps[i+1]
				}
				all[Cell{Figure: "dropped", Split: r.Split, Step: i + 1}] = n - further
			}
		}
	case *Cohorts:
		for i := range p.Rows {
			r := &p.Rows[i]
			all[Cell{Figure: "size", Period: p.Label(r)}] = r.Size
			for n, back := range r.Back {
				all[Cell{Figure: "back", Period: p.Label(r), After: n + 1}] = back
			}
		}
	case *Sales:
		for _, r := range p.Rows {
			raw := map[string]any{}
			if err := json.Unmarshal(must(json.Marshal(r)), &raw); err != nil {
				t.Fatal(err)
			}
			for figure, n := range raw {
				if f, is := n.(float64); is {
					all[Cell{Figure: figure, Period: r.Period, Currency: r.Currency, Split: r.Split}] = int64(f)
				}
			}
		}
		for _, r := range p.Buyers {
			of := Cell{Period: r.Period, All: r.All, Split: r.Split}
			for figure, n := range map[string]int64{"people": r.People, "again": r.Again, "first": r.First} {
				of.Figure = figure
				all[of] = n
			}
			for i, days := range []int{30, 60, 90, 180} {
				of.Days = days
				of.Figure = "due"
				all[of] = r.Due[i]
				of.Figure = "second"
				all[of] = r.Second[i]
			}
		}
	case *Performers:
		all[Cell{Figure: "people"}] = p.People
	}
	return all
}

// TestThePeopleBehindANumberMakeIt asks of each person alone, by the same fold, what they count for in each cell of an answer, and adds that up; whoever was asked so is counted as before, and so they are by a fork.
func TestThePeopleBehindANumberMakeIt(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		people := crowd(rt)
		definition := rapid.SampledFrom([]string{
			`{"kind":"count","from":"2026-11-01","to":"2026-11-12","by":"day"}`,
			`{"kind":"count","from":"2026-11-01","to":"2026-11-12","by":"week","events":[{"event":"A"},{"event":"*","as":"any"}],"split":"source"}`,
			`{"kind":"sessions","from":"2026-11-01","to":"2026-11-12","by":"day","split":"source"}`,
			funnelAB + `,"split":"source"}`,
			funnelAB + `,"every":true}`,
			`{"kind":"retention","from":"2026-11-01","to":"2026-11-12","by":"day","first":{"event":"A"},"return":{"event":"*"},"periods":5}`,
			`{"kind":"trade","from":"2026-11-01","to":"2026-11-30","by":"week","split":"source"}`,
			`{"kind":"performed","event":"A","withinDays":20,"atLeast":2}`,
		}).Draw(rt, "definition")
		f := compiled(t, definition, "2026-11-20")
		for person := range people {
			slices.SortStableFunc(people[person], func(a, b act) int { return a.at.Compare(b.at) })
		}
		all, stretches := blocks(f, people, 5)
		for _, b := range all {
			f.Prepare(b)
		}
		other := f.Fork()
		names := slices.Sorted(maps.Keys(people))
		for _, person := range names {
			f.Add(stretches[person])
			other.Add(stretches[person])
		}
		whole := must(Encode(f.Partial()))
		if got := must(Encode(other.Partial())); string(got) != string(whole) {
			rt.Fatalf("a fork has %s, want %s", got, whole)
		}
		cells := cellsOf(t, f.Partial())
		for c, want := range cells {
			if n, known := f.Partial().Figure(c); n != want || !known {
				rt.Fatalf("%+v is %d, %v; the answer says %d", c, n, known, want)
			}
			sum := int64(0)
			for _, person := range names {
				sum += Alone(other, stretches[person], c)
			}
			if sum != want {
				rt.Fatalf("%+v is %d, and people make it %d", c, want, sum)
			}
		}
		for _, person := range names {
			other.Add(stretches[person])
		}
		if got := must(Encode(other.Partial())); string(got) != string(whole) {
			rt.Fatalf("who was asked alone is counted otherwise: %s, want %s", got, whole)
		}
	})
}

func TestCellsAreRead(t *testing.T) {
	for text, want := range map[string]string{
		`{"figure":"people","period":"2026-11-01"}`: "<nil>",
		`{"figure":"reached"}`:                      "figure is not a figure of such a cell: events or people",
		`{"figure":"people","perod":"2026-11-01"}`:  "perod is not known here",
		`{"figure":1}`:                              "figure is a JSON number",
		`[`:                                         "cell is not valid",
	} {
		if _, err := ParseCell([]byte(text), KindCount); len(fmt.Sprint(err)) < len(want) || fmt.Sprint(err)[:len(want)] != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	for kind, cells := range map[Kind][]string{
		KindSessions: {`{"figure":"bounces","all":true}`, `{"figure":"pageEntries","page":"/"}`, `{"figure":"pageViews","screen":true}`}, KindFunnel: {`{"figure":"dropped","step":2}`},
		KindRetention: {`{"figure":"size","period":"2026-11"}`, `{"figure":"back","after":3}`}, KindTrade: {`{"figure":"gmv","currency":"CNY"}`, `{"figure":"second","days":30}`}, KindPerformed: {`{"figure":"people"}`},
	} {
		for _, text := range cells {
			if _, err := ParseCell([]byte(text), kind); err != nil {
				t.Errorf("%s of %s: %v", text, kind, err)
			}
		}
	}
	for kind, text := range map[Kind]string{KindSessions: `{"figure":"entries"}`, KindFunnel: `{"figure":"dropped"}`, KindRetention: `{"figure":"back"}`, KindTrade: `{"figure":"second","days":31}`, KindPerformed: `{"figure":"events"}`} {
		if _, err := ParseCell([]byte(text), kind); err == nil {
			t.Errorf("%s is a cell of %s", text, kind)
		}
	}
}

// TestADefinitionIsWrittenInOneWay, which means the same.
func TestADefinitionIsWrittenInOneWay(t *testing.T) {
	a, kind, err := Canonical([]byte(`{"kind":"count", "to":"2026-11-12","from":"2026-11-01", "by":"day","events":[{"where":[{"op":"eq","field":"source","value": "app"}],"event":"A"}]}`))
	b, _, err2 := Canonical([]byte(`{"events":[{"event":"A","where":[{"field":"source","op":"eq","value":"app"}]}],"kind":"count","from":"2026-11-01","to":"2026-11-12","by":"day"}`))
	const want = `{"kind":"count","from":"2026-11-01","to":"2026-11-12","by":"day","events":[{"event":"A","where":[{"field":"source","op":"eq","value":"app"}]}]}`
	if err != nil || err2 != nil || kind != KindCount || string(a) != want || string(b) != want {
		t.Errorf("%s, %s, %s, %v, %v; want %s", a, b, kind, err, err2, want)
	}
	if _, _, err := Canonical([]byte(`{"kind":"count"}`)); err == nil {
		t.Error("one with faults is written")
	}
}
