package people

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/packed"
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
	w := &packed.Writer{}
	w.Section(sectionConsent, func(w *packed.Writer) {
		for _, c := range []struct {
			channel string
			at      time.Time
		}{{"Email", at.Add(2 * time.Minute)}, {"email", at.Add(time.Hour)}, {"sms", at}} {
			w.Text(c.channel)
			w.Flag(false)
			w.Time(c.at)
			w.Text("unsubscribe")
		}
	})
	w.Section(sectionHeard, func(w *packed.Writer) { packHeard(w, p.Consent) })
	got := read(w.Out)
	want := map[string]profile.Consent{
		"email": {At: at.Add(time.Hour), Reason: "unsubscribe"}, "sms": {At: at, Reason: "unsubscribe", ReceivedAt: at}}
	if len(got) != 2 || got["email"] != want["email"] || got["sms"] != want["sms"] {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// proofs are words with every proof, of the person and of devices that claim to be the person's.
func proofs() *profile.Profile {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	said := func(granted bool, minutes int, proof profile.Proof) profile.Consent {
		return profile.Consent{Granted: granted, At: at, ReceivedAt: at.Add(time.Duration(minutes) * time.Minute), Proof: proof}
	}
	return &profile.Profile{
		Reach: profile.Reach{Consent: map[string]profile.Consent{
			"email": said(true, 1, profile.Proof{By: trust.Person, Source: "web", TextVersion: "2026-11"}), "email/service": said(true, 1, profile.Proof{By: trust.Shop, Source: "shop"}),
			"profiling": said(false, 2, profile.Proof{By: trust.Public, Source: "app", TextVersion: "p-2"}), "sms": said(false, 3, profile.Proof{}),
		}},
		Claims: map[string]profile.Claim{
			"tablet": {At: at.Add(time.Hour), Reach: profile.Reach{Consent: map[string]profile.Consent{"email": said(true, 1, profile.Proof{By: trust.Public, Source: "web", TextVersion: "forged"})}}},
			"phone":  {At: at.Add(time.Hour), Reach: profile.Reach{Consent: map[string]profile.Consent{"profiling": said(false, 9, profile.Proof{By: trust.Public, Source: "app", TextVersion: "p-3"})}}},
		},
	}
}

func unpacked(t *testing.T, body []byte) *profile.Profile {
	t.Helper()
	var q profile.Profile
	if err := unpackProfile(body, &q); err != nil || len(q.Unknown) > 0 {
		t.Fatalf("%v, unknown %v", err, q.Unknown)
	}
	return &q
}

// TestProofsAreKept of each word, of what a device claims too, and cost nothing where nobody has consented to anything.
func TestProofsAreKept(t *testing.T) {
	p := proofs()
	q := unpacked(t, packProfile(p))
	if !reflect.DeepEqual(q.Consent, p.Consent) || !reflect.DeepEqual(q.Claims, p.Claims) {
		t.Errorf("got %+v %+v\nwant %+v %+v", q.Consent, q.Claims, p.Consent, p.Claims)
	}
	sizes := func(of profile.Consent) int {
		body, _ := packSections(&profile.Profile{Reach: profile.Reach{Consent: map[string]profile.Consent{"email": of}}})
		return len(body)
	}
	word := p.Consent["email"]
	bare, plain, full := word, word, word
	bare.Proof, plain.Proof = profile.Proof{}, profile.Proof{By: trust.Person, Source: "web"}
	none, _ := packSections(&profile.Profile{})
	t.Logf("nobody's consent %d bytes, a word without a proof %d, with who and where %d, and to which text %d", len(none), sizes(bare), sizes(plain), sizes(full))
	if len(none) != 0 || sizes(plain)-sizes(bare) > 20 || sizes(full)-sizes(plain) != len("2026-11") {
		t.Error("a proof takes more than it says")
	}
}

// TestProofsBesideTheVersionBefore: that version keeps the section as it is, writes the words anew, joins devices and leaves two sections when it merges two
// people. A proof stays with its own word and goes with it.
func TestProofsBesideTheVersionBefore(t *testing.T) {
	p := proofs()
	w := &packed.Writer{}
	later := p.Consent["email"].At.Add(time.Hour)
	w.Section(sectionConsent, func(w *packed.Writer) {
		for _, c := range []struct {
			key     string
			granted bool
			at      time.Time
			reason  string
		}{{"email", false, later, "unsubscribe"}, {"email/service", true, p.Consent["email/service"].At, ""}, {"profiling", false, p.Claims["phone"].Consent["profiling"].At, ""}} {
			w.Text(c.key)
			w.Flag(c.granted)
			w.Time(c.at)
			w.Text(c.reason)
		}
	})
	w.Section(sectionHeard, func(w *packed.Writer) {
		packHeard(w, map[string]profile.Consent{"email/service": p.Consent["email/service"], "profiling": p.Claims["phone"].Consent["profiling"]})
	})
	w.Section(sectionProofs, func(w *packed.Writer) {
		packProofs(w, "", map[string]profile.Consent{"email": p.Consent["email"], "email/service": p.Consent["email/service"], "profiling": p.Consent["profiling"]})
	})
	w.Section(sectionProofs, func(w *packed.Writer) { packProofs(w, "phone", p.Claims["phone"].Consent) })
	got := unpacked(t, w.Out).Consent
	want := map[string]profile.Consent{
		"email":         {At: later, Reason: "unsubscribe"},
		"email/service": p.Consent["email/service"],
		"profiling":     p.Claims["phone"].Consent["profiling"], // the version before has joined the phone
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	// A device that claims the very same word lends the person no proof of its own.
	forged := map[string]profile.Consent{"email": p.Consent["email"]}
	one := forged["email"]
	one.Proof = p.Claims["tablet"].Consent["email"].Proof
	w = &packed.Writer{}
	w.Section(sectionConsent, func(w *packed.Writer) { w.Text("email"); w.Flag(true); w.Time(one.At); w.Text("") })
	w.Section(sectionHeard, func(w *packed.Writer) { packHeard(w, forged) })
	w.Section(sectionProofs, func(w *packed.Writer) {
		packProofs(w, "tablet", map[string]profile.Consent{"email": one})
		packProofs(w, "", forged)
		packProofs(w, "tablet", map[string]profile.Consent{"email": one})
	})
	if got := unpacked(t, w.Out).Consent; !reflect.DeepEqual(got, forged) {
		t.Errorf("got %+v\nwant %+v", got, forged)
	}
	// A level of the next version is not known here.
	w = &packed.Writer{}
	w.Section(sectionConsent, func(w *packed.Writer) { w.Text("sms"); w.Flag(true); w.Time(one.At); w.Text("") })
	w.Section(sectionProofs, func(w *packed.Writer) {
		w.Text("")
		w.Text("sms")
		w.Uint(wordMark(profile.Consent{Granted: true, At: one.At}))
		w.Uint(uint64(len(levels)))
		w.Text("web")
		w.Text("v")
	})
	if got := unpacked(t, w.Out).Consent["sms"].Proof; got != (profile.Proof{Source: "web", TextVersion: "v"}) {
		t.Errorf("of a level that is not known: %+v", got)
	}
}

// TestTheNumbersOfLevelsStay: what is stored names them.
func TestTheNumbersOfLevelsStay(t *testing.T) {
	if want := []trust.Level{"", "public", "person", "shop", "operator", "provider"}; !slices.Equal(levels, want) {
		t.Errorf("%q", levels)
	}
	c := profile.Consent{Granted: true, At: time.UnixMilli(1795262400123), ReceivedAt: time.UnixMilli(1795262400456), Reason: "asked"}
	if got := wordMark(c); got != frozenMark {
		t.Errorf("the mark of a word is %d", got)
	}
}

// frozenMark is as it has been stored since proofs came. It is never written anew.
const frozenMark = 145655420
