package dynamo

import (
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/profile"
)

// TestConsentBesideTheVersionBefore: that version reads the consents, writes them anew, and keeps the section that it does not know.
func TestConsentBesideTheVersionBefore(t *testing.T) {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	p := &profile.Profile{Reach: profile.Reach{Consent: map[string]profile.Consent{
		"email": {Granted: true, At: at, ReceivedAt: at.Add(time.Minute)}, "sms": {At: at, Reason: "unsubscribe", ReceivedAt: at}}}}
	read := func(body []byte) map[string]profile.Consent {
		t.Helper()
		var q profile.Profile
		if err := unpackProfile(body, &q); err != nil || len(q.Unknown) > 0 {
			t.Fatalf("%v, unknown %v", err, q.Unknown)
		}
		return q.Consent
	}
	for channel, want := range p.Consent {
		if got := read(packProfile(p))[channel]; got != want {
			t.Errorf("%s: %+v, want %+v", channel, got, want)
		}
	}
	// As the version before writes it: "email" was revoked meanwhile, "Email" as well, and what it did not know stands at the end.
	w := &packer{}
	w.section(sectionConsent, func(w *packer) {
		for _, c := range []struct {
			channel string
			at      time.Time
		}{{"Email", at.Add(2 * time.Minute)}, {"email", at.Add(time.Hour)}, {"sms", at}} {
			w.text(c.channel)
			w.flag(false)
			w.time(c.at)
			w.text("unsubscribe")
		}
	})
	w.section(sectionHeard, func(w *packer) { packHeard(w, p.Consent) })
	got := read(w.out)
	want := map[string]profile.Consent{
		"email": {At: at.Add(time.Hour), Reason: "unsubscribe"}, "sms": {At: at, Reason: "unsubscribe", ReceivedAt: at}}
	if len(got) != 2 || got["email"] != want["email"] || got["sms"] != want["sms"] {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}
