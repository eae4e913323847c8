package dispatch

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

// unproven is what public events have said of somebody, in words of their own.
func unproven(p *profile.Profile) {
	p.Unproven = profile.Memory{FirstSeen: noon.UTC(), LastSeen: noon.UTC(), Locale: profile.Stamped{Value: "zh-CN", At: noon.UTC()},
		Traits:   profile.Traits{"name": {Value: "<evil>", At: noon}, "email": {Value: "eve@evil.example", At: noon}, "plan": {Value: "evil", At: noon}},
		Counters: map[string]profile.Counter{"Order Completed": {Total: 1, Last: noon.Add(time.Second).UTC()}}}
}

// ordered is the shop's word for the order of unproven.
func ordered(p *profile.Profile) {
	p.Counters = map[string]profile.Counter{"Order Completed": {Total: 1, Last: noon.Add(time.Second).UTC()}}
}

const talkative = `{"channel":"email","locales":{"default":{"subject":"Hi {{ profile.name }}","text":"{{ profile.plan }}|{{ profile.locale }}|{{ event.properties.plan }}|{{ event.name }}"},
	"zh":{"subject":"您好 {{ profile.name }}","text":"{{ profile.plan }}|{{ profile.locale }}|{{ event.properties.plan }}|{{ event.name }}"}}}`

// TestNoWordOfAPublicEventIsSent: neither of the event that started a notification, nor of what public events say of the person. They choose no
// more than the language.
func TestNoWordOfAPublicEventIsSent(t *testing.T) {
	for _, c := range []struct {
		unproven bool
		text     string
	}{{false, "||gold|Signed Up"}, {true, "|||Signed Up"}} {
		b := start(t, welcome)
		b.define(definition.Template, "hello", talkative)
		b.change(unproven)
		n := b.signUp(b.ask("s1"))
		n.Unproven = c.unproven
		settle(b, b.process, n)
		b.expect(1, "sent")
		if got := b.provider.taken[0]; got.Address != "ann@example.com" || got.Content.Subject != "您好 Ann" || !strings.HasPrefix(got.Content.Text, c.text) {
			t.Errorf("unproven %v: to %s, %q, %q", c.unproven, got.Address, got.Content.Subject, got.Content.Text)
		}
	}
}

// TestWhatUnprovenEventsMayStart asks each kind of campaign.
func TestWhatUnprovenEventsMayStart(t *testing.T) {
	for name, c := range map[string]struct {
		campaign string
		unproven bool
		before   func(*profile.Profile)
		want     string
	}{
		"a campaign":                          {welcome, true, nil, "sent"},
		"one that takes none":                 {with(`"unproven":false`), true, nil, "skipped unproven"},
		"one that takes none, proven":         {with(`"unproven":false`), false, nil, "sent"},
		"a transactional one":                 {with(`"transactional":true`), true, nil, "skipped unproven"},
		"a transactional one, proven":         {with(`"transactional":true`), false, nil, "sent"},
		"cancelled by a page":                 {with(`"cancelOn":["Order Completed"]`), true, unproven, "skipped cancelled"},
		"a proven one, by a page":             {with(`"cancelOn":["Order Completed"]`), false, unproven, "sent"},
		"a proven one, by the shop":           {with(`"cancelOn":["Order Completed"]`), false, ordered, "skipped cancelled"},
		"a transactional one, by a page":      {with(`"cancelOn":["Order Completed"],"transactional":true`), false, unproven, "sent"},
		"by what a page says":                 {with(`"condition":{"field":"traits.plan","op":"eq","value":"evil"}`), false, unproven, "sent"},
		"by what a page says, transactional":  {with(`"condition":{"field":"traits.plan","op":"eq","value":"evil"},"transactional":true`), false, unproven, "skipped notEligible"},
		"a doubtful member":                   {entered(``), false, member(true), "sent"},
		"a doubtful member, taking none":      {entered(`,"unproven":false`), false, member(true), "skipped notEligible"},
		"a member":                            {entered(`,"unproven":false`), false, member(false), "sent"},
		"a condition on a class, refused":     {with(`"condition":{"field":"lifecycle","op":"ne","value":"new"}`), false, refuses, "skipped notEligible"},
		"a condition on a fact, refused":      {with(`"condition":{"field":"orders.count","op":"lt","value":9}`), false, refuses, "sent"},
		"left a segment that is gone":         {left, false, nil, "sent"},
		"the same, and refuses profiling":     {left, false, refuses, "skipped notEligible"},
		"transactional, service refused":      {with(`"transactional":true`), false, service(false), "skipped noConsent"},
		"transactional, service granted":      {with(`"transactional":true`), false, service(true), "sent"},
		"marketing, service refused":          {welcome, false, service(false), "sent"},
		"an address that only a device named": {welcome, false, func(p *profile.Profile) { unproven(p); delete(p.Traits, "email") }, "skipped noAddress"},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, c.campaign)
			if c.before != nil {
				b.change(c.before)
			}
			n := b.ask("s1")
			n.Unproven = c.unproven
			settle(b, b.process, n)
			settle(b, b.process, n)
			b.expect(map[bool]int{true: 1}[c.want == "sent"], c.want)
		})
	}
}

func with(member string) string { return strings.TrimSuffix(welcome, "}") + "," + member + "}" }

func entered(member string) string {
	return strings.TrimSuffix(strings.Replace(welcome, `{"event":{"name":"Signed Up"}}`, `{"enteredSegment":"vip"}`, 1), "}") + member + "}"
}

var left = strings.Replace(welcome, `{"event":{"name":"Signed Up"}}`, `{"exitedSegment":"vip"}`, 1)

func refuses(p *profile.Profile) {
	p.SetConsent("profiling", profile.Consent{At: noon, ReceivedAt: noon})
}

func service(granted bool) func(*profile.Profile) {
	return func(p *profile.Profile) {
		p.SetConsent(profile.ConsentKey("email", profile.Service), profile.Consent{Granted: granted, At: noon, ReceivedAt: noon})
	}
}

func member(doubtful bool) func(*profile.Profile) {
	return func(p *profile.Profile) { p.Members = map[string]profile.Membership{"vip": {Unproven: doubtful}} }
}

// TestAnAddressThatWaitsToBeConfirmedIsNamedSo in the decision.
func TestAnAddressThatWaitsToBeConfirmedIsNamedSo(t *testing.T) {
	for address, want := range map[string]string{"ann@example.com": "unconfirmed", "": ""} {
		b := start(t, welcome)
		b.change(func(p *profile.Profile) {
			delete(p.Traits, "email")
			p.Unconfirmed.Email.Value = address
		})
		settle(b, b.process, b.ask("s1"))
		found, _, err := b.Deliveries.Decisions(t.Context(), b.ann.Keys(), 1, "")
		if err != nil || len(found) != 1 || found[0].Reason != "noAddress" || found[0].Detail != want {
			t.Errorf("%q: %+v, %v", address, found, err)
		}
	}
}

// TestAnAddressIsCapped: what public events start counts by address, whoever they name; what is proven does not.
func TestAnAddressIsCapped(t *testing.T) {
	b := start(t, welcome)
	b.define(definition.Settings, delivery.SettingsID, `{"caps":[{"limit":2,"per":1,"unit":"days"}]}`)
	ask := func(who string, unproven bool) job.Notification {
		p := b.Person(who, func(p *profile.Profile) {
			p.Traits = profile.Traits{"email": {Value: "ann@example.com"}}
			p.Consent = map[string]profile.Consent{"email": {Granted: true, At: noon}}
		})
		n := b.ask("s")
		n.ID, n.ProfileID, n.Unproven = campaign.NotificationID(p.ID, "welcome", "s"), p.ID, unproven
		return n
	}
	for i := range 5 {
		n := ask(fmt.Sprint("eve", i), true)
		settle(b, b.process, n)
		settle(b, b.another(), n) // the same once more takes no other place
	}
	if b.provider.calls != 2 {
		t.Errorf("%d notifications to one address, want 2", b.provider.calls)
	}
	for i := range 3 {
		settle(b, b.process, ask(fmt.Sprint("ann", i), false))
	}
	if b.provider.calls != 5 {
		t.Errorf("%d notifications, want 3 more", b.provider.calls)
	}
}
