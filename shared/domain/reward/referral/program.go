package referral

import (
	"fmt"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/slug"
	"github.com/userops/userops/shared/domain/span"
)

// ProgramState says whether a program takes newcomers. Referrals that were claimed while it ran go their way in every state:
// what was promised is kept.
type ProgramState string

// Only a running program gives out codes and takes claims.
const (
	Draft    ProgramState = "draft"
	Running  ProgramState = "running"
	Paused   ProgramState = "paused"
	Finished ProgramState = "finished"
)

// Limits of a program's definition.
const (
	MaxWindow  = 366 * span.Day
	MaxRungs   = 100
	MaxRewards = 5 // of one side
	MaxName    = 200
)

// Program is the definition of a referral scheme, as an operator writes it.
type Program struct {
	ID         string       `json:"id"`
	Name       string       `json:"name"`
	State      ProgramState `json:"state"`
	Qualifying Qualifying   `json:"qualifying,omitzero"`
	// Hold is how long a reward waits after the order was paid: the return window. "0s" settles at once.
	Hold span.Span `json:"hold"`
	// AttributionWindow is how long after a claim an order may still qualify.
	AttributionWindow span.Span `json:"attributionWindow"`
	Rewards           Rewards   `json:"rewards,omitzero"`
	// Ladder replaces the advocate's reward for the friends that it numbers; the others, and a friend whose number comes a second
	// time, earn Rewards.Advocate.
	Ladder []Rung `json:"ladder,omitempty"`
	// Budget is what may be paid out from the moment it stands here, both sides together, by unit; a unit that is not named has
	// no limit. A reversal gives back what it took.
	Budget []ledger.Quantity `json:"budget,omitempty"`
	// MaxPerAdvocate is how many friends an advocate is rewarded for; 0 is no limit.
	MaxPerAdvocate int `json:"maxPerAdvocate,omitempty"`
}

// Qualifying is the event that makes a claim worth a reward: the first paid order whose total, less refunds, is at least
// MinTotal in the same currency. Without MinTotal any order with something left of its total will do.
type Qualifying struct {
	Event    string        `json:"event,omitempty"` // "Order Completed", also when empty
	MinTotal *money.Amount `json:"minTotal,omitempty"`
}

// Rewards are what the two sides of one referral get.
type Rewards struct {
	Advocate []ledger.Quantity `json:"advocate,omitempty"`
	Friend   []ledger.Quantity `json:"friend,omitempty"`
}

// Rung is one step of the ladder: the advocate's reward for the settled friend of that number. A step is paid once to a person; it
// opens again only when its own payment is taken back, and is then paid for the next friend.
type Rung struct {
	Friends  int               `json:"friends"`
	Advocate []ledger.Quantity `json:"advocate"`
}

// Step is which rung is due when this is the advocate's nth settled friend, counted from 1; 0 is none.
func (p Program) Step(nth int, steps Steps) int {
	open := 0
	for _, rung := range p.Ladder {
		switch {
		case rung.Friends > nth || slices.Contains(steps.Paid, rung.Friends):
		case rung.Friends == nth:
			return nth
		case open == 0 && slices.Contains(steps.Open, rung.Friends):
			open = rung.Friends
		}
	}
	return open
}

// For is what both sides get when the advocate is due the reward of a step; 0 is the usual one.
func (p Program) For(step int) Rewards {
	r := p.Rewards
	for _, rung := range p.Ladder {
		if rung.Friends == step {
			r.Advocate = rung.Advocate
		}
	}
	return r
}

// charged is what rewards take from the units that have a budget.
func (p Program) charged(r Rewards) []ledger.Quantity {
	var out []ledger.Quantity
	for _, limit := range p.Budget {
		cost := ledger.Quantity{Unit: limit.Unit}
		for _, q := range slices.Concat(r.Advocate, r.Friend) {
			if q.Unit == cost.Unit {
				cost.Amount += q.Amount
			}
		}
		if cost.Amount > 0 {
			out = append(out, cost)
		}
	}
	return out
}

// Parse reads a definition and checks it. Its error is fault.Faults where the document is at fault.
func Parse(body []byte) (Program, error) {
	var p Program
	faults := fault.Decode(body, &p)
	return p, faults.And(p.Validate().Err())
}

// Validate tells everything that is wrong with a definition, field by field.
func (p Program) Validate() fault.Faults {
	var f fault.Faults
	if reason := slug.Fault(p.ID); reason != "" {
		f.Add("id", reason)
	}
	if strings.TrimSpace(p.Name) == "" || len(p.Name) > MaxName {
		f.Addf("name", "must be 1 to %d bytes", MaxName)
	}
	switch p.State {
	case Draft, Running, Paused, Finished:
	default:
		f.Add("state", "must be draft, running, paused or finished")
	}
	if p.Qualifying.Event != "" && p.Qualifying.Event != event.OrderCompleted {
		f.Addf("qualifying.event", "must be %q", event.OrderCompleted)
	}
	if m := p.Qualifying.MinTotal; m != nil {
		if m.Minor < 0 {
			f.Add("qualifying.minTotal.amount", "must not be below zero")
		}
		if c, err := money.ParseCurrency(string(m.Currency)); err != nil {
			f.Add("qualifying.minTotal.currency", err.Error())
		} else if c != m.Currency {
			f.Add("qualifying.minTotal.currency", "must be in upper case")
		}
	}
	if p.Hold < 0 || p.Hold > MaxWindow {
		f.Addf("hold", "must be from 0s to %s", MaxWindow)
	}
	if p.AttributionWindow <= 0 || p.AttributionWindow > MaxWindow {
		f.Addf("attributionWindow", "must be above 0s and at most %s", MaxWindow)
	}
	f = append(f, quantities("rewards.advocate", p.Rewards.Advocate)...)
	f = append(f, quantities("rewards.friend", p.Rewards.Friend)...)
	if len(p.Rewards.Advocate)+len(p.Rewards.Friend)+len(p.Ladder) == 0 {
		f.Add("rewards", "must give something to somebody")
	}
	if len(p.Ladder) > MaxRungs {
		f.Addf("ladder", "has %d rungs, at most %d", len(p.Ladder), MaxRungs)
	}
	for i, rung := range p.Ladder {
		at := fmt.Sprintf("ladder[%d]", i)
		if rung.Friends < 1 {
			f.Add(at+".friends", "must be above zero")
		}
		if i > 0 && rung.Friends <= p.Ladder[i-1].Friends {
			f.Add(at+".friends", "must be above that of the rung before")
		}
		f = append(f, quantities(at+".advocate", rung.Advocate)...)
	}
	f = append(f, quantities("budget", p.Budget)...)
	if p.MaxPerAdvocate < 0 {
		f.Add("maxPerAdvocate", "must not be below zero")
	}
	return f
}

func quantities(field string, list []ledger.Quantity) fault.Faults {
	var f fault.Faults
	if len(list) > MaxRewards {
		f.Addf(field, "has %d entries, at most %d", len(list), MaxRewards)
	}
	for i, q := range list {
		at := fmt.Sprintf("%s[%d]", field, i)
		if err := q.Unit.Check(); err != nil {
			f.Add(at, err.Error())
		}
		if q.Amount < 1 || q.Amount > ledger.MaxAmount {
			f.Addf(at, "must be from 1 to %d", int64(ledger.MaxAmount))
		}
		if slices.ContainsFunc(list[:i], func(o ledger.Quantity) bool { return o.Unit == q.Unit }) {
			f.Addf(at, "names %s a second time", q.Unit)
		}
	}
	return f
}
