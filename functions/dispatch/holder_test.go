package dispatch

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// TestAnotherHoldersIntentIsNotOnesOwn: two workers reserve at the same moment; the one that loses records nothing but what is unknown.
func TestAnotherHoldersIntentIsNotOnesOwn(t *testing.T) {
	b := start(t, welcome)
	b.DB.Interrupt("PutItem", 1, func() {
		c, err := b.Deliveries.Contact(t.Context(), b.ann.ID)
		b.Must(err)
		c.Add(delivery.Intent{ID: b.ask("s1").ID, Asked: noon.UTC(), At: noon, Holder: "somebody", Channel: delivery.Email})
		b.Must(b.Deliveries.SaveContact(t.Context(), c))
	})
	settle(b, b.process, b.ask("s1"))
	b.expect(0, "unknown interrupted")
}

func TestARefusalThatIsNoBounce(t *testing.T) {
	for _, c := range []struct {
		name, address string
		answer        *channel.Error
		dead          bool
	}{
		{"dead", "ann@example.com", &channel.Error{Class: channel.Reject, Code: "550 5.1.1", Bounce: true}, true},
		{"the content", "ann@example.com", &channel.Error{Class: channel.Reject, Code: "554 5.7.1"}, false},
		{"letters that the server does not know", "änn@example.com", &channel.Error{Class: channel.Reject, Code: "550", Bounce: true}, false},
	} {
		b := start(t, welcome)
		b.change(func(p *profile.Profile) { p.Traits["email"] = profile.Trait{Value: c.address} })
		if b.ann.Address(profile.ChannelEmail) == "" {
			continue // an address that no profile takes is nobody's
		}
		b.provider.answer = func(int) error { return c.answer }
		settle(b, b.process, b.ask("s1"))
		// Bob has the same address.
		bob := b.Person("bob", func(p *profile.Profile) {
			p.Traits = map[string]profile.Trait{"email": {Value: c.address}}
			p.Consent = map[string]profile.Consent{"email": {Granted: true, At: noon}}
		})
		b.provider.answer = nil
		for _, who := range []*profile.Profile{b.ann, bob} {
			n := b.ask("s2")
			n.ID, n.ProfileID = campaign.NotificationID(who.ID, "welcome", "s2"), who.ID
			settle(b, b.process, n)
		}
		if got, want := len(b.provider.taken), map[bool]int{true: 0, false: 2}[c.dead]; got != want {
			t.Errorf("%s: %d of the two were sent to afterwards, want %d", c.name, got, want)
		}
	}
}

// TestTheVersionThatTookThePerson: the campaign and the template are those of the notification, its state and the settings those of now.
func TestTheVersionThatTookThePerson(t *testing.T) {
	edited := `{"name":"Welcome","state":"running","trigger":{"event":{"name":"Signed Up"}},"channel":"email","templateId":"other","condition":{"field":"orders.count","op":"gte","value":1}}`
	text := func(b *bench) string {
		if len(b.provider.taken) == 0 {
			return fmt.Sprint(b.decisions())
		}
		return b.provider.taken[0].Content.Text
	}
	for _, c := range []struct {
		name            string
		version, pinned int
		after           func(*bench)
		want            string
	}{
		{"as it was", 1, 1, nil, "one"},
		{"of a job without a version of the template", 1, 0, nil, "two"},
		{"of a version that never was", 9, 9, nil, "[skipped notEligible]"},
		{"stopped since", 1, 1, func(b *bench) {
			b.define(definition.Campaign, "welcome", `{"name":"Welcome","state":"cancelled","trigger":{"event":{"name":"Signed Up"}},"channel":"email","templateId":"other"}`)
		}, "[skipped notRunning]"},
		{"paused since", 1, 1, func(b *bench) {
			b.define(definition.Campaign, "welcome", `{"name":"Welcome","state":"paused","trigger":{"event":{"name":"Signed Up"}},"channel":"email","templateId":"other"}`)
		}, "[deferred notRunning]"},
		{"the template deleted since", 1, 1, func(b *bench) {
			b.DB.Undefine(b, definition.Template, "hello", noon)
		}, "one"},
	} {
		b := start(t, welcome)
		b.define(definition.Template, "hello", `{"channel":"email","locales":{"default":{"subject":"s","text":"one"}}}`)
		b.define(definition.Template, "hello", `{"channel":"email","locales":{"default":{"subject":"s","text":"two"}}}`)
		b.define(definition.Campaign, "welcome", edited)
		if c.after != nil {
			c.after(b)
		}
		n := b.ask("s1")
		n.CampaignVersion, n.TemplateVersion = c.version, c.pinned
		if c.pinned == 1 {
			n.TemplateVersion = 2 // the first one is the bench's own
		}
		settle(b, b.process, n)
		if got := text(b); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestStoppedWithinAnInvocation: the kill switch stops an invocation that has begun.
func TestStoppedWithinAnInvocation(t *testing.T) {
	b := start(t, welcome)
	b.define(definition.Settings, delivery.SettingsID, `{"caps":[]}`)
	settle(b, b.process, b.ask("s1"))
	_, err := catalog.Catalog{DB: b.DB, Table: "Catalog"}.Save(t.Context(), definition.Settings, delivery.SettingsID, []byte(`{"killSwitch":true}`), nil, dynamotest.By(noon))
	b.Must(err)
	b.Pass(5 * time.Second)
	settle(b, b.process, b.ask("s2"))
	if b.provider.calls != 1 {
		t.Errorf("%d calls", b.provider.calls)
	}
}

func TestOneReadFailsForAllOfAPerson(t *testing.T) {
	b := start(t, welcome)
	b.DB.Fail("GetItem", 1, dynamotest.NotPersisted)
	err := b.process.Dispatch(t.Context(), b.ask("s1"))
	if !errors.Is(err, dynamotest.ErrInjected) {
		t.Errorf("the error is lost: %v", err)
	}
}

// TestADeferralTakesNothingOffTheRecord lets the provider put off the first worker, and another worker have the same job just before each write of the
// first: it sends, or it sends and ends before it can record that. Whatever the first one writes then, the notification has one end on record.
func TestADeferralTakesNothingOffTheRecord(t *testing.T) {
	for _, ends := range []bool{false, true} {
		for nth := 1; ; nth++ {
			b := start(t, welcome)
			n := b.ask("once")
			b.provider.answer = func(call int) error {
				if call == 1 {
					return notNow
				}
				return nil
			}
			fired := false
			b.DB.Interrupt(dynamotest.AnyWrite, nth, func() {
				fired = true
				if !ends || b.provider.calls == 0 {
					settle(b, b.another(), n)
					return
				}
				b.provider.crash = func() { panic(errPower) }
				defer func() { b.provider.crash = nil; _ = recover() }()
				_ = b.another().Dispatch(b.Context(), n)
			})
			settle(b, b.another(), n)
			if !fired {
				break
			}
			waiting := b.waiting()
			b.Pass(10 * time.Minute)
			settle(b, b.another(), waiting...)
			final := slices.DeleteFunc(b.decisions(), func(d string) bool { return strings.HasPrefix(d, "deferred") })
			if len(final) != 1 || !ends && final[0] != "sent" {
				t.Errorf("ends %v, before write %d: decisions %v", ends, nth, b.decisions())
			}
		}
	}
}

// TestALateLookTakesNoDeferralOffTheRecord: a second worker finds the notification begun, and what it records of that comes when the first one has put the
// notification off. Then it is sent.
func TestALateLookTakesNoDeferralOffTheRecord(t *testing.T) {
	b := start(t, welcome)
	n := b.ask("once")
	looked, putOff, ended := make(chan struct{}), make(chan struct{}), make(chan error)
	b.DB.Interrupt("TransactWriteItems", 1, func() { // before what the second records
		close(looked)
		<-putOff
	})
	b.provider.answer = func(call int) error {
		if call > 1 {
			return nil
		}
		go func() { ended <- b.another().Dispatch(b.Context(), n) }()
		<-looked
		return notNow
	}
	b.Must(b.another().Dispatch(b.Context(), n))
	close(putOff)
	b.Must(<-ended)
	b.expect(1, "deferred providerError")
	waiting := b.waiting()
	b.Pass(10 * time.Minute)
	settle(b, b.another(), waiting...)
	b.expect(2, "deferred providerError", "sent")
}

// TestABeginningIsOfOneMoment: what is recorded of an earlier attempt's beginning waits for nobody, and is not recorded when whoever had begun has given
// the reservation back since it was read.
func TestABeginningIsOfOneMoment(t *testing.T) {
	b := start(t, welcome)
	b.provider.answer = func(int) error { return notNow }
	settle(b, b.process, b.ask("once"))
	off := b.lastDecision()
	c, err := b.Deliveries.Contact(t.Context(), b.ann.ID)
	b.Must(err)
	c.Add(delivery.Intent{ID: off.NotificationID, At: b.Now(), Asked: off.Asked, Holder: "another"})
	b.Must(b.Deliveries.SaveContact(t.Context(), c))
	stale := *c
	off.Outcome, off.Reason = delivery.Unknown, delivery.Interrupted
	c.Release(off.NotificationID, "another")
	b.Must(b.Deliveries.SaveContact(t.Context(), c))
	if err := b.Deliveries.DecideWhile(t.Context(), off, &stale, delivery.Deferred); !errors.Is(err, dynamo.ErrConflict) {
		t.Errorf("over a record that was given back: %v", err)
	}
	b.expect(1, "deferred providerError")
	b.Must(b.Deliveries.DecideWhile(t.Context(), off, c, delivery.Deferred))
	b.expect(1, "unknown interrupted")
	off.Outcome = delivery.Sent
	b.Must(b.Deliveries.Decide(t.Context(), off))
	off.Outcome = delivery.Unknown
	b.Must(b.Deliveries.DecideWhile(t.Context(), off, c, delivery.Deferred))
	if got := b.lastDecision(); got.Outcome != delivery.Sent {
		t.Errorf("over what was sent: %v", got.Outcome)
	}
}
