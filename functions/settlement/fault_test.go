package settlement

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// Every write on the way from claimed to reversed is broken both ways, one at a time, and the jobs delivered again.
func TestEveryWriteBrokenBothWays(t *testing.T) {
	journey := func(b *bench, again func(act func() bool)) {
		again(func() bool { return b.job("o1") })
		b.Pass(2*time.Hour + time.Minute)
		again(func() bool { return b.tick() == nil })
		again(func() bool { return b.job("o1") }) // nothing to do
	}
	reversal := func(b *bench, again func(act func() bool)) {
		b.refunded("o1", "bob")
		again(func() bool { return b.job("o1") })
	}
	set := func(t *testing.T) *bench {
		b := start(t, strings.Replace(twoHours, `"rewards"`, `"budget":[{"points":1000}],"rewards"`, 1))
		b.claim("bob", "ann")
		b.paid("o1", "bob", 10000)
		return b
	}
	counting := set(t)
	before := counting.DB.Calls(dynamotest.AnyWrite)
	once := func(act func() bool) {
		if !act() {
			t.Fatal("failed without a fault")
		}
	}
	journey(counting, once)
	writes := counting.DB.Calls(dynamotest.AnyWrite) - before
	if writes < 3 {
		t.Fatalf("only %d writes", writes)
	}
	for nth := 1; nth <= writes; nth++ {
		for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
			t.Run(fmt.Sprintf("write %d %s", nth, how), func(t *testing.T) {
				b := set(t)
				failures := 0
				again := func(act func() bool) {
					for range 3 {
						if act() {
							return
						}
						failures++
					}
					t.Fatal("did not recover")
				}
				b.DB.Fail(dynamotest.AnyWrite, nth, how)
				journey(b, again)
				if failures != 1 {
					t.Errorf("%d failures, want 1", failures)
				}
				b.state("bob", referral.Settled, "")
				b.has("ann", "100 points")
				b.has("bob", "50 points 500 CNY")
				b.DB.CheckBook(t)
				b.DB.Fail("TransactWriteItems", 2, how) // the first one writes the refund
				reversal(b, again)
				b.state("bob", referral.Reversed, referral.Refunded)
				b.has("ann", "")
				b.has("bob", "")
				if spent, err := b.store.Spent(t.Context(), "spring"); err != nil || spent[ledger.Points] != 0 || b.settled("ann") != 0 {
					t.Errorf("spent %v, %v; %d settled", spent, err, b.settled("ann"))
				}
				b.DB.CheckBook(t)
			})
		}
	}
}

// Every read that a step makes may fail, but for the first, which belongs to the whole batch: the job comes again, and nothing was
// decided meanwhile.
func TestEveryReadThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		before func(b *bench)
		after  referral.State
		reads  int // at least so many
	}{
		"paying": {func(b *bench) { b.paid("o1", "bob", 100) }, referral.Settled, 20},
		"taking back": {func(b *bench) {
			b.paid("o1", "bob", 100)
			b.delivered("o1")
			b.refunded("o1", "bob")
		}, referral.Reversed, 10},
		"refusing": {func(b *bench) {
			b.merge("ann", "bob")
			b.paid("o1", "ann", 100)
		}, referral.Rejected, 8},
	} {
		t.Run(name, func(t *testing.T) {
			for nth := 2; ; nth++ {
				b := start(t, atOnce)
				b.claim("bob", "ann")
				c.before(b)
				before := b.referral("bob").State
				b.meddled.reads, b.meddled.fails = 0, nth
				done := b.job("o1")
				reads := b.meddled.reads
				b.meddled.fails = 0
				if reads < nth {
					if !done || nth <= c.reads {
						t.Errorf("%d reads, done %v", reads, done)
					}
					return
				}
				if done && b.referral("bob").State != c.after {
					t.Errorf("read %d fails, and the job is done with the referral %s", nth, b.referral("bob").State)
				}
				if state := b.referral("bob").State; state != before && state != c.after && state != referral.Qualified && state != referral.Held {
					t.Errorf("read %d fails, and the referral is %s", nth, state)
				}
				b.delivered("o1")
				if state := b.referral("bob").State; state != c.after {
					t.Errorf("read %d failed, and in the end the referral is %s", nth, state)
				}
				b.DB.CheckBook(t)
			}
		})
	}
}

// Whichever read fails, the error is handed on: nothing is taken as done that was not looked at.
func TestAReadThatFailsIsHandedOn(t *testing.T) {
	for name, c := range map[string]struct {
		program string
		before  func(b *bench)
		least   int // reads
	}{
		"paying":                {atOnce, func(b *bench) { b.paid("o1", "bob", 10000) }, 20},
		"paying one of two ids": {atOnce, func(b *bench) { b.claim("bobby", "ann"); b.paid("o1", "bob", 10000); b.merge("bob", "bobby") }, 20},
		"holding":               {twoHours, func(b *bench) { b.paid("o1", "bob", 10000) }, 12},
		"taking back":           {atOnce, func(b *bench) { b.paid("o1", "bob", 10000); b.delivered("o1"); b.refunded("o1", "bob") }, 10},
		"refusing":              {atOnce, func(b *bench) { b.paid("o1", "bob", 10000); b.refunded("o1", "bob") }, 10},
	} {
		t.Run(name, func(t *testing.T) {
			for nth := 1; ; nth++ {
				b := start(t, c.program)
				b.claim("bob", "ann")
				c.before(b)
				b.meddled.reads, b.meddled.fails = 0, nth
				err := b.told("o1")
				if b.meddled.reads < nth {
					if err != nil || nth <= c.least {
						t.Errorf("%v after %d reads", err, b.meddled.reads)
					}
					return
				}
				if !errors.Is(err, errRead) {
					t.Errorf("read %d fails: %v", nth, err)
				}
			}
		})
	}
}
