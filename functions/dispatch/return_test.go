package dispatch

import (
	"fmt"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
)

// halfBack merges somebody into Ann, unites their contact records, erases both and lets the other half come back alone, before any trace is
// wiped: their contact record still points to where Ann's was.
func (b *bench) halfBack() (back *profile.Profile, n job.Notification) {
	b.Helper()
	profiles := b.Profiles
	old, n, _ := b.old()
	b.merge(old)
	settle(b, b.process, b.ask("before"))
	b.Must(profiles.Erase(b.Context(), b.ann, noon, b.ann.TombstoneVersion(noon)))
	b.Pass(time.Minute)
	back, err := profiles.Load(b.Context(), old.ID)
	b.Must(err)
	back.ID, back.Identifiers, back.FirstSeen, back.LastSeen = old.ID, []profile.Identifier{{Kind: profile.UserID, Value: "ann-of-old"}}, b.Now(), b.Now()
	back.Traits = map[string]profile.Trait{"email": {Value: "ann@example.com"}}
	back.Consent = map[string]profile.Consent{"email": {Granted: true, At: b.Now(), ReceivedAt: b.Now()}}
	b.Must(profiles.Save(b.Context(), back))
	n.ID, n.Step, n.At, n.Since = campaign.NotificationID(back.ID, "welcome", "new"), "new", b.Now(), b.Now()
	return back, n
}

// TestHalfOfAPersonComesBack: whoever comes back alone is written to, though their record points to one that is gone.
func TestHalfOfAPersonComesBack(t *testing.T) {
	b := start(t, welcome)
	back, n := b.halfBack()
	settle(b, b.process, n, n)
	if b.ann = back; b.provider.calls != 2 {
		t.Errorf("%d calls, want one before and one after", b.provider.calls)
	}
	b.expect(2, "sent")
}

// TestWhoComesBackBeforeTheWipe: what the former person was sent, once and up to the caps, is not theirs, though the record still says so.
func TestWhoComesBackBeforeTheWipe(t *testing.T) {
	b := start(t, welcome)
	b.define(definition.Settings, delivery.SettingsID, `{"caps":[{"limit":1,"per":1,"unit":"days"}]}`)
	settle(b, b.process, b.ask("once"))
	b.Pass(time.Minute)
	profiles := b.Profiles
	b.Must(profiles.Erase(t.Context(), b.ann, b.Now(), b.ann.TombstoneVersion(b.Now())))
	b.Pass(time.Minute)
	back, err := profiles.Load(t.Context(), b.ann.ID)
	b.Must(err)
	back.Identifiers, back.FirstSeen, back.LastSeen, back.Traits = b.ann.Identifiers, b.Now(), b.Now(), map[string]profile.Trait{"email": {Value: "ann@example.com"}}
	back.Consent = map[string]profile.Consent{"email": {Granted: true, At: b.Now(), ReceivedAt: b.Now()}}
	b.Must(profiles.Save(t.Context(), back))
	again := b.ask("once")
	again.At, again.Since = b.Now(), b.Now()
	settle(b, b.process, again, again)
	if got := b.decisions(); b.provider.calls != 2 || len(got) != 2 || got[1] != "sent" {
		t.Errorf("%d calls, decisions %v", b.provider.calls, got)
	}
}

// TestAClockBehindTheErasure: who has come back is sent a notification once, also by a worker whose clock stands before the tombstones, and the wipe
// takes nothing of theirs.
func TestAClockBehindTheErasure(t *testing.T) {
	b := start(t, welcome)
	profiles := b.Profiles
	erased, buried := b.Now().Add(-time.Second), b.Now().Add(10*time.Second+4*time.Millisecond)
	version := b.ann.TombstoneVersion(buried)
	b.Must(profiles.Erase(t.Context(), b.ann, erased, version))
	back, err := profiles.Load(t.Context(), b.ann.ID)
	b.Must(err)
	seen := buried.Add(time.Second)
	back.Identifiers, back.FirstSeen, back.LastSeen, back.Traits = b.ann.Identifiers, seen, seen, map[string]profile.Trait{"email": {Value: "ann@example.com"}}
	back.Consent = map[string]profile.Consent{"email": {Granted: true, At: seen, ReceivedAt: seen}}
	b.Must(profiles.Save(t.Context(), back))
	n := b.ask("once")
	n.At, n.Since = seen, seen
	b.provider.crash = func() { panic(errPower) } // before it is recorded
	func() {
		defer func() { _ = recover() }()
		_ = b.process.Dispatch(t.Context(), n)
	}()
	b.provider.crash = nil
	wipe := func() {
		_, _, err := b.Deliveries.Wipe(t.Context(), people.Gone{
			Key: back.ID, Keys: []profile.ID{back.ID}, Version: version, Until: profile.TombstonesUntil(version), Asked: erased, Back: true}, "")
		b.Must(err)
	}
	wipe()
	settle(b, b.another(), n)
	wipe()
	if got := b.decisions(); len(got) != 1 || got[0] != "unknown interrupted" {
		t.Errorf("decisions %v", got)
	}
	settle(b, b.another(), n)
	if b.provider.calls != 1 {
		t.Errorf("it was handed over %d times", b.provider.calls)
	}
}

// TestWhoComesBackAndJoinsADevice: what the device was sent while it was nobody's is not the former person's, neither before the wipe nor after it. Its record
// is united with the one that an erasure takes from.
func TestWhoComesBackAndJoinsADevice(t *testing.T) {
	b := start(t, welcome)
	device, n, former := b.old()
	settle(b, b.process, n, former)
	b.Pass(time.Minute)
	erased, profiles := b.Now(), b.Profiles
	b.Must(profiles.Erase(t.Context(), b.ann, erased, b.ann.TombstoneVersion(erased)))
	b.Pass(time.Minute)
	back, err := profiles.Load(t.Context(), b.ann.ID)
	b.Must(err)
	back.Identifiers, back.FirstSeen, back.LastSeen = b.ann.Identifiers, b.Now(), b.Now()
	b.Must(profiles.Save(t.Context(), back))
	b.ann = back
	b.merge(device)
	settle(b, b.process, n, n)
	if b.provider.calls != 2 {
		t.Fatalf("%d calls, the notification of the device came again", b.provider.calls)
	}
	deliveries := b.Deliveries
	_, _, err = deliveries.Wipe(t.Context(), people.Gone{Key: back.ID, Keys: []profile.ID{back.ID}, Asked: erased, Until: erased.Add(time.Second), Back: true}, "")
	b.Must(err)
	settle(b, b.process, n, n)
	if b.provider.calls != 2 {
		t.Errorf("%d calls after the wipe", b.provider.calls)
	}
	contact, err := deliveries.Contact(t.Context(), back.ID)
	if _, stored := contact.Intent(former.ID); err != nil || stored || len(contact.Intents) != 1 {
		t.Errorf("of the former person: %+v, %v", contact.Intents, err)
	}
}

// TestAMergeOfHalfThatCameBack lets them be merged again between any two calls of a worker, while another one sends the same step.
func TestAMergeOfHalfThatCameBack(t *testing.T) {
	for _, op := range []string{"GetItem", dynamotest.AnyWrite} {
		for nth := 1; ; nth++ {
			b := start(t, welcome)
			back, n := b.halfBack()
			b.ann = b.Person("ann-of-new", func(p *profile.Profile) {
				p.Traits, p.Consent = back.Traits, back.Consent
			})
			calls := b.provider.calls
			fired := false
			b.DB.Interrupt(op, nth, func() {
				fired = true
				b.merge(back)
				settle(b, b.another(), n)
			})
			settle(b, b.process, n)
			if !fired {
				break
			}
			if got := b.decisions(); b.provider.calls != calls+1 || len(got) != 1 || got[0] != "sent" {
				t.Errorf("before call %d of %s: %d calls, decisions %v", nth, op, b.provider.calls-calls, got)
			}
		}
	}
}

// TestHalfOfAPersonWithdraws: a withdrawal of who came back alone is theirs, and not of where the old record pointed to.
func TestHalfOfAPersonWithdraws(t *testing.T) {
	b := start(t, welcome)
	back, n := b.halfBack()
	b.Must(b.Deliveries.Withdraw(t.Context(), b.Profiles, back.ID, delivery.Email, b.Now().Add(time.Second)))
	settle(b, b.process, n)
	b.ann = back
	b.expect(1, "skipped noConsent")
}

// TestOneDecisionThroughAMerge skips a notification, merges the person into another and delivers it again, also between the calls of the
// first worker, and also when it can be sent by then. The attempt has one decision, and what is on record is not judged anew.
func TestOneDecisionThroughAMerge(t *testing.T) {
	for _, want := range []string{"skipped noConsent", "sent"} {
		seen := map[string]bool{}
		for nth := 1; ; nth++ {
			b := start(t, welcome)
			old, ofOld, _ := b.old()
			old.Consent = nil
			b.Must(b.Profiles.Save(t.Context(), old))
			if want != "sent" {
				b.change(func(p *profile.Profile) { p.Consent = nil })
			}
			fired, over := false, false
			b.DB.Interrupt("GetItem", nth, func() {
				if over {
					return
				}
				fired = true
				b.merge(old)
				settle(b, b.another(), ofOld)
			})
			settle(b, b.process, ofOld)
			if over = true; !fired {
				b.merge(old)
			}
			settle(b, b.another(), ofOld)
			got := b.decisions()
			if len(got) != 1 || got[0] != want && got[0] != "skipped noConsent" || (got[0] == "sent") != (b.provider.calls == 1) {
				t.Errorf("before read %d: decisions %v after %d calls, want %s", nth, got, b.provider.calls, want)
			}
			if seen[got[0]] = true; !fired {
				break
			}
		}
		if !seen[want] {
			t.Errorf("never %s", want)
		}
	}
}

// TestAWithdrawalUnderAKeyThatWasErased: somebody was erased, pressed the button of an old mail, and their phone is Ann's now. Once the two are
// known as one, what was answered holds for her; and looking for it costs once.
func TestAWithdrawalUnderAKeyThatWasErased(t *testing.T) {
	b := start(t, welcome)
	phone := profile.Identifier{Kind: profile.AnonymousID, Value: "phone"}
	b.Must(b.Deliveries.Withdraw(t.Context(), b.Profiles, phone.ID(), delivery.Email, noon.Add(time.Minute)))
	settle(b, b.process, b.ask("before"))
	b.change(func(p *profile.Profile) {
		p.Identifiers = append(p.Identifiers, phone)
		p.RememberErasure(phone.ID(), noon.Add(-time.Hour))
	})
	b.Pass(2 * time.Minute)
	n := b.ask("after")
	n.At = b.Now()
	settle(b, b.process, n)
	b.expect(1, "sent", "skipped noConsent")
	united, err := b.Deliveries.Contact(t.Context(), b.ann.ID)
	b.Must(err)
	settle(b, b.process, b.ask("again"))
	again, err := b.Deliveries.Contact(t.Context(), b.ann.ID)
	if b.Must(err); len(united.United) != 1 || again.Version != united.Version {
		t.Errorf("united %v, then written %d times more", united.United, again.Version-united.Version)
	}
}

// TestAClockBehindTheStart: a scheduled campaign that has begun is running for a worker whose clock is behind too, so that the person is asked about, who is
// not in the segment; one that was moved to later since is not running.
func TestAClockBehindTheStart(t *testing.T) {
	for begun, want := range map[time.Duration]string{0: "skipped notEligible", time.Second: "skipped notEligible", -time.Minute: "skipped notRunning"} {
		b := start(t, welcome)
		n := b.ask("all")
		n.At, n.CampaignVersion = b.Now().Add(2*time.Second), 2
		b.define(definition.Campaign, "welcome", fmt.Sprintf(`{"name":"W","state":"scheduled","channel":"email","templateId":"hello","trigger":{"audience":{"segmentId":"vip","at":%q}}}`,
			n.At.Add(-begun).Format(time.RFC3339)))
		settle(b, b.process, n)
		if got := b.decisions(); len(got) != 1 || got[0] != want {
			t.Errorf("begun %s before the notification was due: %v, want %s", begun, got, want)
		}
	}
}
