package console

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/dynamo/runs"
)

// TestWhatClassesBring shows a run of five people, three of them buyers, whose segments were counted by two shards and the closing step.
func TestWhatClassesBring(t *testing.T) {
	b := newBench(t)
	store := b.process.Runs
	run := score.Run{ID: "r", AsOf: score.Date(b.process.Shop.Day(b.Now())), CreatedAt: b.Now(), Currency: "CNY", Shards: 2}
	_, err := store.Create(t.Context(), run)
	b.Must(err)
	if got := b.must(409, "GET", "/v1/runs/r/classes", ""); !strings.Contains(got, "still collecting") {
		t.Error(got)
	}
	b.must(409, "GET", "/v1/runs/r/moves", "")
	b.Must(store.SaveFindings(t.Context(), "r", score.Findings{Profiles: 5, Model: score.Model{Buyers: 3}, Counts: score.Counts{"class8": {"111": 2, "000": 1}, "lifecycle": {"active": 5}}}))
	for _, path := range []string{"classes", "moves"} {
		if got := b.must(404, "GET", "/v1/runs/r/"+path, ""); !strings.Contains(got, "kept for 30 days") {
			t.Error(got)
		}
	}
	best := &score.Worth{Buyers: 2, Orders: 3, Net: 900, Repeaters: 1, Cycle: 12}
	all := &score.Worth{Buyers: 3, Orders: 5, Net: 1000, Repeaters: 2, Cycle: 15}
	b.Must(store.SaveResult(t.Context(), run, 2, runs.RunResult{
		Segments: map[string]int{"tea": 1, "empty": 0}, Worths: map[string]score.Worth{"tea": {Buyers: 1, Orders: 1, Net: 100}},
		Classes: score.Worths{"class8": {"111": best}, "all": {"all": all}},
		Moves:   map[string][]score.Move{"class8": {{From: "000", To: "111", People: 2}}},
	}))
	b.Must(store.SaveResult(t.Context(), run, 0, runs.RunResult{Segments: map[string]int{"tea": 2, "rich": 1}, Worths: map[string]score.Worth{"tea": {Buyers: 1, Orders: 2, Net: 500, Repeaters: 1}, "rich": {Buyers: 1, Orders: 4, Net: 800, Repeaters: 1}}}))
	var got classesShown
	if err := json.Unmarshal([]byte(b.must(200, "GET", "/v1/runs/r/classes", "")), &got); err != nil {
		t.Fatal(err)
	}
	of := func(group, class string) worth {
		for _, g := range got.Groups {
			for _, c := range g.Classes {
				if g.Group == group && c.Class == class {
					return c
				}
			}
		}
		t.Errorf("there is no %s %s", group, class)
		return worth{}
	}
	for _, c := range []struct {
		name     string
		got      worth
		people   int
		share    float64
		net      int64
		netShare float64
		perBuyer int64
		perOrder int64
		again    float64
		cycle    int
	}{
		{"all", got.All, 5, 1, 1000, 1, 333, 200, 0.6667, 15},
		{"111", of("class8", "111"), 2, 0.4, 900, 0.9, 450, 300, 0.5, 12},
		{"000", of("class8", "000"), 1, 0.2, 0, 0, 0, 0, 0, 0},
		{"101", of("class8", "101"), 0, 0, 0, 0, 0, 0, 0, 0},
		{"active", of("lifecycle", "active"), 5, 1, 0, 0, 0, 0, 0, 0},
		{"rich", got.Segments[0], 1, 0.2, 800, 0.8, 800, 200, 1, 0},
		{"tea", got.Segments[1], 3, 0.6, 600, 0.6, 300, 200, 0.5, 0},
		{"empty", got.Segments[2], 0, 0, 0, 0, 0, 0, 0, 0},
	} {
		w := c.got
		if w.People != c.people || w.Share != c.share || w.Net.Minor != c.net || w.NetShare != c.netShare || w.PerBuyer.Minor != c.perBuyer || w.PerOrder.Minor != c.perOrder || w.Repurchase != c.again || w.CycleDays != c.cycle || w.Net.Currency != "CNY" {
			t.Errorf("%s: %+v", c.name, w)
		}
	}
	if len(got.Segments) != 3 || len(got.Groups) != len(score.Groups()) {
		t.Errorf("%d segments and %d groups", len(got.Segments), len(got.Groups))
	}
	if moves := b.must(200, "GET", "/v1/runs/r/moves", ""); !strings.Contains(moves, `{"group":"class8","moves":[{"from":"000","to":"111","people":2}]},{"group":"segment11","moves":[]}`) {
		t.Error(moves)
	}
}
