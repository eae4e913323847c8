package member

import (
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// device saves a profile of devices alone, the first of which founded it.
func (b *bench) device(devices ...string) *profile.Profile {
	b.Helper()
	p := &profile.Profile{ID: profile.Identifier{Kind: profile.AnonymousID, Value: devices[0]}.ID(), Memory: profile.Memory{FirstSeen: noon, LastSeen: noon}}
	for _, d := range devices {
		p.Attach(profile.Identifier{Kind: profile.AnonymousID, Value: d})
	}
	if err := b.process.Referrals.Profiles.Save(b.Context(), p); err != nil {
		b.Fatal(err)
	}
	return p
}

func (b *bench) link(id profile.ID, sent time.Time) string {
	return "/v1/confirm/" + delivery.Confirmation{ProfileID: id, Channel: delivery.Email, Address: "mei@shop.example", Sent: sent}.Token(shopKeys)
}

// TestConfirm: mail scanners follow links, so looking does nothing; the button says of the device, at the person's level, that somebody reads at the
// address. Pressed again it is the same word.
func TestConfirm(t *testing.T) {
	b := start(t)
	p := b.device("phone", "tablet")
	link := b.link(p.ID, noon.Add(-time.Hour))
	page := b.anybody("GET", link, "")
	b.want(page, 200, `<form method="post">`, "是的")
	if strings.Contains(page.Body.String(), "mei") || len(b.sent.jobs) != 0 || page.Header().Get("Referrer-Policy") != "no-referrer" || page.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("looking shows %s and sends %+v", page.Body, b.sent.jobs)
	}
	b.want(b.anybody("POST", link, ""), 200, "is confirmed")
	b.pass(time.Hour)
	b.want(b.anybody("POST", link, ""), 200, "is confirmed")
	if len(b.sent.jobs) != 2 {
		t.Fatalf("sent %+v", b.sent.jobs)
	}
	j := b.sent.jobs[0]
	e := j.Events[0]
	if e.AnonymousID != "phone" || e.UserID != "" || e.Name != "Email Address Confirmed" || e.Kind != "track" || string(e.Properties) != `{"channel":"email","email":"mei@shop.example"}` ||
		!e.ReceivedAt.Equal(noon) || !e.Timestamp.Equal(noon) || j.Level(&e) != trust.Person || b.sent.jobs[1].Events[0].MessageID != e.MessageID {
		t.Errorf("sent %+v", j)
	}
}

// TestWhoseDeviceIsConfirmed is said of one of the profile's devices, and of its userId where none is left.
func TestWhoseDeviceIsConfirmed(t *testing.T) {
	for name, c := range map[string]struct {
		save func(b *bench) *profile.Profile
		want string
	}{
		"of a person": {func(b *bench) *profile.Profile {
			return b.save("ann", func(p *profile.Profile) { p.Attach(profile.Identifier{Kind: profile.AnonymousID, Value: "phone"}) })
		}, "phone/"},
		"without a device": {func(b *bench) *profile.Profile { return b.save("ann", nil) }, "/ann"},
	} {
		b := start(t)
		b.want(b.anybody("POST", b.link(c.save(b).ID, noon), ""), 200)
		if e := b.sent.jobs[0].Events[0]; e.AnonymousID+"/"+e.UserID != c.want {
			t.Errorf("%s: said of %q", name, e.AnonymousID+"/"+e.UserID)
		}
	}
}

// TestWhichLinksAreOver: forged ones, those older than a week, and those of somebody who was erased since, also if somebody came back by the key.
func TestWhichLinksAreOver(t *testing.T) {
	b := start(t)
	p := b.device("phone")
	week := 168 * time.Hour
	erased := b.device("gone")
	if err := b.process.Referrals.Profiles.Erase(t.Context(), erased, noon, erased.TombstoneVersion(noon)); err != nil {
		t.Fatal(err)
	}
	back := b.device("back")
	back.RememberErasure(back.ID, noon.Add(-time.Minute))
	if err := b.process.Referrals.Profiles.Save(t.Context(), back); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		link   string
		status int
	}{
		"forged":                      {"/v1/confirm/" + delivery.Confirmation{ProfileID: p.ID, Sent: noon}.Token(proof.New(nil, []string{"other secret"})), 404},
		"none":                        {"/v1/confirm/nonsense", 404},
		"an unsubscribe link":         {"/v1/confirm/" + delivery.Unsubscribe{ProfileID: p.ID, Channel: delivery.Email, NotificationID: "n"}.Token(shopKeys), 404},
		"of a week ago":               {b.link(p.ID, noon.Add(-week)), 404},
		"of less than a week ago":     {b.link(p.ID, noon.Add(-week+time.Second)), 200},
		"of nobody":                   {b.link("AAAAAAAAAAAAAAAAAAAAAA", noon), 404},
		"of who was erased":           {b.link(erased.ID, noon), 404},
		"of before an erasure":        {b.link(back.ID, noon.Add(-time.Hour)), 404},
		"of the moment of an erasure": {b.link(back.ID, noon.Add(-time.Minute)), 404},
		"of who came back":            {b.link(back.ID, noon), 200},
	} {
		sent := len(b.sent.jobs)
		b.want(b.anybody("GET", c.link, ""), c.status)
		b.want(b.anybody("POST", c.link, ""), c.status)
		if got := len(b.sent.jobs) - sent; got != map[int]int{200: 1}[c.status] {
			t.Errorf("%s: %d jobs sent", name, got)
		}
	}
}

// TestAConfirmationIsAnsweredWhenItIsDurable, and not before.
func TestAConfirmationIsAnsweredWhenItIsDurable(t *testing.T) {
	b := start(t)
	link := b.link(b.device("phone").ID, noon)
	b.sent.err = dynamotest.ErrInjected
	b.want(b.anybody("POST", link, ""), 503)
	b.sent.err = nil
	b.db.Fail("GetItem", 1, dynamotest.NotPersisted)
	b.want(b.anybody("POST", link, ""), 503)
	b.db.Heal()
	b.want(b.anybody("POST", link, ""), 200)
	if len(b.sent.jobs) != 1 {
		t.Errorf("sent %+v", b.sent.jobs)
	}
}
