package delivery

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/experiment"
	"github.com/userops/userops/shared/domain/people/profile"
)

var (
	shanghai = mustZone("Asia/Shanghai")
	noon     = time.Date(2026, 11, 21, 12, 0, 0, 0, shanghai)
)

func mustZone(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return l
}

// willing is a case that every guard lets through.
func willing() Case {
	return Case{
		Now: noon, Settings: DefaultSettings(), CampaignID: "c1", Channel: Email, Person: "u1", Address: "a@example.com",
		Consent: &profile.Consent{Granted: true}, Zone: shanghai, Eligible: Verdict{Action: Proceed},
		Contacts: []*Contact{{ProfileID: "p1"}},
	}
}

func TestJudgeEveryGuardBothSides(t *testing.T) {
	revoked := func(reason string) *profile.Consent { return &profile.Consent{Reason: reason} }
	for _, c := range []struct {
		name   string
		change func(*Case)
		want   Verdict
	}{
		{"willing", func(*Case) {}, Verdict{Action: Proceed}},
		{"kill switch", func(c *Case) { c.Settings.KillSwitch = true }, skip(KillSwitch, "")},
		{"kill switch stops transactional too", func(c *Case) { c.Settings.KillSwitch, c.Transactional = true, true }, skip(KillSwitch, "")},
		{"this channel stopped", func(c *Case) { c.Settings.Stopped = []Channel{Email} }, skip(KillSwitch, "email")},
		{"another channel stopped", func(c *Case) { c.Settings.Stopped = []Channel{Social} }, Verdict{Action: Proceed}},

		{"no consent on record", func(c *Case) { c.Consent = nil }, skip(NoConsent, "")},
		{"revoked, and nobody says why", func(c *Case) { c.Consent = revoked("") }, skip(NoConsent, "revoked")},
		{"withdrawn from us directly", func(c *Case) { c.Contacts[0].Withdraw(Email, noon) }, skip(NoConsent, "revoked")},
		{"withdrawn, and transactional", func(c *Case) { c.Transactional = true; c.Contacts[0].Withdraw(Email, noon) }, Verdict{Action: Proceed}},
		{"withdrawn over another channel", func(c *Case) { c.Contacts[0].Withdraw(Social, noon) }, Verdict{Action: Proceed}},
		{"withdrawn under a merged profile", func(c *Case) {
			c.Contacts = append(c.Contacts, &Contact{Withdrawn: map[Channel]time.Time{Email: noon}})
		}, skip(NoConsent, "revoked")},
		{"granted at the same time as withdrawn", func(c *Case) {
			c.Contacts[0].Withdraw(Email, noon)
			c.Consent = &profile.Consent{Granted: true, ReceivedAt: noon}
		}, skip(NoConsent, "revoked")},
		{"granted after it was withdrawn", func(c *Case) {
			c.Contacts[0].Withdraw(Email, noon)
			c.Consent = &profile.Consent{Granted: true, ReceivedAt: noon.Add(1)}
		}, Verdict{Action: Proceed}},
		{"granted ahead, nobody knows when, before it was withdrawn", func(c *Case) {
			c.Contacts[0].Withdraw(Email, noon)
			c.Consent = &profile.Consent{Granted: true, At: noon.Add(time.Hour)}
		}, skip(NoConsent, "revoked")},
		{"somebody else at the address wants no more", func(c *Case) { c.Marks.Withdrawn = noon }, skip(NoConsent, "revoked")},
		{"somebody else did, and it is transactional", func(c *Case) { c.Marks.Withdrawn, c.Transactional = noon, true }, Verdict{Action: Proceed}},
		{"somebody else did, and this person granted since", func(c *Case) {
			c.Marks.Withdrawn, c.Consent = noon, &profile.Consent{Granted: true, ReceivedAt: noon.Add(1)}
		}, Verdict{Action: Proceed}},
		{"the address complained", func(c *Case) { c.Marks.Complained, c.Transactional = noon, true }, skip(Suppressed, "complaint")},
		{"the address complained and opted in since", func(c *Case) {
			c.Marks.Complained, c.Consent = noon, &profile.Consent{Granted: true, ReceivedAt: noon.Add(1)}
		}, Verdict{Action: Proceed}},
		{"the address complained after it had opted in", func(c *Case) {
			c.Marks.Complained, c.Consent = noon, &profile.Consent{Granted: true, ReceivedAt: noon}
		}, skip(Suppressed, "complaint")},
		{"the address is dead, whatever was granted", func(c *Case) {
			c.Marks.Bounced, c.Consent = noon, &profile.Consent{Granted: true, ReceivedAt: noon.Add(1)}
		}, skip(Suppressed, "bounce")},
		{"opt-out channel needs no record", func(c *Case) {
			c.Consent, c.Settings.Consent = nil, map[Channel]Basis{Email: OptOut}
		}, Verdict{Action: Proceed}},
		{"opt-out channel, revoked", func(c *Case) {
			c.Consent, c.Settings.Consent = revoked("unsubscribe"), map[Channel]Basis{Email: OptOut}
		}, skip(NoConsent, "revoked")},
		{"a channel that a setting makes opt-in", func(c *Case) {
			c.Consent, c.Channel, c.Address, c.Settings.Consent = nil, Social, "", map[Channel]Basis{Social: OptIn}
		}, skip(NoConsent, "")},
		{"a setting of another channel", func(c *Case) {
			c.Consent, c.Settings.Consent = nil, map[Channel]Basis{Social: OptOut}
		}, skip(NoConsent, "")},
		{"social is opt-out", func(c *Case) { c.Consent, c.Channel, c.Address = nil, Social, "" }, Verdict{Action: Proceed}},
		{"transactional needs no consent", func(c *Case) { c.Consent, c.Transactional = nil, true }, Verdict{Action: Proceed}},
		{"transactional after an unsubscribe", func(c *Case) { c.Consent, c.Transactional = revoked("unsubscribe"), true }, Verdict{Action: Proceed}},
		{"transactional after a word about service", func(c *Case) { c.Service, c.Transactional = &profile.Consent{}, true }, skip(NoConsent, "service")},
		{"transactional, and service is granted", func(c *Case) {
			c.Consent, c.Service, c.Transactional = revoked("unsubscribe"), &profile.Consent{Granted: true}, true
		}, Verdict{Action: Proceed}},
		{"marketing after a word about service", func(c *Case) { c.Service = &profile.Consent{} }, Verdict{Action: Proceed}},
		{"marketing by a word about service alone", func(c *Case) { c.Consent, c.Service = nil, &profile.Consent{Granted: true} }, skip(NoConsent, "")},
		{"transactional after a complaint", func(c *Case) { c.Consent, c.Transactional = revoked("complaint"), true }, skip(Suppressed, "complaint")},
		{"bounce on the profile", func(c *Case) { c.Consent = revoked("bounce") }, skip(Suppressed, "bounce")},
		{"this address bounced", func(c *Case) {
			c.Contacts[0].Suppress(Email, Suppression{Reason: "bounce", Address: AddressHash(" A@Example.com")})
		}, skip(Suppressed, "bounce")},
		{"another address bounced", func(c *Case) {
			c.Contacts[0].Suppress(Email, Suppression{Reason: "bounce", Address: AddressHash("old@example.com")})
		}, Verdict{Action: Proceed}},
		{"suppressed under a merged profile", func(c *Case) {
			c.Contacts = append(c.Contacts, &Contact{Suppressions: map[Channel]Suppression{Email: {Reason: "complaint"}}})
		}, skip(Suppressed, "complaint")},
		{"suppressed on another channel", func(c *Case) { c.Contacts[0].Suppress(Social, Suppression{Reason: "complaint"}) }, Verdict{Action: Proceed}},
		{"no address", func(c *Case) { c.Address = "" }, skip(NoAddress, "")},

		{"holdout of everybody that is allowed", func(c *Case) { c.Holdout = Holdout{0.9999, "s"} }, skip(InHoldout, "s")},
		{"holdout spares transactional", func(c *Case) { c.Holdout, c.Transactional = Holdout{0.9999, "s"}, true }, Verdict{Action: Proceed}},
		{"control", func(c *Case) { c.Control = 0.9999 }, skip(InControl, "")},
		{"control spares transactional", func(c *Case) { c.Control, c.Transactional = 0.9999, true }, Verdict{Action: Proceed}},

		{"not eligible", func(c *Case) { c.Eligible = skip(NotEligible, "segment vip") }, skip(NotEligible, "segment vip")},
		{"at the last instant", func(c *Case) { c.NotAfter = noon }, Verdict{Action: Proceed}},
		{"after the last instant", func(c *Case) { c.NotAfter = noon.Add(-1) }, skip(Expired, "")},

		{"quiet hours", func(c *Case) { c.Settings.QuietHours = QuietHours{12 * 60, 13 * 60} },
			Verdict{Defer, InQuietHours, "", noon.Add(time.Hour)}},
		{"quiet hours end now", func(c *Case) { c.Settings.QuietHours = QuietHours{11 * 60, 12 * 60} }, Verdict{Action: Proceed}},
		{"quiet until exactly the expiry", func(c *Case) {
			c.Settings.QuietHours, c.NotAfter = QuietHours{12 * 60, 13 * 60}, noon.Add(time.Hour)
		}, Verdict{Defer, InQuietHours, "", noon.Add(time.Hour)}},
		{"quiet until after the expiry", func(c *Case) {
			c.Settings.QuietHours, c.NotAfter = QuietHours{12 * 60, 13 * 60}, noon.Add(time.Hour-1)
		}, skip(Expired, "quietHours")},

		{"order: kill switch before consent", func(c *Case) { c.Settings.KillSwitch, c.Consent = true, nil }, skip(KillSwitch, "")},
		{"order: consent before holdout", func(c *Case) { c.Consent, c.Holdout = nil, Holdout{0.9999, "s"} }, skip(NoConsent, "")},
		{"order: holdout before control", func(c *Case) { c.Holdout, c.Control = Holdout{0.9999, "s"}, 0.9999 }, skip(InHoldout, "s")},
		{"order: control before eligible", func(c *Case) { c.Control, c.Eligible = 0.9999, skip(NotEligible, "") }, skip(InControl, "")},
		{"order: eligible before quiet hours", func(c *Case) {
			c.Eligible, c.Settings.QuietHours = skip(NotEligible, ""), QuietHours{12 * 60, 13 * 60}
		}, skip(NotEligible, "")},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := willing()
			c.change(&a)
			got := Judge(a)
			if !got.Until.Equal(c.want.Until) {
				t.Errorf("until %v, want %v", got.Until, c.want.Until)
			}
			got.Until, c.want.Until = time.Time{}, time.Time{}
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestSharesAreDrawnIndependently(t *testing.T) {
	a := willing()
	a.Holdout, a.Control = Holdout{0.1, "2026Q4"}, 0.2
	var held, control int
	for i := range 20_000 {
		a.Person = "user-" + strconv.Itoa(i)
		switch Judge(a).Reason {
		case InHoldout:
			held++
		case InControl:
			control++
		}
	}
	// A tenth of all, and a fifth of the rest; five standard deviations.
	if held < 1790 || held > 2210 || control < 3320 || control > 3880 {
		t.Errorf("holdout %d of 20000, control %d", held, control)
	}
}

func TestHoldoutBorderAndSeason(t *testing.T) {
	a := willing()
	b := experiment.Bucket("holdout:2026Q4", a.Person)
	a.Holdout = Holdout{b, "2026Q4"}
	if v := Judge(a); v.Action != Proceed {
		t.Errorf("a person on the border is in the holdout: %+v", v)
	}
	a.Holdout.Share = b + 0.0001
	if v := Judge(a); v.Reason != InHoldout {
		t.Errorf("a person below the border is not in the holdout: %+v", v)
	}
	moved := 0
	for i := range 1000 {
		p := strconv.Itoa(i)
		if (experiment.Bucket("holdout:2026Q4", p) < .5) != (experiment.Bucket("holdout:2027Q1", p) < .5) {
			moved++
		}
	}
	if moved < 400 || moved > 600 {
		t.Errorf("a new season moved %d of 1000", moved)
	}
}

func TestReserve(t *testing.T) {
	sentAt := func(n int, at time.Time) []Intent {
		var all []Intent
		for i := range n {
			all = append(all, Intent{ID: fmt.Sprint("old", i), At: at, Channel: Email, Counted: true})
		}
		return all
	}
	oneToday := []Cap{{Limit: 1, Per: 1, Unit: Days}}
	for _, c := range []struct {
		name   string
		change func(*Case)
		want   Verdict
	}{
		{"room", func(c *Case) { c.Contacts[0].Intents = sentAt(2, noon) }, Verdict{Action: Proceed}},
		{"no room", func(c *Case) { c.Contacts[0].Intents = sentAt(3, noon) }, skip(FrequencyCap, "3 any per 1 days")},
		{"counts merged profiles", func(c *Case) {
			c.Contacts[0].Intents = sentAt(2, noon)
			c.Contacts = append(c.Contacts, &Contact{Intents: sentAt(1, noon)})
		}, skip(FrequencyCap, "3 any per 1 days")},
		{"transactional ignores caps", func(c *Case) { c.Contacts[0].Intents, c.Transactional = sentAt(3, noon), true }, Verdict{Action: Proceed}},
		{"transactional under caps by setting", func(c *Case) {
			c.Contacts[0].Intents, c.Transactional, c.Settings.Transactional = sentAt(3, noon), true, Transactional{}
		}, skip(FrequencyCap, "3 any per 1 days")},
		{"intents that do not count", func(c *Case) {
			c.Settings.Caps, c.Contacts[0].Intents = oneToday, []Intent{{ID: "t", At: noon, Channel: Email}}
		}, Verdict{Action: Proceed}},
		{"defer", func(c *Case) {
			c.Settings.Caps, c.Contacts[0].Intents = []Cap{{Limit: 1, Per: 1, Unit: Days, Over: DeferOver}}, sentAt(1, noon)
		}, Verdict{Defer, FrequencyCap, "1 any per 1 days", time.Date(2026, 11, 22, 0, 0, 0, 0, shanghai)}},
		{"defer past the expiry", func(c *Case) {
			c.Settings.Caps, c.Contacts[0].Intents = []Cap{{Limit: 1, Per: 1, Unit: Days, Over: DeferOver}}, sentAt(1, noon)
			c.NotAfter = noon.Add(time.Hour)
		}, skip(Expired, "frequencyCap")},
		{"full", func(c *Case) { c.Settings.Caps, c.Contacts[0].Intents = nil, sentAt(maxIntents, noon) }, skip(ContactFull, "")},
		{"full for campaigns, not for what was asked for", func(c *Case) {
			c.Transactional, c.Contacts[0].Intents = true, sentAt(maxTransactionalIntents-1, noon)
		}, Verdict{Action: Proceed}},
		{"full for everything", func(c *Case) {
			c.Transactional, c.Contacts[0].Intents = true, sentAt(maxTransactionalIntents, noon)
		}, skip(ContactFull, "")},
		{"one place left", func(c *Case) { c.Settings.Caps, c.Contacts[0].Intents = nil, sentAt(maxIntents-1, noon) }, Verdict{Action: Proceed}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := willing()
			c.change(&a)
			before := len(a.Contacts[0].Intents)
			got := Reserve(a, Intent{ID: "n", Holder: "h", Asked: noon})
			if !got.Until.Equal(c.want.Until) {
				t.Errorf("until %v, want %v", got.Until, c.want.Until)
			}
			got.Until, c.want.Until = time.Time{}, time.Time{}
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			added := len(a.Contacts[0].Intents) - before
			if want := map[Action]int{Proceed: 1}[got.Action]; added != want {
				t.Errorf("%d intents were added, want %d", added, want)
			}
		})
	}
}

func TestReserveFreezesWhatWasSent(t *testing.T) {
	for _, c := range []struct {
		transactional, count, counted bool
	}{{false, false, true}, {true, false, false}, {true, true, true}} {
		a := willing()
		a.Tags, a.Transactional, a.Settings.Transactional.CountCaps = []string{"promo"}, c.transactional, c.count
		Reserve(a, Intent{ID: "n", Holder: "h", Asked: noon.Add(-time.Hour)})
		got, ok := a.Contacts[0].Intent("n")
		if !ok || got.Channel != Email || len(got.Tags) != 1 || !got.At.Equal(noon) || !got.Asked.Equal(noon.Add(-time.Hour)) || got.Counted != c.counted {
			t.Errorf("transactional %v, counting %v: %+v", c.transactional, c.count, got)
		}
	}
}

func TestContactGivesBack(t *testing.T) {
	contact := Contact{Intents: []Intent{{ID: "a", Holder: "1", Counted: true}, {ID: "b", Holder: "2", Counted: true}}}
	contact.Release("a", "another")
	contact.Refuse("b", "another")
	if i, ok := contact.Intent("a"); !ok || !i.Counted {
		t.Error("another holder released the intent")
	}
	if i, _ := contact.Intent("b"); !i.Counted {
		t.Error("another holder refused the intent")
	}
	contact.Release("a", "1")
	contact.Refuse("b", "2")
	if _, ok := contact.Intent("a"); ok {
		t.Error("a released intent is still known")
	}
	if i, ok := contact.Intent("b"); !ok || i.Counted {
		t.Error("a refused intent must stay and not count")
	}
}

func TestContactForgetsAfterTheIntentsLife(t *testing.T) {
	contact := Contact{Intents: []Intent{{ID: "at", At: noon}, {ID: "within", At: noon.Add(time.Second)}}}
	contact.Add(Intent{ID: "new", At: noon.Add(IntentLife)})
	if _, ok := contact.Intent("at"); ok {
		t.Error("an intent at its life's end is still known")
	}
	if _, ok := contact.Intent("within"); !ok {
		t.Error("an intent within its life was let go")
	}
}
