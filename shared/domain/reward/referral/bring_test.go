package referral

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/reward/ledger"
)

// line is what a friend brings as a test writes it.
func (b Brought) line() string {
	if b.Refused != "" {
		return fmt.Sprintf("%d:%s", b.Friend, b.Refused)
	}
	return fmt.Sprintf("%d:%v+%v", b.Friend, b.Rewards.Advocate, b.Rewards.Friend)
}

func TestWhatFriendsBring(t *testing.T) {
	p := spring() // 100 points, for the third friend 15.00; the friend 5.00; five friends
	limited := p
	limited.Budget = []ledger.Quantity{{Unit: "CNY", Amount: 2600}, {Unit: ledger.Points, Amount: 10000}}
	poor := p
	poor.Budget = points(0)
	for name, c := range map[string]struct {
		of      Program
		friends int
		want    string
		sum     string
	}{
		"a ladder":         {p, 4, "1:[{points 100}]+[{CNY 500}] 2:[{points 100}]+[{CNY 500}] 3:[{CNY 1500}]+[{CNY 500}] 4:[{points 100}]+[{CNY 500}]", "[{points 300} {CNY 3500}]"},
		"the limit":        {p, 7, "1:[{points 100}]+[{CNY 500}] 2:[{points 100}]+[{CNY 500}] 3:[{CNY 1500}]+[{CNY 500}] 4:[{points 100}]+[{CNY 500}] 5:[{points 100}]+[{CNY 500}] 6:advocateLimit 7:advocateLimit", "[{points 400} {CNY 4000}]"},
		"a budget":         {limited, 4, "1:[{points 100}]+[{CNY 500}] 2:[{points 100}]+[{CNY 500}] 3:budgetSpent 4:budgetSpent", "[{points 200} {CNY 1000}]"},
		"a spent one":      {poor, 1, "1:budgetSpent", "[]"},
		"to the last unit": {Program{Rewards: Rewards{Friend: points(5)}, Budget: points(10)}, 3, "1:[]+[{points 5}] 2:[]+[{points 5}] 3:budgetSpent", "[{points 10}]"},
	} {
		var got []string
		all := c.of.Bring(c.friends)
		for _, b := range all {
			got = append(got, b.line())
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %s\nwant %s", name, text, c.want)
		}
		if sum := fmt.Sprint(all[len(all)-1].Sum.Total()); sum != c.sum {
			t.Errorf("%s: the sum is %s, want %s", name, sum, c.sum)
		}
	}
	if n := len(p.Bring(MaxFriends + 1)); n != MaxFriends {
		t.Errorf("%d friends", n)
	}
}

func TestHowFarABudgetGoes(t *testing.T) {
	p := spring()
	p.Budget = []ledger.Quantity{{Unit: "CNY", Amount: 10499}, {Unit: ledger.Points, Amount: 1000}, {Unit: "USD", Amount: 7}}
	if got := fmt.Sprint(p.Lasts(4)); got != "[{{points 1000} {points 300} 3} {{CNY 10499} {CNY 3500} 2}]" {
		t.Errorf("the budget pays %s", got)
	}
	if got := p.Lasts(0); len(got) != 0 {
		t.Errorf("nobody costs %v", got)
	}
}

// TestBringIsWhatSettles holds it to the machine that settles, one friend after the other, with a budget that is kept by itself.
func TestBringIsWhatSettles(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		p := spring()
		p.Ladder, p.MaxPerAdvocate = nil, random.IntN(8)
		for friends := 1; friends < 8; friends++ {
			if random.IntN(2) == 0 {
				p.Ladder = append(p.Ladder, Rung{Friends: friends, Advocate: points(int64(1 + random.IntN(900)))})
			}
		}
		left := map[ledger.Unit]int64{ledger.Points: int64(random.IntN(2000)), "CNY": int64(random.IntN(5000))}
		p.Budget = []ledger.Quantity{{Unit: ledger.Points, Amount: left[ledger.Points]}, {Unit: "CNY", Amount: left["CNY"]}}
		settled, steps := 0, Steps{}
		for _, b := range p.Bring(9) {
			m, ok := held().Next(Facts{Program: &p, Order: paid(noon, 10000, 10000), Now: noon.AddDate(1, 0, 0), Settled: settled, Steps: steps})
			want := m.Reason
			if ok && m.To == Settled {
				for _, q := range m.Charged {
					if q.Amount > left[q.Unit] {
						want = BudgetSpent
					}
				}
			}
			if want != b.Refused {
				t.Fatalf("friend %d of %+v is %+v, settling says %q", b.Friend, p, b, want)
			}
			if want != "" {
				continue
			}
			for _, q := range m.Charged {
				left[q.Unit] -= q.Amount
			}
			settled, steps = settled+1, steps.Pay(m.Step)
			if b.Nth != m.Nth || b.Step != m.Step || fmt.Sprint(b.Rewards) != fmt.Sprint(m.Rewards) {
				t.Fatalf("friend %d of %+v is %+v, settling says %+v", b.Friend, p, b, m)
			}
		}
	}
}
