package segment

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/people/profile"
)

// refusing is somebody of whom everything is known, and who refuses profiling.
func refusing(t *testing.T) *subject {
	s := somebody(t)
	s.p.Scores = profile.Scores{Run: "r", R: 5, F: 4, M: 3, Class8: "111", Segment11: Loyal, Class15: Engaged, Lifecycle: Active}
	s.p.SetConsent("profiling", profile.Consent{At: s.now, ReceivedAt: s.now})
	return s
}

// TestWhatProfilingIs lists by hand what is concluded of somebody, and docs/privacy.md says the same in words. All else is a plain fact.
func TestWhatProfilingIs(t *testing.T) {
	var got []string
	for _, f := range Fields() {
		if f.Profiling {
			got = append(got, f.Name)
		}
	}
	want := strings.Fields(`rfm.r rfm.f rfm.m class8 segment11 class15 lifecycle orders.gapMean orders.gapDeviation orders.expectedAt orders.overdueDays priceSensitivity
		active.hour active.weekday active.part active.weekendShare active.hours.<hour> rates.cart rates.checkout rates.order rates.open rates.click
		active.share.night active.share.morning active.share.afternoon active.share.evening active.share.sunday active.share.monday active.share.tuesday active.share.wednesday
		active.share.thursday active.share.friday active.share.saturday category.first category.second category.third category.all category.share category.<name>.weight
		brand.first brand.second brand.third brand.all brand.share brand.<name>.weight`)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestRefusedIsMetNeitherWay asks each field and each class, both ways, of who refuses and of who does not. A condition that may not be asked is not met,
// nor is its opposite; what stands beside it is.
func TestRefusedIsMetNeitherWay(t *testing.T) {
	fact := `{"field":"orders.count","op":"gte","value":1}` // met
	no := `{"field":"orders.count","op":"lt","value":1}`
	var asked []string
	for _, f := range Fields() {
		if f.Profiling {
			name := strings.NewReplacer("<hour>", "21", "<name>", "tea").Replace(f.Name)
			if hold(t, somebody(t), name) != "nothing" {
				asked = append(asked, fmt.Sprintf(`{"field":%q,"op":"exists"}`, name))
			}
			if slices.Contains(f.Ops, "ne") {
				other := map[Kind]string{Number: "-1", Text: `"none"`}[f.Kind]
				for _, one := range f.Values {
					if one != hold(t, refusing(t), name) {
						other = fmt.Sprintf("%q", one)
					}
				}
				asked = append(asked, fmt.Sprintf(`{"field":%q,"op":"ne","value":%s}`, name, other))
			}
		}
	}
	for _, id := range []string{"class8:111", "segment11:loyal", "class15:engaged", "lifecycle:active"} {
		asked = append(asked, fmt.Sprintf(`{"segment":%q}`, id))
	}
	asked = append(asked, `{"segment":"seg-asks"}`, `{"notSegment":"seg-not"}`)
	forms := []struct {
		rule    string // %s is what may not be asked, and met by who does not refuse
		refuses bool
		other   bool
	}{
		{`%s`, false, true}, {`{"not":%s}`, false, false}, {`{"not":{"not":%s}}`, false, true},
		{`{"all":[%s,` + fact + `]}`, false, true}, {`{"any":[%s,` + fact + `]}`, true, true}, {`{"any":[%s,` + no + `]}`, false, true},
		{`{"not":{"all":[%s,` + no + `]}}`, true, true}, {`{"not":{"any":[%s,` + no + `]}}`, false, false}, {`{"not":{"any":[{"not":%s},` + no + `]}}`, false, true},
		{`{"all":[` + fact + `,{"any":[` + no + `,{"not":{"all":[%s,` + fact + `]}}]}]}`, false, false},
	}
	helpers := []Definition{
		{ID: "seg-asks", Rule: json.RawMessage(`{"all":[{"segment":"lifecycle:active"},` + fact + `]}`)},
		{ID: "seg-not", Rule: json.RawMessage(`{"not":{"segment":"seg-asks"}}`)},
	}
	refuser, other := refusing(t), refusing(t)
	other.p.Consent = nil
	for _, one := range asked {
		for _, form := range forms {
			rule := fmt.Sprintf(form.rule, one)
			set, faults := Compile(append([]Definition{{ID: "asked", Rule: json.RawMessage(rule)}}, helpers...))
			if len(faults) > 0 {
				t.Fatalf("%s: %v", rule, faults)
			}
			if got := set.Members(refuser.p, refuser.now, refuser.shop)["asked"]; got != form.refuses {
				t.Errorf("of who refuses, %s is met: %v", rule, got)
			}
			if got := set.Members(other.p, other.now, other.shop)["asked"]; got != form.other {
				t.Errorf("of others, %s is met: %v", rule, got)
			}
			if !set.Profiles("asked") {
				t.Errorf("%s asks what may not be asked, and nobody says so", rule)
			}
		}
	}
}

// TestPlainFactsAreAskedOfEverybody: every other field holds of who refuses what it holds of others.
func TestPlainFactsAreAskedOfEverybody(t *testing.T) {
	refuser, other := refusing(t), refusing(t)
	other.p.Consent = somebody(t).p.Consent
	for _, f := range Fields() {
		if f.Profiling || strings.Contains(f.Name, "<") || f.Name == "profiling.refused" {
			continue
		}
		if got, want := hold(t, refuser, f.Name), hold(t, other, f.Name); got != want {
			t.Errorf("%s is %s, of others %s", f.Name, got, want)
		}
		rule := fmt.Sprintf(`{"field":%q,"op":"exists"}`, f.Name)
		set, faults := Compile([]Definition{{ID: "fact", Rule: json.RawMessage(rule)}})
		if len(faults) > 0 || set.Profiles("fact") || set.Members(refuser.p, refuser.now, refuser.shop)["fact"] != set.Members(other.p, other.now, other.shop)["fact"] {
			t.Errorf("%s is asked otherwise of who refuses, %v", f.Name, faults)
		}
	}
	if hold(t, refuser, "profiling.refused") != "true" || hold(t, other, "profiling.refused") != "false" {
		t.Error("profiling.refused does not say who refuses")
	}
}

// TestWhoRefusesIsInNoClass whatever a run has stored, and nobody hears of the leaving.
func TestWhoRefusesIsInNoClass(t *testing.T) {
	s := refusing(t)
	for _, id := range DerivedIDs() {
		if In(s.p, id) || Proven(s.p, id) {
			t.Errorf("is in %s", id)
		}
	}
	heard := func(profile.Follow) bool { return true }
	if told := Rescore(s.p, profile.Scores{}, s.now, "r2", heard); len(told) != 0 || s.p.Scores != (profile.Scores{}) {
		t.Errorf("told %+v, scores %+v", told, s.p.Scores)
	}
	set, faults := Compile([]Definition{
		{ID: "asks", Rule: json.RawMessage(`{"field":"category.first","op":"eq","value":"tea"}`)}, {ID: "plain", Rule: json.RawMessage(`{"field":"orders.count","op":"lt","value":1}`)},
	})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	moved := []profile.Follow{{Kind: profile.FollowExited, Ref: "asks"}, {Kind: profile.FollowUnproved, Ref: "asks"}, {Kind: profile.FollowExited, Ref: "gone"}, {Kind: profile.FollowExited, Ref: "plain"},
		{Kind: profile.FollowEntered, Ref: "asks"}, {Kind: profile.FollowUnproved, Ref: "plain"}}
	if told := set.Told(s.p, slices.Clone(moved)); !slices.Equal(told, moved[3:]) {
		t.Errorf("told %+v", told)
	}
	s.p.SetConsent("profiling", profile.Consent{Granted: true, At: s.now, ReceivedAt: s.now.Add(1e6)})
	if told := set.Told(s.p, slices.Clone(moved)); !slices.Equal(told, moved) {
		t.Errorf("of who does not refuse, told %+v", told)
	}
}
