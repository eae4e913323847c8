package projection

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/job"
)

// form is what a form in a page sends of a device: an address, and consent.
func form(device, address string, minutes int) []event.Event {
	at := t0.Add(time.Duration(minutes) * time.Minute)
	consent := event.Event{MessageID: fmt.Sprint("consent-", device, minutes), Kind: event.Track, Name: event.ConsentGranted, AnonymousID: device, Properties: json.RawMessage(`{"channel":"email"}`), Timestamp: at, ReceivedAt: at}
	named := identify(fmt.Sprint("named-", device, minutes), "", device, at, `{"email":"`+address+`"}`)
	named.ReceivedAt = at
	return []event.Event{named, consent}
}

// TestAnAddressToBeConfirmedIsTold once, whichever of a form's events comes first, however often they come, and where one half of what it needs comes by
// a merge or by a proof that the device is the person's.
func TestAnAddressToBeConfirmedIsTold(t *testing.T) {
	const told = "unconfirmed , unproven"
	both := form("phone", "mei@shop.example", 1)
	proof := identify("proof", "mei", "phone", t0.Add(5*time.Minute), `{}`)
	claimed := []event.Event{both[0], both[1]}
	for i := range claimed {
		claimed[i].UserID = "mei"
	}
	for name, c := range map[string]struct {
		jobs [][]event.Event
		by   []trust.Level
		want []string
	}{
		"together":           {[][]event.Event{both}, []trust.Level{trust.Public}, []string{told}},
		"one by one":         {[][]event.Event{both[:1], both[1:]}, []trust.Level{trust.Public, trust.Public}, []string{told}},
		"the other way":      {[][]event.Event{both[1:], both[:1]}, []trust.Level{trust.Public, trust.Public}, []string{told}},
		"and again":          {[][]event.Event{both, form("phone", "mei@shop.example", 3)}, []trust.Level{trust.Public, trust.Public}, []string{told}},
		"and another":        {[][]event.Event{both, form("phone", "li@shop.example", 3)}, []trust.Level{trust.Public, trust.Public}, []string{told, told}},
		"without consent":    {[][]event.Event{both[:1]}, []trust.Level{trust.Public}, nil},
		"by the shop":        {[][]event.Event{both}, []trust.Level{trust.Shop}, nil},
		"claimed":            {[][]event.Event{claimed}, []trust.Level{trust.Public}, nil},
		"claimed and proven": {[][]event.Event{claimed, {proof}}, []trust.Level{trust.Public, trust.Shop}, []string{told}},
		"named by one device, granted by the person": {[][]event.Event{both[:1], {{MessageID: "c", Kind: event.Track, Name: event.ConsentGranted, UserID: "mei", Timestamp: t0, ReceivedAt: t0}}, {proof}},
			[]trust.Level{trust.Public, trust.Shop, trust.Shop}, []string{told}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			for i, list := range c.jobs {
				s.settle(by(t, c.by[i], list...))
				s.settle(by(t, c.by[i], list...))
			}
			if got := s.told(); !slices.Equal(got, c.want) {
				t.Errorf("told %q, want %q", got, c.want)
			}
		})
	}
}

// TestAConfirmedAddressIsTheDevices: what the link says stays with the device's profile, and comes along when the device is joined.
func TestAConfirmedAddressIsTheDevices(t *testing.T) {
	s := newShop(t)
	s.settle(by(t, trust.Public, form("phone", "mei@shop.example", 1)...))
	at := t0.Add(time.Hour)
	link := event.Event{MessageID: "confirm-1", Kind: event.Track, Name: event.EmailConfirmed, AnonymousID: "phone", Properties: json.RawMessage(`{"email":"mei@shop.example"}`), Timestamp: at, ReceivedAt: at}
	s.settle(by(t, trust.Person, link))
	s.settle(by(t, trust.Person, link))
	if p := s.load(anonymous("phone")); p.Address(profile.ChannelEmail) != "mei@shop.example" || !p.Confirmed.At.Equal(at) || p.Counters[event.EmailConfirmed].Total != 1 || p.UserID() != "" {
		t.Errorf("%+v", p)
	}
	s.settle(by(t, trust.Shop, track("m", "mei", event.SignedUp, t0, ""), identify("proof", "mei", "phone", t0.Add(5*time.Minute), `{}`)))
	if p := s.load(user("mei")); p.Address(profile.ChannelEmail) != "mei@shop.example" || !p.Reachable(profile.ChannelEmail) {
		t.Errorf("%+v", p.Reach)
	}
}

// TestTheNewsOfAnAddressIsNeverLost: with every write broken either way, orchestration is told, and of one job.
func TestTheNewsOfAnAddressIsNeverLost(t *testing.T) {
	jobs := func(t *testing.T, s *shop) {
		s.settle(by(t, trust.Public, form("phone", "mei@shop.example", 1)...))
	}
	whole := newShop(t)
	jobs(t, whole)
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		for nth := 1; nth <= whole.DB.Calls(dynamotest.AnyWrite); nth++ {
			s := newShop(t)
			s.DB.Fail(dynamotest.AnyWrite, nth, how)
			jobs(t, s)
			if got := s.told(); len(got) != 1 {
				t.Errorf("write %d %s: told %q", nth, how, got)
			}
		}
		s := newShop(t)
		s.campaigns.Fail(1, how)
		jobs(t, s)
		if got := s.told(); len(got) != 1 {
			t.Errorf("sending %s: told %q", how, got)
		}
	}
	if len(job.Destinations(profile.FollowUnconfirmed)) == 0 {
		t.Error("nobody takes the news")
	}
}
