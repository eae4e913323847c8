package referral

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/reward/ledger"
)

func TestSettlingFollowsLadderAndBudget(t *testing.T) {
	running := spring()
	due := noon.Add(14 * 24 * time.Hour)
	for settled, want := range map[int]string{
		0: "[{points 100}] [{CNY 500}] [{CNY 500}]",
		1: "[{points 100}] [{CNY 500}] [{CNY 500}]",
		2: "[{CNY 1500}] [{CNY 500}] [{CNY 2000}]",
		3: "[{points 100}] [{CNY 500}] [{CNY 500}]",
	} {
		m, ok := held().Next(Facts{Program: &running, Order: paid(noon, 10000, 10000), Now: due, Settled: settled})
		if got := fmt.Sprint(m.Rewards.Advocate, m.Rewards.Friend, m.Charged); !ok || got != want {
			t.Errorf("friend %d: %v, want %s", settled+1, got, want)
		}
	}
}

// A step is paid once, opens again only when its own payment is taken back, and is then paid for the next friend. Each letter is an
// act: s settles the next friend, a digit takes back the payment of that friend.
func TestAStepIsPaidOnce(t *testing.T) {
	p := spring()
	p.Rewards.Advocate = []ledger.Quantity{{Unit: ledger.Points, Amount: 5}}
	p.Ladder = []Rung{{Friends: 2, Advocate: points(200)}, {Friends: 3, Advocate: points(1500)}}
	p.MaxPerAdvocate, p.Budget = 0, nil
	for acts, want := range map[string]string{
		"sss": "5 200 1500", "ssss": "5 200 1500 5",
		"sss1s":    "- 200 1500 5",     // the third friend comes a second time
		"sss3s":    "5 200 - 1500",     // the step's own payment was taken back
		"ssss3s":   "5 200 - 5 1500",   // and opens for the next, though it is the fourth
		"ssss23ss": "5 - - 5 1500 200", // the friend's own number comes first
		"ss2s1s":   "- - 200 5",        // two friends stand, and the step stands
		"sss12ss":  "- - 1500 200 5",   // the count fell below a step that stands
		"sss3s4s":  "5 200 - - 1500",   // taken back twice
		"sss123ss": "- - - 5 200",
	} {
		var got []string
		var taken []int
		steps, count := Steps{}, 0
		for _, act := range acts {
			if act != 's' {
				nth := int(act - '1')
				got[nth], count, steps = "-", count-1, steps.TakeBack(taken[nth])
				continue
			}
			m, ok := held().Next(Facts{Program: &p, Order: paid(noon, 10000, 10000), Now: noon.AddDate(1, 0, 0), Settled: count, Steps: steps})
			if !ok || m.To != Settled || m.Nth != count+1 {
				t.Fatalf("%s: %+v", acts, m)
			}
			count++
			steps = steps.Pay(m.Step)
			taken = append(taken, m.Step)
			got = append(got, fmt.Sprint(m.Rewards.Advocate[0].Amount))
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s pays %s, want %s", acts, text, want)
		}
	}
}

func points(n int64) []ledger.Quantity { return []ledger.Quantity{{Unit: ledger.Points, Amount: n}} }

// Of one person's ids either may hold a payment that stands; a step that was never passed is not opened by a merge.
func TestStepsOfTwoIDs(t *testing.T) {
	both := Steps{Paid: []int{1, 3}}.And(Steps{Paid: []int{1}, Open: []int{2, 3}})
	if fmt.Sprint(both) != "{[1 3] [2 3]}" {
		t.Errorf("united %v", both)
	}
	p := Program{Ladder: []Rung{{Friends: 1}, {Friends: 2}, {Friends: 3}, {Friends: 4}, {Friends: 9}}}
	for nth, want := range map[int]int{1: 0, 2: 2, 3: 2, 4: 4, 5: 2, 8: 2, 9: 9} {
		if got := p.Step(nth, both); got != want {
			t.Errorf("friend %d is paid step %d, want %d", nth, got, want)
		}
	}
	if got := both.Pay(0).TakeBack(0); fmt.Sprint(got) != fmt.Sprint(both) {
		t.Errorf("the usual reward made %v", got)
	}
}
