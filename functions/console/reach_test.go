package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/experiment"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
)

// answered is a preview as a client reads it.
type answered struct {
	Sampled, Matched int
	Reach            []struct {
		Channel     string
		Reachable   part
		Unreachable map[string]int
		HeldOut     struct{ Holdout, Control part }
		NotEligible *part
		Left        part
		NotAsked    []string
	}
}

func (b *bench) preview(path string) (a answered) {
	b.Helper()
	b.Must(json.Unmarshal([]byte(b.must(200, "POST", path, "")), &a))
	return a
}

// contacts makes n buyers of class 111 who differ in what they allow: by their number they have no consent (0 of 6), have revoked it (1), have complained (2), have consented
// without an address (3), or with one (4, 5). Every second of the last has spent a lot.
func contacts(n int) []*profile.Profile {
	all := crowd(n, n)
	for i, one := range all {
		one.Identifiers = []profile.Identifier{{Kind: profile.UserID, Value: fmt.Sprint("u-", i)}}
		word := func(granted bool, reason string) {
			one.Consent = map[string]profile.Consent{"email": {Granted: granted, Reason: reason, At: start, ReceivedAt: start}}
		}
		one.Traits = profile.Traits{}
		if i%6 != 3 {
			one.Traits["email"] = profile.Trait{Value: fmt.Sprintf("u%d@example.com", i), At: start, By: trust.Shop}
		}
		switch i % 6 {
		case 1:
			word(false, "unsubscribe")
		case 2:
			word(false, "complaint")
		case 3, 4, 5:
			word(true, "")
		}
		if i%6 == 5 {
			one.Orders.Entries = append(one.Orders.Entries, profile.OrderEntry{At: start, Net: 1_000_000, Currency: "CNY"})
			one.Orders.Count++
		}
	}
	return all
}

func TestPreviewSaysWhomACampaignReaches(t *testing.T) {
	const n = 600
	b := newBench(t)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	b.must(201, "PUT", "/v1/templates/welcome", welcome)
	b.must(201, "PUT", "/v1/settings/holdout", `{"share":0.2,"season":"2026Q4"}`)
	b.must(201, "PUT", "/v1/settings/messaging", `{"killSwitch":true,"quietHours":{"start":"00:00","end":"23:59"},"caps":[{"limit":1,"channel":"any","per":1,"unit":"days"}]}`)
	b.must(201, "PUT", "/v1/campaigns/c", strings.Replace(thanks, `{"name"`, `{"control":0.3,"condition":{"field":"orders.revenue","op":"gte","value":1000000},"name"`, 1))
	all := contacts(n)
	b.process.Profiles = population{2: {all}}

	// Who is left, counted by hand.
	var reachable, holdout, control, poor, left int
	for i := range n {
		if i%6 < 4 {
			continue
		}
		reachable++
		switch who := fmt.Sprint("u-", i); {
		case experiment.Bucket("holdout:2026Q4", who) < 0.2:
			holdout++
		case experiment.Bucket("c:control", who) < 0.3:
			control++
		case i%6 == 4:
			poor++
		default:
			left++
		}
	}
	if holdout*control*poor*left == 0 {
		t.Fatalf("%d, %d, %d, %d: nothing to find", holdout, control, poor, left)
	}
	exactly := func(k int) part { f := float64(k); return part{k, &interval{f, f, f}} }
	a := b.preview("/v1/campaigns/c/preview")
	if len(a.Reach) != 1 {
		t.Fatalf("%+v", a)
	}
	r := a.Reach[0]
	if a.Matched != n || r.Channel != "email" || !reflect.DeepEqual(r.Reachable, exactly(reachable)) || !reflect.DeepEqual(r.Unreachable, map[string]int{"noConsent": 200, "suppressed": 100, "noAddress": 100}) {
		t.Errorf("of %d matches are reachable %+v, not %v", a.Matched, r.Reachable, r.Unreachable)
	}
	if !reflect.DeepEqual(r.HeldOut.Holdout, exactly(holdout)) || !reflect.DeepEqual(r.HeldOut.Control, exactly(control)) || !reflect.DeepEqual(*r.NotEligible, exactly(poor)) || !reflect.DeepEqual(r.Left, exactly(left)) {
		t.Errorf("held out %+v, not eligible %+v, left %+v; want %d, %d, %d, %d", r.HeldOut, r.NotEligible, r.Left, holdout, control, poor, left)
	}
	if got := fmt.Sprint(r.NotAsked); got != "[suppressed frequencyCap quietHours killSwitch]" {
		t.Errorf("not asked are %s", got)
	}

	// Of a transactional one nobody is held out, and it takes no consent.
	b.must(201, "PUT", "/v1/campaigns/t", strings.Replace(thanks, `{"name"`, `{"transactional":true,"name"`, 1))
	if r := b.preview("/v1/campaigns/t/preview").Reach[0]; r.Left.Sampled != 400 || r.HeldOut.Holdout.Sampled+r.HeldOut.Control.Sampled != 0 || !reflect.DeepEqual(r.Unreachable, map[string]int{"suppressed": 100, "noAddress": 100}) {
		t.Errorf("a transactional one: %+v", r)
	}

	// Of a segment all channels are told, without a control.
	s := b.preview("/v1/segments/vip/preview")
	last := len(s.Reach) - 1
	if last+1 != len(delivery.Channels()) || s.Reach[0].Channel != "email" || s.Reach[0].Left.Sampled != reachable-holdout || s.Reach[0].NotEligible != nil || s.Reach[last].Channel != "social" || s.Reach[last].Reachable.Sampled != n {
		t.Errorf("a segment: %+v", s.Reach)
	}

	// The basis of a channel is the shop's.
	b.must(200, "PUT", "/v1/settings/messaging", `{"consent":{"email":"optOut"}}`)
	if r := b.preview("/v1/segments/vip/preview").Reach[0]; r.Reachable.Sampled != 300 {
		t.Errorf("with optOut: %+v", r)
	}
	if r := b.preview("/v1/segments/class8:111/preview"); r.Matched != n || r.Reach[0].Reachable.Sampled != 300 {
		t.Errorf("a derived segment: %+v", r)
	}
}

// TestWhomASampleReachesHasAnInterval takes 300 of some thousands: each number has the interval of its own share.
func TestWhomASampleReachesHasAnInterval(t *testing.T) {
	b := newBench(t)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	b.process.Profiles = population{0: {contacts(300), contacts(6)}}
	if r := b.preview("/v1/segments/vip/preview").Reach[0]; r.Reachable != (part{Sampled: 100}) {
		t.Errorf("without a run: %+v", r.Reachable)
	}
	_, err := b.process.Runs.Create(t.Context(), score.Run{ID: "r", CreatedAt: start})
	b.Must(err)
	b.Must(errors.Join(b.process.Runs.SaveFindings(t.Context(), "r", score.Findings{Profiles: 3000}), b.process.Runs.SaveOutcome(t.Context(), "r", score.Outcome{FinishedAt: start.Add(time.Hour)})))
	// Wilson's interval of 100 in 300 is 0.2824 to 0.3884 (R: binom.confint(100, 300, methods = "wilson")).
	if r := b.preview("/v1/segments/vip/preview").Reach[0]; r.Reachable.Sampled != 100 || *r.Reachable.Audience != (interval{1000, 847, 1166}) || *r.HeldOut.Holdout.Audience != (interval{0, 0, 38}) {
		t.Errorf("of a sample: %+v, %+v", *r.Reachable.Audience, *r.HeldOut.Holdout.Audience)
	}
}
