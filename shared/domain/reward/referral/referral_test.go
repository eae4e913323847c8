package referral

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/span"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func spring() Program {
	return Program{
		ID: "spring", Name: "Spring", State: Running, Hold: 14 * span.Day, AttributionWindow: 30 * span.Day,
		Qualifying: Qualifying{MinTotal: &money.Amount{Minor: 10000, Currency: "CNY"}},
		Rewards: Rewards{
			Advocate: []ledger.Quantity{{Unit: ledger.Points, Amount: 100}},
			Friend:   []ledger.Quantity{{Unit: "CNY", Amount: 500}},
		},
		Ladder:         []Rung{{Friends: 3, Advocate: []ledger.Quantity{{Unit: "CNY", Amount: 1500}}}},
		Budget:         []ledger.Quantity{{Unit: "CNY", Amount: 100000}},
		MaxPerAdvocate: 5,
	}
}

func claimed() Referral {
	return New(spring(), "ABCDEFGH", "friend", "advocate", noon)
}

func paid(at time.Time, total, net int64) *Order {
	return &Order{ID: "o1", CompletedAt: at, Total: total, Net: net, Currency: "CNY"}
}

func held() Referral {
	r := claimed()
	m, ok := r.Next(Facts{Program: ptr(spring()), Order: paid(noon, 10000, 10000), Now: noon})
	if !ok || m.To != Qualified {
		panic("the fixture does not qualify")
	}
	r = r.Apply(m, noon)
	r.State = Held
	return r
}

func ptr[T any](v T) *T { return &v }

func TestNextFromClaimed(t *testing.T) {
	end := noon.Add(30 * 24 * time.Hour)
	running, free := spring(), spring()
	free.Qualifying.MinTotal = nil
	for name, c := range map[string]struct {
		facts  Facts
		state  State // of the referral, Claimed if empty
		to     State // empty: no step
		reason Reason
	}{
		"nothing happened":                     {facts: Facts{Program: &running, Now: noon}},
		"just the minimum":                     {facts: Facts{Program: &running, Order: paid(noon, 10000, 10000)}, to: Qualified},
		"one less":                             {facts: Facts{Program: &running, Order: paid(noon, 9999, 9999)}},
		"the minimum in another currency":      {facts: Facts{Program: &running, Order: &Order{CompletedAt: noon, Total: 10000, Net: 10000, Currency: "USD"}}},
		"no minimum, any currency":             {facts: Facts{Program: &free, Order: &Order{CompletedAt: noon, Total: 1, Net: 1, Currency: "USD"}}, to: Qualified},
		"no minimum, but free of charge":       {facts: Facts{Program: &free, Order: paid(noon, 0, 0)}},
		"placed, not paid":                     {facts: Facts{Program: &running, Order: paid(time.Time{}, 10000, 10000)}},
		"paid in the last instant":             {facts: Facts{Program: &running, Order: paid(end.Add(-1), 10000, 10000), Now: end}, to: Qualified},
		"paid too late":                        {facts: Facts{Program: &running, Order: paid(end, 10000, 10000), Now: end.Add(-1)}},
		"paid too late, and the window over":   {facts: Facts{Program: &running, Order: paid(end, 10000, 10000), Now: end}, to: Expired},
		"the window ends":                      {facts: Facts{Program: &running, Now: end}, to: Expired},
		"an instant before it ends":            {facts: Facts{Program: &running, Now: end.Add(-1)}},
		"expired, and heard of late":           {state: Expired, facts: Facts{Program: &running, Order: paid(end.Add(-1), 10000, 10000), Now: end.AddDate(0, 1, 0)}, to: Qualified},
		"expired stays so":                     {state: Expired, facts: Facts{Program: &running, Now: end.AddDate(0, 1, 0)}},
		"paid before the claim":                {facts: Facts{Program: &running, Order: paid(noon.Add(-time.Second), 10000, 10000)}, to: Rejected, reason: ExistingCustomer},
		"paid before, refunded, and too small": {facts: Facts{Program: &running, Order: paid(noon.Add(-time.Second), 5, 0)}, to: Rejected, reason: ExistingCustomer},
		"refunded before it was heard of":      {facts: Facts{Program: &running, Order: paid(noon, 10000, 0)}, to: Rejected, reason: Refunded},
		"refunded to just the minimum":         {facts: Facts{Program: &running, Order: paid(noon, 20000, 10000)}, to: Qualified},
		"refunded below the minimum":           {facts: Facts{Program: &running, Order: paid(noon, 20000, 9999)}, to: Rejected, reason: Refunded},
		"the program is gone":                  {facts: Facts{Order: paid(noon, 10000, 10000)}, to: Rejected, reason: ProgramWithdrawn},
		"the same person by now":               {facts: Facts{Program: &running, Order: paid(noon, 10000, 10000), SamePerson: true}, to: Rejected, reason: SelfReferral},
		"claimed elsewhere first":              {facts: Facts{Program: &running, Order: paid(noon, 10000, 10000), Preceded: true}, to: Rejected, reason: AlreadyReferred},
		"bought a second before":               {facts: Facts{Program: &running, Order: paid(noon, 10000, 10000), FirstOrder: noon.Add(-time.Second)}, to: Rejected, reason: ExistingCustomer},
		"bought first just then":               {facts: Facts{Program: &running, Order: paid(noon, 10000, 10000), FirstOrder: noon}, to: Qualified},
		"a circle by now":                      {facts: Facts{Program: &running, Order: paid(noon, 10000, 10000), Circle: true}, to: Rejected, reason: Circle},
		"a small order of the same person":     {facts: Facts{Program: &running, Order: paid(noon, 1, 1), SamePerson: true}},
	} {
		t.Run(name, func(t *testing.T) {
			r := claimed()
			if c.state != "" {
				r.State = c.state
			}
			if c.facts.Now.IsZero() {
				c.facts.Now = end.Add(-2)
			}
			m, ok := r.Next(c.facts)
			if ok != (c.to != "") || m.To != c.to || m.Reason != c.reason {
				t.Fatalf("got %v %+v, want %q %q", ok, m, c.to, c.reason)
			}
			if m.To == Qualified && (m.OrderID != c.facts.Order.ID || !m.HeldUntil.Equal(c.facts.Order.CompletedAt.Add(14*24*time.Hour))) {
				t.Errorf("held for %q until %v", m.OrderID, m.HeldUntil)
			}
		})
	}
}

func TestHoldCountsFromTheOrderOrFromNow(t *testing.T) {
	running := spring()
	for name, c := range map[string]struct{ paid, from time.Time }{
		"paid a while ago":              {noon, noon},
		"paid this instant":             {noon.Add(time.Hour), noon.Add(time.Hour)},
		"paid by a clock that is ahead": {noon.Add(time.Hour + 1), noon.Add(time.Hour)},
	} {
		m, ok := claimed().Next(Facts{Program: &running, Order: paid(c.paid, 10000, 10000), Now: noon.Add(time.Hour)})
		if want := c.from.Add(14 * 24 * time.Hour); !ok || !m.HeldUntil.Equal(want) {
			t.Errorf("%s: %v until %v, want %v", name, ok, m.HeldUntil, want)
		}
	}
}

func TestNextFromHeld(t *testing.T) {
	due := noon.Add(14 * 24 * time.Hour)
	good := paid(noon, 10000, 10000)
	raised := spring()
	raised.Qualifying.MinTotal = &money.Amount{Minor: 20000, Currency: "CNY"}
	running := spring()
	for name, c := range map[string]struct {
		facts  Facts
		to     State
		reason Reason
		nth    int
	}{
		"an instant too soon":             {facts: Facts{Program: &running, Order: good, Now: due.Add(-1)}},
		"due":                             {facts: Facts{Program: &running, Order: good, Now: due}, to: Settled, nth: 1},
		"refunded meanwhile":              {facts: Facts{Program: &running, Order: paid(noon, 10000, 9999), Now: noon}, to: Rejected, reason: Refunded},
		"the minimum was raised since":    {facts: Facts{Program: &raised, Order: good, Now: due}, to: Settled, nth: 1},
		"the program is gone":             {facts: Facts{Order: good, Now: noon}, to: Rejected, reason: ProgramWithdrawn},
		"the order is gone":               {facts: Facts{Program: &running, Now: noon}, to: Rejected, reason: OrderMissing},
		"the advocate's last friend":      {facts: Facts{Program: &running, Order: good, Now: due, Settled: 4}, to: Settled, nth: 5},
		"one friend too many":             {facts: Facts{Program: &running, Order: good, Now: due, Settled: 5}, to: Rejected, reason: AdvocateLimit},
		"the same person by now":          {facts: Facts{Program: &running, Order: good, Now: due, SamePerson: true}, to: Rejected, reason: SelfReferral},
		"the friend was erased":           {facts: Facts{Program: &running, Order: good, Now: due, FriendErased: true}, to: Rejected, reason: Erased},
		"the advocate was erased":         {facts: Facts{Program: &running, Order: good, Now: due, AdvocateErased: true, Settled: 9}, to: Settled},
		"the same person, not yet due":    {facts: Facts{Program: &running, Order: good, Now: noon, SamePerson: true}},
		"paid for somewhere else":         {facts: Facts{Program: &running, Order: good, Now: due, Preceded: true}, to: Rejected, reason: AlreadyReferred},
		"an older order came to light":    {facts: Facts{Program: &running, Order: good, Now: due, FirstOrder: noon.Add(-time.Hour)}, to: Rejected, reason: ExistingCustomer},
		"a circle by now":                 {facts: Facts{Program: &running, Order: good, Now: due, Circle: true}, to: Rejected, reason: Circle},
		"refunded, too soon for the rest": {facts: Facts{Program: &running, Order: paid(noon, 10000, 0), Now: noon, SamePerson: true}, to: Rejected, reason: Refunded},
	} {
		t.Run(name, func(t *testing.T) {
			m, ok := held().Next(c.facts)
			if ok != (c.to != "") || m.To != c.to || m.Reason != c.reason || m.Nth != c.nth {
				t.Errorf("got %v %+v, want %q %q %d", ok, m, c.to, c.reason, c.nth)
			}
		})
	}
}

func TestNextFromTheEnds(t *testing.T) {
	running := spring()
	settle, _ := held().Next(Facts{Program: &running, Order: paid(noon, 10000, 10000), Now: noon.AddDate(1, 0, 0)})
	settled := held().Apply(settle, noon.AddDate(1, 0, 0))
	for name, c := range map[string]struct {
		state State
		order *Order
		to    State
	}{
		"settled, and nothing new":          {Settled, paid(noon, 10000, 10000), ""},
		"settled, and the order not known":  {Settled, nil, ""},
		"settled, then refunded":            {Settled, paid(noon, 10000, 9999), Reversed},
		"settled, refunded to the minimum":  {Settled, paid(noon, 20000, 10000), ""},
		"reversed is the end":               {Reversed, paid(noon, 10000, 0), ""},
		"rejected is the end":               {Rejected, paid(noon, 10000, 10000), ""},
		"rejected, and the window is over":  {Rejected, nil, ""},
		"reversed, and the order paid anew": {Reversed, paid(noon, 10000, 10000), ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := settled
			r.State = c.state
			// Without its program too: a reward that was paid for a refunded order is taken back in any case.
			for _, p := range []*Program{&running, nil} {
				m, ok := r.Next(Facts{Program: p, Order: c.order, Now: noon.AddDate(2, 0, 0)})
				if ok != (c.to != "") || m.To != c.to {
					t.Errorf("got %v %+v, want %q", ok, m, c.to)
				}
			}
		})
	}
}

// An order that was cancelled and then paid after all is paid: the rejection for it goes.
func TestARejectionForARefundFollowsTheOrder(t *testing.T) {
	running := spring()
	next := func(r Referral, o *Order) Referral {
		m, ok := r.Next(Facts{Program: &running, Order: o, Now: noon})
		if !ok {
			return r
		}
		return r.Apply(m, noon)
	}
	another := paid(noon, 10000, 10000)
	another.ID = "o2"
	for name, start := range map[string]Referral{"before": claimed(), "in the hold": held()} {
		r := next(start, paid(noon, 10000, 0))
		if r.State != Rejected || r.Reason != Refunded || r.OrderID != "o1" {
			t.Fatalf("%s: %+v", name, r)
		}
		for what, o := range map[string]*Order{"nothing": nil, "another order": another, "too little": paid(noon, 10000, 9999)} {
			if after := next(r, o); after.State != Rejected {
				t.Errorf("%s, %s: %s", name, what, after.State)
			}
		}
		if after := next(r, paid(noon, 10000, 10000)); after.State != Qualified || after.Reason != "" || !after.EndedAt.IsZero() {
			t.Errorf("%s: %+v", name, after)
		}
	}
}

// A qualified referral is held by the next look, unless its ground is gone meanwhile.
func TestNextFromQualified(t *testing.T) {
	running := spring()
	r := held()
	r.State = Qualified
	for name, c := range map[string]struct {
		facts  Facts
		to     State
		reason Reason
	}{
		"all is well":         {Facts{Program: &running, Order: paid(noon, 10000, 10000)}, Held, ""},
		"the program is gone": {Facts{Order: paid(noon, 10000, 10000)}, Rejected, ProgramWithdrawn},
		"the order is gone":   {Facts{Program: &running}, Rejected, OrderMissing},
		"refunded":            {Facts{Program: &running, Order: paid(noon, 10000, 9999)}, Rejected, Refunded},
	} {
		m, ok := r.Next(c.facts)
		if !ok || m.To != c.to || m.Reason != c.reason {
			t.Errorf("%s: %v %+v", name, ok, m)
		}
		if after := r.Apply(m, noon); after.OrderID != "o1" || c.to == Held && !after.HeldUntil.Equal(r.HeldUntil) {
			t.Errorf("%s: %+v", name, after)
		}
	}
}

func TestAnErasedAdvocateGetsNothing(t *testing.T) {
	running := spring()
	due := noon.AddDate(1, 0, 0)
	f := Facts{Program: &running, Order: paid(noon, 10000, 10000), Now: due, AdvocateErased: true}
	m, _ := held().Next(f)
	if got := fmt.Sprint(m.To, m.Nth, m.Step, m.Rewards, m.Charged); got != "settled0 0 {[] [{CNY 500}]} [{CNY 500}]" {
		t.Errorf("settled as %s", got)
	}
	running.Rewards.Friend = nil
	if m, ok := held().Next(f); !ok || m.To != Rejected || m.Reason != Erased {
		t.Errorf("with nothing for the friend: %v %+v", ok, m)
	}
}

func TestPrecedesOrdersAnyTwo(t *testing.T) {
	early, late := claimed(), claimed()
	late.ClaimedAt = noon.Add(1)
	latePaid := late
	latePaid.SettledAt = noon.AddDate(0, 1, 0)
	other := early
	other.Friend = "frienz"
	for name, c := range map[string]struct{ first, second Referral }{
		"the earlier claim":       {early, late},
		"the paid one":            {latePaid, early},
		"the same instant":        {early, other},
		"paid, though also later": {latePaid, late},
	} {
		t.Run(name, func(t *testing.T) {
			if !c.first.Precedes(c.second) || c.second.Precedes(c.first) {
				t.Errorf("%v and %v", c.first.Precedes(c.second), c.second.Precedes(c.first))
			}
		})
	}
}

// Whatever the facts and their sequence, a referral takes only the steps of its states, and is paid at most once.
func TestNextNeverPaysTwice(t *testing.T) {
	allowed := map[State][]State{
		Claimed: {Qualified, Rejected, Expired}, Expired: {Qualified, Rejected}, Qualified: {Held, Rejected}, Held: {Settled, Rejected},
		Settled: {Reversed}, Rejected: {Qualified, Rejected},
	}
	rapid.Check(t, func(t *rapid.T) {
		r := claimed()
		payments := 0
		for range rapid.IntRange(1, 30).Draw(t, "looks") {
			now := noon.Add(time.Duration(rapid.IntRange(-1, 80).Draw(t, "days")) * 24 * time.Hour)
			f := Facts{
				SamePerson: rapid.IntRange(0, 9).Draw(t, "same") == 0, Preceded: rapid.IntRange(0, 9).Draw(t, "preceded") == 0,
				Settled: rapid.IntRange(0, 6).Draw(t, "settled"), Now: now,
			}
			if rapid.IntRange(0, 9).Draw(t, "program") > 0 {
				f.Program = ptr(spring())
			}
			if rapid.IntRange(0, 3).Draw(t, "order") > 0 {
				total := rapid.Int64Range(9990, 10010).Draw(t, "total")
				f.Order = paid(noon.Add(time.Duration(rapid.IntRange(-1, 40).Draw(t, "paid"))*24*time.Hour), total, rapid.Int64Range(0, total).Draw(t, "net"))
			}
			m, ok := r.Next(f)
			if !ok {
				continue
			}
			legal := false
			for _, s := range allowed[r.State] {
				legal = legal || s == m.To
			}
			if !legal {
				t.Fatalf("from %s to %s", r.State, m.To)
			}
			if m.To == Rejected && m.Reason == "" {
				t.Fatal("rejected without a reason")
			}
			if r.State == Rejected && (r.Reason != Refunded || f.Order.ID != r.OrderID || f.Order.Net < 10000) {
				t.Fatalf("rejected for %s, then %s by %+v", r.Reason, m.To, f.Order)
			}
			if m.To == Settled {
				payments++
				if f.Order == nil || f.Order.Net < 10000 || now.Before(r.HeldUntil) {
					t.Fatalf("paid for %+v at %v, held until %v", f.Order, now, r.HeldUntil)
				}
			}
			r = r.Apply(m, now)
			if again, ok := r.Next(f); ok && again.To == m.To {
				t.Fatalf("to %s twice", m.To)
			}
		}
		if payments > 1 {
			t.Fatalf("paid %d times", payments)
		}
	})
}
