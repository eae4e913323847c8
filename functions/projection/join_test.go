package projection

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

func untrusted(t testing.TB, source string, list ...event.Event) events.SQSMessage {
	t.Helper()
	return events.SQSMessage{Body: functiontest.Body(t, job.Events{Source: source, NoMoney: true, Events: list})}
}

func email(v string) profile.Identifier {
	return profile.Identifier{Kind: profile.Email, Value: v}
}

func with(e event.Event, context string) event.Event {
	e.Context = json.RawMessage(context)
	return e
}

const (
	pushToken = "c2a1f00dfeedc2a1f00dfeed"
	openID    = "oLVPpjqs9BhvzwPj5A-vTYAX3GLc"
)

func TestWhoMayJoin(t *testing.T) {
	mail := func(id, userID, anonymousID, address string) event.Event {
		return identify(id, userID, anonymousID, t0, fmt.Sprintf(`{"email":%q}`, address))
	}
	alias := func(id, userID, previous string) event.Event {
		return event.Event{MessageID: id, Kind: event.Alias, UserID: userID, PreviousID: previous, Timestamp: t0, OriginalTimestamp: t0, ReceivedAt: t0}
	}
	device := profile.Identifier{Kind: profile.Device, Value: pushToken}
	said := func(level trust.Level, e event.Event) event.Event {
		e.Trust = level
		return e
	}
	both := func(e event.Event, userID string) event.Event {
		e.UserID = userID
		return e
	}
	token := `{"device":{"token":"` + pushToken + `"}}`
	wechat := `{"externalIds":[{"id":"` + openID + `","type":"wechat_openid","collection":"users"}]}`
	for _, c := range []struct {
		name    string
		public  bool
		first   event.Event
		second  event.Event
		a, b    profile.Identifier
		joined  bool
		without profile.Identifier // must not stand anywhere
	}{
		{name: "a server names an address twice", first: mail("1", "", "a", "Mei@Shop.example "), second: mail("2", "u", "", "mei@shop.example"), a: user("u"), b: anonymous("a"), joined: true},
		{name: "a browser names an address twice", public: true, first: mail("1", "", "a", "mei@shop.example"), second: mail("2", "u", "", "mei@shop.example"), a: user("u"), b: anonymous("a"), without: email("mei@shop.example")},
		{name: "two known people with one address", first: mail("1", "u", "", "mei@shop.example"), second: mail("2", "v", "", "mei@shop.example"), a: user("u"), b: user("v")},
		{name: "an address that means nothing", first: mail("1", "", "a", "null@null"), second: mail("2", "u", "", "null@null"), a: user("u"), b: anonymous("a"), without: email("null@null")},
		{name: "phones written differently", first: identify("1", "", "a", t0, `{"phone":"0086 138-1234-5678"}`), second: identify("2", "u", "", t0, `{"phone":"+86 13812345678"}`), a: user("u"), b: anonymous("a"), joined: true},
		{name: "a push token, from a server", first: with(identify("1", "", "a", t0, `{}`), token), second: with(identify("2", "u", "", t0, `{}`), token), a: user("u"), b: anonymous("a"), joined: true},
		{name: "a push token, in an app", public: true, first: with(identify("1", "", "a", t0, `{}`), token), second: with(identify("2", "u", "", t0, `{}`), token), a: user("u"), b: anonymous("a"), without: device},
		{name: "a browser's identify of a device", public: true, first: browse("1", "a", t0), second: identify("2", "u", "a", t0, `{}`), a: user("u"), b: anonymous("a")},
		{name: "the person's identify of a device", public: true, first: browse("1", "a", t0), second: said(trust.Person, identify("2", "u", "a", t0, `{}`)), a: user("u"), b: anonymous("a"), joined: true},
		{name: "any call of the person's", public: true, first: browse("1", "a", t0), second: said(trust.Person, both(browse("2", "a", t0), "u")), a: user("u"), b: anonymous("a"), joined: true},
		{name: "any call of a server", first: browse("1", "a", t0), second: both(browse("2", "a", t0), "u"), a: user("u"), b: anonymous("a")},
		{name: "the person's alias of a device", public: true, first: browse("1", "a", t0), second: said(trust.Person, alias("2", "u", "a")), a: user("u"), b: anonymous("a"), joined: true},
		{name: "the person's alias of two people", public: true, first: track("1", "v", "x", t0, ""), second: said(trust.Person, alias("2", "u", "v")), a: user("u"), b: user("v")},
		{name: "the person names somebody's address", first: mail("1", "", "a", "mei@shop.example"), second: said(trust.Person, mail("2", "u", "", "mei@shop.example")), a: user("u"), b: anonymous("a")},
		{name: "an openid, from a server", first: with(identify("1", "", "a", t0, `{}`), wechat), second: with(identify("2", "u", "", t0, `{}`), wechat), a: user("u"), b: anonymous("a"), joined: true},
		{name: "an openid, in a mini-program", public: true, first: with(identify("1", "", "a", t0, `{}`), wechat), second: with(identify("2", "u", "", t0, `{}`), wechat), a: user("u"), b: anonymous("a")},
		{name: "a track never joins", first: with(track("1", "u", "Signed In", t0, `{}`), token), second: with(track("2", "v", "Signed In", t0, `{}`), token), a: user("u"), b: user("v"),
			without: device},
		{name: "a server's alias of two people", first: track("1", "u", "x", t0, ""), second: alias("2", "v", "u"), a: user("u"), b: user("v"), joined: true},
		{name: "a browser's alias of two people", public: true, first: track("1", "u", "x", t0, ""), second: alias("2", "v", "u"), a: user("u"), b: user("v")},
		{name: "a browser's alias of a device", public: true, first: browse("1", "a", t0), second: alias("2", "v", "a"), a: user("v"), b: anonymous("a")},
	} {
		for _, way := range []string{"one after the other", "reversed", "in one batch", "in one job"} {
			t.Run(c.name+", "+way, func(t *testing.T) {
				s := newShop(t)
				send := envelope
				if c.public {
					send = untrusted
				}
				one, two := send(t, "s", c.first), send(t, "s", c.second)
				switch way {
				case "one after the other":
					s.settle(one)
					s.settle(two)
				case "reversed":
					s.settle(two)
					s.settle(one)
				case "in one batch":
					s.settle(one, two)
				case "in one job":
					s.settle(send(t, "s", c.first, c.second))
				}
				s.settle(one, two)
				a, b := s.load(c.a), s.load(c.b)
				if a.Version == 0 || (a.ID == b.ID) != c.joined {
					t.Errorf("%v and %v: one person %v, want %v", c.a, c.b, a.ID == b.ID, c.joined)
				}
				if c.joined && len(s.knows(c.a).Timeline) != 2 {
					t.Errorf("the timeline holds %d events, want both", len(s.knows(c.a).Timeline))
				}
				if c.without.Value != "" && (s.load(c.without).Version != 0 || a.Has(c.without)) {
					t.Errorf("%v became an identifier", c.without)
				}
			})
		}
	}
}

// TestKnownIdentifiersCostNothing counts the calls of an identify that says what is known already.
func TestKnownIdentifiersCostNothing(t *testing.T) {
	s := newShop(t)
	say := func(n int) events.SQSMessage {
		return envelope(t, "server", with(identify(fmt.Sprint(n), "u", "a", t0.Add(time.Duration(n)*time.Minute), `{"email":"mei@shop.example","phone":"+8613812345678"}`),
			`{"device":{"token":"`+pushToken+`"},"externalIds":[{"id":"`+openID+`","type":"openid"}]}`))
	}
	s.settle(say(1))
	if got, want := len(s.load(user("u")).Identifiers), 6; got != want {
		t.Fatalf("%d identifiers, want %d", got, want)
	}
	p := s.worker()
	deliver(t, p, say(2)) // this process has seen the packs written
	reads, puts, packs, transactions := s.DB.Calls("GetItem"), s.DB.Calls("PutItem"), s.DB.Calls("BatchWriteItem"), s.DB.Calls("TransactWriteItems")
	if again := deliver(t, p, say(3)); len(again) > 0 {
		t.Fatal("the job came back")
	}
	r, w, b, x := s.DB.Calls("GetItem")-reads, s.DB.Calls("PutItem")-puts, s.DB.Calls("BatchWriteItem")-packs, s.DB.Calls("TransactWriteItems")-transactions
	if r != 1 || w != 1 || b != 1 || x != 0 {
		t.Errorf("%d reads, %d writes, %d of packs, %d transactions; want the profile, the profile, its pack, none", r, w, b, x)
	}
}

// TestEveryWriteOfAJoinBroken breaks each write of people who become one by their addresses.
func TestEveryWriteOfAJoinBroken(t *testing.T) {
	jobs := func() []events.SQSMessage {
		return []events.SQSMessage{
			envelope(t, "server", browse("b", "a", t0), identify("1", "", "a", t0, `{"email":"mei@shop.example"}`), track("2", "u", "x", t0, "")),
			envelope(t, "server", with(identify("3", "u", "d", t0, `{"email":"mei@shop.example","phone":"+8613812345678"}`), `{"device":{"token":"`+pushToken+`"}}`)),
		}
	}
	run := func(s *shop) knowledge {
		for _, j := range jobs() {
			s.settle(j)
		}
		k := s.knows(user("u"))
		k.Profile.ID, k.Profile.Parts = "", nil
		return k
	}
	healthy := newShop(t)
	want := run(healthy)
	if len(want.Profile.Identifiers) != 6 || len(want.Timeline) != 4 {
		t.Fatalf("%v, %v", want.Profile.Identifiers, want.Timeline)
	}
	writes := healthy.DB.Calls(dynamotest.AnyWrite)
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		for n := 1; n <= writes; n++ {
			s := newShop(t)
			s.DB.Fail(dynamotest.AnyWrite, n, how)
			got := run(s)
			slices.Sort(got.Timeline)
			if len(got.Profile.Identifiers) != 6 || got.Profile.Counters["x"].Total != 1 || got.Profile.Counters["page"].Total != 1 || !slices.Equal(got.Timeline, []string{"1", "2", "3", "b"}) {
				t.Errorf("write %d %s: %v %v %v", n, how, got.Profile.Identifiers, got.Profile.Counters, got.Timeline)
			}
			for _, i := range want.Profile.Identifiers {
				if s.load(i).ID != s.load(user("u")).ID {
					t.Errorf("write %d %s: %v leads elsewhere", n, how, i)
				}
			}
		}
	}
}

func TestLimitsHoldForMerges(t *testing.T) {
	s := newShop(t)
	const devices = profile.MaxIdentifiers + 2
	for i := range devices {
		a := fmt.Sprint("a", i)
		s.settle(untrusted(t, "web", browse("page-"+a, a, t0)))
		proven := identify("id-"+a, "u", a, t0, `{}`)
		proven.Trust = trust.Person
		s.settle(untrusted(t, "web", proven))
	}
	u := s.load(user("u"))
	if got := len(u.Identifiers); got != 1+profile.MaxIdentifiers {
		t.Errorf("%d identifiers, want one userId and %d devices", got, profile.MaxIdentifiers)
	}
	if other := s.load(anonymous(fmt.Sprint("a", devices-1))); other.ID == u.ID || other.All().Counters["page"].Total != 1 {
		t.Errorf("the device over the limit: %+v", other)
	}
	// A trusted alias goes beyond, up to the bound of all.
	for i := range profile.MaxUnited {
		v := fmt.Sprint("v", i)
		s.settle(envelope(t, "server", track("t-"+v, v, "x", t0, "")))
		s.settle(envelope(t, "server", event.Event{MessageID: "alias-" + v, Kind: event.Alias, UserID: "u", PreviousID: v, Timestamp: t0, OriginalTimestamp: t0, ReceivedAt: t0}))
	}
	if got := len(s.load(user("u")).Identifiers); got != profile.MaxUnited {
		t.Errorf("%d identifiers after many merges, want %d", got, profile.MaxUnited)
	}
}

func TestErasingForgetsAddresses(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "server", identify("1", "u", "", t0, `{"email":"mei@shop.example"}`)))
	command := functiontest.Body(t, job.Events{Command: &job.Command{ID: "e", Kind: job.CommandErase, ProfileID: s.load(user("u")).ID, At: t0.Add(time.Hour)}})
	s.settle(events.SQSMessage{Body: command})
	if p := s.load(email("mei@shop.example")); exists(p) || p.ErasedAt.IsZero() {
		t.Errorf("the address leads to %+v", p)
	}
	again := identify("2", "w", "", t0.Add(2*time.Hour), `{"email":"mei@shop.example"}`)
	again.ReceivedAt = again.Timestamp
	s.settle(envelope(t, "server", again))
	if a, b := s.load(email("mei@shop.example")), s.load(user("w")); a.ID != b.ID || !exists(a) {
		t.Error("who comes later cannot have the address")
	}
}
