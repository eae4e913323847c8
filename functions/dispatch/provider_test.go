package dispatch

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/job"
)

func TestProviderRefusesForGood(t *testing.T) {
	b := start(t, welcome)
	b.provider.answer = func(int) error { return &channel.Error{Class: channel.Reject, Code: "550 5.1.1", Bounce: true} }
	settle(b, b.process, b.ask("s1"))
	settle(b, b.process, b.ask("s1"))
	b.expect(1, "failed rejected")
	c, err := b.Deliveries.Contact(t.Context(), b.ann.ID)
	if err != nil || len(c.Intents) != 1 || c.Intents[0].Counted {
		t.Errorf("what it took from the caps was not given back: %+v, %v", c, err)
	}
	b.provider.answer = nil
	settle(b, b.process, b.ask("s2"))
	if got := b.decisions(); !slices.Contains(got, "skipped suppressed") || b.provider.calls != 1 {
		t.Errorf("after the bounce: %v, %d calls", got, b.provider.calls)
	}
	b.change(func(p *profile.Profile) { p.Traits["email"] = profile.Trait{Value: "new@example.com"} })
	settle(b, b.process, b.ask("s3"))
	if b.provider.calls != 2 {
		t.Error("the new address is suppressed too")
	}
}

func TestProviderRefusesForNow(t *testing.T) {
	b := start(t, welcome)
	b.provider.answer = func(call int) error {
		if call < 3 {
			return &channel.Error{Class: channel.Retry, Code: "451"}
		}
		return nil
	}
	n := b.ask("s1")
	for range 3 {
		settle(b, b.process, n)
		waiting := b.waiting()
		if len(waiting) != 1 {
			break
		}
		b.Must(due.Due{DB: b.DB, Table: "Due"}.Done(t.Context(), due.Entry{Owner: due.OwnerOrchestration, Minute: b.minuteOf(waiting[0]), ID: fmt.Sprintf("%s.%d", n.ID, waiting[0].Deferred)}))
		n = waiting[0]
		b.Pass(n.At.Sub(b.Now()))
	}
	b.expect(3, "deferred providerError", "deferred providerError", "sent")
	if len(b.provider.taken) != 1 {
		t.Errorf("%d arrived", len(b.provider.taken))
	}
}

func TestProviderRefusesUntilTheLastAttempt(t *testing.T) {
	retry := func(int) error { return &channel.Error{Class: channel.Retry, Code: "451"} }
	for deferred, want := range map[int]string{maxAttempts - 2: "deferred providerError", maxAttempts - 1: "failed providerError"} {
		b := start(t, welcome)
		b.provider.answer = retry
		n := b.ask("s1")
		n.Deferred, n.Refused = deferred, deferred
		settle(b, b.process, n)
		b.expect(1, want)
	}
	b := start(t, welcome)
	b.provider.answer = func(int) error {
		return &channel.Error{Class: channel.Retry, Code: "429", After: 24*time.Hour + time.Second}
	}
	settle(b, b.process, b.ask("s1"))
	b.expect(1, "failed providerError") // it would come back expired
	if w := b.waiting(); len(w) != 0 {
		t.Errorf("waiting: %+v", w)
	}
}

// TestOnlyRefusalsUseUpAttempts: what a cap has put off day after day has its attempts left, and waits a minute after the first refusal.
func TestOnlyRefusalsUseUpAttempts(t *testing.T) {
	b := start(t, welcome)
	b.provider.answer = func(int) error { return &channel.Error{Class: channel.Retry, Code: "451"} }
	b.define(definition.Settings, delivery.SettingsID, `{"quietHours":{"start":"11:00","end":"14:00"}}`)
	n := b.ask("s1")
	n.Deferred = 40
	settle(b, b.process, n)
	w := b.waiting()
	if len(w) != 1 || w[0].Deferred != 41 || w[0].Refused != 0 {
		t.Fatalf("waiting: %+v", w)
	}
	b.Pass(2 * time.Hour)
	settle(b, b.process, w[0])
	b.expect(1, "deferred quietHours", "deferred providerError")
	for _, again := range b.waiting() {
		if after := again.At.Sub(b.Now()); again.Deferred == 42 && (again.Refused != 1 || after > firstPause || after < firstPause/2) {
			t.Errorf("refused once, it waits %v: %+v", after, again)
		}
	}
}

func TestLaterBacksOffAndHonoursTheProvider(t *testing.T) {
	b := start(t, welcome)
	for deferred, bounds := range map[int][2]time.Duration{0: {30 * time.Second, time.Minute}, 1: {time.Minute, 2 * time.Minute}, 5: {16 * time.Minute, 32 * time.Minute}, 12: {time.Hour, 2 * time.Hour}} {
		a := &attempt{Process: b.process, n: job.Notification{ID: "n", Deferred: deferred, Refused: deferred}}
		if got := a.later(0).Sub(noon); got < bounds[0] || got > bounds[1] {
			t.Errorf("after %d deferrals: %v, want %v", deferred, got, bounds)
		}
	}
	a := &attempt{Process: b.process}
	if got := a.later(3 * time.Hour).Sub(noon); got != 3*time.Hour {
		t.Errorf("the provider said three hours: %v", got)
	}
}

func TestProviderGivesNoAnswer(t *testing.T) {
	b := start(t, welcome)
	b.provider.answer = func(int) error { return &channel.Error{Class: channel.Uncertain, Code: "no answer"} }
	settle(b, b.process, b.ask("s1"))
	settle(b, b.process, b.ask("s1"))
	b.expect(1, "unknown timedOut")
}

func TestCrashBetweenTheCallAndTheRecord(t *testing.T) {
	b := start(t, welcome)
	b.provider.crash = func() { panic(errPower) }
	if again := deliver(b, b.process, b.ask("s1")); len(again) != 1 {
		t.Fatal("the job does not come again")
	}
	b.expect(1)
	b.provider.crash = nil
	settle(b, b.another(), b.ask("s1"))
	settle(b, b.another(), b.ask("s1"))
	b.expect(1, "unknown interrupted")
}

// TestCrashOfALaterAttempt: what became of it stands under the attempt that was in flight, whichever job finds out.
func TestCrashOfALaterAttempt(t *testing.T) {
	b := start(t, welcome)
	b.define(definition.Settings, delivery.SettingsID, `{"quietHours":{"start":"11:00","end":"14:00"}}`)
	settle(b, b.process, b.ask("s1"))
	b.Pass(2 * time.Hour)
	b.provider.crash = func() { panic(errPower) }
	deliver(b, b.process, b.waiting()...)
	settle(b, b.another(), b.ask("s1"))
	b.expect(1, "deferred quietHours", "unknown interrupted")
}

// minuteOf is the minute under which a notification is filed.
func (b *bench) minuteOf(n job.Notification) time.Time {
	minute := n.At.Truncate(time.Minute)
	if minute.Before(n.At) {
		minute = minute.Add(time.Minute)
	}
	return minute
}
