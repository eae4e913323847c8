package dispatch

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

var (
	bounce = &channel.Error{Class: channel.Reject, Code: "550 5.1.1", Bounce: true}
	notNow = &channel.Error{Class: channel.Retry, Code: "451"}
)

// meddle writes Ann's record before each of the next n writes of it, as other workers do.
func (b *bench) meddle(n int) {
	b.Helper()
	for nth := range n {
		b.DB.Interrupt("PutItem", 2*nth+1, func() { // each of these writes counts as well
			c, err := b.Deliveries.Contact(b.Context(), b.ann.ID)
			b.Must(err)
			b.Must(b.Deliveries.SaveContact(b.Context(), c))
		})
	}
}

// record is Ann's contact record.
func (b *bench) record() *delivery.Contact {
	b.Helper()
	c, err := b.Deliveries.Contact(b.Context(), b.ann.ID)
	b.Must(err)
	return c
}

// TestWhoMeetsOthersTriesAgain: the writes before the call meet other workers seven times and eight times.
func TestWhoMeetsOthersTriesAgain(t *testing.T) {
	b := start(t, welcome)
	b.meddle(maxConflicts - 1)
	b.Must(b.process.Dispatch(t.Context(), b.ask("s1")))
	b.expect(1, "sent")

	b = start(t, welcome)
	b.meddle(maxConflicts)
	if err := b.process.Dispatch(t.Context(), b.ask("s1")); !errors.Is(err, dynamo.ErrConflict) || !errors.Is(err, errMoved) {
		t.Errorf("the job is taken as done, or says nothing of why not: %v", err)
	}
	b.expect(0)
}

// givenBack are the answers that give back what a notification took.
var givenBack = []struct {
	answer *channel.Error
	want   string
	left   int // intents
}{{bounce, "failed rejected", 1}, {notNow, "deferred providerError", 0}}

// TestWhoMeetsOthersAfterTheCall: the same for what is given back after it.
func TestWhoMeetsOthersAfterTheCall(t *testing.T) {
	for _, c := range givenBack {
		b := start(t, welcome)
		b.provider.answer = func(int) error { return c.answer }
		b.provider.crash = func() { b.meddle(maxConflicts - 1) }
		b.Must(b.process.Dispatch(t.Context(), b.ask("s1")))
		b.expect(1, c.want)
		if got := b.record(); len(got.Intents) != c.left || c.left == 1 && got.Intents[0].Counted {
			t.Errorf("%s: after seven conflicts %+v is left", c.want, got.Intents)
		}

		b = start(t, welcome)
		b.provider.answer = func(int) error { return c.answer }
		b.provider.crash = func() { b.meddle(maxConflicts) }
		if err := b.process.Dispatch(t.Context(), b.ask("s1")); !errors.Is(err, dynamo.ErrConflict) {
			t.Errorf("%s: after eight conflicts the job is taken as done: %v", c.want, err)
		}
	}
}

// TestAMergeWhileItIsRefused unites the two people at each read after the provider's answer. The address is dead and the place in the caps is
// free for the person that they are from then on.
func TestAMergeWhileItIsRefused(t *testing.T) {
	for nth := 1; ; nth++ {
		b := start(t, welcome)
		old, ofOld, _ := b.old()
		b.provider.answer = func(int) error { return bounce }
		fired := false
		b.provider.crash = func() {
			b.DB.Interrupt("GetItem", nth, func() {
				fired = true
				b.merge(old)
				// Whoever looks at them next unites their records.
				_, err := b.Deliveries.UnitedContact(t.Context(), b.Profiles, b.ann)
				b.Must(err)
			})
		}
		settle(b, b.process, ofOld)
		if !fired {
			if nth == 1 {
				t.Error("nothing is read after the call")
			}
			return
		}
		b.expect(1, "failed rejected")
		b.provider.crash = nil
		settle(b, b.process, b.ask("another"))
		if got := b.decisions(); !slices.Contains(got, "skipped suppressed") {
			t.Errorf("before read %d: %v", nth, got)
		}
		for _, intent := range b.record().Intents {
			if intent.Counted {
				t.Errorf("before read %d: %+v still counts", nth, intent)
			}
		}
	}
}

// TestForbiddenAndNotGivenBack: as TestForbiddenAfterALostAnswer, and what was taken cannot be given back.
func TestForbiddenAndNotGivenBack(t *testing.T) {
	b := start(t, welcome)
	b.stopAfterLostAnswer(func() { b.meddle(maxConflicts + 1) }) // the lost answer is the first
	if again := deliver(b, b.process, b.ask("s1")); len(again) != 1 {
		t.Error("the job is taken as done")
	}
	b.expect(0)
}

// TestTheCampaignGoesBetweenTwoTries: what the first try looked at is nothing to the second.
func TestTheCampaignGoesBetweenTwoTries(t *testing.T) {
	b := start(t, welcome)
	b.DB.Interrupt("PutItem", 1, func() {
		b.Must(b.Deliveries.SaveContact(t.Context(), b.record()))
		b.DB.Undefine(b, definition.Campaign, "welcome", noon)
		b.Pass(time.Minute)
	})
	settle(b, b.process, b.ask("s1"))
	b.expect(0, "skipped notRunning")
}

// TestADecisionBetweenTwoTries: what was read ahead of the first try is nothing to the second. Another worker has found meanwhile that it is too late.
func TestADecisionBetweenTwoTries(t *testing.T) {
	b := start(t, welcome)
	old, ofOld, _ := b.old()
	b.merge(old) // so that the records of the two are united before anything is decided
	b.DB.Interrupt("TransactWriteItems", 1, func() {
		late := ofOld
		late.NotAfter = noon.Add(-time.Hour).UTC()
		settle(b, b.another(), late)
	})
	settle(b, b.process, ofOld)
	b.expect(0, "skipped expired")
}

// TestWhatAnIntentSays has a person that is alone, and one that became part of another between two tries.
func TestWhatAnIntentSays(t *testing.T) {
	b := start(t, welcome)
	settle(b, b.process, b.ask("s1"))
	want := delivery.Intent{ID: b.ask("s1").ID, Asked: noon.UTC(), At: noon.UTC(), Channel: delivery.Email, Counted: true}
	check := func() {
		t.Helper()
		got := b.record().Intents
		if len(got) != 1 || len(got[0].Holder) != 10 {
			t.Fatalf("intents %+v", got)
		}
		if got[0].Holder, got[0].Tags = "", nil; got[0].ID != want.ID || got[0].Of != want.Of || got[0].Counted != want.Counted || got[0].Channel != want.Channel ||
			!got[0].Asked.Equal(want.Asked) || !got[0].At.Equal(want.At) {
			t.Errorf("intent %+v, want %+v", got[0], want)
		}
	}
	check()

	b = start(t, welcome)
	old, ofOld, _ := b.old()
	b.merge(old)
	settle(b, b.process, ofOld)
	want.ID, want.Of = ofOld.ID, old.ID
	check()
	b.expect(1, "sent")
	if d, _, err := b.Deliveries.Decisions(t.Context(), b.ann.Keys(), 1, ""); err != nil || d[0].ProfileID != old.ID {
		t.Errorf("decision %+v, %v", d, err)
	}
}

// TestOneMomentIsOneAttempt: a job's time may have a zone and more digits than are stored.
func TestOneMomentIsOneAttempt(t *testing.T) {
	b := start(t, inState("paused"))
	for _, more := range []time.Duration{0, 1, 999 * time.Microsecond} {
		n := b.ask("s1")
		n.At = noon.Add(more)
		settle(b, b.process, n)
	}
	b.expect(0, "deferred notRunning")
	if d, _, err := b.Deliveries.Decisions(t.Context(), b.ann.Keys(), 1, ""); err != nil || d[0].Asked != noon.UTC() {
		t.Errorf("decision %+v, %v", d, err)
	}
}

// TestTheLastRefusalGivesBack: a notification that is given up takes no place in the caps, and is not tried again.
func TestTheLastRefusalGivesBack(t *testing.T) {
	b := start(t, welcome)
	b.provider.answer = func(int) error { return notNow }
	n := b.ask("s1")
	n.Refused = maxAttempts - 1
	settle(b, b.process, n, n)
	b.expect(1, "failed providerError")
	if got := b.record().Intents; len(got) != 1 || got[0].Counted {
		t.Errorf("intents %+v", got)
	}
}

// TestABounceIsOnTheRecord: the decision says that it was refused, and the contact record which address it was, and not in clear.
func TestABounceIsOnTheRecord(t *testing.T) {
	b := start(t, welcome)
	b.provider.answer = func(int) error { return bounce }
	settle(b, b.process, b.ask("s1"))
	b.expect(1, "failed rejected")
	got := b.record().Suppressions
	if one := got[delivery.Email]; len(got) != 1 || one.Reason != "bounce" || !one.At.Equal(noon) || one.Address != delivery.AddressHash("ann@example.com") {
		t.Errorf("suppressions %+v", got)
	}
}

func TestOurFault(t *testing.T) {
	for address, want := range map[string]bool{
		"ann@example.com": false, "änn@example.com": true, "an\u0080n@example.com": true, "an\x7fn@example.com": false, "ann@exämple.com": false,
		"ä@b@example.com": true, "": false, "änn": false, "@": false,
	} {
		if got := ourFault(address); got != want {
			t.Errorf("%q: %v", address, got)
		}
	}
}

// TestNobodyWasThere: who goes while the provider is asked leaves no record behind.
func TestNobodyWasThere(t *testing.T) {
	b := start(t, welcome)
	b.provider.answer = func(int) error { return bounce }
	b.provider.crash = func() {
		b.Must(b.Profiles.Erase(t.Context(), b.ann, noon, b.ann.TombstoneVersion(noon)))
	}
	if err := b.process.Dispatch(t.Context(), b.ask("s1")); err != nil {
		t.Errorf("the job comes again for ever: %v", err)
	}
	if got := b.record(); len(got.Suppressions) != 0 {
		t.Errorf("written after the erasure: %+v", got)
	}
}

// TestTheTimeThatIsLeft is just enough, and just too little.
func TestTheTimeThatIsLeft(t *testing.T) {
	const spared = 2 * time.Second // for the answer of the invocation
	for _, c := range []struct {
		length time.Duration
		taken  int
		failed int
	}{{reserve + spared, 1, 0}, {reserve + spared - 1, 0, 2}} {
		synctest.Test(t, func(t *testing.T) {
			b := start(t, welcome)
			b.process.Again = &functiontest.Queue{}
			if failed := b.invoke(c.length, b.crowd(2, 1)); failed != c.failed || len(b.provider.taken) != 2*c.taken {
				t.Errorf("%v: %d come again, %d are sent", c.length, failed, len(b.provider.taken))
			}
		})
	}
	// An invocation that is cancelled begins nothing, also without an end.
	b := start(t, welcome)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	batch := &batch{Process: b.process, people: map[profile.ID][]item{}}
	r := &record{}
	batch.one(ctx, item{b.ask("s1"), r})
	if len(r.rest) != 1 || batch.begun || len(r.failed) != 0 {
		t.Errorf("%+v, begun %v", r, batch.begun)
	}
}

// calls counts those of a queue, empty ones too.
type calls int

func (n *calls) SendAll(context.Context, [][]byte) error             { *n++; return nil }
func (n *calls) SendLater(context.Context, any, time.Duration) error { *n++; return nil }

// TestNothingIsHandedBackWhereNothingIsLeft, not even an empty list.
func TestNothingIsHandedBackWhereNothingIsLeft(t *testing.T) {
	b := start(t, welcome)
	var again calls
	b.process.Again = &again
	settle(b, b.process, b.ask("s1"))
	if again != 0 {
		t.Errorf("%d sends", again)
	}
}

// TestAMessageThatIsHalfRead: of a message that does not make sense nothing is begun.
func TestAMessageThatIsHalfRead(t *testing.T) {
	b := start(t, welcome)
	n := b.ask("s1")
	body := `{"notifications":[{"id":"` + n.ID + `","profileId":"` + string(n.ProfileID) + `","campaignId":"welcome","campaignVersion":1,"step":"s1","at":"2026-11-21T04:00:00Z"},{"id":5}]}`
	if again := functiontest.Deliver(t.Context(), t, b.process.Handle, body); len(again) != 1 {
		t.Errorf("%v come again", again)
	}
	b.expect(0)
	settle(b, b.process, job.Notification{ID: n.ID, ProfileID: n.ProfileID, CampaignID: "welcome", CampaignVersion: 1, Step: "s1", At: n.At})
	b.expect(1, "sent")
}

// TestAnIntentWhoseAnswerGotLostIsGivenBack: it is the worker's own, found in the record, and a refusal gives back what it took.
func TestAnIntentWhoseAnswerGotLostIsGivenBack(t *testing.T) {
	for _, c := range givenBack {
		b := start(t, welcome)
		b.provider.answer = func(int) error { return c.answer }
		b.DB.Fail("PutItem", 1, dynamotest.Persisted)
		b.Must(b.process.Dispatch(t.Context(), b.ask("s1")))
		b.expect(1, c.want)
		if got := b.record(); len(got.Intents) != c.left || c.left == 1 && got.Intents[0].Counted {
			t.Errorf("%s: %+v is left", c.want, got.Intents)
		}
	}
}
