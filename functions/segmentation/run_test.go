package segmentation

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/runs"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

// smallShop has somebody of each kind.
func smallShop(w *world) {
	w.buyer(1, 500, 500, 700)
	w.buyer(40, 100)
	w.buyer(100, 2000, 30)
	w.buyer(5, 0)
	w.visitor(3)
	w.visitor(130)
	gone := w.buyer(125, 900)
	gone.Scores = profile.Scores{Run: "before", R: 5, F: 1, M: 5, Class8: "111", Segment11: score.New, Class15: "active-01", Lifecycle: score.New}
	gone.Members = map[string]profile.Membership{"recent": {}, "deleted": {}, "broken": {}}
}

// stored is the world on a shop's stores.
func (w *world) stored(s *functiontest.Shop) {
	w.Helper()
	for _, p := range w.profiles.all {
		first := cloneProfile(p)
		first.Version = 0
		w.Must(s.Profiles.Save(w.Context(), first))
	}
	w.process.Profiles, w.process.Runs = s.Profiles, runs.Runs{DB: s.DB, Table: "Runs"}
}

// reload takes the state of a shop's stores into the world, to be checked there.
func (w *world) reload(s *functiontest.Shop, run string) score.Run {
	w.Helper()
	for id := range w.profiles.all {
		p, err := s.Profiles.Load(w.Context(), id)
		w.Must(err)
		w.profiles.all[id] = p
	}
	store := runs.Runs{DB: s.DB, Table: "Runs"}
	r, err := store.Load(w.Context(), run)
	w.Must(err)
	results, err := store.Results(w.Context(), run)
	w.Must(err)
	w.runs.results[run] = maps.Collect(slices.All(results))
	return r
}

// TestEveryWriteBrokenBothWays breaks each write of a run, once so that it did not happen and once so that only the answer was lost.
func TestEveryWriteBrokenBothWays(t *testing.T) {
	trial := func(t *testing.T, nth int, how dynamotest.How) int {
		w := newWorld(t, 7, 2, defined)
		smallShop(w)
		w.process.Late = func(context.Context) bool { return true }
		s := functiontest.Open(t, w.Now())
		w.stored(s)
		want, versions := w.recount(), w.versions()
		before := s.DB.Calls(dynamotest.AnyWrite)
		if nth > 0 {
			s.DB.Fail(dynamotest.AnyWrite, nth, how)
		}
		w.run(job.Segmentation{RunID: "r"}, 0)
		w.check(w.reload(s, "r"), want, versions)
		return s.DB.Calls(dynamotest.AnyWrite) - before
	}
	writes := trial(t, 0, "")
	if writes < 15 {
		t.Fatalf("a run without faults made only %d writes", writes)
	}
	for nth := 1; nth <= writes; nth++ {
		for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
			t.Run(fmt.Sprintf("write %d %s", nth, how), func(t *testing.T) {
				t.Parallel()
				trial(t, nth, how)
			})
		}
	}
}

// TestPlanningAgainResumes loses all jobs at each point of a run and plans it again.
func TestPlanningAgainResumes(t *testing.T) {
	for handled := range 12 {
		t.Run(fmt.Sprint(handled, " jobs handled"), func(t *testing.T) {
			w := newWorld(t, 3, 2, defined)
			smallShop(w)
			w.process.Late = func(context.Context) bool { return true }
			want, versions := w.recount(), w.versions()
			plan := functiontest.Body(t, job.Segmentation{Kind: job.Plan, RunID: "r"})
			w.invoke(plan)
			for range handled {
				if body, ok := w.take(); ok {
					w.invoke(body)
				}
			}
			w.jobs.Take()
			w.check(w.run(job.Segmentation{RunID: "r"}, 0), want, versions)
		})
	}
}

func TestASecondRunWritesNothing(t *testing.T) {
	w := newWorld(t, 1, 3, defined)
	smallShop(w)
	if run := w.run(job.Segmentation{RunID: "first"}, 0); run.Changed != 7 {
		t.Errorf("the first run changed %d of 7", run.Changed)
	}
	w.Pass(time.Hour)
	versions := w.versions()
	w.orchestration.Take()
	run := w.run(job.Segmentation{RunID: "second"}, 0)
	if run.Outcome == nil || run.Changed != 0 || run.Profiles != 7 || run.Buyers != 4 {
		t.Errorf("the second run: %+v", run)
	}
	// What the first run left in the outboxes is sent again and taken out, since it was sent an hour ago.
	for id, p := range w.profiles.all {
		if len(p.Outbox) > 0 || p.Version > versions[id]+1 || p.Scores.Run != "first" {
			t.Errorf("profile %s of version %d (before %d): outbox %v, scores of %q", id, p.Version, versions[id], p.Outbox, p.Scores.Run)
		}
	}
	versions = w.versions()
	w.run(job.Segmentation{RunID: "third"}, 0)
	for id, p := range w.profiles.all {
		if p.Version != versions[id] {
			t.Errorf("the third run wrote profile %s", id)
		}
	}
}

func TestInvocations(t *testing.T) {
	w := newWorld(t, 1, 2, nil)
	if _, err := w.process.Handle(context.Background(), json.RawMessage(`{"schedule":"nightly"}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.process.Handle(context.Background(), json.RawMessage(`{"schedule":"nightly"}`)); err != nil {
		t.Fatal(err)
	}
	w.drain(0)
	if run := w.runs.runs["2026-11-22"]; len(w.runs.runs) != 1 || run.Outcome == nil || run.Profiles != 0 || run.Shards != 2 {
		t.Errorf("the nightly runs are %+v", w.runs.runs)
	}
	for _, bad := range []string{`{"schedule":"hourly"}`, `{}`, `[`, `{"Records":7}`} {
		if _, err := w.process.Handle(context.Background(), json.RawMessage(bad)); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
	for body, again := range map[string]bool{
		`no job`:                                               true,
		`{"kind":"plan"}`:                                      false,
		`{"kind":"plan","runId":"a#b"}`:                        false,
		`{"kind":"bake","runId":"2026-11-22"}`:                 true,
		`{"kind":"collect","runId":"gone"}`:                    false,
		`{"kind":"collect","runId":"2026-11-22","shard":2}`:    false,
		`{"kind":"score","runId":"2026-11-22","shard":-1}`:     false,
		`{"kind":"audience","segmentId":"s","campaignId":"c"}`: false,
		`{"kind":"audience","runId":"a","segmentId":"s"}`:      false,
		`{"kind":"audience","runId":"a","segmentId":"s","campaignId":"c","shard":2,"shards":2}`: false,
	} {
		if got := w.invoke(body); got != again {
			t.Errorf("%s comes again: %v, want %v", body, got, again)
		}
	}
	if len(w.jobs.Bodies()) > 0 {
		t.Errorf("bad jobs made jobs: %s", w.jobs.Bodies())
	}
}

func TestJobsAheadOfTheirTime(t *testing.T) {
	w := newWorld(t, 2, 2, nil)
	w.visitor(1)
	w.invoke(`{"kind":"plan","runId":"r"}`)
	if w.invoke(`{"kind":"close","runId":"r"}`) || w.runs.runs["r"].Findings != nil {
		t.Error("a run was closed before its shards were collected")
	}
	if !w.invoke(`{"kind":"score","runId":"r"}`) {
		t.Error("a score job before the close does not come again")
	}
	for _, cursor := range []string{"x", "0|p#a", "1|", "1", "-1|p"} {
		body := functiontest.Body(t, job.Segmentation{Kind: job.Collect, RunID: "r", Cursor: cursor})
		if w.invoke(body) || len(w.runs.parts["r"]) > 0 {
			t.Errorf("cursor %q was taken", cursor)
		}
	}
}

func TestOldScoresAreNotBroughtBack(t *testing.T) {
	for age, want := range map[time.Duration]bool{24 * time.Hour: true, 24*time.Hour + time.Second: false} {
		w := newWorld(t, 1, 1, nil)
		w.visitor(1)
		w.invoke(`{"kind":"plan","runId":"r"}`)
		for w.runs.runs["r"].Findings == nil {
			body, _ := w.take()
			w.invoke(body)
		}
		scores := w.jobs.Take()
		w.Pass(age)
		for _, body := range scores {
			if w.invoke(body) {
				t.Error("the job comes again")
			}
		}
		if got := w.runs.runs["r"].Outcome != nil; got != want {
			t.Errorf("after %v the run was scored: %v, want %v", age, got, want)
		}
	}
}

func TestWhoWasWrittenMeanwhile(t *testing.T) {
	w := newWorld(t, 1, 1, defined)
	p := w.buyer(1, 500)
	others := 3
	w.profiles.before = func(stored *profile.Profile) {
		if others--; others >= 0 {
			stored.Version++
			stored.Tagging.Say(fmt.Sprint("t", others), profile.Tagged{})
		}
	}
	run := w.run(job.Segmentation{RunID: "r"}, 0)
	got := w.profiles.all[p.ID]
	if run.Changed != 1 || got.Scores.R != 5 || len(got.Tags()) != 3 {
		t.Errorf("%d changed; scores %+v, tags %v", run.Changed, got.Scores, got.Tags())
	}
	for id := range w.told() {
		if want := got.Outbox[0].JobID(p.ID); !strings.HasPrefix(id, want[:strings.LastIndex(want, ".")]) {
			t.Errorf("told of %s, the outbox begins with %s", id, want)
		}
	}
}

// TestWhomOthersWriteAllTheTime: an id that everybody shares is written by others before each try. It gets two turns, is counted and passed over, and
// keeps neither others nor the run from their end.
func TestWhomOthersWriteAllTheTime(t *testing.T) {
	for busy, want := range map[int]struct{ tries, changed, passed int }{
		maxWrites: {maxWrites + 1, 2, 0}, 1_000_000: {maxTurns * maxWrites, 1, 1},
	} {
		w := newWorld(t, 1, 1, defined)
		shared, other := w.buyer(1, 500), w.buyer(2, 600)
		tries := 0
		w.profiles.before = func(stored *profile.Profile) {
			if stored.ID != shared.ID {
				return
			}
			if tries++; tries <= busy {
				stored.Version++
			}
		}
		run := w.run(job.Segmentation{RunID: "r"}, 0)
		if run.Outcome == nil || run.Changed != want.changed || run.PassedOver != want.passed || tries != want.tries || w.profiles.all[other.ID].Scores.M == 0 {
			t.Errorf("busy %d times: %+v after %d tries, want %+v; the other's scores %+v", busy, run.Outcome, tries, want, w.profiles.all[other.ID].Scores)
		}
	}
}

// TestTwoCollectorsOfAShard lets a second delivery of a shard's job run while the first one scans, in pages of another size.
func TestTwoCollectorsOfAShard(t *testing.T) {
	for _, pages := range [][2]int{{2, 5}, {5, 2}, {3, 3}} {
		w := newWorld(t, 5, 1, defined)
		for range 23 {
			anyProfile(w, w.random)
		}
		want, versions := w.recount(), w.versions()
		w.process.Late = func(context.Context) bool { return true } // a page a part
		w.invoke(`{"kind":"plan","runId":"r"}`)
		collect, _ := w.take()
		w.profiles.page = pages[0]
		seconds := 0
		w.profiles.scan = func() {
			w.profiles.scan, w.profiles.page = nil, pages[1]
			w.invoke(collect)
			w.profiles.page = pages[0]
			seconds++
		}
		w.jobs.Put(collect)
		w.drain(0)
		if seconds != 1 {
			t.Errorf("there were %d second collectors", seconds)
		}
		w.check(w.runs.runs["r"], want, versions)
	}
}

func TestWhoComesAfterTheRunBegan(t *testing.T) {
	w := newWorld(t, 1, 1, defined)
	p := w.visitor(100)
	w.invoke(`{"kind":"plan","runId":"r"}`)
	p.LastSeen = w.Now().Add(22 * time.Hour) // the next date
	w.drain(0)
	if _, in := w.profiles.all[p.ID].Members["recent"]; !in {
		t.Error("who was seen after the run began is not recent")
	}
}

func TestWhoIsGoneAtScoringIsLeftAlone(t *testing.T) {
	w := newWorld(t, 1, 1, nil)
	merged, into, erased := w.buyer(1, 500), w.buyer(2, 600), w.buyer(3, 700)
	w.invoke(`{"kind":"plan","runId":"r"}`)
	for w.runs.runs["r"].Findings == nil {
		body, _ := w.take()
		w.invoke(body)
	}
	delete(w.profiles.all, merged.ID)
	w.profiles.moved[merged.ID] = into.ID
	w.profiles.all[erased.ID] = &profile.Profile{ID: erased.ID, Version: 2, ErasedAt: w.Now()}
	w.drain(0)
	run := w.runs.runs["r"]
	if run.Outcome == nil || run.Changed != 1 || w.profiles.saves[into.ID] != 1 || w.profiles.saves[erased.ID] != 0 {
		t.Errorf("changed %d, saves %v", run.Changed, w.profiles.saves)
	}
	if got := w.profiles.all[into.ID].Scores; got.M != 3 {
		t.Errorf("who the other was merged into has M %d, want the 3 of its own orders", got.M)
	}
}

func TestOutboxesLeftBehind(t *testing.T) {
	at := func(w *world, ago time.Duration) profile.Window {
		return profile.Window{Commits: []profile.Commit{{Version: 1, At: w.Now().Add(-ago)}}}
	}
	order := profile.Follow{Kind: profile.FollowOrder, Ref: "o-1", Version: 1}
	entered := profile.Follow{Kind: profile.FollowEntered, Ref: "recent", Version: 1, N: 1}
	report := profile.Follow{Kind: profile.FollowReport, Ref: "else", Version: 1, N: 2}
	for name, c := range map[string]struct {
		outbox                    []profile.Follow
		ago                       time.Duration
		kept, settled, orchestral int
	}{
		"old":                     {[]profile.Follow{order, entered}, 10 * time.Minute, 0, 1, 1},
		"in flight":               {[]profile.Follow{order, entered}, 10*time.Minute - time.Second, 2, 0, 0},
		"for projection also":     {[]profile.Follow{order, report}, time.Hour, 1, 1, 0},
		"for projection alone":    {[]profile.Follow{report}, time.Hour, 1, 0, 0},
		"of a newer version also": {[]profile.Follow{order, {Kind: "voucher", Ref: "v-1", Version: 1, N: 2}}, time.Hour, 1, 1, 0},
		"of a newer version":      {[]profile.Follow{{Kind: "voucher", Ref: "v-1", Version: 1}}, time.Hour, 1, 0, 0},
		"nothing was left behind": {nil, time.Hour, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1, 1, nil)
			p := w.visitor(200)
			p.Scores = score.Model{}.Score(score.Facts{SinceFirst: 200, SinceLast: 200})
			p.Outbox, p.Window = c.outbox, at(w, c.ago)
			w.run(job.Segmentation{RunID: "r"}, 0)
			settled := 0
			for _, f := range functiontest.Jobs[job.Follows](t, w.settlement) {
				settled += len(f.Follows)
			}
			if got := len(w.profiles.all[p.ID].Outbox); got != c.kept || settled != c.settled || len(w.told()) != c.orchestral {
				t.Errorf("%d kept, %d to settlement, %d to orchestration, want %d, %d, %d", got, settled, len(w.told()), c.kept, c.settled, c.orchestral)
			}
			if wrote := w.profiles.saves[p.ID] > 0; wrote != (c.settled+c.orchestral > 0) {
				t.Errorf("the profile was written: %v", wrote)
			}
		})
	}
}
