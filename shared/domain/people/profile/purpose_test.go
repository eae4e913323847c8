package profile

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
)

// word is an event about consent by a level and a source, received at minutes after t0.
func word(name, properties string, by trust.Level, source string, received int) event.Event {
	e := said(name, properties, received, received)
	e.Trust, e.Source = by, source
	return e
}

// TestWhatAConsentIsAbout: each purpose has a word of its own, and marketing is what no purpose means.
func TestWhatAConsentIsAbout(t *testing.T) {
	for _, c := range []struct {
		properties, key string
	}{
		{`{}`, "email"}, {`{"channel":"sms"}`, "sms"}, {`{"channel":"sms","purpose":"marketing"}`, "sms"}, {`{"channel":"sms","purpose":null}`, "sms"}, {`{"channel":"sms","purpose":""}`, "sms"},
		{`{"channel":"sms","purpose":"of before"}`, "sms"}, {`{"channel":"SMS","purpose":" Service "}`, "sms/service"}, {`{"purpose":"service"}`, "email/service"},
		{`{"purpose":"profiling"}`, "profiling"}, {`{"purpose":"Profiling","channel":""}`, "profiling"},
	} {
		for _, name := range []string{event.ConsentGranted, event.ConsentRevoked, event.Unsubscribed} {
			e := word(name, c.properties, "", "shop", 1)
			p := &Profile{}
			p.Fold(&e, Shop{})
			if got, is := p.Consent[c.key]; !is || len(p.Consent) != 1 || got.Granted != (name == event.ConsentGranted) {
				t.Errorf("%s %s: %+v, want %s", name, c.properties, p.Consent, c.key)
			}
			if refuses := c.key == "profiling" && name != event.ConsentGranted; p.RefusesProfiling() != refuses {
				t.Errorf("%s %s: refuses profiling: %v", name, c.properties, p.RefusesProfiling())
			}
			// An address is barred by what is said of marketing alone.
			if bars := WithdrawalOf(&e).Reason != ""; bars != (name != event.ConsentGranted && MarketingConsent(c.key)) {
				t.Errorf("%s %s bars the address: %v", name, c.properties, bars)
			}
		}
	}
	if (&Profile{}).RefusesProfiling() {
		t.Error("who has said nothing refuses profiling")
	}
}

// TestTheProofOfAConsent: who said it, by which source and to which text.
func TestTheProofOfAConsent(t *testing.T) {
	long := strings.Repeat("v", MaxTextVersion+9)
	for name, c := range map[string]struct {
		properties string
		by         trust.Level
		source     string
		want       Proof
	}{
		"the shop":         {`{"channel":"sms","textVersion":"2026-11"}`, "", "back-end", Proof{trust.Shop, "back-end", "2026-11"}},
		"a device":         {`{"channel":"sms","textVersion":7}`, trust.Public, "web", Proof{trust.Public, "web", "7"}},
		"the person":       {`{"channel":"sms"}`, trust.Person, "web", Proof{trust.Person, "web", ""}},
		"by no source":     {`{"channel":"sms","textVersion":null}`, trust.Operator, "", Proof{trust.Operator, "", ""}},
		"a text too long":  {`{"channel":"sms","textVersion":"` + long + `"}`, "", "s", Proof{trust.Shop, "s", long[:MaxTextVersion]}},
		"a source as long": {`{"channel":"sms"}`, "", long, Proof{trust.Shop, long[:MaxTraitKey], ""}},
	} {
		e := word(event.ConsentGranted, c.properties, c.by, c.source, 1)
		p := &Profile{}
		p.Fold(&e, Shop{})
		if got := p.Consent["sms"].Proof; got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestJudgePurposeAndText(t *testing.T) {
	for properties, want := range map[string]string{
		`{"channel":"email","purpose":"marketing"}`: "", `{"channel":"email","purpose":"Service"}`: "", `{"purpose":"profiling"}`: "", `{"purpose":null,"textVersion":null}`: "", `{"purpose":"","textVersion":""}`: "",
		`{"textVersion":"` + strings.Repeat("v", MaxTextVersion) + `"}`: "", `{"textVersion":12}`: "", `{"purpose":"profiling","channel":null}`: "",
		`{"purpose":"newsletter"}`: "properties.purpose", `{"purpose":7}`: "properties.purpose", `{"purpose":["service"]}`: "properties.purpose",
		`{"purpose":"profiling","channel":"email"}`: "properties.channel", `{"purpose":"profiling","channels":["email"]}`: "properties.channel", `{"purpose":"service","channel":"pigeon"}`: "properties.channel",
		`{"textVersion":"` + strings.Repeat("v", MaxTextVersion+1) + `"}`: "properties.textVersion", `{"textVersion":true}`: "properties.textVersion", `{"textVersion":{"v":1}}`: "properties.textVersion",
		`{"channel":"profiling"}`: "properties.channel", `{"channel":"email/service"}`: "properties.channel",
	} {
		for _, name := range []string{event.ConsentGranted, event.ConsentRevoked, event.Unsubscribed} {
			field, reason := JudgeConsent(&event.Event{Kind: event.Track, Name: name, Properties: json.RawMessage(properties)})
			if field != want || (reason == "") != (want == "") {
				t.Errorf("%s %s: %q %q, want %q", name, properties, field, reason, want)
			}
		}
		if field, _ := JudgeConsent(&event.Event{Kind: event.Track, Name: "Product Viewed", Properties: json.RawMessage(properties)}); field != "" {
			t.Errorf("%s of another event: %q", properties, field)
		}
	}
}

// TestARefusalNeverLosesToAnOlderGrant folds and unites words of each purpose in many sequences: what was received last holds, each with its own proof, and of
// two that were received at once the refusal.
func TestARefusalNeverLosesToAnOlderGrant(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 11))
		var list []event.Event
		last := map[string]event.Event{}
		for i := range 2 + r.IntN(9) {
			purpose := []string{"marketing", "service", "profiling"}[r.IntN(3)]
			e := word([]string{event.ConsentGranted, event.ConsentRevoked}[r.IntN(2)], fmt.Sprintf(`{"purpose":%q,"textVersion":"v%d"}`, purpose, i),
				[]trust.Level{"", trust.Person, trust.Public}[r.IntN(3)], fmt.Sprint("source-", r.IntN(3)), r.IntN(5))
			e.AnonymousID = "own"
			list = append(list, e)
			key := ConsentKey("email", Purpose(purpose))
			before, known := last[key]
			if c := e.ReceivedAt.Compare(before.ReceivedAt); !known || c > 0 || c == 0 && e.Name == event.ConsentRevoked && before.Name == event.ConsentGranted {
				last[key] = e
			}
		}
		ended := func() map[string]Consent {
			halves := [2]*Profile{{}, {}}
			for _, i := range r.Perm(len(list)) {
				halves[r.IntN(2)].Fold(&list[i], Shop{})
			}
			halves[0].Absorb(halves[1])
			return halves[0].Consent
		}
		want := ended()
		for key, e := range last {
			if got := want[key]; got.Granted != (e.Name == event.ConsentGranted) || !got.ReceivedAt.Equal(e.ReceivedAt) || got.TextVersion == "" || got.Source == "" || got.By == "" {
				t.Fatalf("seed %d: %s is %+v, the last word was %s at %v", seed, key, got, e.Name, e.ReceivedAt)
			}
		}
		for range 5 {
			if got := ended(); !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d:\n%+v\nwant\n%+v", seed, got, want)
			}
		}
	}
}

// TestAClaimedRefusal of profiling counts once the device is the person's, at its own time and with its own proof: after a grant that was received
// before it, and not after one that came later.
func TestAClaimedRefusal(t *testing.T) {
	for granted, refuses := range map[int]bool{1: true, 3: false} {
		p := mei()
		claim := word(event.ConsentRevoked, `{"purpose":"profiling","textVersion":"p-2"}`, trust.Public, "web", 2)
		claim.UserID, claim.AnonymousID = "mei", "tablet"
		grant := word(event.ConsentGranted, `{"purpose":"profiling"}`, "", "shop", granted)
		grant.UserID = "mei"
		p.Fold(&grant, Shop{})
		p.Fold(&claim, Shop{})
		if p.RefusesProfiling() || p.Claims["tablet"].Consent["profiling"].TextVersion != "p-2" {
			t.Fatalf("consent %+v, claims %+v", p.Consent, p.Claims)
		}
		p.Attach(Identifier{AnonymousID, "tablet"})
		p.acknowledge()
		if p.RefusesProfiling() != refuses {
			t.Errorf("granted at %d, refuses %v", granted, p.RefusesProfiling())
		}
		if want := (Proof{trust.Public, "web", "p-2"}); refuses && p.Consent["profiling"].Proof != want {
			t.Errorf("the proof is %+v", p.Consent["profiling"])
		}
	}
}

// TestNoRefusalIsLostToAFlood: other names, as versions before took them, push out none of those that a consent may be about.
func TestNoRefusalIsLostToAFlood(t *testing.T) {
	p := &Profile{}
	for key := range consentKeys {
		p.SetConsent(key, Consent{At: t0, ReceivedAt: t0})
	}
	for i := range 3 * maxConsents {
		p.SetConsent(fmt.Sprint("channel ", i), Consent{Granted: true, At: t0, ReceivedAt: t0})
	}
	want := append(names(channels), "profiling")
	for _, channel := range names(channels) {
		want = append(want, channel+"/service")
	}
	for _, key := range want {
		if _, kept := p.Consent[key]; !kept {
			t.Errorf("%s was let go", key)
		}
	}
	if got := slices.Sorted(maps.Keys(consentKeys)); len(got) != len(want) || len(p.Consent) > len(want)+maxConsents {
		t.Errorf("%d consents, and %q may be about", len(p.Consent), got)
	}
}
