package profile

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
)

// named and granted are what a form in a page says, confirmed what the link in the mail does.
func named(address string, at int) event.Event {
	return event.Event{Kind: event.Identify, AnonymousID: "own", Trust: trust.Public, Traits: json.RawMessage(`{"email":"` + address + `"}`), Timestamp: minute(at), ReceivedAt: minute(at)}
}

func granted(at int) event.Event {
	return event.Event{Kind: event.Track, Name: event.ConsentGranted, AnonymousID: "own", Trust: trust.Public, Timestamp: minute(at), ReceivedAt: minute(at)}
}

func confirmed(address string, at int) event.Event {
	return event.Event{Kind: event.Track, Name: event.EmailConfirmed, AnonymousID: "own", Trust: trust.Person, Properties: json.RawMessage(`{"channel":"email","email":"` + address + `"}`), Timestamp: minute(at), ReceivedAt: minute(at)}
}

func visitor() *Profile {
	p := &Profile{ID: "visitor"}
	p.Attach(Identifier{AnonymousID, "own"})
	return p
}

func saidAs(level trust.Level, e event.Event, user string) event.Event {
	e.Trust, e.UserID = level, user
	return e
}

// TestWhichAddressIsToBeConfirmed: one that a device named of its own profile and gave consent for, while nobody who is trusted more names one.
func TestWhichAddressIsToBeConfirmed(t *testing.T) {
	revoked := granted(5)
	revoked.Name = event.ConsentRevoked
	foreign := func(e event.Event) event.Event { e.UserID, e.AnonymousID = "mei", "foreign"; return e }
	for name, c := range map[string]struct {
		who           func() *Profile
		said          []event.Event
		want, address string // to be confirmed, written to
	}{
		"named and granted":                  {visitor, []event.Event{named("a@shop.example", 1), granted(2)}, "a@shop.example", ""},
		"granted and named":                  {visitor, []event.Event{granted(1), named(" A@shop.example", 2)}, "a@shop.example", ""},
		"named alone":                        {visitor, []event.Event{named("a@shop.example", 1)}, "", ""},
		"granted alone":                      {visitor, []event.Event{granted(1)}, "", ""},
		"no address":                         {visitor, []event.Event{named("nobody", 1), granted(2)}, "", ""},
		"withdrawn since":                    {visitor, []event.Event{named("a@shop.example", 1), granted(2), revoked}, "", ""},
		"withdrawn before":                   {visitor, []event.Event{named("a@shop.example", 1), revoked, granted(6)}, "a@shop.example", ""},
		"another one since":                  {visitor, []event.Event{named("a@shop.example", 1), granted(2), named("b@shop.example", 3)}, "b@shop.example", ""},
		"confirmed":                          {visitor, []event.Event{named("a@shop.example", 1), granted(2), confirmed("a@shop.example", 3)}, "", "a@shop.example"},
		"confirmed, and another one":         {visitor, []event.Event{named("a@shop.example", 1), granted(2), confirmed("a@shop.example", 3), named("b@shop.example", 4)}, "b@shop.example", "a@shop.example"},
		"both confirmed":                     {visitor, []event.Event{granted(2), named("b@shop.example", 3), confirmed("b@shop.example", 5), confirmed("a@shop.example", 4)}, "", "b@shop.example"},
		"the shop tells one":                 {visitor, []event.Event{named("a@shop.example", 1), granted(2), saidAs("", named("c@shop.example", 0), "")}, "", "c@shop.example"},
		"the shop tells one, and confirmed":  {visitor, []event.Event{named("a@shop.example", 1), granted(2), confirmed("a@shop.example", 9), saidAs("", named("c@shop.example", 0), "")}, "", "c@shop.example"},
		"the person tells one":               {mei, []event.Event{named("a@shop.example", 1), granted(2), saidAs(trust.Person, named("c@shop.example", 0), "mei")}, "", "c@shop.example"},
		"of a person who has none":           {mei, []event.Event{named("a@shop.example", 1), granted(2)}, "a@shop.example", ""},
		"of a userId that it claims":         {mei, []event.Event{foreign(named("a@shop.example", 1)), foreign(granted(2))}, "", ""},
		"of a userId that it claims, own":    {mei, []event.Event{foreign(named("a@shop.example", 1)), foreign(granted(2)), named("b@shop.example", 1), granted(2)}, "b@shop.example", ""},
		"a page confirms":                    {visitor, []event.Event{named("a@shop.example", 1), granted(2), saidAs(trust.Public, confirmed("a@shop.example", 3), "")}, "a@shop.example", ""},
		"a provider confirms":                {visitor, []event.Event{named("a@shop.example", 1), granted(2), saidAs(trust.Provider, confirmed("a@shop.example", 3), "")}, "a@shop.example", ""},
		"confirmed without an address":       {visitor, []event.Event{named("a@shop.example", 1), granted(2), confirmed("", 3)}, "a@shop.example", ""},
		"an e-mail address by the shop's id": {visitor, []event.Event{named("a@shop.example", 1), granted(2), saidAs("", event.Event{Kind: event.Track, Name: event.SignedUp, AnonymousID: "own"}, "")}, "a@shop.example", ""},
	} {
		p := c.who()
		for _, e := range c.said {
			p.Fold(&e, Shop{})
		}
		if got := p.ToConfirm(); got != c.want || p.Address(ChannelEmail) != c.address {
			t.Errorf("%s: to confirm %q, address %q", name, got, p.Address(ChannelEmail))
		}
	}
}

// TestAConfirmedAddressGivesWayToAnIdentifier too: what joined the person is the shop's word.
func TestAConfirmedAddressGivesWayToAnIdentifier(t *testing.T) {
	p := visitor()
	p.Confirmed = Stamped{"a@shop.example", minute(1)}
	p.Attach(Identifier{Email, "b@shop.example"})
	if got := p.Address(ChannelEmail); got != "b@shop.example" {
		t.Errorf("address %q", got)
	}
}

// TestOneAddressIsAskedForOnceAWeek by one profile, however often its page names it; another at once.
func TestOneAddressIsAskedForOnceAWeek(t *testing.T) {
	p := visitor()
	const week = 7 * 24 * 60
	for i, c := range []struct {
		said event.Event
		asks int // the minute of the news, -1 for none
	}{
		{named("a@shop.example", 1), -1}, {granted(2), 2}, {granted(3), -1}, {named("a@shop.example", 4), -1}, {named("b@shop.example", 5), 5}, {named("b@shop.example", 5+week-1), -1},
		{named("b@shop.example", 5+week), 5 + week}, {named("b@shop.example", 6+week), -1}, {confirmed("b@shop.example", 7+week), -1}, {named("b@shop.example", 5+3*week), -1},
		{named("a@shop.example", 6+3*week), 6 + 3*week},
	} {
		p.Fold(&c.said, Shop{})
		news, ask := p.Ask()
		if ask != (c.asks >= 0) || ask && (news.Kind != FollowUnconfirmed || !news.Unproven || news.Ref != "" || !news.At.Equal(minute(c.asks))) {
			t.Errorf("word %d: %v, %+v", i, ask, news)
		}
		if _, again := p.Ask(); again {
			t.Errorf("word %d: asked twice", i)
		}
	}
}

// TestConfirmationsInAnySequence: which address is confirmed does not depend on the sequence, nor on whose half of a merge it was.
func TestConfirmationsInAnySequence(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		var list []event.Event
		for i := range 6 {
			list = append(list, confirmed(fmt.Sprintf("%c@shop.example", 'a'+r.IntN(3)), r.IntN(4)), named(fmt.Sprintf("%c@shop.example", 'a'+r.IntN(3)), i), granted(i))
		}
		p, q, both := visitor(), visitor(), visitor()
		for _, e := range list {
			both.Fold(&e, Shop{})
		}
		for _, i := range r.Perm(len(list)) {
			[]*Profile{p, q}[r.IntN(2)].Fold(&list[i], Shop{})
		}
		p.Asked, q.Asked = Stamped{"a@shop.example", minute(1)}, Stamped{"b@shop.example", minute(2)}
		p.Absorb(q)
		if p.Confirmed != both.Confirmed || p.ToConfirm() != both.ToConfirm() || p.Asked.Value != "b@shop.example" {
			t.Fatalf("%+v to confirm %q, want %+v and %q", p.Confirmed, p.ToConfirm(), both.Confirmed, both.ToConfirm())
		}
	}
	if AskAgain != 168*time.Hour {
		t.Error("a week has changed")
	}
}
