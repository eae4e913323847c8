package dispatch

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
)

// old is Ann as she was known before a merge, with a notification of the same step for each of the two.
func (b *bench) old() (old *profile.Profile, ofOld, ofAnn job.Notification) {
	b.Helper()
	old = b.Person("ann-of-old", func(p *profile.Profile) {
		p.Traits = map[string]profile.Trait{"email": {Value: "ann@example.com"}}
		p.Consent = map[string]profile.Consent{"email": {Granted: true, At: noon}}
	})
	ofOld, ofAnn = b.ask("once"), b.ask("once")
	ofOld.ID, ofOld.ProfileID = campaign.NotificationID(old.ID, "welcome", "once"), old.ID
	return old, ofOld, ofAnn
}

func (b *bench) merge(old *profile.Profile) {
	b.Helper()
	b.ann.Absorb(old)
	b.Must(b.Profiles.Merge(b.Context(), b.ann, old, people.Pack{}))
}

// TestAMergeBetweenTwoWorkers lets another worker unite the two people and send the same step, just before each call that the first
// worker makes for the former profile. Whatever lies in between, it is sent once, and once the first one's own intent is written it is
// the first one that sends.
func TestAMergeBetweenTwoWorkers(t *testing.T) {
	for _, op := range []string{"GetItem", dynamotest.AnyWrite} {
		for nth := 1; ; nth++ {
			b := start(t, welcome)
			old, ofOld, ofAnn := b.old()
			before := b.DB.Calls(op)
			b.process = b.another()
			fired := false
			b.DB.Interrupt(op, nth, func() {
				fired = true
				b.merge(old)
				settle(b, b.another(), ofAnn)
			})
			settle(b, b.process, ofOld)
			if !fired {
				if b.DB.Calls(op) == before {
					t.Fatalf("%s is never called", op)
				}
				break
			}
			settle(b, b.another(), ofOld, ofAnn)
			if b.provider.calls != 1 {
				t.Errorf("before call %d of %s: %d notifications", nth, op, b.provider.calls)
			}
			if got := b.decisions(); len(got) != 1 || got[0] != "sent" {
				t.Errorf("before call %d of %s: decisions %v", nth, op, got)
			}
		}
	}
}

// TestCapsThroughAMerge: a cap of one holds for the two people together, whichever call a merge comes before.
func TestCapsThroughAMerge(t *testing.T) {
	for nth := 1; ; nth++ {
		b := start(t, welcome)
		b.define(definition.Settings, delivery.SettingsID, `{"caps":[{"limit":1,"per":1,"unit":"days"}]}`)
		old, ofOld, _ := b.old()
		fired := false
		b.DB.Interrupt("GetItem", nth, func() {
			fired = true
			b.merge(old)
			settle(b, b.another(), b.ask("another step"))
		})
		settle(b, b.process, ofOld)
		if !fired {
			return
		}
		got := b.decisions()
		slices.Sort(got)
		if b.provider.calls != 1 || fmt.Sprint(got) != "[sent skipped frequencyCap]" {
			t.Errorf("before read %d: %d calls, %v", nth, b.provider.calls, got)
		}
	}
}

// TestWithdrawnMeanwhile: a withdrawal holds from its answer on, whichever call of dispatch it comes before.
func TestWithdrawnMeanwhile(t *testing.T) {
	for nth := 1; ; nth++ {
		b := start(t, welcome)
		fired := false
		b.DB.Interrupt(dynamotest.AnyWrite, nth, func() {
			fired = true
			b.Must(b.Deliveries.Withdraw(t.Context(), b.Profiles, b.ann.ID, delivery.Email, b.Now()))
		})
		settle(b, b.process, b.ask("s1"))
		if !fired {
			return
		}
		// Before the intent it is skipped; before the decision it had been sent, and before today's figures that is on record.
		want := map[int]string{1: "skipped noConsent", 2: "sent", 3: "sent"}[nth]
		if got := b.decisions(); len(got) != 1 || got[0] != want {
			t.Errorf("before write %d: %v, want %s", nth, got, want)
		}
		settle(b, b.process, b.ask("s2"))
		if got := b.decisions(); !slices.Contains(got, "skipped noConsent") {
			t.Errorf("the next one: %v", got)
		}
	}
}

// TestRevokedByAnEventMeanwhile: an event that takes the consent back holds from its commit on, whichever call of dispatch that comes before: nothing is
// handed over after it, and what was reserved is given back.
func TestRevokedByAnEventMeanwhile(t *testing.T) {
	for _, op := range []string{"GetItem", dynamotest.AnyWrite} {
		for nth := 1; ; nth++ {
			b := start(t, welcome)
			fired, sent := false, 0
			b.DB.Interrupt(op, nth, func() {
				fired, sent = true, b.provider.calls
				b.change(func(p *profile.Profile) { p.Consent["email"] = profile.Consent{At: noon} })
			})
			settle(b, b.process, b.ask("s1"))
			if !fired {
				if nth < 3 {
					t.Fatalf("%d calls of %s", nth-1, op)
				}
				break
			}
			want, intents := "skipped noConsent", 0
			if sent == 1 {
				want, intents = "sent", 1
			}
			if got := b.decisions(); len(got) != 1 || got[0] != want || b.provider.calls != sent || len(b.record().Intents) != intents {
				t.Errorf("before call %d of %s: %v, %d handed over, %d before, %d reserved", nth, op, got, b.provider.calls, sent, len(b.record().Intents))
			}
		}
	}
}

// TestChangedMeanwhile: what changes nothing that is judged keeps nobody from their notification, however often it comes.
func TestChangedMeanwhile(t *testing.T) {
	b := start(t, welcome)
	for nth := 1; nth <= 20; nth++ {
		b.DB.Interrupt("GetItem", nth, func() {
			b.change(func(p *profile.Profile) { p.Traits["name"] = profile.Trait{Value: "Ann"} })
		})
	}
	settle(b, b.process, b.ask("s1"))
	b.expect(1, "sent")
}

// TestWithdrawnByWhoWasMergedMeanwhile: the worker looks at the former person; then that one becomes part of Ann, who withdraws. The withdrawal
// holds from its answer on, also against a record that says nothing of it, and also if the merge comes in the middle of the withdrawal.
func TestWithdrawnByWhoWasMergedMeanwhile(t *testing.T) {
	withdraw := func(b *bench, id profile.ID) {
		b.Must(b.Deliveries.Withdraw(t.Context(), b.Profiles, id, delivery.Email, b.Now()))
	}
	for name, act := range map[string]func(b *bench, old *profile.Profile){
		"by the former id": func(b *bench, old *profile.Profile) { b.merge(old); withdraw(b, old.ID) },
		"by the new id":    func(b *bench, old *profile.Profile) { b.merge(old); withdraw(b, b.ann.ID) },
		"in the middle": func(b *bench, old *profile.Profile) {
			b.DB.Interrupt("PutItem", 1, func() { b.merge(old) })
			withdraw(b, b.ann.ID)
		},
	} {
		for _, op := range []string{"GetItem", dynamotest.AnyWrite} {
			for nth := 1; ; nth++ {
				b := start(t, welcome)
				old, ofOld, _ := b.old()
				b.process = b.another()
				fired, begun := false, 0
				b.DB.Interrupt(op, nth, func() {
					fired, begun = true, b.DB.Calls("PutItem")
					act(b, old)
				})
				before := b.DB.Calls("PutItem")
				settle(b, b.process, ofOld)
				if !fired {
					break
				}
				if intent := begun > before; b.provider.calls > 0 && !intent {
					t.Errorf("%s, before call %d of %s: %v", name, nth, op, b.decisions())
				}
			}
		}
	}
}

// TestForbiddenAfterALostAnswer: the intent was written and its answer got lost; then everything is stopped. The notification is not
// sent, and gives back what it took.
func TestForbiddenAfterALostAnswer(t *testing.T) {
	b := start(t, welcome)
	b.stopAfterLostAnswer(func() {})
	settle(b, b.process, b.ask("s1"))
	b.expect(0, "skipped killSwitch")
	c, err := b.Deliveries.Contact(t.Context(), b.ann.ID)
	if err != nil || len(c.Intents) != 0 {
		t.Errorf("contact %+v, %v", c, err)
	}
}

// stopAfterLostAnswer loses the answer to the next intent, and forbids everything before it is looked for; besides it does more.
func (b *bench) stopAfterLostAnswer(more func()) {
	b.Helper()
	b.DB.Fail("PutItem", 1, dynamotest.Persisted)
	b.DB.Interrupt("GetItem", b.readsOfOne()+1, func() {
		_, err := catalog.Catalog{DB: b.DB, Table: "Catalog"}.Save(b.Context(), definition.Settings, delivery.SettingsID, []byte(`{"killSwitch":true}`), nil, dynamotest.By(noon))
		b.Must(err)
		b.Pass(catalog.TTL)
		more()
	})
}

// readsOfOne is how many single reads a notification takes until its intent is written.
func (b *bench) readsOfOne() int {
	b.Helper()
	other := start(b, welcome)
	before, reads := other.DB.Calls("GetItem"), 0
	other.DB.Interrupt("PutItem", 1, func() { reads = other.DB.Calls("GetItem") - before })
	settle(other, other.process, other.ask("s1"))
	return reads
}

// TestErasedMeanwhile erases Ann before each call. Whatever had to be recorded, nothing is undecided and no job comes again for ever.
func TestErasedMeanwhile(t *testing.T) {
	for _, refusal := range []error{nil, &channel.Error{Class: channel.Reject, Code: "550 5.1.1", Bounce: true}, &channel.Error{Class: channel.Retry, Code: "451"}} {
		for nth := 1; ; nth++ {
			b := start(t, welcome)
			b.provider.answer = func(int) error { return refusal }
			fired := false
			b.DB.Interrupt("GetItem", nth, func() {
				fired = true
				b.Must(b.Profiles.Erase(t.Context(), b.ann, noon, b.ann.TombstoneVersion(noon)))
			})
			settle(b, b.process, b.ask("s1"))
			if !fired {
				break
			}
			if b.provider.calls > 1 {
				t.Errorf("before read %d: %d calls", nth, b.provider.calls)
			}
		}
	}
}

// TestErasedAndBack: Ann is forgotten and comes back before a job of hers arrives. Whether it came of an event or of a membership, it is not
// hers; what she does afterwards is.
func TestErasedAndBack(t *testing.T) {
	b := start(t, welcome)
	event, entered := b.signUp(b.ask("s1")), b.ask("s2")
	b.change(func(p *profile.Profile) { p.RememberErasure(b.ann.ID, noon) })
	settle(b, b.process, event, entered)
	b.expect(0)
	// An event of a part: who came back does not stand on its key, which the tombstone remembers.
	bob := b.Person("bob", func(*profile.Profile) {})
	part := b.signUp(b.ask("s4"))
	part.EventOf = bob.ID
	b.Must(b.Profiles.Erase(t.Context(), bob, noon, bob.TombstoneVersion(noon)))
	settle(b, b.process, part)
	b.expect(0)
	later := b.ask("s3")
	later.Since = noon.Add(time.Millisecond)
	settle(b, b.process, later)
	b.expect(1, "sent")
}

// TestBackFromBeingAPart: Ann was part of Bob, was erased with him and came back. Where her record stood there is a pointer to his.
func TestBackFromBeingAPart(t *testing.T) {
	b := start(t, welcome)
	own, err := b.Deliveries.Contact(t.Context(), b.ann.ID)
	b.Must(err)
	bob := &delivery.Contact{ProfileID: "bob"}
	b.Must(b.Deliveries.UniteContacts(t.Context(), bob, []*delivery.Contact{own}))
	settle(b, b.process, b.ask("s1"))
	b.expect(1, "sent")
	if own, err = b.Deliveries.Contact(t.Context(), b.ann.ID); err != nil || own.MovedTo != "" || len(own.Intents) != 1 {
		t.Errorf("her record is %+v, %v", own, err)
	}
}

// TestEveryReadBroken breaks each read of each way once: the job comes again, and all is as if nothing had been.
func TestEveryReadBroken(t *testing.T) {
	for name, answer := range map[string]error{
		"sent": nil, "failed rejected": &channel.Error{Class: channel.Reject, Code: "550 5.1.1", Bounce: true},
		"deferred providerError": &channel.Error{Class: channel.Retry, Code: "451"},
	} {
		for _, op := range []string{"GetItem", "Query"} {
			for nth := 1; ; nth++ {
				b := start(t, welcome)
				n := b.signUp(b.ask("s1"))
				b.provider.answer = func(int) error { return answer }
				before := b.DB.Calls(op)
				b.DB.Fail(op, nth, dynamotest.NotPersisted)
				again := deliver(b, b.process, n)
				if b.DB.Calls(op)-before < nth {
					break
				}
				called := b.provider.calls
				switch {
				case called == 0 && len(again) != 1:
					t.Errorf("%s, %s %d: a notification that was not decided is taken as done", name, op, nth)
				case called > 1:
					t.Errorf("%s, %s %d: %d calls", name, op, nth, called)
				}
				settle(b, b.another(), n)
				got := b.decisions()
				if len(got) != 1 || got[0] != name && got[0] != "unknown interrupted" || called == 0 && got[0] != name {
					t.Errorf("%s, %s %d: %v", name, op, nth, got)
				}
				if b.provider.calls > 1 {
					t.Errorf("%s, %s %d: it was handed over %d times", name, op, nth, b.provider.calls)
				}
			}
		}
	}
}
