package rule

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/people/profile"
)

// refusing is somebody of whom everything is known, and who refuses profiling.
func refusing(t *testing.T) *Subject {
	s := somebody(t)
	s.p.Scores = profile.Scores{Run: "r", R: 5, F: 4, M: 3, Class8: "111", Segment11: score.Loyal, Class15: score.Engaged, Lifecycle: score.Active, Activity: "warning", Stage: "churn", Alive: "lost", ValueDecile: 3}
	s.p.SetConsent("profiling", profile.Consent{At: s.now, ReceivedAt: s.now})
	s.refuses = true
	return s
}

// TestWhatProfilingIs lists by hand what is concluded of somebody, and docs/privacy.md says the same in words. All else is a plain fact.
func TestWhatProfilingIs(t *testing.T) {
	var got []string
	for _, f := range Fields(English) {
		if f.Profiling {
			got = append(got, f.Name)
		}
	}
	want := strings.Fields(`rfm.r rfm.f rfm.m class8 segment11 class15 lifecycle activity.score activity.band stage alive valueDecile orders.gapMean orders.gapDeviation orders.expectedAt orders.overdueDays priceSensitivity
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
	for _, f := range Fields(English) {
		if f.Profiling {
			name := strings.NewReplacer("<hour>", "21", "<name>", "tea").Replace(f.Name)
			if hold(t, somebody(t), name) != "nothing" {
				asked = append(asked, fmt.Sprintf(`{"field":%q,"op":"exists"}`, name))
			}
			if slices.Contains(f.Ops, "ne") {
				other := map[Kind]string{Number: "-1", Text: `"none"`}[f.Kind]
				for _, one := range f.Values {
					if one.Value != hold(t, refusing(t), name) {
						other = fmt.Sprintf("%q", one.Value)
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
	helpers := []struct {
		id string
		Rule
	}{{"seg-asks", read(t, `{"all":[{"segment":"lifecycle:active"},`+fact+`]}`)}, {"seg-not", read(t, `{"not":{"segment":"seg-asks"}}`)}}
	ask := func(s *Subject, one Rule) bool {
		is, might := map[string]bool{}, map[string]bool{}
		s.In, s.Perhaps = func(id string) bool { return is[id] }, func(id string) bool { return might[id] }
		for _, h := range helpers {
			is[h.id], might[h.id] = h.Meets(s), h.MightMeet(s)
		}
		return one.Meets(s)
	}
	refuser, other := refusing(t), refusing(t)
	other.p.Consent, other.refuses = nil, false
	for _, one := range asked {
		for _, form := range forms {
			rule := fmt.Sprintf(form.rule, one)
			parsed := read(t, rule)
			if got := ask(refuser, parsed); got != form.refuses {
				t.Errorf("of who refuses, %s is met: %v", rule, got)
			}
			if got := ask(other, parsed); got != form.other {
				t.Errorf("of others, %s is met: %v", rule, got)
			}
			if !parsed.Profiling && len(parsed.Refs) == 0 {
				t.Errorf("%s asks what may not be asked, and nobody says so", rule)
			}
		}
	}
}

// TestPlainFactsAreAskedOfEverybody: every other field holds of who refuses what it holds of others.
func TestPlainFactsAreAskedOfEverybody(t *testing.T) {
	refuser, other := refusing(t), refusing(t)
	other.p.Consent, other.refuses = somebody(t).p.Consent, false
	for _, f := range Fields(English) {
		if f.Profiling || strings.Contains(f.Name, "<") || f.Name == "profiling.refused" {
			continue
		}
		if got, want := hold(t, refuser, f.Name), hold(t, other, f.Name); got != want {
			t.Errorf("%s is %s, of others %s", f.Name, got, want)
		}
		rule := fmt.Sprintf(`{"field":%q,"op":"exists"}`, f.Name)
		if parsed := read(t, rule); parsed.Profiling || parsed.Meets(refuser) != parsed.Meets(other) {
			t.Errorf("%s is asked otherwise of who refuses", f.Name)
		}
	}
	if hold(t, refuser, "profiling.refused") != "true" || hold(t, other, "profiling.refused") != "false" {
		t.Error("profiling.refused does not say who refuses")
	}
}
