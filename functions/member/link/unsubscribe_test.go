package link_test

import (
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

func TestUnsubscribe(t *testing.T) {
	b := membertest.Start(t)
	p := b.Save("ann", nil)
	token := delivery.Unsubscribe{ProfileID: p.ID, Channel: delivery.Email, NotificationID: "n1"}.Token(membertest.Keys)
	page := b.Anybody("GET", "/v1/unsubscribe/"+token, "")
	b.Want(page, 200, `<form method="post">`, "email")
	if len(b.Jobs()) != 0 {
		t.Fatal("looking at the page unsubscribed")
	}
	b.Want(b.Anybody("POST", "/v1/unsubscribe/"+token, "List-Unsubscribe=One-Click"), 200, "no more")
	if len(b.Jobs()) != 1 || len(b.Jobs()[0].Events) != 1 {
		t.Fatalf("sent %+v", b.Jobs())
	}
	e := b.Jobs()[0].Events[0]
	if e.UserID != "ann" || e.Name != "Unsubscribed" || e.Kind != "track" || string(e.Properties) != `{"channel":"email","notificationId":"n1"}` || !e.Timestamp.Equal(membertest.Noon) {
		t.Errorf("sent %+v", e)
	}
	b.Want(b.Anybody("POST", "/v1/unsubscribe/"+token, ""), 200)
	b.Pass(time.Second)
	b.Want(b.Anybody("POST", "/v1/unsubscribe/"+token, ""), 200)
	if id := b.Jobs()[1].Events[0].MessageID; id != e.MessageID || b.Jobs()[2].Events[0].MessageID == id {
		t.Errorf("message ids %s, %s, %s", e.MessageID, id, b.Jobs()[2].Events[0].MessageID)
	}
	odd := delivery.Unsubscribe{ProfileID: p.ID, Channel: "<b>", NotificationID: "n1"}.Token(membertest.Keys)
	if page := b.Anybody("GET", "/v1/unsubscribe/"+odd, ""); strings.Contains(page.Body.String(), "<b>") || !strings.Contains(page.Body.String(), "over &lt;b&gt;?") {
		t.Errorf("a channel is shown as %s", page.Body)
	}
	for _, bad := range []string{"x" + token, "nonsense"} {
		b.Want(b.Anybody("GET", "/v1/unsubscribe/"+bad, ""), 404)
		b.Want(b.Anybody("POST", "/v1/unsubscribe/"+bad, ""), 404)
	}
}

// TestAWithdrawalHoldsFromItsAnswerOn breaks each write of the call both ways: either it answers an error, or what dispatch asks says
// that the person and the address want nothing more, though no event was folded yet.
func TestAWithdrawalHoldsFromItsAnswerOn(t *testing.T) {
	for nth := 1; nth <= 3; nth++ {
		for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
			b := membertest.Start(t)
			p := b.Save("ann", func(p *profile.Profile) { p.Traits = map[string]profile.Trait{"email": {Value: "ann@example.com"}} })
			path := "/v1/unsubscribe/" + delivery.Unsubscribe{ProfileID: p.ID, Channel: delivery.Email, NotificationID: "n1"}.Token(membertest.Keys)
			holds := func() bool {
				t.Helper()
				c, err := b.Process.Deliveries.Contact(t.Context(), p.ID)
				b.Must(err)
				marks, err := b.Process.Deliveries.Marks(t.Context(), delivery.Email, "ann@example.com")
				b.Must(err)
				return c.Withdrawn[delivery.Email].Equal(membertest.Noon) && marks.Withdrawn.Equal(membertest.Noon)
			}
			b.DB.Fail(dynamotest.AnyWrite, nth, how)
			code := b.Anybody("POST", path, "").Code
			if want := map[bool]int{true: 503, false: 200}[nth <= 2]; code != want || code == 200 && !holds() {
				t.Errorf("write %d %s: answered %d, want %d; it holds: %v", nth, how, code, want, holds())
			}
			b.DB.Heal()
			b.Want(b.Anybody("POST", path, ""), 200)
			if !holds() || len(b.Jobs()) == 0 {
				t.Errorf("write %d %s: after the second try it holds: %v, events %d", nth, how, holds(), len(b.Jobs()))
			}
		}
	}
}

// TestWhoWasErasedWithdraws presses the button of an old mail after an erasure: no event is made of nobody, and it holds for whoever comes
// back, also where the record still points to that of a person whom they were part of.
func TestWhoWasErasedWithdraws(t *testing.T) {
	b := membertest.Start(t)
	p := b.Save("ann", nil)
	deliveries := b.Process.Deliveries
	must := func(err error) {
		t.Helper()
		b.Must(err)
	}
	must(deliveries.UniteContacts(t.Context(), &delivery.Contact{ProfileID: "other"}, []*delivery.Contact{{ProfileID: p.ID}}))
	must(b.Profiles.Erase(t.Context(), p, membertest.Noon.Add(-time.Hour), p.TombstoneVersion(membertest.Noon)))
	gone := delivery.Unsubscribe{ProfileID: p.ID, Channel: delivery.Social, NotificationID: "n1"}.Token(membertest.Keys)
	b.Want(b.Anybody("POST", "/v1/unsubscribe/"+gone, ""), 200, "no more")
	c, err := deliveries.Contact(t.Context(), p.ID)
	if must(err); !c.Withdrawn[delivery.Social].Equal(membertest.Noon) || c.MovedTo != "" {
		t.Errorf("the record is %+v", c)
	}
	if len(b.Jobs()) != 0 {
		t.Errorf("sent for somebody who is gone: %+v", b.Jobs())
	}
}

// TestWhoIsKnownByADeviceOnly withdraws, too: the event names the device.
func TestWhoIsKnownByADeviceOnly(t *testing.T) {
	b := membertest.Start(t)
	phone := membertest.Device("phone")
	for i, known := range []profile.Identifier{phone, phone.Next()} { // as it is known first, and once it was taken off somebody
		p := b.Save("x", func(p *profile.Profile) { p.ID, p.Identifiers = known.ID(), []profile.Identifier{known} })
		b.Want(b.Anybody("POST", "/v1/unsubscribe/"+delivery.Unsubscribe{ProfileID: p.ID, Channel: delivery.Social, NotificationID: "n1"}.Token(membertest.Keys), ""), 200)
		if len(b.Jobs()) != i+1 || b.Jobs()[i].Events[0].AnonymousID != "phone" || b.Jobs()[i].Events[0].UserID != "" {
			t.Errorf("sent %+v", b.Jobs())
		}
	}
}

// TestALinkOfOursIsThePersonsWord as far as the event goes that follows it.
func TestALinkOfOursIsThePersonsWord(t *testing.T) {
	b := membertest.Start(t)
	ann := b.Save("ann", nil)
	token := delivery.Unsubscribe{ProfileID: ann.ID, Channel: delivery.Email, NotificationID: "n1"}.Token(membertest.Keys)
	b.Want(b.Anybody("POST", "/v1/unsubscribe/"+token, ""), 200)
	if len(b.Jobs()) != 1 || b.Jobs()[0].Level(&b.Jobs()[0].Events[0]) != trust.Person {
		t.Errorf("sent %+v", b.Jobs())
	}
}
