package projection

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

// by is a job of one level.
func by(t testing.TB, level trust.Level, list ...event.Event) events.SQSMessage {
	t.Helper()
	return events.SQSMessage{Body: functiontest.Body(t, job.Events{Source: "s", Trust: level, NoMoney: level == trust.Public, Events: list})}
}

// told lists what was sent to orchestration, each job once, in its sequence.
func (s *shop) told() []string {
	s.Helper()
	var all []string
	known := map[string]bool{}
	for _, body := range s.campaigns.Bodies() {
		var envelope job.Follows
		if err := json.Unmarshal([]byte(body), &envelope); err != nil {
			s.Fatal(err)
		}
		for _, f := range envelope.Follows {
			what := fmt.Sprint(f.Kind, " ", f.Ref)
			if f.Unproven {
				what += ", unproven"
			}
			if !known[f.ID] {
				known[f.ID], all = true, append(all, what)
			}
		}
	}
	return all
}

// TestWhatAnEventStarts: what only a public event says is told as unproven, and that somebody has ordered is told on the shop's word alone.
func TestWhatAnEventStarts(t *testing.T) {
	for _, c := range []struct {
		level trust.Level
		name  string
		want  []string
	}{
		{trust.Shop, "Checked In", []string{"event Checked In"}}, {trust.Person, "Checked In", []string{"event Checked In"}}, {trust.Public, "Checked In", []string{"event Checked In, unproven"}},
		{trust.Shop, event.OrderCompleted, []string{"event Order Completed"}}, {trust.Person, event.OrderCompleted, nil}, {trust.Public, event.OrderCompleted, nil}, {trust.Public, event.OrderRefunded, nil},
	} {
		s := newShop(t)
		s.watch = &Watch{Events: map[string]bool{c.name: true}}
		s.settle(by(t, c.level, track("m", "mei", c.name, t0, `{"order_id":"A","total":5}`)))
		if got := s.told(); !slices.Equal(got, c.want) {
			t.Errorf("%s by %s: %q, want %q", c.name, c.level, got, c.want)
		}
	}
	// The source that an operator lets move money moves it, and starts nothing.
	s := newShop(t)
	s.watch = &Watch{Events: map[string]bool{event.OrderCompleted: true}}
	body, _ := json.Marshal(job.Events{Source: "web", Trust: trust.Public, Events: []event.Event{track("m", "mei", event.OrderCompleted, t0, `{"order_id":"A","total":5}`)}})
	s.settle(events.SQSMessage{Body: string(body)})
	if p := s.load(user("mei")); p.Orders.Count != 1 || p.Unproven.Counters[event.OrderCompleted].Total != 1 || len(s.told()) != 0 {
		t.Errorf("%d orders, %+v, told %q", p.Orders.Count, p.Unproven.Counters, s.told())
	}
}

// TestMembershipsThatOnlyTheWholeMeets are told as unproven, and once more when they are proven.
func TestMembershipsThatOnlyTheWholeMeets(t *testing.T) {
	set, faults := segment.Compile([]segment.Definition{
		{ID: "regular", Rule: json.RawMessage(`{"field":"events.Checked In.count","op":"gte","value":2}`)},
		{ID: "stranger", Rule: json.RawMessage(`{"field":"events.Checked In.count","op":"lt","value":1}`)},
	})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	s := newShop(t)
	s.watch = &Watch{Live: set.Live(), Shop: profile.Shop{Zone: time.UTC, Currency: "CNY"}}
	n := 0
	visit := func(level trust.Level) []string {
		n++
		before := len(s.told())
		s.settle(by(t, level, track(fmt.Sprint(n), "mei", "Checked In", t0.Add(time.Duration(n)*time.Minute), "")))
		return s.told()[before:]
	}
	for i, c := range []struct {
		level    trust.Level
		told     []string
		in       bool
		unproven bool
	}{
		{trust.Public, nil, false, false}, {trust.Public, []string{"entered regular, unproven"}, true, true}, {trust.Public, nil, true, true}, {trust.Shop, nil, true, true},
		{trust.Person, []string{"proved regular"}, true, false}, {trust.Public, nil, true, false},
	} {
		told := visit(c.level)
		m, in := s.load(user("mei")).Members["regular"]
		if !slices.Equal(told, c.told) || in != c.in || m.Unproven != c.unproven {
			t.Errorf("visit %d: told %q, %+v; want %+v", i+1, told, m, c)
		}
	}
	// Of a visitor whom nobody has seen a page's visit takes the membership away, and says so as unproven.
	s.settle(by(t, trust.Shop, track("a", "bob", "Signed In", t0, "")))
	before := len(s.told())
	s.settle(by(t, trust.Public, track("b", "bob", "Checked In", t0, "")))
	if told := s.told()[before:]; !slices.Equal(told, []string{"exited stranger, unproven"}) {
		t.Errorf("told %q", told)
	}
}

// TestAClaimCountsOnceItIsProven goes from a page that names a userId to the person's own word.
func TestAClaimCountsOnceItIsProven(t *testing.T) {
	granted := func(id, userID, device string) event.Event {
		e := track(id, userID, event.ConsentGranted, t0, `{"channel":"email"}`)
		e.AnonymousID = device
		return with(e, `{"device":{"token":"`+pushToken+`"}}`)
	}
	s := newShop(t)
	s.settle(by(t, trust.Public, browse("1", "phone", t0), granted("2", "mei", "phone")))
	mei := s.load(user("mei"))
	if len(mei.Consent)+len(mei.Tokens) != 0 || len(mei.Claims) != 1 || s.load(anonymous("phone")).ID == mei.ID {
		t.Fatalf("before: %+v, claims %+v", mei.Reach, mei.Claims)
	}
	page := browse("3", "phone", t0)
	page.UserID, page.Trust = "mei", trust.Person
	s.settle(by(t, trust.Public, page))
	mei = s.load(user("mei"))
	if !mei.Consent["email"].Granted || len(mei.Tokens) != 1 || len(mei.Claims) != 0 || s.load(anonymous("phone")).ID != mei.ID {
		t.Errorf("after: %+v, claims %+v", mei.Reach, mei.Claims)
	}
	if mei.Counters["page"].Total != 1 || mei.Unproven.Counters["page"].Total != 1 || mei.All().Counters["page"].Total != 2 {
		t.Errorf("pages: %+v proven, %+v not", mei.Counters["page"], mei.Unproven.Counters["page"])
	}
	// Who spoke stands in the timeline.
	list, _, err := s.Timeline.Events(t.Context(), mei.Keys(), 10, "")
	spoke := map[string]trust.Level{}
	for _, e := range list {
		spoke[e.MessageID] = e.Trust
	}
	if err != nil || spoke["1"] != trust.Public || spoke["2"] != trust.Public || spoke["3"] != trust.Person {
		t.Errorf("spoke %v, %v", spoke, err)
	}
}

// TestAPersonMarksNoAddress: whoever has proved to be a person may say what they want themselves, and nothing of an address.
func TestAPersonMarksNoAddress(t *testing.T) {
	s := newShop(t)
	s.settle(by(t, trust.Person, identify("1", "mei", "", t0, `{"email":"bob@shop.example"}`), track("2", "mei", event.Unsubscribed, t0, `{"email":"bob@shop.example"}`), track("3", "mei", event.EmailBounced, t0, `{}`)))
	marks, err := s.Deliveries.Marks(t.Context(), "email", "bob@shop.example")
	if p := s.load(user("mei")); err != nil || !marks.Withdrawn.IsZero() || !marks.Bounced.IsZero() || p.Consent["email"].Reason != "unsubscribe" {
		t.Errorf("marks %+v, %v; consent %+v", marks, err, p.Consent)
	}
}
