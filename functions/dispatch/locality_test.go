package dispatch

import (
	"strings"
	"testing"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
)

// TestTimesAndSumsAreTheReaders renders with the person's zone where one is known, else with the shop's, and the shop's currency.
func TestTimesAndSumsAreTheReaders(t *testing.T) {
	for zone, want := range map[string]string{"": "12:00", "America/New_York": "23:00", "Nowhere/Else": "12:00"} {
		b := start(t, welcome)
		b.define(definition.Template, "hello", strings.Replace(greeting, "{{ event.properties.plan }}", `{{ event.timestamp | date: '%H:%M' }} {{ 12850 | money }} {{ profile.langs | join: '+' }}`, 1))
		b.change(func(p *profile.Profile) {
			p.Zone.Value = zone
			p.Traits["langs"] = profile.Trait{Value: `["zh","en"]`}
		})
		settle(b, b.process, b.signUp(b.ask("s1")))
		b.expect(1, "sent")
		if got := b.provider.taken[0].Content.Text; !strings.HasPrefix(got, "Teahouse "+want+" 128.50 zh+en ") {
			t.Errorf("in %q: %q, want %s", zone, got, want)
		}
	}
}

// TestWhatWeCannotSendSuppressesNobody has the channel refuse for a fault of ours.
func TestWhatWeCannotSendSuppressesNobody(t *testing.T) {
	b := start(t, welcome)
	b.provider.answer = func(call int) error {
		if call == 1 {
			return &channel.Error{Class: channel.Reject, Code: "smtputf8"}
		}
		return nil
	}
	settle(b, b.process, b.signUp(b.ask("s1")))
	settle(b, b.process, b.ask("s2"))
	d, _, err := b.Deliveries.Decisions(t.Context(), b.ann.Keys(), 9, "")
	b.Must(err)
	if len(d) != 2 {
		t.Fatalf("%d decisions", len(d))
	}
	outcomes := map[string]string{}
	for _, one := range d {
		outcomes[one.Step] = string(one.Outcome) + " " + string(one.Reason) + " " + one.Detail
	}
	if outcomes["s1"] != "failed rejected smtputf8" || !strings.HasPrefix(outcomes["s2"], string(delivery.Sent)) {
		t.Errorf("decisions %v", outcomes)
	}
}
