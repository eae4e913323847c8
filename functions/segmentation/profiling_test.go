package segmentation

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

// refuse makes somebody refuse profiling, or take that back.
func (w *world) refuse(p *profile.Profile, refuses bool) {
	at := w.process.Now()
	p.Consent = maps.Clone(p.Consent)
	delete(p.Consent, "profiling")
	p.SetConsent("profiling", profile.Consent{Granted: !refuses, At: at, ReceivedAt: at})
}

// profilingRules are a segment of a class, its opposite, one of a class or a fact, and one of a fact.
var profilingRules = shelf{}.with(definition.Segment, "top", `{"id":"top","name":"T","rule":{"field":"rfm.m","op":"gte","value":1}}`).
	with(definition.Segment, "low", `{"id":"low","name":"L","rule":{"notSegment":"top"}}`).
	with(definition.Segment, "either", `{"id":"either","name":"E","rule":{"any":[{"segment":"top"},{"field":"orders.count","op":"gte","value":1}]}}`).
	with(definition.Segment, "fact", `{"id":"fact","name":"F","rule":{"field":"orders.count","op":"gte","value":1}}`)

// TestWhoRefusesProfilingIsInNoClass: a run leaves them out of every class and every segment that asks one, counts them, takes away what they had before and
// tells nobody; what the others are does not depend on them. Taking it back brings all of it back with the next run.
func TestWhoRefusesProfilingIsInNoClass(t *testing.T) {
	people := func(w *world) (list []*profile.Profile) {
		for i := range 40 {
			p := w.buyer(i%30, int64(100+i*37), int64(i%5)*10)
			list = append(list, p)
		}
		return append(list, w.visitor(3), w.visitor(200))
	}
	members := func(p *profile.Profile) []string { return slices.Sorted(maps.Keys(p.Members)) }
	without, with := newWorld(t, 1, 3, profilingRules), newWorld(t, 1, 3, profilingRules)
	for i, p := range people(without) {
		if i%4 == 0 {
			delete(without.profiles.all, p.ID)
		}
	}
	all := people(with)
	before := with.run(job.Segmentation{RunID: "before"}, 0)
	if before.Buyers != 40 || before.Refused != 0 {
		t.Fatalf("%+v", before.Findings)
	}
	had, refused := with.profiles.all[all[0].ID], 0
	if had.Scores.R == 0 || !slices.Equal(members(had), []string{"either", "fact", "top"}) {
		t.Fatalf("before: %+v in %q", had.Scores, members(had))
	}
	for i, p := range all {
		if i%4 == 0 {
			refused++
			with.refuse(with.profiles.all[p.ID], true)
		}
	}
	want := without.run(job.Segmentation{RunID: "r"}, 0)
	got := with.run(job.Segmentation{RunID: "r"}, 0)
	if got.Refused != refused || got.Profiles != want.Profiles+refused || !reflect.DeepEqual(got.Model, want.Model) {
		t.Errorf("%d of %d refuse, %+v\nwant %d, %+v", got.Refused, got.Profiles, got.Model, refused, want.Model)
	}
	for group, classes := range want.Counts {
		if group != "day" && group != "week" && group != "month" && !maps.Equal(got.Counts[group], classes) {
			t.Errorf("%s: %v, want %v", group, got.Counts[group], classes)
		}
	}
	for i, p := range all {
		stored := with.profiles.all[p.ID]
		if i%4 != 0 {
			other := without.profiles.all[p.ID]
			stored.Scores.Run, other.Scores.Run = "", ""
			if stored.Scores != other.Scores || !slices.Equal(members(stored), members(other)) {
				t.Errorf("%d: %+v in %q, without those who refuse %+v in %q", i, stored.Scores, members(stored), other.Scores, members(other))
			}
			continue
		}
		stored.Scores.Run = ""
		facts := []string{"either", "fact"}
		if i >= 40 {
			facts = nil
		}
		if stored.Scores != (profile.Scores{}) || !slices.Equal(members(stored), facts) {
			t.Errorf("%d refuses, and is %+v in %q", i, stored.Scores, members(stored))
		}
	}
	for _, f := range with.told() {
		if f.Run == "r" && f.Kind == profile.FollowExited {
			t.Errorf("told %+v", f)
		}
	}
	saves := with.profiles.saves[all[0].ID]
	if again := with.run(job.Segmentation{RunID: "again"}, 0); with.profiles.saves[all[0].ID] != saves || again.Refused != refused {
		t.Errorf("a run later: written again, %d refuse", again.Refused)
	}
	past := with.run(job.Segmentation{RunID: "past", AsOf: (before.AsOf - 1).String()}, 0)
	if past.Refused == 0 || past.Buyers > 30 {
		t.Errorf("for a past date %+v", past.Findings)
	}
	with.refuse(with.profiles.all[all[0].ID], false)
	with.run(job.Segmentation{RunID: "back"}, 0)
	if back := with.profiles.all[all[0].ID]; back.Scores.R == 0 || !slices.Equal(members(back), []string{"either", "fact", "top"}) {
		t.Errorf("back: %+v in %q", back.Scores, members(back))
	}
}

// TestARefusalDuringARun: who refuses after having been collected is given no class by what was collected.
func TestARefusalDuringARun(t *testing.T) {
	w := newWorld(t, 1, 1, profilingRules)
	p := w.buyer(3, 1000, 0)
	w.buyer(9, 500, 0)
	w.profiles.loaded = func() {} // scoring loads each profile that it writes
	first := true
	w.profiles.before = func(one *profile.Profile) {
		if one.ID == p.ID && first {
			first = false
			w.refuse(one, true)
			one.Scores, one.Members = profile.Scores{}, nil // as projection leaves them
			one.Version++
		}
	}
	w.run(job.Segmentation{RunID: "r"}, 0)
	stored := w.profiles.all[p.ID]
	if stored.Scores.Run = ""; first || stored.Scores != (profile.Scores{}) {
		t.Errorf("is %+v", stored.Scores)
	}
	for _, id := range score.IDs() {
		if segment.In(stored, segment.ID(id)) {
			t.Errorf("is in %s", id)
		}
	}
}
