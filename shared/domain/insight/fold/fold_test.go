package fold

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

const funnelAB = `{"kind":"funnel","from":"2026-11-01","to":"2026-11-30","steps":[{"event":"A"},{"event":"B"},{"event":"C"}]`

func TestFunnelBorders(t *testing.T) {
	noon, week := on("2026-11-10 12:00"), 7*24*time.Hour
	for name, c := range map[string]struct {
		more string
		acts []act
		want string
	}{
		"nobody begins":              {"", []act{did(noon, "B"), did(noon.Add(1e9), "C")}, "[]"},
		"the last moment":            {"", []act{did(noon, "A"), did(noon.Add(week), "B")}, "[1 1 0]"},
		"a moment later":             {"", []act{did(noon, "A"), did(noon.Add(week+time.Millisecond), "B")}, "[1 0 0]"},
		"from the first step":        {`,"window":"1h"`, []act{did(noon, "A"), did(noon.Add(time.Hour), "B"), did(noon.Add(time.Hour+time.Millisecond), "C")}, "[1 1 0]"},
		"the other way":              {"", []act{did(noon, "B"), did(noon.Add(1e9), "A"), did(noon.Add(2e9), "C")}, "[1 0 0]"},
		"at once, in order":          {"", []act{did(noon, "A"), did(noon, "B")}, "[1 1 0]"},
		"at once, the other way":     {"", []act{did(noon, "B"), did(noon, "A")}, "[1 0 0]"},
		"a later entry goes further": {`,"window":"1h"`, []act{did(noon, "A"), did(noon.Add(2*time.Hour), "A"), did(noon.Add(3*time.Hour), "B")}, "[1 1 0]"},
		"every entry":                {`,"window":"1h","every":true`, []act{did(noon, "A"), did(noon.Add(2*time.Hour), "A"), did(noon.Add(3*time.Hour), "B")}, "[2 1 0]"},
		"entered the day before":     {"", []act{did(on("2026-10-31 23:59:59"), "A"), did(on("2026-11-01 00:00"), "B")}, "[]"},
		"went on the day after":      {"", []act{did(on("2026-11-30 23:59:59"), "A"), did(on("2026-12-01 00:00"), "B")}, "[1 1 0]"},
	} {
		got := "[]"
		if r := answer(t, funnelAB+c.more+"}", "2026-12-31", map[string][]act{"p": c.acts}).(*Reached); len(r.Rows) > 0 {
			got = fmt.Sprint(r.Rows[0].Steps)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	// One event is one step, whatever steps it could be.
	same := answer(t, `{"kind":"funnel","from":"2026-11-01","to":"2026-11-30","steps":[{"event":"A"},{"event":"A"}]}`, "2026-12-31", map[string][]act{"once": {did(noon, "A")}, "twice": {did(noon, "A"), did(noon, "A")}}).(*Reached)
	if fmt.Sprint(same.Rows[0].Steps) != "[2 1]" {
		t.Errorf("A and A again is %v", same.Rows[0].Steps)
	}
}

func TestFunnelTells(t *testing.T) {
	noon := on("2026-11-10 12:00")
	people := map[string][]act{}
	// The first entry that goes furthest is the one whose split and times count.
	for i, seconds := range []int{10, 20, 30, 31} {
		b := noon.Add(time.Minute + time.Duration(seconds)*time.Second)
		people[fmt.Sprint(i)] = []act{did(noon.Add(-100*24*time.Hour), "A", "source", "old"), did(noon, "A", "source", "app"), did(noon.Add(time.Minute), "A", "source", "site"), did(b, "B"), did(b.Add(time.Second), "B")}
	}
	r := answer(t, funnelAB+`,"split":"source"}`, "2026-12-31", people).(*Reached)
	if len(r.Rows) != 1 || r.Rows[0].Split != "app" {
		t.Fatalf("rows are %+v", r.Rows)
	}
	if median, is := r.Rows[0].Median(1); !is || median != 80*time.Second {
		t.Errorf("the median is %v %t", median, is)
	}
	if median, is := r.Rows[0].Median(2); is {
		t.Errorf("nobody came to C, and the median is %v", median)
	}
	f := compiled(t, funnelAB+`}`, "2026-12-31").(*funnelFold)
	all, stretches := blocks(f, people, 4)
	for _, b := range all {
		f.Prepare(b)
	}
	if steps := f.Reach(stretches["0"]); steps != 2 || f.Reach(nil) != 0 {
		t.Errorf("0 came to %d steps", steps)
	}
	if rows := f.Partial().(*Reached).Rows; rows != nil {
		t.Errorf("asking counted %v", rows)
	}
	if want := (Reads{dayOf("2026-11-01"), dayOf("2026-12-08"), false}); f.Reads() != want {
		t.Errorf("it reads %v, want %v", f.Reads(), want)
	}
}

func TestConditions(t *testing.T) {
	noon := on("2026-11-10 12:00")
	event := did(noon, "A", "properties.total", 12.5, "properties.text", "tea-1", "properties.digits", "12", "properties.is", true, "properties.products[].id", []any{"x", "y"}, "properties.none", nil, "source", "site", "properties.at", "2026-11-09T16:00:00Z", "properties.on", "2026-11-10")
	event.values["properties.empty[]"] = []any{}
	for text, want := range map[string]bool{
		`"properties.total","op":"eq","value":12.50`: true, `"properties.total","op":"eq","value":"12.5"`: false, `"properties.total","op":"gt","value":12.5`: false, `"properties.total","op":"gte","value":12.5`: true,
		`"properties.total","op":"lt","value":12.5`: false, `"properties.total","op":"lt","value":12.6`: true, `"properties.total","op":"lte","value":12.5`: true, `"properties.total","op":"lte","value":12.4`: false,
		`"properties.total","op":"gt","value":12.4`: true, `"properties.digits","op":"gt","value":1`: false, `"properties.digits","op":"eq","value":12`: false, `"properties.total","op":"in","value":[1,12.5]`: true,
		`"properties.text","op":"contains","value":"tea"`: true, `"properties.text","op":"contains","value":"Tea"`: false, `"properties.text","op":"ne","value":"tea-1"`: false, `"properties.text","op":"ne","value":"x"`: true,
		`"properties.gone","op":"ne","value":"x"`: true, `"properties.gone","op":"eq","value":"x"`: false, `"properties.gone","op":"exists","value":false`: true, `"properties.gone","op":"exists","value":true`: false,
		`"properties.none","op":"exists","value":true`: false, `"properties.is","op":"eq","value":true`: true, `"properties.is","op":"eq","value":false`: false, `"properties.is","op":"eq","value":"true"`: false,
		`"properties.products[].id","op":"eq","value":"y"`: true, `"properties.products[].id","op":"ne","value":"y"`: false, `"properties.products[].id","op":"in","value":["z","x"]`: true, `"properties.products[].id","op":"eq","value":"z"`: false,
		`"properties.at","op":"before","value":"2026-11-10"`: false, `"properties.at","op":"after","value":"2026-11-10"`: true, `"properties.at","op":"before","value":"2026-11-10T00:00:00.001+08:00"`: true, `"properties.on","op":"before","value":"2026-11-09T16:00:00.001Z"`: true,
		`"properties.on","op":"after","value":"2026-11-09T16:00:00Z"`: true, `"properties.text","op":"after","value":"2026-11-09"`: false, `"properties.total","op":"before","value":"2026-11-09"`: false, `"properties.gone","op":"before","value":"2026-11-09"`: false,
		`"properties.total","op":"between","value":[12.5,13]`: true, `"properties.total","op":"between","value":[12,12.4]`: false, `"properties.text","op":"between","value":[0,99]`: false,
		`"properties.total","op":"notIn","value":[1,"12.5"]`: true, `"properties.total","op":"notIn","value":[12.5]`: false, `"properties.gone","op":"notIn","value":[1]`: true, `"properties.products[].id","op":"notIn","value":["z","y"]`: false,
		`"properties.products[].id","op":"hasAll","value":["y","x"]`: true, `"properties.products[].id","op":"hasAll","value":["y","z"]`: false, `"properties.gone","op":"hasAll","value":["y"]`: false, `"name","op":"hasAll","value":["A"]`: true,
		`"properties.text","op":"matches","value":"^tea-\\d$"`: true, `"properties.text","op":"matches","value":"^ea"`: false, `"properties.total","op":"matches","value":"1"`: false,
		`"properties.empty[]","op":"exists","value":false`: true, `"source","op":"eq","value":"site"`: true, `"name","op":"eq","value":"A"`: true, `"name","op":"contains","value":"B"`: false,
	} {
		p := answer(t, `{"kind":"performed","event":"*","where":[{"field":`+text+`}],"withinDays":0}`, "2026-11-10", map[string][]act{"p": {event}}).(*Performers)
		if got := p.People == 1; got != want {
			t.Errorf("%s is met: %t", text, got)
		}
	}
}

// TestNumbersAreTheSameHoweverTheyAreHeld: a block may hold a number as it was written, another one as an integer.
func TestNumbersAreTheSameHoweverTheyAreHeld(t *testing.T) {
	whole := Values{Whole: []int64{1250, -300, 0}, Power: 100}
	for i, written := range []string{"12.50", "-3.0", "0"} {
		if got, want := whole.at(i), ValueOf([]byte(written)); got != want {
			t.Errorf("%s is %+v, as an integer %+v", written, want, got)
		}
	}
	for text, want := range map[string]string{"12.50": "12.5", "1e2": "100", "9007199254740993": "9007199254740993", "1e300": "1e300", "-0.5": "-0.5"} {
		if got := ValueOf([]byte(text)); got.Kind != Number || got.Text != want {
			t.Errorf("%s is %+v", text, got)
		}
	}
	a, b, same1 := ValueOf([]byte("9007199254740993")), ValueOf([]byte("9007199254740992")), ValueOf([]byte("9007199254740993"))
	if same(a, b) || !same(a, same1) || !same(ValueOf([]byte("2.50")), ValueOf([]byte("2.5"))) {
		t.Error("two ids are one number, or one number is two")
	}
	for _, none := range []string{"", "null", "x", "{}", "-", "1x"} {
		if got := ValueOf([]byte(none)); got != (Value{}) {
			t.Errorf("%s is %+v", none, got)
		}
	}
}

func TestStatesAndMean(t *testing.T) {
	c := &Cohorts{By: Month, AsOf: dayOf("2026-11-30"), Rows: []CohortRow{{dayOf("2026-08-01"), 10, []int64{5, 1, 0}}, {dayOf("2026-09-01"), 30, []int64{5, 2, 0}}, {dayOf("2026-10-01"), 60, []int64{9, 0, 0}}}}
	states := func() (all []string) {
		for i := range c.Rows {
			text := c.Label(&c.Rows[i])
			for n := range 4 {
				text += " " + string(c.State(&c.Rows[i], n))
			}
			all = append(all, text)
		}
		return all
	}
	if want := []string{"2026-08 over over over over", "2026-09 over over over ahead", "2026-10 over over ahead ahead"}; !slices.Equal(states(), want) {
		t.Errorf("states are %v", states())
	}
	if mean, is := c.Mean(1); !is || mean != 0.19 {
		t.Errorf("the mean is %v %t", mean, is)
	}
	// A day before the month's end its figures are not final.
	c.AsOf--
	if want := []string{"2026-08 over over over going", "2026-09 over over going ahead", "2026-10 over going ahead ahead"}; !slices.Equal(states(), want) {
		t.Errorf("states are %v", states())
	}
	if mean, is := c.Mean(1); !is || mean != 0.25 {
		t.Errorf("the mean is %v %t", mean, is)
	}
	if mean, is := c.Mean(3); is {
		t.Errorf("no period is over, and the mean is %v", mean)
	}
}

func TestDefinitionsAreChecked(t *testing.T) {
	const days = `"from":"2026-11-01","to":"2026-11-30"`
	const field, op = "field is not name, source, trust or a path such as properties.total or context.page.path", "op is not eq, ne, gt, gte, lt, lte, between, in, notIn, hasAll, contains, matches, before, after or exists"
	const list, one = "value is not a list of 1 to 1000 texts, numbers or truth values", "value is not a text, a number or a truth value"
	for text, want := range map[string]string{
		`{`:              "is not valid JSON",
		`[]`:             "kind is not count, sessions, trade, funnel, retention or performed",
		`{"kind":"sum"}`: "kind is not count, sessions, trade, funnel, retention or performed",
		`{"kind":"count","from":"2026-11-31","to":"x","by":"year"}`:                                                                        "from is not a date such as 2026-11-21; to is not a date such as 2026-11-21; by is not day, week or month",
		`{"kind":"count","from":"2026-11-02","to":"2026-11-01","by":"day","split":"price"}`:                                                "to is before from; split is not name, source, trust or a path such as context.campaign.source",
		`{"kind":"count","from":"2025-01-01","to":"2026-11-01","by":"day"}`:                                                                "to is 430 days from from or more",
		`{"kind":"count",` + days + `,"by":"day","events":[{"event":" "},{"event":"A"},{"event":"B","as":"A"}]}`:                           "events[0].event is missing or has more than 512 bytes; events[2].as is what another event is called",
		`{"kind":"funnel",` + days + `,"steps":[{"event":"A"}],"window":"91d"}`:                                                            "steps are not 2 to 20; window is not whole seconds up to 90d",
		`{"kind":"funnel",` + days + `,"steps":[{"event":"A","where":[{"field":"total","op":"is","value":1}]},{"event":"B"}]}`:             "steps[0].where[0]." + field + "; steps[0].where[0]." + op,
		`{"kind":"funnel",` + days + `,"steps":[{"event":"A","where":[{"field":"properties.x","op":"gt","value":"1"}]},{"event":"B"}]}`:    "steps[0].where[0].value is not a number",
		`{"kind":"funnel",` + days + `,"steps":[{"event":"A","where":[{"field":"properties.x","op":"after","value":"1"}]},{"event":"B"}]}`: "steps[0].where[0].value is not a time such as 2026-11-21T08:00:00Z or a date such as 2026-11-21",
		`{"kind":"funnel",` + days + `,"steps":[{"event":"A"},{"event":"B","where":[{"field":"properties.x","op":"in","value":[]},{"field":"properties.x","op":"eq"},{"field":"properties.x","op":"eq","value":null}]}]}`: "steps[1].where[0]." +
			list + "; steps[1].where[1]." + one + "; steps[1].where[2]." + one,
		`{"kind":"sessions",` + days + `,"by":"day","gap":"25h","bounce":"2h","page":"x"}`: "page is not name, source, trust or a path such as context.page.path; gap is longer than 1d; bounce is longer than 1h; " +
			"bounce asks for leave, the event by which the length of a session of one page is known",
		`{"kind":"retention",` + days + `,"by":"day","first":{"event":"A"},"return":{},"periods":0}`: "return.event is missing or has more than 512 bytes; periods is not within 1 and 400",
		`{"kind":"performed","event":"","where":[{"field":"x","op":"exists","value":1}],"atLeast":3,"atMost":2,"withinDays":430}`: "event is missing or has more than 512 bytes; where[0]." + field +
			"; where[0].value is not true or false; withinDays is not within 0 and 429; atMost is below atLeast, or zero",
		`{"kind":"performed","event":"A","withinDays":3,"days":1}`: "days is not known here",
		`{"kind":"performed","event":"A","withinDays":3,"ever":true,"only":"next","sum":{"field":"total"},"then":{"event":"B","within":"0s"},"thenNot":{"event":"","within":"91d"}}`: "withinDays stands beside between, before, since or ever: one of them; " +
			"sum.field is not a path such as properties.total; sum has neither atLeast nor atMost; only is not first or last; thenNot stands beside then: one of the two; then.within is not a length of time up to 90d; " +
			"thenNot.event is missing or has more than 512 bytes; thenNot.within is not a length of time up to 90d",
		`{"kind":"performed","event":"A","before":"2026-11-31"}`:                                                             "before is not a date such as 2026-11-21",
		`{"kind":"performed","event":"A","between":["2026-11-02"]}`:                                                          "between is not a list of two values, from and to",
		`{"kind":"performed","event":"A","between":["2026-11-02","2026-11-01"]}`:                                             "to is before from",
		`{"kind":"performed","event":"A","ever":true,"sum":{"field":"properties.total","atLeast":1.0000001}}`:                `sum.atLeast is not a number of up to 6 decimals and up to 1000000000000, nor money such as {"money": "500.00"}`,
		`{"kind":"performed","event":"A","ever":true,"sum":{"field":"properties.total","atLeast":1,"atMost":{"money":"5"}}}`: "sum.atMost is money where atLeast is none, or the other way round",
		`{"kind":"performed","event":"A","where":[{"field":"properties.x","op":"between","value":[1]}]}`:                     "where[0].value is not a list of two numbers, from and to",
		`{"kind":"performed","event":"A","where":[{"field":"properties.x","op":"matches","value":"("}]}`:                     "where[0].value is not a regular expression of RE2, of up to 200 bytes and 500 steps",
	} {
		_, err := Compile([]byte(text), shop, dayOf("2026-11-30"))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s:\n%v, want\n%s", text, err, want)
		}
	}
}

func TestPartialsOfOtherQuestions(t *testing.T) {
	all := []Partial{&Counts{}, &Visits{}, &Sales{}, &Reached{}, &Cohorts{}, &Performers{}}
	for i, a := range all {
		for j, b := range all {
			if err := a.Merge(b); (i == j) != (err == nil) {
				t.Errorf("merging %s and %s: %v", a.kind(), b.kind(), err)
			}
		}
	}
	if err := (&Cohorts{By: Day, AsOf: 3}).Merge(&Cohorts{By: Day, AsOf: 4}); !errors.Is(err, ErrPartial) {
		t.Error(err)
	}
	if err := (&Reached{Rows: []ReachedRow{{Steps: []int64{1, 1}}}}).Merge(&Reached{Rows: []ReachedRow{{Steps: []int64{1}}}}); !errors.Is(err, ErrPartial) {
		t.Error(err)
	}
	for _, raw := range []string{``, `{}`, `{"version":2,"kind":"count","partial":{}}`, `{"version":1,"kind":"sum","partial":{}}`, `{"version":1,"kind":"count","partial":7}`} {
		if p, err := Decode([]byte(raw)); err == nil {
			t.Errorf("%s is %v", raw, p)
		}
	}
}

// TestTooMany: an answer of more values than can be shown says so, in whatever pieces it comes.
func TestTooMany(t *testing.T) {
	counts := func(from, to int) *Counts {
		var rows []CountRow
		for i := from; i < to; i++ {
			rows = append(rows, CountRow{Split: fmt.Sprintf("%06d", i), Events: 1, People: 1})
		}
		c := bounded(rows, false)
		return &c
	}
	half := counts(0, maxGroups/2)
	if err := half.Merge(counts(1, maxGroups)); err != nil || half.Over || len(half.Rows) != maxGroups {
		t.Errorf("%v, %d rows, over %t", err, len(half.Rows), half.Over)
	}
	if err := half.Merge(counts(maxGroups, maxGroups+1)); err != nil || !half.Over || half.Rows != nil {
		t.Errorf("%v, %d rows, over %t", err, len(half.Rows), half.Over)
	}
	if err := half.Merge(counts(0, 1)); err != nil || !half.Over || half.Rows != nil {
		t.Errorf("%v, %d rows, over %t", err, len(half.Rows), half.Over)
	}
}

// TestTheCalendar holds the table of days to the zone, around changes of clocks, at midnight too.
func TestTheCalendar(t *testing.T) {
	for _, name := range []string{"UTC", "Asia/Shanghai", "America/New_York", "America/Havana", "America/Sao_Paulo", "Asia/Beirut", "Africa/Cairo", "Pacific/Apia"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		s := profile.Shop{Zone: zone}
		for _, begin := range []string{"2011-12-25", "2018-10-28", "2018-02-10", "2026-03-01", "2026-10-20"} {
			from := dayOf(begin)
			c := newCalendar(s, from, from+40)
			for at := from.Time().UnixMilli() - 3*dayMilli; at < (from + 44).Time().UnixMilli(); at += 15 * 60 * 1000 {
				for _, moment := range []int64{at - 1, at} {
					if got, want := c.day(moment), s.Day(time.UnixMilli(moment)); got != want {
						t.Fatalf("%s in %s is %v, want %v", time.UnixMilli(moment).UTC(), name, got, want)
					}
				}
			}
		}
	}
}

// FuzzCompile: what is not a definition has faults, and never ends the program.
func FuzzCompile(f *testing.F) {
	f.Add(`{"kind":"funnel","from":"2026-11-01","to":"2026-11-30","steps":[{"event":"A","where":[{"field":"properties.x","op":"in","value":[1,"2",true]}]},{"event":"*"}],"window":"1d"}`)
	f.Add(`{"kind":"sessions","from":"2026-11-01","to":"2026-11-30","by":"week","gap":"1h","split":"name"}`)
	f.Add(`{"kind":"performed","event":"page","withinDays":3,"atMost":0}`)
	f.Add(`{"kind":"retention","from":"1970-01-01","to":"1970-01-02","first":{"event":"A"},"return":{"event":"B"},"by":"month","periods":400}`)
	people := map[string][]act{"p": {did(on("2026-11-10 12:00"), "A", "properties.x", 2), did(on("2026-11-10 12:01"), "page", "context.page.path", "/")}}
	f.Fuzz(func(t *testing.T, text string) {
		fold, err := Compile([]byte(text), shop, dayOf("2026-11-30"))
		if err != nil {
			return
		}
		raw, err := Encode(answerOf(t, fold, people, 1))
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(raw)
		if err != nil || string(must(Encode(again))) != string(raw) {
			t.Fatalf("%s comes back as %s, %v", raw, must(json.Marshal(again)), err)
		}
	})
}
