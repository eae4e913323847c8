package segment

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/people/profile"
)

// TestWhoRefusesIsInNoClass whatever a run has stored, and nobody hears of the leaving.
func TestWhoRefusesIsInNoClass(t *testing.T) {
	now := at(t, "2026-11-21T04:00:00Z")
	p := &profile.Profile{Scores: profile.Scores{Run: "r", R: 5, F: 4, M: 3, Class8: "111", Segment11: score.Loyal, Class15: score.Engaged, Lifecycle: score.Active}}
	p.SetConsent("profiling", profile.Consent{At: now, ReceivedAt: now})
	for _, id := range score.IDs() {
		if In(p, ID(id)) || Proven(p, ID(id)) {
			t.Errorf("is in %s", id)
		}
	}
	heard := func(profile.Follow) bool { return true }
	if told := Rescore(p, profile.Scores{}, now, "r2", heard); len(told) != 0 || p.Scores != (profile.Scores{}) {
		t.Errorf("told %+v, scores %+v", told, p.Scores)
	}
	set, faults := Compile([]Definition{
		{ID: "asks", Rule: json.RawMessage(`{"field":"category.first","op":"eq","value":"tea"}`)}, {ID: "plain", Rule: json.RawMessage(`{"field":"orders.count","op":"lt","value":1}`)},
	})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	moved := []profile.Follow{{Kind: profile.FollowExited, Ref: "asks"}, {Kind: profile.FollowUnproved, Ref: "asks"}, {Kind: profile.FollowExited, Ref: "gone"}, {Kind: profile.FollowExited, Ref: "plain"},
		{Kind: profile.FollowEntered, Ref: "asks"}, {Kind: profile.FollowUnproved, Ref: "plain"}}
	if told := set.WithoutProfiling(p, slices.Clone(moved)); !slices.Equal(told, moved[3:]) {
		t.Errorf("told %+v", told)
	}
	p.SetConsent("profiling", profile.Consent{Granted: true, At: now, ReceivedAt: now.Add(1e6)})
	if told := set.WithoutProfiling(p, slices.Clone(moved)); !slices.Equal(told, moved) {
		t.Errorf("of who does not refuse, told %+v", told)
	}
}

// TestRefusedThroughSegments: what may not be asked of who refuses is not met, and neither is its opposite, through segments that ask segments.
func TestRefusedThroughSegments(t *testing.T) {
	set, faults := Compile(define(map[ID]string{
		"asks": `{"segment":"lifecycle:active"}`, "not": `{"notSegment":"asks"}`, "neither": `{"notSegment":"not"}`, "beside": `{"any":[{"segment":"not"},{"not":{"field":"tags","op":"exists"}}]}`,
		"plain": `{"not":{"field":"tags","op":"exists"}}`, "both": `{"all":[{"segment":"plain"},{"notSegment":"asks"}]}`,
	}))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	now := at(t, "2026-11-21T04:00:00Z")
	other := &profile.Profile{Scores: profile.Scores{Lifecycle: score.Active}}
	refuser := &profile.Profile{Scores: profile.Scores{Lifecycle: score.Active}}
	refuser.SetConsent("profiling", profile.Consent{At: now, ReceivedAt: now})
	for id, want := range map[ID]struct{ other, refuser, asks bool }{
		"asks": {true, false, true}, "not": {false, false, true}, "neither": {true, false, true}, "beside": {true, true, true}, "plain": {true, true, false}, "both": {false, false, true},
	} {
		if got := set.Members(other, now, shopOf(t))[id]; got != want.other {
			t.Errorf("who does not refuse is in %s: %v", id, got)
		}
		if got := set.Members(refuser, now, shopOf(t))[id]; got != want.refuser {
			t.Errorf("who refuses is in %s: %v", id, got)
		}
		if got := set.Profiles(id); got != want.asks {
			t.Errorf("%s asks what may not be asked: %v", id, got)
		}
	}
}
