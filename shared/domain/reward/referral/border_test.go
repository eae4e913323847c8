package referral

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/ledger"
)

// Each limit of a definition: what is just allowed, and what is one over. A fault is named by its field, and no other field is at fault.
func TestValidateAtEachBorder(t *testing.T) {
	rungs := func(n int) (out []Rung) {
		for i := range n {
			out = append(out, Rung{Friends: i + 1, Advocate: points(1)})
		}
		return out
	}
	units := func(n int) (out []ledger.Quantity) {
		for i := range n {
			out = append(out, ledger.Quantity{Unit: ledger.Cash(money.Currency(fmt.Sprintf("AA%c", 'A'+i))), Amount: 1})
		}
		return out
	}
	for name, c := range map[string]struct {
		change func(*Program)
		fields []string
	}{
		"as it is":                        {func(*Program) {}, nil},
		"the longest name":                {func(p *Program) { p.Name = strings.Repeat("x", 200) }, nil},
		"a name too long":                 {func(p *Program) { p.Name = strings.Repeat("x", 201) }, []string{"name"}},
		"the event by its name":           {func(p *Program) { p.Qualifying.Event = "Order Completed" }, nil},
		"a minimum of nothing":            {func(p *Program) { p.Qualifying.MinTotal = &money.Amount{Minor: 0, Currency: "CNY"} }, nil},
		"a hold below zero":               {func(p *Program) { p.Hold = -1 }, []string{"hold"}},
		"a hold of nothing":               {func(p *Program) { p.Hold = 0 }, nil},
		"a hold at its most":              {func(p *Program) { p.Hold = MaxWindow }, nil},
		"a hold over its most":            {func(p *Program) { p.Hold = MaxWindow + 1 }, []string{"hold"}},
		"a window below zero":             {func(p *Program) { p.AttributionWindow = -1 }, []string{"attributionWindow"}},
		"a window of nothing":             {func(p *Program) { p.AttributionWindow = 0 }, []string{"attributionWindow"}},
		"the least window":                {func(p *Program) { p.AttributionWindow = 1 }, nil},
		"a window over its most":          {func(p *Program) { p.AttributionWindow = MaxWindow + 1 }, []string{"attributionWindow"}},
		"a reward on each side, no steps": {func(p *Program) { p.Ladder = nil }, nil},
		"as many steps as rewards": {func(p *Program) {
			p.Rewards, p.Ladder = Rewards{Advocate: points(1)}, rungs(1)
		}, nil},
		"the advocate alone":       {func(p *Program) { p.Rewards, p.Ladder = Rewards{Advocate: points(1)}, nil }, nil},
		"the friend alone":         {func(p *Program) { p.Rewards, p.Ladder = Rewards{Friend: points(1)}, nil }, nil},
		"steps alone":              {func(p *Program) { p.Rewards = Rewards{} }, nil},
		"nothing for anybody":      {func(p *Program) { p.Rewards, p.Ladder = Rewards{}, nil }, []string{"rewards"}},
		"the most steps":           {func(p *Program) { p.Ladder = rungs(100) }, nil},
		"a step too many":          {func(p *Program) { p.Ladder = rungs(101) }, []string{"ladder"}},
		"steps that rise":          {func(p *Program) { p.Ladder = rungs(2) }, nil},
		"a step twice":             {func(p *Program) { p.Ladder = []Rung{{2, points(1)}, {2, points(1)}} }, []string{"ladder[1].friends"}},
		"steps that fall":          {func(p *Program) { p.Ladder = []Rung{{2, points(1)}, {1, points(1)}} }, []string{"ladder[1].friends"}},
		"a step with a bad reward": {func(p *Program) { p.Ladder = []Rung{{2, points(0)}} }, []string{"ladder[0].advocate[0]"}},
		"the most rewards":         {func(p *Program) { p.Rewards.Friend = units(5) }, nil},
		"a reward too many":        {func(p *Program) { p.Rewards.Friend = units(6) }, []string{"rewards.friend"}},
		"the largest reward":       {func(p *Program) { p.Rewards.Friend = points(ledger.MaxAmount) }, nil},
		"a reward too large":       {func(p *Program) { p.Rewards.Friend = points(ledger.MaxAmount + 1) }, []string{"rewards.friend[0]"}},
		"a unit twice":             {func(p *Program) { p.Budget = append(points(1), points(2)...) }, []string{"budget[1]"}},
		"no limit of friends":      {func(p *Program) { p.MaxPerAdvocate = 0 }, nil},
	} {
		p := spring()
		c.change(&p)
		var faults fault.Faults
		errors.As(p.Validate().Err(), &faults)
		var fields []string
		for _, f := range faults {
			fields = append(fields, f.Field)
		}
		if !slices.Equal(fields, c.fields) {
			t.Errorf("%s: faults of %q, want %q", name, fields, c.fields)
		}
	}
}

func TestWhatABudgetIsChargedFor(t *testing.T) {
	p := spring()
	p.Budget = []ledger.Quantity{{Unit: ledger.Points, Amount: 9}, {Unit: "USD", Amount: 9}, {Unit: "CNY", Amount: 9}}
	for name, c := range map[string]struct {
		rewards Rewards
		want    string
	}{
		"both sides of one unit": {Rewards{Advocate: points(3), Friend: points(4)}, "[{points 7}]"},
		"two units":              {Rewards{Advocate: points(3), Friend: []ledger.Quantity{{Unit: "CNY", Amount: 1}}}, "[{points 3} {CNY 1}]"},
		"no budget's unit":       {Rewards{Friend: []ledger.Quantity{{Unit: "EUR", Amount: 1}}}, "[]"},
	} {
		if got := fmt.Sprint(p.charged(c.rewards)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// Of several open steps the lowest is paid first.
func TestTheLowestOpenStepIsPaid(t *testing.T) {
	p := Program{Ladder: []Rung{{Friends: 1}, {Friends: 2}, {Friends: 3}}}
	if got := p.Step(9, Steps{Open: []int{1, 3}}); got != 1 {
		t.Errorf("paid step %d, want 1", got)
	}
}

func TestUnitingSteps(t *testing.T) {
	for name, c := range map[string]struct {
		a, b Steps
		want string
	}{
		"paid under the other alone": {Steps{}, Steps{Paid: []int{4}}, "{[4] []}"},
		"open under the other alone": {Steps{}, Steps{Open: []int{4}}, "{[] [4]}"},
		"paid under both":            {Steps{Paid: []int{4}}, Steps{Paid: []int{2, 4}}, "{[2 4] []}"},
	} {
		if got := fmt.Sprint(c.a.And(c.b)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// United standings keep the later of the two times, in whichever sequence they come; one settled friend is enough to stand.
func TestRankKeepsTheLaterTime(t *testing.T) {
	one := func(profile.ID) profile.ID { return "ann" }
	early, late := Standing{Advocate: "ann", Settled: 1, At: noon}, Standing{Advocate: "old", Settled: 0, At: noon.Add(1)}
	want := []Standing{{Advocate: "ann", Settled: 1, At: noon.Add(1)}}
	for _, both := range [][]Standing{{early, late}, {late, early}} {
		if got := Rank(both, one); !reflect.DeepEqual(got, want) {
			t.Errorf("%v ranked as %v", both, got)
		}
	}
}

func TestZIsALetterOfACode(t *testing.T) {
	if got, ok := ParseCode("azzzzzza"); !ok || got != "AZZZZZZA" {
		t.Errorf("read as %q, %v", got, ok)
	}
}

func TestAnExpiredReferralAndAnOrderBeforeIt(t *testing.T) {
	p := spring()
	r := claimed()
	r.State = Expired
	f := Facts{Program: &p, Order: paid(noon.Add(-time.Second), 10000, 10000), Now: noon.AddDate(1, 0, 0)}
	if m, ok := r.Next(f); ok {
		t.Errorf("moved to %+v", m)
	}
	r.State = Claimed
	if m, ok := r.Next(f); !ok || m.To != Rejected || m.Reason != ExistingCustomer {
		t.Errorf("claimed: %v %+v", ok, m)
	}
}

func TestQualifies(t *testing.T) {
	free, least := spring(), spring()
	free.Qualifying.MinTotal = nil
	for name, c := range map[string]struct {
		program Program
		order   *Order
		amount  int64
		want    bool
	}{
		"one cent":                     {free, paid(noon, 0, 0), 1, true},
		"nothing":                      {free, paid(noon, 0, 0), 0, false},
		"not paid":                     {free, paid(time.Time{}, 0, 0), 1, false},
		"the minimum":                  {least, paid(noon, 0, 0), 10000, true},
		"one less":                     {least, paid(noon, 0, 0), 9999, false},
		"not paid, above the minimum":  {least, paid(time.Time{}, 0, 0), 20000, false},
		"another currency, and enough": {least, &Order{CompletedAt: noon, Currency: "USD"}, 20000, false},
	} {
		if got := c.program.qualifies(*c.order, c.amount); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A referral that asks for no least amount, as those before there was one, is undone when nothing is left.
func TestUndone(t *testing.T) {
	for _, c := range []struct {
		least, net int64
		want       bool
	}{{0, 1, false}, {0, 0, true}, {0, -1, true}, {-5, 0, true}, {5, 5, false}, {5, 4, true}, {1, 1, false}} {
		if got := (Referral{Least: c.least}).undone(Order{Net: c.net}); got != c.want {
			t.Errorf("%d of at least %d: %v", c.net, c.least, got)
		}
	}
}

// Who looks alike is flagged when the referral qualifies; a flag stands once, and those that stood stay.
func TestFlagsOfAReferralThatQualifies(t *testing.T) {
	p := spring()
	f := Facts{Program: &p, Order: paid(noon, 10000, 10000), Now: noon}
	for name, c := range map[string]struct {
		alike         bool
		before, after []Flag
	}{
		"unlike":                     {false, nil, nil},
		"alike":                      {true, nil, []Flag{LookAlike}},
		"alike, and flagged before":  {true, []Flag{LookAlike}, []Flag{LookAlike}},
		"alike, and another flag":    {true, []Flag{"other"}, []Flag{"other", LookAlike}},
		"unlike, and flagged before": {false, []Flag{LookAlike}, []Flag{LookAlike}},
	} {
		r := claimed()
		r.Flags = c.before
		f.Alike = c.alike
		m, ok := r.Next(f)
		if !ok || m.To != Qualified {
			t.Fatalf("%s: %v %+v", name, ok, m)
		}
		if got := r.Apply(m, noon); !slices.Equal(got.Flags, c.after) {
			t.Errorf("%s: %v, want %v", name, got.Flags, c.after)
		}
	}
}

// What a referral is after each move, field by field.
func TestApplyFieldByField(t *testing.T) {
	at, due := noon.AddDate(0, 0, 3), noon.AddDate(0, 0, 17)
	before := claimed()
	before.Flags, before.EndedAt, before.Reason = []Flag{"old"}, noon, Refunded
	qualified, settled, rejected, again, expired, reversed := before, before, before, before, before, before

	qualified.State, qualified.Reason, qualified.OrderID, qualified.Least = Qualified, "", "o1", 7
	qualified.HeldUntil, qualified.QualifiedAt, qualified.EndedAt = due, at, time.Time{}
	settled.State, settled.Reason, settled.SettledAt, settled.Nth, settled.Step = Settled, "", at, 4, 3
	settled.Rewards, settled.Charged = Rewards{Friend: points(1)}, points(1)
	rejected.State, rejected.Reason, rejected.EndedAt, rejected.OrderID = Rejected, Circle, at, "o2"
	known := before
	known.OrderID = "o1"
	again.State, again.Reason, again.EndedAt, again.OrderID = Rejected, Circle, at, "o1"
	expired.State, expired.Reason, expired.EndedAt = Expired, "", at
	reversed.State, reversed.Reason, reversed.EndedAt = Reversed, Refunded, at
	for name, c := range map[string]struct {
		from Referral
		move Move
		want Referral
	}{
		"qualified":                   {before, Move{To: Qualified, OrderID: "o1", Least: 7, HeldUntil: due}, qualified},
		"settled":                     {before, Move{To: Settled, Nth: 4, Step: 3, Rewards: Rewards{Friend: points(1)}, Charged: points(1)}, settled},
		"rejected for an order":       {before, Move{To: Rejected, Reason: Circle, OrderID: "o2"}, rejected},
		"rejected, its order as ever": {known, Move{To: Rejected, Reason: Circle}, again},
		"expired":                     {before, Move{To: Expired}, expired},
		"reversed":                    {before, Move{To: Reversed, Reason: Refunded}, reversed},
	} {
		if got := c.from.Apply(c.move, at); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n%+v want\n%+v", name, got, c.want)
		}
	}
}
