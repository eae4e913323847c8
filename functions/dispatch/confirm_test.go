package dispatch

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/secret"
)

// visitor is somebody whose device has named an address and given consent.
func (b *bench) visitor(who, address string) job.Notification {
	b.Helper()
	p := b.Person(who, func(p *profile.Profile) {
		unproven(p)
		p.Unconfirmed.Email = profile.Stamped{Value: address, At: noon.UTC()}
		p.Consent = map[string]profile.Consent{"email": {Granted: true, At: noon.UTC(), ReceivedAt: noon.UTC()}}
	})
	b.ann = p
	return b.confirmation("s1")
}

func (b *bench) confirmation(step string) job.Notification {
	n := b.ask(step)
	n.ID, n.CampaignID, n.CampaignVersion, n.Unproven = campaign.NotificationID(b.ann.ID, campaign.ConfirmationID, step), campaign.ConfirmationID, 0, true
	return n
}

// linkOf opens the link of a confirmation that was sent.
func linkOf(t *testing.T, n channel.Notification) delivery.Confirmation {
	t.Helper()
	_, rest, found := strings.Cut(n.Content.Text, "https://shop.example/v1/confirm/")
	token, _, _ := strings.Cut(rest, "\n")
	link, err := delivery.ParseConfirmation(linkKeys, token)
	if !found || err != nil {
		t.Fatalf("no link in %q: %v", n.Content.Text, err)
	}
	return link
}

// TestAConfirmation goes to the address that the device has named, with a link that names device and address, and with no word of whoever typed it.
func TestAConfirmation(t *testing.T) {
	for name, c := range map[string]struct{ template, want string }{
		"built in": {"", "请确认您在Teahouse的邮箱地址"},
		"the shop's own": {`{"id":"confirm-address","channel":"email","locales":{"default":{"subject":"{{ shop.name }}!{{ profile.name }}{{ profile.userId }}{{ profile.locale }}{{ campaign.name }}","text":"{{ profile.plan }}{{ event.name }}{{ unsubscribeUrl }}\n{{ confirmUrl }}\n"}}}`,
			"Teahouse!"},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, welcome)
			if c.template != "" {
				b.define(definition.Template, campaign.ConfirmationTemplate, c.template)
			}
			n := b.visitor("visitor", "mei@shop.example")
			n.EventID, n.EventName, n.EventOf = "m1", "evil", b.ann.ID // nothing of an event is read
			settle(b, b.process, n)
			settle(b, b.another(), n)
			b.expect(1, "sent")
			got := b.provider.taken[0]
			if got.Address != "mei@shop.example" || got.Content.Subject != c.want || got.UnsubscribeURL != "" || strings.Contains(got.Content.Text+got.Content.HTML, "evil") {
				t.Errorf("sent %+v", got)
			}
			want := delivery.Confirmation{ProfileID: b.ann.ID, Channel: delivery.Email, Address: "mei@shop.example", Sent: noon.UTC()}
			if link := linkOf(t, got); link != want {
				t.Errorf("the link is %+v", link)
			}
		})
	}
}

// TestWhenNothingIsConfirmed: what forbids it, and what has changed since it was asked for, is on record.
func TestWhenNothingIsConfirmed(t *testing.T) {
	setting := func(body string) func(*bench) {
		return func(b *bench) { b.define(definition.Settings, delivery.SettingsID, body) }
	}
	person := func(change func(*profile.Profile)) func(*bench) { return func(b *bench) { b.change(change) } }
	mark := func(reason string) func(*bench) {
		return func(b *bench) {
			b.Must(b.Deliveries.Mark(b.Context(), delivery.Email, "mei@shop.example", reason, noon.Add(-time.Hour)))
		}
	}
	for name, c := range map[string]struct {
		before func(*bench)
		want   string
	}{
		"nothing":           {func(*bench) {}, "sent  "},
		"everything stops":  {setting(`{"killSwitch":true}`), "skipped killSwitch "},
		"turned off":        {setting(`{"confirmationsOff":true}`), "skipped killSwitch confirmations"},
		"a house's cap":     {setting(`{"caps":[{"limit":1,"per":1,"unit":"days"}],"transactional":{"ignoreCaps":false,"countCaps":true}}`), "sent  "},
		"at night":          {setting(`{"quietHours":{"start":"11:00","end":"13:00"}}`), "deferred quietHours "},
		"confirmed":         {person(func(p *profile.Profile) { p.Confirmed = p.Unconfirmed.Email }), "skipped noAddress nothing to confirm"},
		"told by the shop":  {person(func(p *profile.Profile) { p.Traits = profile.Traits{"email": {Value: "ann@example.com"}} }), "skipped noAddress nothing to confirm"},
		"withdrawn":         {person(func(p *profile.Profile) { p.Consent = nil }), "skipped noAddress nothing to confirm"},
		"a dead address":    {mark("bounce"), "skipped suppressed bounce"},
		"a complaint there": {mark("complaint"), "skipped suppressed complaint"},
		"an opt-out there":  {mark("unsubscribe"), "sent  "},
		"no channel":        {func(b *bench) { delete(b.process.Senders, delivery.Email) }, "failed channelOff "},
		"a setting is lacking": {func(b *bench) {
			delete(b.process.Senders, delivery.Email)
			b.process.Lacking = map[delivery.Channel]string{delivery.Email: "MAIL_FROM is not an e-mail address"}
		}, "deferred channelOff MAIL_FROM is not an e-mail address"},
		"no link":   {func(b *bench) { b.process.PublicURL = "" }, "failed template no link without PUBLIC_URL and a secret"},
		"no secret": {func(b *bench) { b.process.Secrets = secret.Fixed(nil) }, "failed template no link without PUBLIC_URL and a secret"},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, welcome)
			n := b.visitor("visitor", "mei@shop.example")
			c.before(b)
			settle(b, b.process, n)
			found, _, err := b.Deliveries.Decisions(t.Context(), b.ann.Keys(), 10, "")
			b.Must(err)
			got := ""
			for _, d := range found {
				got += fmt.Sprint(d.Outcome, " ", d.Reason, " ", d.Detail)
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestOneConfirmationAnAddressAndWeek, whoever names it and however its domain is written; and few a day of one device, whatever it names.
func TestOneConfirmationAnAddressAndWeek(t *testing.T) {
	b := start(t, welcome)
	day := 24 * time.Hour
	for i, c := range []struct {
		after   time.Duration
		address string
		calls   int
	}{
		{0, "mei@shop.example", 1}, {time.Hour, "mei@shop.example", 1}, {0, "li@shop.example", 2}, {6*day + 22*time.Hour, "mei@shop.example", 2}, {time.Hour, "mei@shop.example", 3}, {time.Hour, "mei@shop.example", 3},
		{0, "mei@bücher.example", 4}, {0, "mei@xn--bcher-kva.example", 4},
	} {
		b.Pass(c.after)
		n := b.visitor(fmt.Sprint("visitor", i), c.address)
		n.At, n.NotAfter = b.Now().UTC(), b.Now().UTC().Add(day)
		settle(b, b.another(), n)
		if b.provider.calls != c.calls {
			t.Errorf("naming %d, of %s: %d mails, want %d", i, c.address, b.provider.calls, c.calls)
		}
	}
	b = start(t, welcome)
	b.visitor("visitor", "")
	for i := range 5 {
		b.change(func(p *profile.Profile) { p.Unconfirmed.Email.Value = fmt.Sprintf("%d@shop.example", i) })
		n := b.confirmation(fmt.Sprint("s", i))
		n.At = n.At.Add(time.Duration(i) * time.Second)
		settle(b, b.another(), n)
	}
	b.expect(3, "sent", "sent", "sent", "skipped frequencyCap", "skipped frequencyCap")
}

// TestAConfirmationWithEveryWriteBroken is sent at most once, and its end is on record.
func TestAConfirmationWithEveryWriteBroken(t *testing.T) {
	whole := start(t, welcome)
	before := whole.DB.Calls(dynamotest.AnyWrite)
	n := whole.visitor("visitor", "mei@shop.example")
	ready := whole.DB.Calls(dynamotest.AnyWrite) - before
	settle(whole, whole.process, n)
	writes := whole.DB.Calls(dynamotest.AnyWrite) - before
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		for nth := ready + 1; nth <= writes; nth++ {
			b := start(t, welcome)
			before := b.DB.Calls(dynamotest.AnyWrite)
			n := b.visitor("visitor", "mei@shop.example")
			b.DB.Fail(dynamotest.AnyWrite, nth-(b.DB.Calls(dynamotest.AnyWrite)-before), how)
			settle(b, b.another(), n)
			other := b.visitor("other", "mei@shop.example") // the place in the week is taken
			settle(b, b.another(), other)
			if b.provider.calls != 1 {
				t.Errorf("write %d %s: %d mails", nth, how, b.provider.calls)
			}
			b.expect(1, "skipped frequencyCap")
		}
	}
}
