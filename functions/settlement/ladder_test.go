package settlement

import (
	"fmt"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
)

func TestLadderAndLimit(t *testing.T) {
	b := start(t, `{"name":"P","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":10}]},
		"ladder":[{"friends":1,"advocate":[{"voucher":{"amount":500,"currency":"CNY"}}]},{"friends":3,"advocate":[{"voucher":{"amount":1500,"currency":"CNY"}}]}],"maxPerAdvocate":3}`)
	want := []string{"500 CNY", "10 points 500 CNY", "10 points 2000 CNY", "10 points 2000 CNY"}
	for i, has := range want {
		friend := fmt.Sprint("friend", i)
		b.claim(friend, "ann")
		b.paid("of "+friend, friend, 100)
		b.delivered("of " + friend)
		b.has("ann", has)
	}
	b.state("friend2", referral.Settled, "")
	b.state("friend3", referral.Rejected, referral.AdvocateLimit)
	// A reversal makes room; the rung stands, so the next friend earns what others do.
	b.refunded("of friend1", "friend1")
	b.delivered("of friend1")
	b.has("ann", "2000 CNY")
	b.claim("friend4", "ann")
	b.paid("of friend4", "friend4", 100)
	b.delivered("of friend4")
	b.has("ann", "10 points 2000 CNY")
	// The rung's own payment is taken back, and the rung is open again.
	b.refunded("of friend2", "friend2")
	b.delivered("of friend2")
	b.has("ann", "10 points 500 CNY")
	b.claim("friend5", "ann")
	b.paid("of friend5", "friend5", 100)
	b.delivered("of friend5")
	b.has("ann", "10 points 2000 CNY")
	b.DB.CheckBook(t)
}

// The count of an advocate goes on after a merge, over all ids.
func TestLadderCountsOverMergedAdvocates(t *testing.T) {
	b := start(t, `{"name":"P","state":"running","hold":"0s","attributionWindow":"30d","ladder":[{"friends":3,"advocate":[{"points":7}]}]}`)
	for i, advocate := range []string{"ann", "anna"} {
		friend := fmt.Sprint("friend", i)
		b.claim(friend, advocate)
		b.paid("of "+friend, friend, 100)
		b.delivered("of " + friend)
	}
	b.merge("ann", "anna")
	b.claim("friend2", "anna")
	b.paid("of friend2", "friend2", 100)
	b.delivered("of friend2")
	if r := b.referral("friend2"); r.Nth != 3 || r.SettledFor != key("ann") {
		t.Errorf("settled as friend %d of %s", r.Nth, r.SettledFor)
	}
	b.has("ann", "7 points")
	b.refunded("of friend2", "friend2")
	b.delivered("of friend2")
	if b.settled("ann") != 1 || b.settled("anna") != 1 {
		t.Errorf("%d and %d settled", b.settled("ann"), b.settled("anna"))
	}
}

// The settled friends of all of an advocate's ids count towards the limit, and no step is open under one that is taken under another.
func TestStandingsOfAllIDsCount(t *testing.T) {
	b := start(t, `{"name":"P","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":5}]},"ladder":[{"friends":1,"advocate":[{"points":100}]}],"maxPerAdvocate":3}`)
	for i, advocate := range []string{"ann", "anna", "annie", "ann"} {
		friend := fmt.Sprint("friend", i)
		b.claim(friend, advocate)
		b.paid("of "+friend, friend, 100)
		if i < 3 {
			b.delivered("of " + friend)
			if r := b.referral(friend); r.Nth != 1 || r.Step != 1 {
				t.Errorf("%s is number %d, step %d", friend, r.Nth, r.Step)
			}
		}
	}
	b.merge("ann", "anna")
	b.merge("ann", "annie")
	b.delivered("of friend3")
	b.state("friend3", referral.Rejected, referral.AdvocateLimit)
}

// Three friends are worth 1,510 points here, in whatever order their orders are refunded.
func TestAStepIsPaidOnce(t *testing.T) {
	b := start(t, `{"name":"P","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":5}]},"ladder":[{"friends":3,"advocate":[{"points":1500}]}]}`)
	settle := func(friends ...int) {
		for _, i := range friends {
			friend := fmt.Sprint("friend", i)
			b.claim(friend, "ann")
			b.paid("of "+friend, friend, 100)
			b.delivered("of " + friend)
		}
	}
	refund := func(friends ...int) {
		for _, i := range friends {
			friend := fmt.Sprint("friend", i)
			b.refunded("of "+friend, friend)
			b.delivered("of " + friend)
		}
	}
	settle(1, 2, 3)
	b.has("ann", "1510 points")
	refund(1)
	settle(4)
	b.has("ann", "1510 points")
	refund(2)
	settle(5)
	b.has("ann", "1510 points")
	refund(3)
	b.has("ann", "10 points")
	settle(6)
	b.has("ann", "1510 points")
	settle(7)
	refund(6)
	b.has("ann", "15 points")
	b.merge("anna", "ann")
	settle(8) // the fourth, and the step is open
	if total := b.total(ledger.Points); total != 1515 || b.referral("friend8").Step != 3 || b.referral("friend8").SettledFor != key("anna") {
		t.Errorf("%d points for four friends; the last %+v", total, b.referral("friend8"))
	}
	refund(8)
	settle(9)
	if total := b.total(ledger.Points); total != 1515 {
		t.Errorf("%d points for four friends", total)
	}
}

// Between the look and the payment the step is paid for another friend, and the count comes back to what it was: the step is paid once.
func TestAStepIsPaidOnceThoughTheCountComesBack(t *testing.T) {
	b := start(t, `{"name":"P","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":5}]},"ladder":[{"friends":3,"advocate":[{"points":1500}]}]}`)
	for _, friend := range []string{"friend1", "friend2", "friend3", "friend4"} {
		b.claim(friend, "ann")
		b.paid("of "+friend, friend, 100)
	}
	b.delivered("of friend1", "of friend2")
	b.meddled.between = func() {
		b.delivered("of friend3")
		b.refunded("of friend1", "friend1")
		b.delivered("of friend1")
	}
	b.delivered("of friend4")
	if b.referral("friend3").Step != 3 || b.referral("friend4").Step != 0 {
		t.Errorf("the steps are %d and %d", b.referral("friend3").Step, b.referral("friend4").Step)
	}
	b.has("ann", "1510 points")
	b.DB.CheckBook(t)
}

// The same with a merge: what stands under the other id is changed while it is looked at under the first.
func TestAStepIsPaidOnceAcrossIDs(t *testing.T) {
	b := start(t, `{"name":"P","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":5}]},"ladder":[{"friends":2,"advocate":[{"points":1500}]}],"maxPerAdvocate":2}`)
	for friend, advocate := range map[string]string{"friend1": "ann", "friend2": "anna", "friend3": "ann", "friend4": "anna"} {
		b.claim(friend, advocate)
		b.paid("of "+friend, friend, 100)
	}
	b.delivered("of friend1")
	b.meddled.between = func() { b.merge("anna", "ann"); b.delivered("of friend3") }
	b.delivered("of friend2")
	b.state("friend2", referral.Rejected, referral.AdvocateLimit)
	b.state("friend3", referral.Settled, "")
	// A reversal under the old id, between the look and the payment under the new one.
	b.refunded("of friend3", "friend3")
	b.meddled.between = func() { b.delivered("of friend3") }
	b.delivered("of friend4")
	if r := b.referral("friend4"); r.State != referral.Rejected && r.Step != 2 {
		t.Errorf("friend 4 is %+v", r)
	}
	if total := b.total(ledger.Points); total != 5 && total != 1505 {
		t.Errorf("%d points", total)
	}
	b.DB.CheckBook(t)
}

// Once all standings of a program are listed by rank, nobody looks for more; until then each payment does. That is told a day after the
// first pass, when no version before counts any more.
func TestRankIsAskedUntilItIsDone(t *testing.T) {
	b := start(t, atOnce)
	reads := func(friend string) int {
		b.claim(friend, "ann")
		b.paid("of "+friend, friend, 100)
		before := b.meddled.reads
		b.delivered("of " + friend)
		return b.meddled.reads - before
	}
	reads("first")
	asked := reads("second")
	if b.machine.ranked["spring"] {
		t.Error("done after the first pass")
	}
	b.Pass(25 * time.Hour)
	reads("third")
	if !b.machine.ranked["spring"] || b.machine.ranked["autumn"] || len(b.machine.ranked) != 1 {
		t.Errorf("done are %v", b.machine.ranked)
	}
	if done := reads("fourth"); done != asked-1 {
		t.Errorf("%d reads, and %d when it is done", asked, done)
	}
}
