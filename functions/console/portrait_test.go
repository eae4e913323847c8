package console

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/dynamo/runs"
)

// counts is a finished run of six people whose closing and one shard have counted the segments tea and vip: who changed was taken off by the shard.
func (b *bench) counts(id string, at time.Time, segments map[string]int) score.Run {
	b.Helper()
	run := score.Run{ID: id, AsOf: score.Date(b.process.Shop.Day(at)), CreatedAt: at, Currency: "CNY", Shards: 1}
	_, err := b.process.Runs.Create(b.Context(), run)
	b.Must(err)
	b.Must(b.process.Runs.SaveFindings(b.Context(), id, score.Findings{Profiles: 6, Unreadable: 2, Refused: 1, Model: score.Model{Buyers: 3}, Counts: score.Counts{"class8": {"111": 2}}}))
	b.Must(b.process.Runs.SaveOutcome(b.Context(), id, score.Outcome{Segments: segments, FinishedAt: at}))
	b.Must(b.process.Runs.SaveResult(b.Context(), run, 1, runs.RunResult{
		Segments: map[string]int{"tea": 3, "vip": 1}, Worths: map[string]score.Worth{"tea": {Buyers: 2, Orders: 3, Net: 900, Repeaters: 1}},
		Classes: score.Worths{"class8": {"111": {Buyers: 2, Orders: 4, Net: 800, Repeaters: 2, Cycle: 9}}, "all": {"all": {Buyers: 3, Orders: 6, Net: 1800, Repeaters: 2, Cycle: 8}}},
		Likenesses: &score.Likenesses{Segments: map[string]*score.Likeness{
			"tea": {Cycles: map[int]int{5: 1, 9: 2}, Categories: map[string]int{"green": 6, "black": 5, "rare": 4}, Sources: map[string]int{"ads": 7}, With: map[string]int{"vip": 2}}}},
		Quality: score.Quality{"noName": 3, "anonymous": 1}, TagUse: &score.TagUse{Tags: 4, Asked: 3, Idle: []score.Valued{{Value: "tea", Count: 5}}},
		Cohorts: &score.Cohorts{Months: map[string][]int{"2026-10": {4, 2}, "2026-11": {2}}, Days: map[string][]int{"2026-11-20": {2, 1}}},
	}))
	b.Must(b.process.Runs.SaveResult(b.Context(), run, 0, runs.RunResult{
		Segments: map[string]int{"vip": 1}, Worths: map[string]score.Worth{"vip": {Buyers: 1, Orders: 2, Net: 600, Repeaters: 1}},
		Likenesses: &score.Likenesses{Segments: map[string]*score.Likeness{"tea": {Cycles: map[int]int{9: -1, 5: 1}, Categories: map[string]int{"black": 2}, With: map[string]int{"vip": -1}}}},
	}))
	return run
}

// TestPortraits of a segment, of a class, and of what no run has gone by.
func TestPortraits(t *testing.T) {
	b := newBench(t)
	for _, id := range []string{"tea", "vip", "late"} {
		b.Define("segment", id, `{"id":"`+id+`","rule":{"field":"orders.count","op":"gte","value":0}}`)
	}
	if got := b.must(409, "GET", "/v1/segments/tea/portrait", ""); !strings.Contains(got, "no run has finished yet") {
		t.Error(got)
	}
	b.counts("r", start.Add(time.Hour), map[string]int{"tea": 3, "vip": 2})
	var got segmentPortrait
	b.Must(json.Unmarshal([]byte(b.must(200, "GET", "/v1/segments/tea/portrait", "")), &got))
	if w := got.worth; got.RunID != "r" || w.Class != "tea" || w.People != 3 || w.Share != 0.5 || w.Buyers != 2 || w.Orders != 3 || w.Net.Minor != 900 || w.NetShare != 0.5 || w.PerBuyer.Minor != 450 || w.PerOrder.Minor != 300 || w.Repurchase != 0.5 || w.CycleDays != 5 ||
		got.All.People != 6 || got.All.Net.Minor != 1800 || got.All.CycleDays != 8 || fmt.Sprint(got.Categories) != "[{black 7} {green 6}]" || fmt.Sprint(got.Sources) != "[{ads 7}]" {
		t.Errorf("%+v", got)
	}
	got = segmentPortrait{}
	b.Must(json.Unmarshal([]byte(b.must(200, "GET", "/v1/segments/class8:111/portrait", "")), &got))
	if w := got.worth; w.People != 2 || w.Net.Minor != 800 || w.PerOrder.Minor != 200 || w.CycleDays != 9 || got.Categories != nil {
		t.Errorf("%+v", got)
	}
	b.must(404, "GET", "/v1/segments/none/portrait", "")
	if got := b.must(409, "GET", "/v1/segments/late/portrait", ""); !strings.Contains(got, "no run has gone by the segment late since it was changed") {
		t.Error(got)
	}
}

// TestOverlaps are those of the last run, whichever of the two is asked first.
func TestOverlaps(t *testing.T) {
	b := newBench(t)
	for _, id := range []string{"tea", "vip"} {
		b.Define("segment", id, `{"id":"`+id+`","rule":{"field":"orders.count","op":"gte","value":0}}`)
	}
	b.counts("r", start.Add(time.Hour), map[string]int{"tea": 3, "vip": 2})
	for path, want := range map[string]string{
		"tea/overlap/vip": `"a":{"segmentId":"tea","people":3},"b":{"segmentId":"vip","people":2},"both":1,"either":4,"shareOfA":0.3333,"shareOfB":0.5}`,
		"vip/overlap/tea": `"a":{"segmentId":"vip","people":2},"b":{"segmentId":"tea","people":3},"both":1,"either":4,"shareOfA":0.5,"shareOfB":0.3333}`,
		"vip/overlap/vip": `"both":2,"either":2,"shareOfA":1,"shareOfB":1}`,
	} {
		if got := b.must(200, "GET", "/v1/segments/"+path, ""); !strings.Contains(got, want) || !strings.HasPrefix(got, `{"runId":"r","asOf":"2026-11-21",`) {
			t.Errorf("%s: %s", path, got)
		}
	}
	b.must(404, "GET", "/v1/segments/tea/overlap/none", "")
	if got := errorsOf(t, b.must(422, "GET", "/v1/segments/tea/overlap/class8:111", "")); !strings.HasPrefix(got, "id is a class") {
		t.Error(got)
	}
	run := score.Run{ID: "r2", CreatedAt: start.Add(2 * time.Hour), Shards: 1}
	_, err := b.process.Runs.Create(b.Context(), run)
	b.Must(err)
	b.Must(b.process.Runs.SaveFindings(b.Context(), "r2", score.Findings{Profiles: 6}))
	b.Must(b.process.Runs.SaveOutcome(b.Context(), "r2", score.Outcome{}))
	b.Must(b.process.Runs.SaveResult(b.Context(), run, 1, runs.RunResult{Segments: map[string]int{"tea": 3, "vip": 1}}))
	if got := b.must(404, "GET", "/v1/segments/tea/overlap/vip", ""); !strings.Contains(got, "the version before") {
		t.Error(got)
	}
}

// TestHistories tell each finished run, the newest first, with the change since the one before.
func TestHistories(t *testing.T) {
	b := newBench(t)
	b.Define("segment", "tea", `{"id":"tea","rule":{"field":"orders.count","op":"gte","value":0}}`)
	for n, size := range []int{5, 9, 7} {
		b.counts(fmt.Sprint("r", n), start.Add(time.Duration(n)*24*time.Hour), map[string]int{"tea": size})
	}
	_, err := b.process.Runs.Create(b.Context(), score.Run{ID: "open", CreatedAt: start.Add(96 * time.Hour), Shards: 1})
	b.Must(err)
	want := `{"items":[{"runId":"r2","asOf":"2026-11-23","at":"2026-11-23T08:00:00Z","people":7,"share":1.1667,"profiles":6,"change":-2},{"runId":"r1","asOf":"2026-11-22","at":"2026-11-22T08:00:00Z","people":9,"share":1.5,"profiles":6,"change":4},{"runId":"r0","asOf":"2026-11-21","at":"2026-11-21T08:00:00Z","people":5,"share":0.8333,"profiles":6}]}`
	if got := strings.TrimSpace(b.must(200, "GET", "/v1/segments/tea/history", "")); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if got := b.must(200, "GET", "/v1/segments/class8:111/history?limit=2", ""); strings.Count(got, `"people":2`) != 1 || !strings.Contains(got, `"next":`) {
		t.Error(got)
	}
	b.must(404, "GET", "/v1/segments/none/history", "")
}

// TestCohortsAndQuality are told of a run that is kept, and of no other.
func TestCohortsAndQuality(t *testing.T) {
	b := newBench(t)
	b.counts("r", start, map[string]int{"tea": 3})
	if got, want := strings.TrimSpace(b.must(200, "GET", "/v1/runs/r/cohorts", "")), `{"runId":"r","asOf":"2026-11-21","months":[{"first":"2026-10","people":4,"active":[4,2],"share":[1,0.5]},{"first":"2026-11","people":2,"active":[2],"share":[1]}],"days":[{"first":"2026-11-20","people":2,"active":[2,1],"share":[1,0.5]}]}`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	got := b.must(200, "GET", "/v1/runs/r/quality", "")
	if !strings.HasPrefix(got, `{"runId":"r","asOf":"2026-11-21","profiles":6,"lacking":[{"what":"anonymous","people":1,"share":0.1667},{"what":"noName","people":3,"share":0.5},{"what":"noEmail","people":0,"share":0},`) || !strings.Contains(got, `"unreadable":2,"approximate":0,"refused":1,"tags":{"tags":4,"asked":3,"idle":[{"value":"tea","count":5}],"share":0.75}}`) {
		t.Error(got)
	}
	run := score.Run{ID: "old", CreatedAt: start, Shards: 1}
	_, err := b.process.Runs.Create(b.Context(), run)
	b.Must(err)
	for _, path := range []string{"cohorts", "quality"} {
		b.must(409, "GET", "/v1/runs/old/"+path, "")
	}
	b.Must(b.process.Runs.SaveFindings(b.Context(), "old", score.Findings{}))
	for _, path := range []string{"cohorts", "quality"} {
		if got := b.must(404, "GET", "/v1/runs/old/"+path, ""); !strings.Contains(got, "kept for 30 days") {
			t.Error(got)
		}
	}
	past := score.Run{ID: "past", CreatedAt: start, Shards: 1, ReportOnly: true}
	_, err = b.process.Runs.Create(b.Context(), past)
	b.Must(err)
	b.Must(b.process.Runs.SaveFindings(b.Context(), "past", score.Findings{}))
	b.Must(b.process.Runs.SaveResult(b.Context(), past, 1, runs.RunResult{Cohorts: &score.Cohorts{}}))
	b.must(200, "GET", "/v1/runs/past/cohorts", "")
	if got := b.must(404, "GET", "/v1/runs/past/quality", ""); !strings.Contains(got, "a run for a past day") {
		t.Error(got)
	}
}
