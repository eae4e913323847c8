package settlement

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
)

// together delivers jobs at once, each several times, until each came through.
func (b *bench) together(times int, orders ...string) {
	b.Helper()
	var wait sync.WaitGroup
	for i := range times * len(orders) {
		wait.Go(func() {
			for range 50 { // a job that lost too many races comes again
				if b.job(orders[i%len(orders)]) {
					return
				}
			}
			b.Errorf("the job of %s never succeeded", orders[i%len(orders)])
		})
	}
	wait.Wait()
}

// Many workers on one referral pay it once.
func TestManyWorkersOnOneReferral(t *testing.T) {
	b := start(t, atOnce)
	b.claim("bob", "ann")
	b.paid("o1", "bob", 100)
	b.together(6, "o1")
	b.state("bob", referral.Settled, "")
	b.has("ann", "100 points")
	b.has("bob", "500 CNY")
	b.refunded("o1", "bob")
	b.together(6, "o1")
	b.state("bob", referral.Reversed, referral.Refunded)
	b.has("ann", "")
	b.has("bob", "")
	if b.settled("ann") != 0 {
		t.Errorf("%d settled friends", b.settled("ann"))
	}
	b.DB.CheckBook(t)
}

// Friends of one advocate settle and are refunded at once, around the edge of a ladder: whatever the workers' order was, there is an
// order of one after the other that gives the same.
func TestLadderIsLinear(t *testing.T) {
	const ladder = `{"name":"P","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":1}]},"ladder":[{"friends":2,"advocate":[{"points":100}]},{"friends":4,"advocate":[{"points":10000}]}]}`
	for round := range 4 {
		t.Run(fmt.Sprint("round ", round), func(t *testing.T) {
			b := start(t, ladder)
			for i := range 3 { // already there: steps 0, 2, 0
				friend := fmt.Sprint("friend", i)
				b.claim(friend, "ann")
				b.paid("of "+friend, friend, 100)
				b.delivered("of " + friend)
			}
			acts := []string{}
			for i := 3; i < 6; i++ {
				friend := fmt.Sprint("friend", i)
				b.claim(friend, "ann")
				b.paid("of "+friend, friend, 100)
				acts = append(acts, "of "+friend)
			}
			if round%2 == 1 {
				b.merge("anna", "ann")
			}
			for i := range 2 {
				friend := fmt.Sprint("friend", i)
				b.refunded("of "+friend, friend)
				acts = append(acts, "of "+friend)
			}
			b.together(2, acts...)
			got := b.steps(6)
			if !slices.Contains(outcomes(acts), got) {
				t.Errorf("%s is the outcome of no order", got)
			}
			if n := b.settled("ann") + b.settled("anna"); n != 4 {
				t.Errorf("%d settled friends", n)
			}
			b.DB.CheckBook(t)
		})
	}
}

// steps writes which step each friend was paid for; - is one that was taken back.
func (b *bench) steps(friends int) string {
	b.Helper()
	text := ""
	for i := range friends {
		r := b.referral(fmt.Sprint("friend", i))
		if r.State == referral.Settled {
			text += fmt.Sprint(r.Step)
		} else {
			text += "-"
		}
	}
	return text
}

// outcomes plays the acts in every order, by a count and a set of its own.
func outcomes(acts []string) []string {
	var all []string
	var play func(left []string, paid map[string]int, open map[int]bool, count int)
	play = func(left []string, paid map[string]int, open map[int]bool, count int) {
		if len(left) == 0 {
			text := ""
			for i := range 6 {
				step, ok := paid[fmt.Sprint("of friend", i)]
				if ok {
					text += fmt.Sprint(step)
				} else {
					text += "-"
				}
			}
			all = append(all, text)
			return
		}
		for i, act := range left {
			rest := slices.Delete(slices.Clone(left), i, i+1)
			next, nextOpen, n := map[string]int{}, map[int]bool{}, count
			for k, v := range paid {
				next[k] = v
			}
			for k, v := range open {
				nextOpen[k] = v
			}
			if step, settled := next[act]; settled {
				delete(next, act)
				nextOpen[step] = step > 0
				n--
			} else {
				n++
				stands := map[int]bool{}
				for _, s := range next {
					stands[s] = true
				}
				step := 0
				for _, rung := range []int{4, 2} {
					if n == rung && !stands[rung] || step == 0 && n > rung && nextOpen[rung] && !stands[rung] {
						step = rung
					}
				}
				// The lowest that is open comes before a higher one that is open, but the friend's own number before both.
				if n > 4 && nextOpen[2] && !stands[2] {
					step = 2
				}
				next[act] = step
				nextOpen[step] = false
			}
			play(rest, next, nextOpen, n)
		}
	}
	play(acts, map[string]int{"of friend0": 0, "of friend1": 2, "of friend2": 0}, map[int]bool{}, 3)
	return all
}

// The budget's last coin: of many who want it at once one gets it, and no coin more is spent.
func TestLastCoin(t *testing.T) {
	for limit, winners := range map[string]int{"449": 2, "450": 3, "451": 3} {
		t.Run(limit, func(t *testing.T) {
			b := start(t, `{"name":"P","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":100}],"friend":[{"points":50}]},"budget":[{"points":`+limit+`}]}`)
			var orders []string
			for i := range 5 {
				friend := fmt.Sprint("friend", i)
				b.claim(friend, fmt.Sprint("advocate", i))
				b.paid("of "+friend, friend, 100)
				orders = append(orders, "of "+friend)
			}
			b.together(2, orders...)
			paid := 0
			for i := range 5 {
				switch r := b.referral(fmt.Sprint("friend", i)); {
				case r.State == referral.Settled:
					paid++
				case r.State != referral.Rejected || r.Reason != referral.BudgetSpent:
					t.Errorf("friend %d is %s %s", i, r.State, r.Reason)
				}
			}
			spent, err := b.store.Spent(t.Context(), "spring")
			if err != nil || paid != winners || spent[ledger.Points] != int64(150*winners) || b.total(ledger.Points) != int64(150*winners) {
				t.Errorf("%d paid, %v spent, %v", paid, spent, err)
			}
		})
	}
}

// The ends of holds are done side by side: one that fails is filed again, and the others are done.
func TestManyHoldsEndTogether(t *testing.T) {
	b := start(t, twoHours)
	const friends = 40
	for i := range friends {
		friend := fmt.Sprint("friend", i)
		b.claim(friend, fmt.Sprint("advocate", i%3))
		b.paid("of "+friend, friend, 10000)
		b.delivered("of " + friend)
	}
	b.Pass(2*time.Hour + time.Minute)
	b.Must(b.tick())
	for i := range friends {
		b.state(fmt.Sprint("friend", i), referral.Settled, "")
	}
	if b.settled("advocate0") != 14 || b.settled("advocate1") != 13 || b.settled("advocate2") != 13 {
		t.Errorf("%d %d %d settled", b.settled("advocate0"), b.settled("advocate1"), b.settled("advocate2"))
	}
	b.DB.CheckBook(t)
}

// A hold whose end is looked at too early, by however much, ends all the same.
func TestAHoldLookedAtTooEarly(t *testing.T) {
	for _, early := range []time.Duration{time.Second, 59 * time.Second, time.Minute, 90 * time.Minute} {
		b := start(t, twoHours)
		b.claim("bob", "ann")
		b.paid("o1", "bob", 10000)
		b.delivered("o1")
		b.Pass(2*time.Hour - early)
		now := b.Now()
		b.Pass(early + time.Minute)
		due := b.machine.now
		b.machine.now = func() time.Time { return now } // the list's clock is ahead of the rules'
		b.Must(b.tick())
		b.state("bob", referral.Held, "")
		b.machine.now = due
		b.Pass(time.Minute)
		b.Must(b.tick())
		b.state("bob", referral.Settled, "")
	}
}
