package runs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/runs"
)

func runAt(t *testing.T, id, createdAt string) score.Run {
	t.Helper()
	at, err := time.Parse(time.RFC3339, createdAt)
	if err != nil {
		t.Fatal(err)
	}
	return score.Run{ID: id, CreatedAt: at, AsOf: score.Date(profile.DayOf(at)), Shards: 3, Zone: "UTC", Currency: "CNY", Scoring: score.DefaultScoring()}
}

func TestRunGoesThroughItsStates(t *testing.T) {
	ctx := context.Background()
	store := runs.Runs{DB: dynamotest.New(t), Table: "Runs"}
	if _, err := store.Load(ctx, "a"); !errors.Is(err, dynamo.ErrNotFound) {
		t.Fatalf("loading what is not there: %v", err)
	}
	asked := runAt(t, "a", "2026-11-21T19:00:00Z")
	created, err := store.Create(ctx, asked)
	if err != nil || !reflect.DeepEqual(created, asked) {
		t.Fatalf("Create = %+v, %v", created, err)
	}
	later := asked
	later.CreatedAt, later.Shards = asked.CreatedAt.Add(time.Hour), 8
	if again, err := store.Create(ctx, later); err != nil || again.Shards != 3 || !again.CreatedAt.Equal(asked.CreatedAt) {
		t.Fatalf("creating it again answers %+v, %v, want the first one", again, err)
	}
	state := func(want score.State) score.Run {
		t.Helper()
		run, err := store.Load(ctx, "a")
		if err != nil || run.State != want {
			t.Fatalf("the run is %q, %v, want %q", run.State, err, want)
		}
		return run
	}
	state(score.StateCollecting)
	for i, c := range []struct{ shard, want int }{{2, 1}, {0, 2}, {2, 2}, {1, 3}} {
		if n, err := store.Mark(ctx, "a", runs.RunCollected, c.shard); err != nil || n != c.want {
			t.Errorf("mark %d: %d shards, %v, want %d", i, n, err, c.want)
		}
	}
	if run := state(score.StateCollecting); fmt.Sprint(run.Collected, run.Scored) != "[0 1 2] []" {
		t.Errorf("done are %v and %v", run.Collected, run.Scored)
	}
	findings := score.Findings{Profiles: 10, Model: score.Fit([]int32{1, 2}, []int32{1, 1}, []int64{5, 6}, asked.Scoring), Counts: score.Counts{"class8": {"111": 2}}}
	if err := store.SaveFindings(ctx, "a", findings); err != nil {
		t.Fatal(err)
	}
	other := findings
	other.Profiles = 11
	if err := store.SaveFindings(ctx, "a", other); err != nil {
		t.Fatal(err)
	}
	if run := state(score.StateScoring); !reflect.DeepEqual(*run.Findings, findings) {
		t.Errorf("findings %+v, want the first ones", *run.Findings)
	}
	outcome := score.Outcome{Changed: 4, Segments: map[string]int{"vip": 1}, FinishedAt: asked.CreatedAt.Add(time.Minute)}
	if err := store.SaveOutcome(ctx, "a", outcome); err != nil {
		t.Fatal(err)
	}
	run := state(score.StateFinished)
	if !reflect.DeepEqual(*run.Outcome, outcome) {
		t.Errorf("outcome %+v, want %+v", *run.Outcome, outcome)
	}
	shown, err := json.Marshal(run)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(shown, &fields); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"runId": "a", "state": "finished", "asOf": "2026-11-21", "shardsCollected": 3.0, "shardsScored": 0.0, "profiles": 10.0,
		"changed": 4.0, "buyers": 2.0} {
		if fields[name] != want {
			t.Errorf("%s is shown as %v, want %v", name, fields[name], want)
		}
	}
	if got := fields["breakpoints"].(map[string]any)["r"]; fmt.Sprint(got) != "[1.2 1.4 1.6 1.8]" {
		t.Errorf("the borders of R are shown as %v", got)
	}
	if _, err := store.Mark(ctx, "gone", runs.RunScored, 0); !errors.Is(err, dynamo.ErrNotFound) {
		t.Errorf("marking a run that is gone: %v", err)
	}
	if err := store.SaveFindings(ctx, "gone", findings); !errors.Is(err, dynamo.ErrNotFound) {
		t.Errorf("findings of a run that is gone: %v", err)
	}
}

func TestCreatingARunAgainMendsItsPlaceInTheList(t *testing.T) {
	ctx := context.Background()
	db := dynamotest.New(t)
	store := runs.Runs{DB: db, Table: "Runs"}
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		for nth := 1; nth <= 2; nth++ {
			run := runAt(t, fmt.Sprintf("%d-%t", nth, how == dynamotest.Persisted), "2026-11-21T19:00:00Z")
			db.Fail("PutItem", nth, how)
			if _, err := store.Create(ctx, run); !errors.Is(err, dynamotest.ErrInjected) {
				t.Fatalf("write %d %s: %v", nth, how, err)
			}
			if _, err := store.Create(ctx, run); err != nil {
				t.Fatalf("after write %d %s: %v", nth, how, err)
			}
		}
	}
	listed, next, err := store.List(ctx, 10, "")
	if err != nil || len(listed) != 4 || next != "" {
		t.Errorf("%d listed, next %q, %v, want each once", len(listed), next, err)
	}
}

func TestRunsAreListedNewestFirst(t *testing.T) {
	ctx := context.Background()
	store := runs.Runs{DB: dynamotest.New(t), Table: "Runs"}
	for id, at := range map[string]string{"z-first": "2026-11-19T19:00:00Z", "m-second": "2026-11-20T19:00:00Z", "a-third": "2026-11-21T19:00:00Z"} {
		if _, err := store.Create(ctx, runAt(t, id, at)); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	cursor := ""
	for page := range 5 {
		listed, next, err := store.List(ctx, 2, cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, run := range listed {
			got = append(got, fmt.Sprint(page, run.ID))
		}
		if cursor = next; next == "" {
			break
		}
	}
	if want := "[0a-third 0m-second 1z-first]"; fmt.Sprint(got) != want {
		t.Errorf("listed %v, want %s", got, want)
	}
	for _, bad := range []string{"!", "="} {
		if _, _, err := store.List(ctx, 2, bad); !errors.Is(err, dynamo.ErrCursor) {
			t.Errorf("cursor %q: %v", bad, err)
		}
	}
}

// TestARunWhoseColumnsAreObjects has a set of its own of the shards that are collected, so that the version before finds none and looks for no items of them.
func TestARunWhoseColumnsAreObjects(t *testing.T) {
	ctx := context.Background()
	db := dynamotest.New(t)
	store := runs.Runs{DB: db, Table: "Runs"}
	run := runAt(t, "a", "2026-11-21T19:00:00Z")
	run.InBucket = true
	if _, err := store.Create(ctx, run); err != nil {
		t.Fatal(err)
	}
	for _, set := range []runs.RunDone{runs.RunGathered, runs.RunCollected} {
		for shard := range 2 {
			if n, err := store.Mark(ctx, "a", set, shard*3+len(set)); err != nil || n != shard+1 {
				t.Errorf("%s has %d shards, %v, want %d", set, n, err, shard+1)
			}
		}
	}
	want := fmt.Sprint([]int{len(runs.RunGathered), len(runs.RunGathered) + 3})
	if got, err := store.Load(ctx, "a"); err != nil || !got.InBucket || fmt.Sprint(got.Collected) != want {
		t.Errorf("collected are %v of a run with inBucket %v, %v, want %s", got.Collected, got.InBucket, err, want)
	}
}

func TestPartsAreWrittenOnce(t *testing.T) {
	ctx := context.Background()
	store := runs.Runs{DB: dynamotest.New(t), Table: "Runs"}
	run := runAt(t, "a", "2026-11-21T19:00:00Z")
	parts := []runs.RunPart{{Shard: 0, Number: 0, Next: "p#x", Body: []byte("00")}, {Shard: 0, Number: 1, Body: []byte("01")}, {Shard: 10, Number: 0, Body: []byte("100")}}
	for _, part := range parts {
		if err := store.SavePart(ctx, run, part); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.SavePart(ctx, run, runs.RunPart{Shard: 0, Number: 1, Body: []byte("other")}); !errors.Is(err, dynamo.ErrConflict) {
		t.Errorf("a second part of the same number: %v", err)
	}
	if got, err := store.Part(ctx, "a", 0, 0); err != nil || !reflect.DeepEqual(got, parts[0]) {
		t.Errorf("Part = %+v, %v, want %+v", got, err, parts[0])
	}
	if _, err := store.Part(ctx, "a", 0, 2); !errors.Is(err, dynamo.ErrNotFound) {
		t.Errorf("a part that was not collected: %v", err)
	}
	var got []runs.RunPart
	if err := store.Parts(ctx, "a", func(p runs.RunPart) error { got = append(got, p); return nil }); err != nil || !reflect.DeepEqual(got, parts) {
		t.Errorf("Parts = %+v, %v, want %+v", got, err, parts)
	}
	stop := errors.New("stop")
	if err := store.Parts(ctx, "a", func(runs.RunPart) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("a visit that fails: %v", err)
	}
}

func TestDefinitionsOfARunAreThoseOfItsFirstPlan(t *testing.T) {
	ctx := context.Background()
	store := runs.Runs{DB: dynamotest.New(t), Table: "Runs"}
	at := time.Unix(1_800_000_000, 0)
	if _, err := store.Definitions(ctx, "a"); !errors.Is(err, dynamo.ErrNotFound) {
		t.Errorf("definitions of no run: %v", err)
	}
	for i, body := range []string{"first", "second"} {
		if kept, err := store.SaveDefinitions(ctx, "a", at, []byte(body)); err != nil || string(kept) != "first" {
			t.Errorf("saving %d keeps %q, %v", i, kept, err)
		}
	}
	if kept, err := store.Definitions(ctx, "a"); err != nil || string(kept) != "first" {
		t.Errorf("kept are %q, %v", kept, err)
	}
}

func TestResultsOfShards(t *testing.T) {
	ctx := context.Background()
	store := runs.Runs{DB: dynamotest.New(t), Table: "Runs"}
	run := runAt(t, "a", "2026-11-21T19:00:00Z")
	for _, c := range []struct {
		shard  int
		result runs.RunResult
	}{{1, runs.RunResult{Changed: 9}}, {0, runs.RunResult{Changed: 1, Segments: map[string]int{"vip": 2}}}, {1, runs.RunResult{Changed: 3}}} {
		if err := store.SaveResult(ctx, run, c.shard, c.result); err != nil {
			t.Fatal(err)
		}
	}
	got, err := store.Results(ctx, "a")
	if want := []runs.RunResult{{Changed: 1, Segments: map[string]int{"vip": 2}}, {Changed: 3}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("results %+v, %v, want %+v", got, err, want)
	}
}
