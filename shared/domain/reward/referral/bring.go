package referral

import (
	"slices"

	"github.com/userops/userops/shared/domain/reward/ledger"
)

// MaxFriends bounds how many friends Bring goes through.
const MaxFriends = 500

// Brought is what one more settled friend brings.
type Brought struct {
	// Friend counts the friends that came, from 1. Nth counts those that were rewarded, 0 for one who was not.
	Friend int `json:"friend"`
	Nth    int `json:"nth,omitempty"`
	// Step is the rung of the ladder that the advocate is paid; 0 is the usual reward.
	Step    int     `json:"step,omitempty"`
	Rewards Rewards `json:"rewards"`
	// Sum is what this friend and those before have brought to either side.
	Sum Rewards `json:"sum"`
	// Refused is why nobody is rewarded: AdvocateLimit, or BudgetSpent.
	Refused Reason `json:"refused,omitempty"`
}

// Bring is what the friends of one advocate bring, one after the other, when nobody else takes of the budget, no payment is taken back and no one is erased.
func (p Program) Bring(friends int) []Brought {
	out := []Brought{}
	var steps Steps
	var sum Rewards
	spent, settled := map[ledger.Unit]int64{}, 0
	for friend := 1; friend <= min(friends, MaxFriends); friend++ {
		b := Brought{Friend: friend}
		step := p.Step(settled+1, steps)
		rewards := p.For(step)
		switch charged := p.charged(rewards); {
		case p.MaxPerAdvocate > 0 && settled >= p.MaxPerAdvocate:
			b.Refused = AdvocateLimit
		case !p.affords(charged, spent):
			b.Refused = BudgetSpent
		default:
			for _, q := range charged {
				spent[q.Unit] += q.Amount
			}
			settled++
			steps = steps.Pay(step)
			b.Nth, b.Step, b.Rewards = settled, step, rewards
			sum = Rewards{Advocate: plus(sum.Advocate, rewards.Advocate), Friend: plus(sum.Friend, rewards.Friend)}
		}
		b.Sum = sum
		out = append(out, b)
	}
	return out
}

// affords tells whether the budget has so much left beyond what was spent.
func (p Program) affords(cost []ledger.Quantity, spent map[ledger.Unit]int64) bool {
	return !slices.ContainsFunc(cost, func(q ledger.Quantity) bool {
		return slices.ContainsFunc(p.Budget, func(limit ledger.Quantity) bool {
			return limit.Unit == q.Unit && spent[q.Unit]+q.Amount > limit.Amount
		})
	})
}

// Total is both sides together.
func (r Rewards) Total() []ledger.Quantity { return plus(r.Advocate, r.Friend) }

// plus adds quantities unit by unit, to a list of its own.
func plus(sum, more []ledger.Quantity) []ledger.Quantity {
	sum = append([]ledger.Quantity{}, sum...)
	for _, q := range more {
		if at := slices.IndexFunc(sum, func(s ledger.Quantity) bool { return s.Unit == q.Unit }); at >= 0 {
			sum[at].Amount += q.Amount
		} else {
			sum = append(sum, q)
		}
	}
	return sum
}

// Share is how far a limit of the budget goes.
type Share struct {
	Limit ledger.Quantity `json:"limit"`
	// Cost is what one advocate with these friends takes of it, without what the limit refuses.
	Cost ledger.Quantity `json:"cost"`
	// Advocates is how many such advocates it pays in full.
	Advocates int64 `json:"advocates"`
}

// Lasts is how many advocates with so many friends each limit of the budget pays. A limit that is not touched is left out.
func (p Program) Lasts(friends int) []Share {
	out := []Share{}
	limits := p.Budget
	p.Budget = nil
	brought := p.Bring(friends)
	if len(brought) == 0 {
		return out
	}
	for _, cost := range brought[len(brought)-1].Sum.Total() {
		for _, limit := range limits {
			if limit.Unit == cost.Unit {
				out = append(out, Share{limit, cost, limit.Amount / cost.Amount})
			}
		}
	}
	return out
}
