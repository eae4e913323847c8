package rule

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

// TestWhatIsForgottenIsRefused asks both sides of each border of what a profile remembers. Of what somebody performed, the archive is asked what lies behind it.
func TestWhatIsForgottenIsRefused(t *testing.T) {
	for _, c := range []struct {
		rule  string
		place string // of the fault, empty for none
	}{
		{`{"performed":{"event":"Signed In","atLeast":12,"withinDays":30}}`, ""},
		{`{"performed":{"event":"Signed In","atLeast":13,"withinDays":30}}`, "rule.performed.atLeast"},
		{`{"performed":{"event":"Signed In","atMost":11,"withinDays":30}}`, ""},
		{`{"performed":{"event":"Signed In","atMost":12,"withinDays":30}}`, "rule.performed.atMost"},
		{`{"performed":{"event":"Signed In","atMost":15,"withinDays":30}}`, "rule.performed.atMost"},
		{`{"not":{"performed":{"event":"Signed In","atLeast":13,"withinDays":30}}}`, "rule.not.performed.atLeast"},
		{`{"performed":{"event":"Signed In","atLeast":3,"atMost":40,"withinDays":11}}`, "rule.performed.atMost"},
		{`{"performed":{"event":"Signed In","atLeast":13,"withinDays":11}}`, "rule.performed.atLeast"},
		{`{"performed":{"event":"Signed In","atLeast":1000,"withinDays":10}}`, ""},
		{`{"performed":{"event":"Signed In","atMost":1000,"withinDays":10}}`, ""},
		{`{"performed":{"event":"Signed In","atLeast":1000}}`, ""},
		{`{"performed":{"event":"Signed In","withinDays":30}}`, ""},
		{`{"field":"events.Signed In.last30","op":"gte","value":12}`, ""},
		{`{"field":"events.Signed In.last30","op":"gte","value":13}`, "rule.value"},
		{`{"field":"events.Signed In.last30","op":"gt","value":11}`, ""},
		{`{"field":"events.Signed In.last30","op":"gt","value":12}`, "rule.value"},
		{`{"field":"events.Signed In.last90","op":"lt","value":12}`, ""},
		{`{"field":"events.Signed In.last90","op":"lt","value":12.5}`, "rule.value"},
		{`{"field":"events.Signed In.last90","op":"lte","value":11}`, ""},
		{`{"field":"events.Signed In.last90","op":"lte","value":12}`, "rule.value"},
		{`{"field":"signIns.last30","op":"eq","value":11}`, ""},
		{`{"field":"signIns.last30","op":"eq","value":12}`, "rule.value"},
		{`{"field":"signIns.last30","op":"ne","value":12}`, "rule.value"},
		{`{"field":"signIns.last30","op":"in","value":[3,11]}`, ""},
		{`{"field":"signIns.last30","op":"in","value":[3,12]}`, "rule.value[1]"},
		{`{"field":"signIns.last7","op":"gte","value":500}`, ""},
		{`{"field":"events.Signed In.count","op":"gte","value":500}`, ""},
		{`{"field":"signIns.last30","op":"exists"}`, ""},
	} {
		parsed, faults := Parse([]byte(c.rule))
		if len(faults) > 0 {
			t.Errorf("%s cannot be asked: %v", c.rule, faults)
		}
		faults = parsed.Unsure
		if strings.Contains(c.rule, "performed") {
			if len(faults) > 0 || (len(parsed.Recalls) == 1) != (c.place != "") || c.place != "" && !strings.HasPrefix(c.place, parsed.Recalls[0].Path+".") {
				t.Errorf("%s: faults %v, asks the archive %d questions", c.rule, faults, len(parsed.Recalls))
			}
			continue
		}
		switch {
		case c.place == "" && len(faults) > 0:
			t.Errorf("%s is refused: %v", c.rule, faults)
		case c.place != "" && (len(faults) != 1 || faults[0].Field != c.place || !strings.Contains(faults[0].Reason, "over more than 10 days")):
			t.Errorf("%s: %v, want a fault at %s", c.rule, faults, c.place)
		}
	}
}

// TestWhatIsTakenIsRight asks every number that a rule may ask of people with any number of active days, and counts the events by hand.
func TestWhatIsTakenIsRight(t *testing.T) {
	shop := shopOf(t)
	wall := calendar{shop.Zone}
	now := at(t, "2026-11-21T04:00:00Z")
	random := rand.New(rand.NewPCG(3, 3))
	for range 60 {
		p, q := &profile.Profile{}, &profile.Profile{}
		var times []time.Time
		often := 1 + random.IntN(45)
		for range often {
			// Some are dated a day ahead.
			when := now.Add(24*time.Hour - time.Duration(random.IntN(60*24))*time.Hour)
			times = append(times, when)
			half := p
			if random.IntN(3) == 0 {
				half = q
			}
			half.Fold(&event.Event{Kind: event.Track, Name: "Signed In", Timestamp: when}, shop)
		}
		p.Absorb(q)
		for _, days := range []int{1, 5, 10, 11, 29, 30, 59} {
			count := 0
			for _, when := range times {
				if wall.day(when) >= wall.before("2026-11-21", days) {
					count++
				}
			}
			for n := 1; n <= 20; n++ {
				for form, want := range map[string]bool{"atLeast": count >= n, "atMost": count <= n} {
					rule := fmt.Sprintf(`{"performed":{"event":"Signed In",%q:%d,"withinDays":%d}}`, form, n, days)
					if len(read(t, rule).Recalls) > 0 {
						continue
					}
					if got := meets(t, rule, p, now, shop); got != want {
						t.Errorf("%s with %d within: %v, want %v; events %v", rule, count, got, want, times)
					}
				}
			}
		}
	}
}
