package projection

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
)

// TestARefusalOfProfilingTakesEffectAtOnce: with the commit that brings it somebody loses every class, and is in no segment that asks one, also in
// those that only a run keeps for others; segments of plain facts stay. Nobody hears of it. A grant brings the live ones back.
func TestARefusalOfProfilingTakesEffectAtOnce(t *testing.T) {
	set, faults := segment.Compile([]segment.Definition{
		{ID: "loyal", Rule: json.RawMessage(`{"segment":"segment11:loyal"}`)},
		{ID: "not-loyal", Rule: json.RawMessage(`{"notSegment":"loyal"}`)},
		{ID: "tea", Rule: json.RawMessage(`{"field":"category.first","op":"eq","value":"tea"}`)},
		{ID: "viewers", Rule: json.RawMessage(`{"field":"views.count","op":"gte","value":1}`)},
		{ID: "unprofiled", Rule: json.RawMessage(`{"field":"profiling.refused","op":"eq","value":true}`)},
	})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for name, c := range map[string]struct {
		level   trust.Level
		device  string // that the word is of; the person's own is "own"
		user    string
		refuses bool
	}{
		"the shop": {trust.Shop, "", "mei", true}, "the person": {trust.Person, "", "mei", true}, "a device of theirs": {trust.Public, "own", "", true}, "a device that claims to be": {trust.Public, "foreign", "mei", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.watch = &Watch{Live: set.Live(), All: set, Shop: profile.Shop{Zone: time.UTC, Currency: "CNY"}}
			s.settle(by(t, trust.Shop, identify("0", "mei", "own", t0, `{}`), track("1", "mei", event.ProductViewed, t0, `{"product_id":"p","category":"tea"}`)))
			// As a run would leave it.
			p := s.load(user("mei"))
			p.Scores = profile.Scores{Run: "r", R: 5, F: 4, M: 3, Class8: "111", Segment11: "loyal", Class15: "active-11", Lifecycle: "active"}
			p.Members["loyal"] = profile.Membership{Since: t0, Run: "r"}
			s.Must(s.Profiles.Save(t.Context(), p))
			before := len(s.told())
			word := func(id, name string, minutes int) event.Event {
				at := t0.Add(time.Duration(minutes) * time.Minute)
				e := track(id, c.user, name, at, `{"purpose":"profiling","textVersion":"p-2"}`)
				e.AnonymousID, e.ReceivedAt = c.device, at
				return e
			}
			s.settle(by(t, c.level, word("2", event.ConsentRevoked, 1)))
			p = s.load(user("mei"))
			want, told := []string{"loyal", "tea", "viewers"}, []string(nil)
			if c.refuses {
				want, told = []string{"unprofiled", "viewers"}, []string{"entered unprofiled"}
				if got := (profile.Proof{By: c.level, Source: "s", TextVersion: "p-2"}); p.Consent["profiling"].Proof != got {
					t.Errorf("the proof is %+v, want %+v", p.Consent["profiling"], got)
				}
			}
			if got := membersOf(p); !slices.Equal(got, want) || (p.Scores == profile.Scores{}) != c.refuses || !slices.Equal(s.told()[before:], told) {
				t.Errorf("in %q with %+v, told %q; want %q, told %q", got, p.Scores, s.told()[before:], want, told)
			}
			// What is folded later does not bring them back, and an older grant does not either.
			s.settle(by(t, trust.Shop, word("3", event.ConsentGranted, 0), track("4", "mei", event.ProductViewed, t0.Add(time.Hour), `{"product_id":"q","category":"tea"}`)))
			if got := membersOf(s.load(user("mei"))); !slices.Equal(got, want) {
				t.Errorf("later in %q, want %q", got, want)
			}
			s.settle(by(t, trust.Shop, event.Event{MessageID: "5", Kind: event.Track, UserID: "mei", Name: event.ConsentGranted, Timestamp: t0.Add(2 * time.Hour), ReceivedAt: t0.Add(2 * time.Hour), Properties: json.RawMessage(`{"purpose":"profiling"}`)}))
			if want = []string{"tea", "viewers"}; !c.refuses {
				want = []string{"loyal", "tea", "viewers"}
			}
			if got := membersOf(s.load(user("mei"))); !slices.Equal(got, want) {
				t.Errorf("after a grant in %q, want %q", got, want)
			}
		})
	}
}

// membersOf are the segments of a profile, in the order of the alphabet.
func membersOf(p *profile.Profile) (ids []string) {
	for id := range p.Members {
		ids = append(ids, fmt.Sprint(id))
	}
	slices.Sort(ids)
	return ids
}
