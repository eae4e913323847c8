package dispatch

import (
	"fmt"
	"strings"
	"testing"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
)

const (
	newTea  = `{"name":"New tea","state":"running","trigger":{"event":{"name":"Signed Up"}},"channel":"sms","templateId":"tea"}`
	teaText = `{"channel":"sms","locales":{"default":{"text":"${name}，上新了，拒收请回复R","payload":{"template":"SMS_1","params":{"name":"{{ profile.name }}"}}}}}`
)

// texting is a shop that sends text messages to Ann, who has a phone and consented.
func texting(t *testing.T, template string) *bench {
	b := start(t, newTea)
	b.define(definition.Template, "tea", template)
	b.process.Senders[delivery.SMS] = b.provider
	b.change(func(p *profile.Profile) {
		p.Traits["phone"] = profile.Trait{Value: "+86 139 0000 1111"}
		p.Consent["sms"] = profile.Consent{Granted: true, At: noon}
	})
	return b
}

func TestATextMessageGoesToThePhone(t *testing.T) {
	b := texting(t, teaText)
	settle(b, b.process, b.signUp(b.ask("now")))
	b.expect(1, "sent")
	if n := b.provider.taken[0]; n.Address != "+8613900001111" || string(n.Content.Payload) != `{"template":"SMS_1","params":{"name":"Ann"}}` || n.UnsubscribeURL == "" {
		t.Errorf("handed over is %+v, %s", n, n.Content.Payload)
	}
}

func TestATextMessageIsNotSent(t *testing.T) {
	for name, c := range map[string]struct {
		template string
		before   func(*bench)
		want     string
	}{
		"without a phone":    {teaText, func(b *bench) { b.change(func(p *profile.Profile) { delete(p.Traits, "phone") }) }, "skipped noAddress"},
		"by mail's consent":  {teaText, func(b *bench) { b.change(func(p *profile.Profile) { delete(p.Consent, "sms") }) }, "skipped noConsent"},
		"after a withdrawal": {teaText, func(b *bench) { b.change(func(p *profile.Profile) { p.Consent["sms"] = profile.Consent{At: noon} }) }, "skipped noConsent"},
		"with no way out":    {strings.Replace(teaText, "，拒收请回复R", "", 1), nil, "failed template"},
		"to a dead number": {teaText, func(b *bench) {
			b.Must(b.process.Deliveries.Mark(b.Context(), delivery.SMS, "+8613900001111", "bounce", noon))
		}, "skipped suppressed"},
		"to whom mail bounced": {teaText, func(b *bench) {
			b.Must(b.process.Deliveries.Mark(b.Context(), delivery.Email, "+8613900001111", "bounce", noon))
		}, "sent"},
	} {
		b := texting(t, c.template)
		if c.before != nil {
			c.before(b)
		}
		settle(b, b.process, b.signUp(b.ask("now")))
		if got := fmt.Sprint(b.decisions()); got != "["+c.want+"]" {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestANumberThatIsNoneIsSuppressed: the provider says it once, and is not asked again.
func TestANumberThatIsNoneIsSuppressed(t *testing.T) {
	b := texting(t, teaText)
	b.provider.answer = func(int) error {
		return &channel.Error{Class: channel.Reject, Code: "isv.MOBILE_NUMBER_ILLEGAL", Bounce: true}
	}
	settle(b, b.process, b.signUp(b.ask("now")))
	b.change(func(p *profile.Profile) { p.Traits["phone"] = profile.Trait{Value: "13900001111"} }) // written otherwise
	settle(b, b.process, b.signUp(b.ask("later")))
	b.expect(1, "failed rejected", "skipped suppressed")
}
