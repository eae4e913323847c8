package profile_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/shared/domain/audience/prediction"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/slug"
	"github.com/userops/userops/shared/dynamo/runs"
)

// scored puts a finished run there, with what it has learned.
func scored(b *membertest.Bench, id string, learned *prediction.Learned) {
	b.Helper()
	store := runs.Runs{DB: b.DB, Table: "Runs"}
	run := score.Run{ID: id, AsOf: score.Date(profile.DayOf(b.Now())), CreatedAt: b.Now(), Zone: "Asia/Shanghai", Currency: "CNY", Shards: 1}
	if _, err := store.Create(b.Context(), run); err != nil {
		b.Fatal(err)
	}
	if err := store.SaveFindings(b.Context(), id, score.Findings{Model: score.Model{Predictions: learned}}); err != nil {
		b.Fatal(err)
	}
	if err := store.SaveOutcome(b.Context(), id, score.Outcome{FinishedAt: b.Now()}); err != nil {
		b.Fatal(err)
	}
	b.Pass(10 * time.Minute) // what was asked before is asked again
}

// ordered has somebody order at noon on days before now, for so many minor units each.
func ordered(b *membertest.Bench, userID string, net int64, daysAgo ...int) {
	b.Save(userID, func(p *profile.Profile) {
		p.FirstSeen = membertest.Noon.AddDate(-2, 0, 0)
		for _, ago := range daysAgo {
			p.Orders.Replace(nil, &profile.OrderEntry{At: membertest.Noon.AddDate(0, 0, -ago), Net: net, Currency: "CNY"})
		}
		p.Scores = profile.Scores{Run: "r1", R: 5, F: 4, M: 3, Class8: "c8", Segment11: "s11", Class15: "c15", Lifecycle: "active", Alive: prediction.Alive, ValueDecile: 9}
	})
}

// TestPredictions shows the figures that the papers publish of a customer with two repeats, as of today.
func TestPredictions(t *testing.T) {
	b := membertest.Start(t)
	ordered(b, "ann", 2235, 272, 150, 59) // 38.86 weeks since the first order, the last one 30.43 weeks after it
	ordered(b, "one", 5000, 20)
	b.Save("none", nil)
	ask := func(userID string) (found map[string]any) {
		t.Helper()
		body := b.Want(b.Call("GET", "/v1/profiles/"+userID, ""), 200)
		found, _ = body["predictions"].(map[string]any)
		return found
	}
	if found := ask("ann"); found != nil {
		t.Errorf("before a run: %v", found)
	}
	scored(b, "r0", &prediction.Learned{Evidence: prediction.Evidence{Buyers: 12, Days: 20}, Lacks: []prediction.Lack{prediction.LacksBuyers, prediction.LacksDays}})
	if got := fmt.Sprint(ask("ann")["why"]); got != "[There are no predictions yet: the shop has 12 buyers, and it takes 500. There are no predictions yet: the first order was 20 days ago, and it takes 180 days.]" {
		t.Error(got)
	}
	scored(b, "r1", &prediction.Learned{Sample: 2357, Model: prediction.Model{Purchases: prediction.Purchases{R: 0.243, Alpha: 4.414, A: 0.793, B: 2.426}, Spending: prediction.Spending{P: 6.25, Q: 3.74, V: 1544}}})
	text, err := json.Marshal(ask("ann"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"run":"r1"`, `"asOf":"2026-11-21"`, `"band":"alive"`, `"valueDecile":9`, `"alive":0.726`, `"days":30,"orders":0.1`, `"days":90`, `"days":365,"orders":1.5`, `"currency":"CNY"`,
		`Has ordered on 3 days since the first order 272 days ago, the last time 59 days ago: 107 days apart on the whole.`,
		`A day with an order came to 22.35 CNY after the first one; for all buyers it comes to 35.22 CNY, so 24.66 CNY is expected.`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	one := ask("one")
	if why := fmt.Sprint(one["why"]); one["alive"] != nil || !strings.Contains(why, "Has ordered on one day, 20 days ago.") || !strings.Contains(why, "up to 30 still buying, up to 90 at risk") {
		t.Errorf("one order: %v", one)
	}
	if found := ask("none"); found != nil {
		t.Errorf("who has not bought: %v", found)
	}
	b.Save("cat", func(p *profile.Profile) {
		p.Orders.Replace(nil, &profile.OrderEntry{At: membertest.Noon, Net: 1, Currency: "CNY"})
		p.Consent = map[string]profile.Consent{"profiling": {At: b.Now(), ReceivedAt: b.Now()}}
	})
	if found := ask("cat"); found != nil {
		t.Errorf("who refuses profiling: %v", found)
	}
}

// TestPredictionsWithoutFigures: of a model that has none for somebody the answer says so, and is one.
func TestPredictionsWithoutFigures(t *testing.T) {
	b := membertest.Start(t)
	ordered(b, "ann", 2235, 272, 150, 59)
	far := math.Exp(14)
	for name, p := range map[string]prediction.Purchases{"no numbers": {R: 1, Alpha: 1, A: far, B: 1}, "numbers": {R: 0.243, Alpha: 4.414, A: 0.793, B: 2.426}} {
		scored(b, "r-"+slug.Of(name), &prediction.Learned{Sample: 12, Model: prediction.Model{Purchases: p, Spending: prediction.Spending{P: 6.25, Q: 3.74, V: 1544}}})
		found, _ := b.Want(b.Call("GET", "/v1/profiles/ann", ""), 200)["predictions"].(map[string]any)
		if lacks := fmt.Sprint(found["lacks"]); (lacks == "[fit]") != (name == "no numbers") || (found["expected"] == nil) != (name == "no numbers") || fmt.Sprint(found["why"]) == "[]" {
			t.Errorf("%s: %v", name, found)
		}
	}
}

// TestTheNewestRunCounts: neither one that only reports, nor one that is not finished.
func TestTheNewestRunCounts(t *testing.T) {
	b := membertest.Start(t)
	newest := &runs.Newest{Runs: runs.Runs{DB: b.DB, Table: "Runs"}, Now: b.Now}
	want := func(id string) {
		t.Helper()
		run, err := newest.Run(b.Context())
		if err != nil || (run == nil) != (id == "") || run != nil && run.ID != id {
			t.Errorf("%+v, %v, want %q", run, err, id)
		}
	}
	want("")
	scored(b, "r1", &prediction.Learned{})
	want("r1")
	for id, reportOnly := range map[string]bool{"r2": true, "r3": false} {
		if _, err := newest.Runs.Create(b.Context(), score.Run{ID: id, ReportOnly: reportOnly, CreatedAt: b.Now(), Shards: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := newest.Runs.SaveFindings(b.Context(), "r2", score.Findings{}); err != nil {
		t.Fatal(err)
	}
	if err := newest.Runs.SaveOutcome(b.Context(), "r2", score.Outcome{}); err != nil {
		t.Fatal(err)
	}
	b.Pass(10 * time.Minute)
	want("r1")
	scored(b, "r4", &prediction.Learned{})
	want("r4")
}
