package dispatch

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
)

// devices plays the push services: it answers by device.
type devices struct {
	mu    sync.Mutex
	calls []string
	say   map[string]error
}

func (d *devices) Send(_ context.Context, n channel.Notification) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, n.Address)
	return d.say[n.Address]
}

func (d *devices) called() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	slices.Sort(d.calls)
	text := fmt.Sprint(d.calls)
	d.calls = nil
	return text
}

// pushing is a shop that pushes to Ann's three devices, of which the new one spoke last.
func pushing(t *testing.T, say map[string]error) (*bench, *devices) {
	b := start(t, `{"name":"New tea","state":"running","trigger":{"event":{"name":"Signed Up"}},"channel":"push","templateId":"tea"}`)
	b.define(definition.Template, "tea", `{"channel":"push","locales":{"default":{"subject":"New tea","text":"for {{ profile.name }}","payload":{"link":"shop://tea"}}}}`)
	d := &devices{say: say}
	b.process.Senders[delivery.Push] = d
	b.change(func(p *profile.Profile) {
		p.Tokens = map[string]profile.Token{"old-token-0123456789": {At: noon.Add(-time.Hour)}, "new-token-0123456789": {At: noon}, "mid-token-0123456789": {At: noon.Add(-time.Minute)}}
		p.Consent["push"] = profile.Consent{Granted: true, At: noon}
	})
	return b, d
}

const oldest, middle, newest = "old-token-0123456789", "mid-token-0123456789", "new-token-0123456789"

var (
	deadToken = &channel.Error{Class: channel.Reject, Code: "UNREGISTERED", Bounce: true}
	refused   = &channel.Error{Class: channel.Reject, Code: "SENDER_ID_MISMATCH"}
	later     = &channel.Error{Class: channel.Retry, Code: "UNAVAILABLE", After: time.Hour}
	silent    = &channel.Error{Class: channel.Uncertain, Code: "no answer"}
)

// TestOneDeviceIsEnough: each living device is called once, what becomes of the notification follows from all answers, and dead devices are not called again.
func TestOneDeviceIsEnough(t *testing.T) {
	for name, c := range map[string]struct {
		say    map[string]error
		want   string // of the notification
		second string // whom the next notification goes to
		then   string // what becomes of that
	}{
		"all take it":              {nil, "sent", "[mid-token-0123456789 new-token-0123456789 old-token-0123456789]", "sent"},
		"the newest is dead":       {map[string]error{newest: deadToken}, "sent", "[mid-token-0123456789 old-token-0123456789]", "sent"},
		"one takes it":             {map[string]error{newest: deadToken, middle: silent}, "sent", "[mid-token-0123456789 old-token-0123456789]", "sent"},
		"one may have it":          {map[string]error{newest: deadToken, middle: silent, oldest: later}, "unknown timedOut", "[mid-token-0123456789 old-token-0123456789]", "unknown timedOut"},
		"one takes it later":       {map[string]error{newest: deadToken, middle: refused, oldest: later}, "deferred providerError", "[mid-token-0123456789 old-token-0123456789]", "deferred providerError"},
		"none ever will":           {map[string]error{newest: refused, middle: deadToken, oldest: refused}, "failed rejected", "[new-token-0123456789 old-token-0123456789]", "failed rejected"},
		"all are dead":             {map[string]error{newest: deadToken, middle: deadToken, oldest: deadToken}, "failed rejected", "[]", "skipped suppressed"},
		"two are dead, one is not": {map[string]error{newest: deadToken, middle: deadToken}, "sent", "[old-token-0123456789]", "sent"},
	} {
		b, d := pushing(t, c.say)
		settle(b, b.process, b.signUp(b.ask("now")))
		if got := d.called(); got != "[mid-token-0123456789 new-token-0123456789 old-token-0123456789]" {
			t.Errorf("%s: called are %s", name, got)
		}
		settle(b, b.process, b.signUp(b.ask("later")))
		if got := d.called(); got != c.second {
			t.Errorf("%s: called the second time are %s, want %s", name, got, c.second)
		}
		got := b.decisions()
		slices.Sort(got)
		want := []string{c.want, c.then}
		slices.Sort(want)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// TestANewDeviceOfWhoseOthersAreDead is reached.
func TestANewDeviceOfWhoseOthersAreDead(t *testing.T) {
	b, d := pushing(t, map[string]error{newest: deadToken, middle: deadToken, oldest: deadToken})
	settle(b, b.process, b.signUp(b.ask("now")))
	d.called()
	b.change(func(p *profile.Profile) {
		p.Tokens["another-token-0123456789"] = profile.Token{At: noon.Add(time.Minute)}
	})
	settle(b, b.process, b.signUp(b.ask("later")))
	if got := d.called(); got != "[another-token-0123456789]" {
		t.Errorf("called are %s", got)
	}
}

// TestOneDeviceThatIsDeadIsSuppressed, where it is the only one too.
func TestOneDeviceThatIsDeadIsSuppressed(t *testing.T) {
	b, d := pushing(t, map[string]error{newest: deadToken})
	b.change(func(p *profile.Profile) { p.Tokens = map[string]profile.Token{newest: {At: noon}} })
	settle(b, b.process, b.signUp(b.ask("now")))
	settle(b, b.process, b.signUp(b.ask("later")))
	if got := d.called() + fmt.Sprint(b.decisions()); got != "[new-token-0123456789][failed rejected skipped suppressed]" {
		t.Errorf("called and decided: %s", got)
	}
}

// TestNobodyIsPushedWithoutADevice, and nobody who has a phone number alone.
func TestNobodyIsPushedWithoutADevice(t *testing.T) {
	b, d := pushing(t, nil)
	b.change(func(p *profile.Profile) { p.Tokens, p.Traits["phone"] = nil, profile.Trait{Value: "13900001111"} })
	settle(b, b.process, b.signUp(b.ask("now")))
	if got := d.called() + fmt.Sprint(b.decisions()); got != "[][skipped noAddress]" {
		t.Errorf("called and decided: %s", got)
	}
}
