package fold

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/userops/userops/shared/domain/span"
)

// deed is a drawn question of the kind performed, as a recount reads it.
type deed struct {
	from, to   string // days, both included; empty is none
	least      int
	most       int
	only       string
	then       string // "", then or thenNot
	window     time.Duration
	sum        bool
	sumAtLeast float64
	definition string
}

func drawDeed(r *rapid.T) deed {
	d := deed{most: math.MaxInt}
	asks := map[string]any{"kind": "performed", "event": "A"}
	switch rapid.SampledFrom([]string{"within", "between", "before", "since", "ever"}).Draw(r, "time") {
	case "within":
		n := rapid.IntRange(0, 12).Draw(r, "days")
		asks["withinDays"] = n
		d.from, d.to = on("2026-11-14 12:00").AddDate(0, 0, -n).Format(time.DateOnly), "2026-11-14"
	case "between":
		asks["between"] = []string{"2026-10-31", "2026-11-06"}
		d.from, d.to = "2026-10-31", "2026-11-06"
	case "before":
		asks["before"] = "2026-11-02"
		d.to = "2026-11-01"
	case "since":
		asks["since"] = "2026-11-02"
		d.from, d.to = "2026-11-02", "2026-11-14"
	default:
		asks["ever"] = true
		d.to = "2026-11-14"
	}
	if rapid.Bool().Draw(r, "least") {
		d.least = rapid.IntRange(1, 3).Draw(r, "atLeast")
		asks["atLeast"] = d.least
	}
	if rapid.Bool().Draw(r, "most") {
		d.most = d.least + rapid.IntRange(0, 2).Draw(r, "atMost")
		asks["atMost"] = d.most
	}
	if d.sum = rapid.Bool().Draw(r, "sums"); d.sum {
		d.sumAtLeast = rapid.SampledFrom([]float64{0, 1, 2.5, 3.5, 6}).Draw(r, "sum")
		asks["sum"] = map[string]any{"field": "properties.price", "atLeast": d.sumAtLeast}
	} else if d.least == 0 && d.most == math.MaxInt {
		d.least = 1
	}
	if d.only = rapid.SampledFrom([]string{"", "", OnlyFirst, OnlyLast}).Draw(r, "only"); d.only != "" {
		asks["only"] = d.only
	}
	if d.then = rapid.SampledFrom([]string{"", "then", "thenNot"}).Draw(r, "then"); d.then != "" {
		d.window = rapid.SampledFrom([]time.Duration{time.Millisecond, 30 * time.Minute, 48 * time.Hour, 30 * 24 * time.Hour}).Draw(r, "window")
		asks[d.then] = map[string]any{"event": rapid.SampledFrom([]string{"A", "B"}).Draw(r, "next"), "within": span.Span(d.window).String(), "where": []any{map[string]any{"field": "context.page.path", "op": "ne", "value": "/p"}}}
	}
	asks["where"] = []any{map[string]any{"field": "context.campaign.source", "op": "notIn", "value": []string{"dy"}}}
	d.definition = string(must(json.Marshal(asks)))
	return d
}

// meets recounts one person, forwards and by search.
func (d deed) meets(acts []act) bool {
	var asked map[string]json.RawMessage
	must(0, json.Unmarshal([]byte(d.definition), &asked))
	var next struct{ Event string }
	if d.then != "" {
		must(0, json.Unmarshal(asked[d.then], &next))
	}
	counts := func(i int) bool {
		a := acts[i]
		day := a.at.In(shanghai).Format(time.DateOnly)
		if a.values["context.campaign.source"] == "dy" || day > d.to || d.from != "" && day < d.from {
			return false
		}
		if d.then == "" {
			return true
		}
		followed := false
		for _, b := range acts[i+1:] {
			followed = followed || b.name == next.Event && b.values["context.page.path"] != "/p" && b.at.Sub(a.at) <= d.window
		}
		if d.then == "then" {
			return followed
		}
		return !followed && !a.at.Add(d.window).After(on("2026-11-15 00:00"))
	}
	var candidates []int
	for i, a := range acts {
		if a.name == "A" {
			candidates = append(candidates, i)
		}
	}
	switch {
	case len(candidates) == 0:
	case d.only == OnlyFirst:
		candidates = candidates[:1]
	case d.only == OnlyLast:
		candidates = candidates[len(candidates)-1:]
	}
	n, total := 0, 0.0
	for _, i := range candidates {
		if counts(i) {
			n++
			switch v := acts[i].values["properties.price"].(type) {
			case int:
				total += float64(v)
			case float64:
				total += v
			}
		}
	}
	return n >= d.least && n <= d.most && (!d.sum || total >= d.sumAtLeast)
}

func TestEveryFormOfPerformedIsRecounted(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		people, d := crowd(r), drawDeed(r)
		want := Performers{}
		for who, acts := range people {
			for len(acts) > 0 && !acts[len(acts)-1].at.Before(on("2026-11-15 00:00")) { // what is not known yet is in no file
				acts = acts[:len(acts)-1]
			}
			if people[who] = acts; d.meets(acts) {
				want.People++
			}
		}
		holds(r, t, d.definition, "2026-11-14", people, want)
	})
}

// TestSumsAreExact: a tenth and two tenths are three tenths, money is rounded as orders are, and other currencies do not count.
func TestSumsAreExact(t *testing.T) {
	at := on("2026-11-10 12:00")
	for text, want := range map[string]bool{
		`"field":"properties.x","atMost":0.3`: true, `"field":"properties.x","atLeast":0.3`: true, `"field":"properties.x","atLeast":0.300001`: false, `"field":"properties.none","atMost":0`: true, `"field":"properties.none","atLeast":0.000001`: false,
		`"field":"properties.paid","atLeast":{"money":"30.10"},"atMost":{"money":"30.10","currency":"CNY"}`: true, `"field":"properties.paid","atLeast":{"money":"30.11"}`: false, `"field":"properties.paid","atLeast":{"money":"1","currency":"USD"}`: false,
		`"field":"properties.back","atMost":-5`: true, `"field":"properties.back","atMost":-5.000001`: false, `"field":"properties.huge","atLeast":1000000000000`: true,
	} {
		acts := []act{
			did(at, "A", "properties.x", 0.1, "properties.paid", 10.005, "properties.back", -7, "properties.huge", 1e300), did(at.Add(1e9), "A", "properties.x", 0.2, "properties.paid", "20.09", "properties.currency", "CNY", "properties.back", 2, "properties.huge", 1e300),
			did(at.Add(2e9), "A", "properties.x", "7", "properties.paid", 500, "properties.currency", "USD"),
		}
		p := answer(t, `{"kind":"performed","event":"A","ever":true,"sum":{`+text+`}}`, "2026-11-10", map[string][]act{"p": acts}).(*Performers)
		if got := p.People == 1; got != want {
			t.Errorf("%s is met: %t", text, got)
		}
	}
}

// TestWhatFollowsHasItsTime asks both sides of each border of a sequence, as of the end of 2026-11-12 in Shanghai.
func TestWhatFollowsHasItsTime(t *testing.T) {
	at, end := on("2026-11-10 12:00"), on("2026-11-13 00:00")
	for name, c := range map[string]struct {
		acts          []act
		then, thenNot bool
	}{
		"in the last moment":       {[]act{did(at, "A"), did(at.Add(2*time.Hour), "B")}, true, false},
		"a moment later":           {[]act{did(at, "A"), did(at.Add(2*time.Hour+time.Millisecond), "B")}, false, true},
		"before":                   {[]act{did(at, "B"), did(at.Add(time.Hour), "A")}, false, true},
		"never":                    {[]act{did(at, "A")}, false, true},
		"its time has just ended":  {[]act{did(end.Add(-2*time.Hour), "A")}, false, true},
		"its time is not over":     {[]act{did(end.Add(-2*time.Hour+time.Millisecond), "A")}, false, false},
		"a nearer one follows too": {[]act{did(at, "A"), did(at.Add(time.Hour), "B"), did(at.Add(9*time.Hour), "B")}, true, false},
		"one of two is followed":   {[]act{did(at, "A"), did(at.Add(3*time.Hour), "A"), did(at.Add(4*time.Hour), "B")}, true, true},
	} {
		for form, want := range map[string]bool{"then": c.then, "thenNot": c.thenNot} {
			p := answer(t, `{"kind":"performed","event":"A","ever":true,"`+form+`":{"event":"B","within":"2h"}}`, "2026-11-12", map[string][]act{"p": c.acts}).(*Performers)
			if got := p.People == 1; got != want {
				t.Errorf("%s, %s is met: %t", name, form, got)
			}
		}
	}
}
