package link_test

import (
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

func link(b *membertest.Bench, id profile.ID, sent time.Time) string {
	return "/v1/confirm/" + delivery.Confirmation{ProfileID: id, Channel: delivery.Email, Address: "mei@shop.example", Sent: sent}.Token(membertest.Keys)
}

// TestConfirm: mail scanners follow links, so looking does nothing; the button says of the device, at the person's level, that somebody reads at the
// address. Pressed again it is the same word.
func TestConfirm(t *testing.T) {
	b := membertest.Start(t)
	p := b.Device("phone", "tablet")
	link := link(b, p.ID, membertest.Noon.Add(-time.Hour))
	page := b.Anybody("GET", link, "")
	b.Want(page, 200, `<form method="post">`, "是的")
	if strings.Contains(page.Body.String(), "mei") || len(b.Jobs()) != 0 || page.Header().Get("Referrer-Policy") != "no-referrer" || page.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("looking shows %s and sends %+v", page.Body, b.Jobs())
	}
	b.Want(b.Anybody("POST", link, ""), 200, "is confirmed")
	b.Pass(time.Hour)
	b.Want(b.Anybody("POST", link, ""), 200, "is confirmed")
	if len(b.Jobs()) != 2 {
		t.Fatalf("sent %+v", b.Jobs())
	}
	j := b.Jobs()[0]
	e := j.Events[0]
	if e.AnonymousID != "phone" || e.UserID != "" || e.Name != "Email Address Confirmed" || e.Kind != "track" || string(e.Properties) != `{"channel":"email","email":"mei@shop.example"}` ||
		!e.ReceivedAt.Equal(membertest.Noon) || !e.Timestamp.Equal(membertest.Noon) || j.Level(&e) != trust.Person || b.Jobs()[1].Events[0].MessageID != e.MessageID {
		t.Errorf("sent %+v", j)
	}
}

// TestWhoseDeviceIsConfirmed is said of one of the profile's devices, and of its userId where none is left.
func TestWhoseDeviceIsConfirmed(t *testing.T) {
	own := membertest.Device("own").Next()
	for name, c := range map[string]struct {
		save func(b *membertest.Bench) *profile.Profile
		want string
	}{
		"of a person": {func(b *membertest.Bench) *profile.Profile {
			return b.Save("ann", func(p *profile.Profile) { p.Attach(profile.Identifier{Kind: profile.AnonymousID, Value: "phone"}) })
		}, "phone/"},
		"taken off somebody": {func(b *membertest.Bench) *profile.Profile {
			return b.Save("x", func(p *profile.Profile) { p.Identifiers = nil; p.ID = own.ID(); p.Attach(own) })
		}, "own/"},
		"without a device": {func(b *membertest.Bench) *profile.Profile { return b.Save("ann", nil) }, "/ann"},
	} {
		b := membertest.Start(t)
		b.Want(b.Anybody("POST", link(b, c.save(b).ID, membertest.Noon), ""), 200)
		if e := b.Jobs()[0].Events[0]; e.AnonymousID+"/"+e.UserID != c.want {
			t.Errorf("%s: said of %q", name, e.AnonymousID+"/"+e.UserID)
		}
	}
}

// TestWhichLinksAreOver: forged ones, those older than a week, and those of somebody who was erased since, also if somebody came back by the key.
func TestWhichLinksAreOver(t *testing.T) {
	b := membertest.Start(t)
	p := b.Device("phone")
	week := 168 * time.Hour
	erased := b.Device("gone")
	b.Must(b.Profiles.Erase(t.Context(), erased, membertest.Noon, erased.TombstoneVersion(membertest.Noon)))
	back := b.Device("back")
	back.RememberErasure(back.ID, membertest.Noon.Add(-time.Minute))
	b.Must(b.Profiles.Save(t.Context(), back))
	for name, c := range map[string]struct {
		link   string
		status int
	}{
		"forged":                      {"/v1/confirm/" + delivery.Confirmation{ProfileID: p.ID, Sent: membertest.Noon}.Token(proof.New(nil, []string{"other secret"})), 404},
		"none":                        {"/v1/confirm/nonsense", 404},
		"an unsubscribe link":         {"/v1/confirm/" + delivery.Unsubscribe{ProfileID: p.ID, Channel: delivery.Email, NotificationID: "n"}.Token(membertest.Keys), 404},
		"of a week ago":               {link(b, p.ID, membertest.Noon.Add(-week)), 404},
		"of less than a week ago":     {link(b, p.ID, membertest.Noon.Add(-week+time.Second)), 200},
		"of nobody":                   {link(b, "AAAAAAAAAAAAAAAAAAAAAA", membertest.Noon), 404},
		"of who was erased":           {link(b, erased.ID, membertest.Noon), 404},
		"of before an erasure":        {link(b, back.ID, membertest.Noon.Add(-time.Hour)), 404},
		"of the moment of an erasure": {link(b, back.ID, membertest.Noon.Add(-time.Minute)), 404},
		"of who came back":            {link(b, back.ID, membertest.Noon), 200},
	} {
		sent := len(b.Jobs())
		b.Want(b.Anybody("GET", c.link, ""), c.status)
		b.Want(b.Anybody("POST", c.link, ""), c.status)
		if got := len(b.Jobs()) - sent; got != map[int]int{200: 1}[c.status] {
			t.Errorf("%s: %d jobs sent", name, got)
		}
	}
}

// TestAConfirmationIsAnsweredWhenItIsDurable, and not before.
func TestAConfirmationIsAnsweredWhenItIsDurable(t *testing.T) {
	b := membertest.Start(t)
	link := link(b, b.Device("phone").ID, membertest.Noon)
	b.Sent.Break(dynamotest.ErrInjected)
	b.Want(b.Anybody("POST", link, ""), 503)
	b.Sent.Heal()
	b.DB.Fail("GetItem", 1, dynamotest.NotPersisted)
	b.Want(b.Anybody("POST", link, ""), 503)
	b.DB.Heal()
	b.Want(b.Anybody("POST", link, ""), 200)
	if len(b.Jobs()) != 1 {
		t.Errorf("sent %+v", b.Jobs())
	}
}
