package segmentation

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

func TestWhoCannotBeReadIsCountedAndPassedOver(t *testing.T) {
	w := newWorld(t, 1, 2, defined)
	smallShop(w)
	want, versions := w.recount(), w.versions()
	torn := w.buyer(2, 900)
	odd := &profile.Profile{ID: "no id of an identifier", Memory: profile.Memory{FirstSeen: w.daysAgo(3), LastSeen: w.daysAgo(3)}}
	w.add(odd)
	w.profiles.torn[torn.ID] = true
	told := logged(t)
	run := w.run(job.Segmentation{RunID: "r"}, 0)
	for _, id := range []profile.ID{torn.ID, odd.ID} {
		if !strings.Contains(told.String(), string(id)) {
			t.Errorf("no line of the log names %s:\n%s", id, told)
		}
	}
	if run.Findings == nil || run.Unreadable != 2 || run.PassedOver != 0 {
		t.Fatalf("the run: %+v", run)
	}
	run.Findings.Unreadable = 0
	if w.profiles.saves[torn.ID]+w.profiles.saves[odd.ID] > 0 {
		t.Error("who cannot be read was written")
	}
	delete(w.profiles.all, torn.ID)
	delete(w.profiles.all, odd.ID)
	w.check(run, want, versions)
}

func TestWhoBecomesUnreadableBeforeScoringIsPassedOver(t *testing.T) {
	w := newWorld(t, 1, 1, nil)
	torn, other := w.buyer(1, 500), w.buyer(2, 600)
	w.until(func(run score.Run) bool { return run.Findings != nil })
	w.profiles.torn[torn.ID] = true
	w.drain(0)
	run := w.runs.runs["r"]
	if run.Outcome == nil || run.PassedOver != 1 || run.Changed != 1 || w.profiles.all[other.ID].Scores.M == 0 {
		t.Errorf("the run: %+v; the other's scores %+v", run.Outcome, w.profiles.all[other.ID].Scores)
	}
}

// logged collects what is logged for the rest of a test.
func logged(t *testing.T) *bytes.Buffer {
	t.Helper()
	var told bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&told, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &told
}

// until handles jobs of a new run r until it is so far.
func (w *world) until(far func(score.Run) bool) {
	w.Helper()
	w.invoke(`{"kind":"plan","runId":"r"}`)
	for !far(w.runs.runs["r"]) {
		body, ok := w.take()
		if !ok {
			w.Fatal("the run never came so far")
		}
		w.invoke(body)
	}
}

// TestStoredPeople runs over the real store, where one profile is torn, one has come back after an erasure, one is a tombstone.
func TestStoredPeople(t *testing.T) {
	w := newWorld(t, 1, 2, defined)
	w.buyer(1, 500, 500, 700)
	returned := w.visitor(200)
	returned.ErasedAt = w.daysAgo(300)
	returned.Members = map[string]profile.Membership{"recent": {}, "vip": {}}
	returned.Outbox = []profile.Follow{{Kind: profile.FollowOrder, Ref: "o-1", Version: 1, At: w.daysAgo(200)}}
	returned.Window = profile.Window{Commits: []profile.Commit{{Version: 1, At: w.daysAgo(200)}}}
	s := functiontest.Open(t, w.Now())
	w.stored(s)
	put := func(id profile.ID, attributes map[string]types.AttributeValue) {
		attributes["pk"], attributes["sk"] = &types.AttributeValueMemberS{Value: "p#" + string(id)}, &types.AttributeValueMemberS{Value: "p"}
		attributes["v"] = &types.AttributeValueMemberN{Value: "1"}
		s.Item("Profiles", attributes)
	}
	torn, gone := profile.Identifier{Kind: profile.UserID, Value: "torn"}.ID(), profile.Identifier{Kind: profile.UserID, Value: "gone"}.ID()
	put(torn, map[string]types.AttributeValue{"b": &types.AttributeValueMemberB{Value: []byte{1, 200, 1}}})
	put(gone, map[string]types.AttributeValue{"erased": &types.AttributeValueMemberN{Value: "1795374000000"}})
	if p, err := s.Profiles.Load(t.Context(), torn); err == nil {
		t.Fatalf("the torn profile is %+v", p)
	}
	run := w.run(job.Segmentation{RunID: "r"}, 0)
	run = w.reload(s, "r")
	if run.Outcome == nil || run.Profiles != 2 || run.Unreadable != 1 || run.Changed != 2 {
		t.Errorf("the run: %+v %+v", run.Findings, run.Outcome)
	}
	got := w.profiles.all[returned.ID]
	if got.Scores.Lifecycle != score.Churned || len(got.Members) != 1 || got.ErasedAt.IsZero() {
		t.Errorf("who came back: %+v, %v", got.Scores, got.Members)
	}
	if len(w.settlement.Bodies()) != 1 {
		t.Errorf("%d jobs of the outbox that was left behind", len(w.settlement.Bodies()))
	}
	w.jobs.Put(`{"kind":"audience","runId":"a","segmentId":"lifecycle:churned","campaignId":"c"}`)
	w.orchestration.Take()
	w.drain(0)
	if len(w.orchestration.Bodies()) != 1 || !strings.Contains(w.orchestration.Bodies()[0], string(returned.ID)) {
		t.Errorf("the audience is %s", w.orchestration.Bodies())
	}
}

// TestWhoWasErasedAndCameBackBeforeScoring is not given the scores of who was collected.
func TestWhoWasErasedAndCameBackBeforeScoring(t *testing.T) {
	for name, c := range map[string]struct {
		erased time.Duration // before the run began
		want   string
	}{
		"since":                       {-time.Hour, "new"},
		"just before, read too late":  {scanLag, "new"},
		"long before, collected then": {scanLag + time.Millisecond, "active-11"},
	} {
		w := newWorld(t, 1, 1, nil)
		p := w.buyer(1, 500, 800)
		w.until(func(run score.Run) bool { return run.Findings != nil })
		back := &profile.Profile{ID: p.ID, Identifiers: p.Identifiers, Version: 99, Memory: profile.Memory{FirstSeen: w.Now(), LastSeen: w.Now()}, ErasedAt: w.Now().Add(-c.erased)}
		w.profiles.all[p.ID] = back
		w.drain(0)
		if got := w.profiles.all[p.ID].Scores; got.Class15 != c.want {
			t.Errorf("erased %s: %+v, want class15 %s", name, got, c.want)
		}
	}
}

// TestPeopleChangeInTheMiddleOfARun merges, erases and brings back people between the jobs of runs whose calls fail. What was told of
// somebody leads from the memberships before to those now, each change once; and the next run finds everything as a recount does.
func TestPeopleChangeInTheMiddleOfARun(t *testing.T) {
	left := 0
	for seed := range uint64(40) {
		w := newWorld(t, seed, 1+int(seed%3), defined)
		random := rand.New(rand.NewPCG(seed, 11))
		for range 14 {
			anyProfile(w, random)
		}
		w.process.Late = func(context.Context) bool { return random.IntN(2) == 0 }
		before := map[profile.ID]map[string]profile.Membership{}
		for id, p := range w.profiles.all {
			before[id] = maps.Clone(p.Members)
		}
		w.faults.rate = 0.1
		w.jobs.Put(`{"kind":"plan","runId":"r"}`)
		for range 400 {
			if random.IntN(6) == 0 {
				w.disturb(random, before)
			}
			body, ok := w.take()
			if !ok {
				break
			}
			if w.invoke(body) || random.IntN(4) == 0 {
				w.jobs.Put(body)
			}
		}
		w.faults.rate = 0
		w.drain(0)
		if run := w.runs.runs["r"]; run.Outcome == nil {
			t.Fatalf("seed %d: the run did not end", seed)
		}
		w.Pass(time.Hour)
		// A job that comes again once the run has ended tells nothing: what it had written before is left to the next one. That is rare.
		told := w.told()
		for id, p := range w.profiles.all {
			if slices.ContainsFunc(p.Outbox, func(f profile.Follow) bool { return w.process.Outbox.Take(f) && told[f.JobID(id)].ID == "" }) {
				left++
			}
			if len(p.Outbox) > 0 {
				if err := w.process.sendLeftover(t.Context(), id); err != nil {
					t.Fatal(err)
				}
			}
		}
		w.checkNews(seed, before)
		for id, p := range w.profiles.all {
			if len(p.Outbox) > 0 {
				t.Errorf("seed %d: %s has %+v in its outbox still", seed, id, p.Outbox)
			}
			if p.FirstSeen.IsZero() {
				delete(w.profiles.all, id)
			}
		}
		w.orchestration.Take()
		clear(w.profiles.saves)
		w.process.Late = func(context.Context) bool { return false }
		want, versions := w.recount(), w.versions()
		w.check(w.run(job.Segmentation{RunID: "again"}, 0), want, versions)
	}
	if left > 3 {
		t.Errorf("the runs left %d people untold", left)
	}
}

// disturb merges two people, erases one, or brings one back.
func (w *world) disturb(random *rand.Rand, before map[profile.ID]map[string]profile.Membership) {
	var live, gone []profile.ID
	for _, id := range slices.Sorted(maps.Keys(w.profiles.all)) {
		if w.profiles.all[id].FirstSeen.IsZero() {
			gone = append(gone, id)
		} else {
			live = append(live, id)
		}
	}
	switch {
	case random.IntN(3) == 0 && len(gone) > 0:
		id := gone[random.IntN(len(gone))]
		was := w.profiles.all[id]
		w.profiles.all[id] = &profile.Profile{ID: id, Identifiers: []profile.Identifier{{Kind: profile.UserID, Value: string(id)}},
			Version: was.Version + 1, Memory: profile.Memory{FirstSeen: w.Now(), LastSeen: w.Now()}, ErasedAt: was.ErasedAt}
		before[id], w.profiles.since[id] = nil, was.Version+1
	case random.IntN(2) == 0 && len(live) > 3:
		id := live[random.IntN(len(live))]
		w.profiles.all[id] = &profile.Profile{ID: id, Version: w.profiles.all[id].Version + 1, ErasedAt: w.Now().Add(time.Second)}
		delete(before, id)
	case len(live) > 3:
		a, b := live[0], live[1+random.IntN(len(live)-1)]
		keep := cloneProfile(w.profiles.all[b])
		for _, e := range w.profiles.all[a].Orders.Entries {
			keep.Orders.Replace(nil, &e)
		}
		keep.Version++
		w.profiles.all[b] = keep
		w.profiles.moved[a] = b
		delete(w.profiles.all, a)
		delete(before, a)
	}
}

// checkNews replays what was told of each person who is there.
func (w *world) checkNews(seed uint64, before map[profile.ID]map[string]profile.Membership) {
	w.Helper()
	told := map[profile.ID][]job.Follow{}
	for _, f := range w.told() {
		if !strings.Contains(f.Ref, ":") { // news of derived segments are told as far as somebody listens
			told[f.ProfileID] = append(told[f.ProfileID], f)
		}
	}
	for id, members := range before {
		p := w.profiles.all[id]
		state := map[string]bool{}
		for one := range members {
			state[one] = true
		}
		slices.SortFunc(told[id], func(a, b job.Follow) int { return int(a.Version-b.Version)*1000 + a.N - b.N })
		for _, f := range told[id] {
			if f.Version <= w.profiles.since[id] {
				continue // of who was erased
			}
			if entered := f.Kind == profile.FollowEntered; state[f.Ref] == entered {
				w.Errorf("seed %d: %s was told %s %s twice", seed, id, f.Kind, f.Ref)
			} else if entered {
				state[f.Ref] = true
			} else {
				delete(state, f.Ref)
			}
		}
		if got, want := fmt.Sprint(slices.Sorted(maps.Keys(state))), fmt.Sprint(slices.Sorted(maps.Keys(p.Members))); got != want {
			w.Errorf("seed %d: by what was told %s is in %s, and it is in %s", seed, id, got, want)
		}
	}
}

// TestAudiencesShareAReading lists several segments at once: each list as if it had been asked alone, by one reading of the profiles.
func TestAudiencesShareAReading(t *testing.T) {
	w := newWorld(t, 1, 3, nil)
	w.profiles.page = 700
	w.members(5000)
	pages := 0
	w.profiles.scan = func() { pages++ }
	list := func(late float64, bodies ...string) (lists map[string]int, read int) {
		w.orchestration.Take()
		pages = 0
		w.process.Late = func(context.Context) bool { return w.random.Float64() < late }
		w.jobs.Put(bodies...)
		w.drain(0)
		lists = map[string]int{}
		for _, o := range functiontest.Jobs[job.Orchestration](t, w.orchestration) {
			l := o.Audience
			for _, id := range l.Profiles {
				lists[l.RunID+" "+l.SegmentID+" "+l.CampaignID+" "+string(id)]++
			}
			if late == 0 {
				lists["list "+l.ID]++
			}
		}
		return lists, pages
	}
	const alone = `{"kind":"audience","runId":%q,"segmentId":%q,"campaignId":%q}`
	apart, readApart := list(0, fmt.Sprintf(alone, "a", "vip", "c1"), fmt.Sprintf(alone, "b", "tea", "c2"), fmt.Sprintf(alone, "d", "vip", "c3"))
	const together = `{"kind":"audiences","runId":"minute","listings":[{"runId":"a","segmentId":"vip","campaignId":"c1"},{"runId":"b","segmentId":"tea","campaignId":"c2"},{"runId":"d","segmentId":"vip","campaignId":"c3"}]}`
	shared, readShared := list(0, together)
	if !maps.Equal(shared, apart) || len(apart) < 6000 {
		t.Errorf("together %d lines, apart %d", len(shared), len(apart))
	}
	if readApart != 3*readShared {
		t.Errorf("%d pages were read together, %d apart", readShared, readApart)
	}
	handedOver, _ := list(0.5, together)
	maps.DeleteFunc(shared, func(line string, _ int) bool { return strings.HasPrefix(line, "list ") })
	if !maps.Equal(handedOver, shared) {
		t.Errorf("handed over %d lines, else %d", len(handedOver), len(shared))
	}
	for _, bad := range []string{`{"kind":"audiences","runId":"a"}`, `{"kind":"audiences","runId":"a","listings":[{"runId":"a","segmentId":"vip"}]}`,
		`{"kind":"audiences","runId":"a","listings":[{"runId":"a","segmentId":"vip","campaignId":"c"},{}]}`} {
		if w.invoke(bad) || len(w.jobs.Bodies()) > 0 {
			t.Errorf("%s comes again or is worked on", bad)
		}
	}
}
