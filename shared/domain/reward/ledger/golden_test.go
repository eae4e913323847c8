package ledger

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// written is a posting as text: entries, lots that open, lots that change, balances.
func written(p Posting) string {
	var b strings.Builder
	for _, e := range p.Entries {
		fmt.Fprintf(&b, "%s %s %+d %s %s [%s]\n", e.ID, e.Account, e.Amount, e.Unit, e.Kind, e.Lot)
		if e.At != p.At || e.Effect != p.Effect {
			fmt.Fprintf(&b, "  at %s for %s\n", e.At, e.Effect)
		}
	}
	for _, l := range p.Opened {
		fmt.Fprintf(&b, "open %s %s %d of %d %s at %s until %s\n", l.Account, l.ID, l.Remaining, l.Amount, l.Unit, l.At.Format("150405"), l.ExpiresAt.Format("20060102"))
	}
	for _, c := range p.Lots {
		fmt.Fprintf(&b, "lot %s %s %+d from %d\n", c.Account, c.ID, c.Delta, c.Seen)
	}
	for _, c := range p.Balances {
		fmt.Fprintf(&b, "balance %s %s %+d owed %+d lifetime %+d seen %d %v\n", c.Account, c.Unit, c.Amount, c.Owed, c.Lifetime, c.SeenOwed, c.GuardsDebt())
	}
	return b.String()
}

func is(t *testing.T, got Posting, want string) {
	t.Helper()
	if text := written(got); text != strings.TrimPrefix(want, "\n") {
		t.Errorf("posted\n%swant%s", text, want)
	}
}

// The ids of entries and lots are stored, and found again by a reversal: they are frozen here, with everything else of a posting.
func TestPostingsLineByLine(t *testing.T) {
	ann, bob, house := Person("ann"), Person("bob"), House("spring")
	late := noon.In(time.FixedZone("", 8*3600))
	accrued, err := Accrue(Effect{"gift", "1"}, late, []Grant{
		{To: ann, From: house, Quantity: Quantity{Points, 100}},
		{To: ann, From: house, Quantity: Quantity{Points, 50}, ExpiresAt: noon.AddDate(0, 0, 9)},
		{To: bob, From: house, Quantity: Quantity{"CNY", 500}},
	}, map[Holding]int64{{ann, Points}: 120, {bob, Points}: 7})
	if err != nil {
		t.Fatal(err)
	}
	is(t, accrued, `
gift/1/00 p#ann +100 points accrual [gift/1/00]
gift/1/01 h#spring -100 points accrual []
gift/1/02 p#ann -100 points adjustment [gift/1/00]
gift/1/03 p#ann +100 points adjustment []
gift/1/04 p#ann +50 points accrual [gift/1/01]
gift/1/05 h#spring -50 points accrual []
gift/1/06 p#ann -20 points adjustment [gift/1/01]
gift/1/07 p#ann +20 points adjustment []
gift/1/08 p#bob +500 CNY accrual [gift/1/02]
gift/1/09 h#spring -500 CNY accrual []
open p#ann gift/1/00 0 of 100 points at 120000 until 00010101
open p#ann gift/1/01 30 of 50 points at 120000 until 20261130
open p#bob gift/1/02 500 of 500 CNY at 120000 until 00010101
balance p#ann points +150 owed -120 lifetime +150 seen 120 true
balance p#bob CNY +500 owed +0 lifetime +500 seen 0 false
`)

	lots := append([]Lot{
		{ID: "younger", Account: ann, Unit: Points, Amount: 5, Remaining: 5, At: noon.Add(1)}, {ID: "b", Account: ann, Unit: Points, Amount: 5, Remaining: 5, At: noon},
		{ID: "a", Account: ann, Unit: Points, Amount: 5, Remaining: 5, At: noon}, {ID: "empty", Account: ann, Unit: Points, Amount: 5, At: noon.AddDate(0, 0, -9)},
		{ID: "bob's", Account: bob, Unit: Points, Amount: 99, Remaining: 99, At: noon.AddDate(0, 0, -9)},
		{ID: "one", Account: ann, Unit: Points, Amount: 5, Remaining: 1, At: noon.AddDate(0, 0, -1)},
	}, accrued.Opened...)
	spent, ok, err := Redeem(Effect{"order", "7"}, noon, ann, house, Quantity{Points, 42}, lots, 0)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	is(t, spent, `
order/7/00 p#ann -30 points redemption [gift/1/01]
order/7/01 p#ann -1 points redemption [one]
order/7/02 p#ann -5 points redemption [a]
order/7/03 p#ann -5 points redemption [b]
order/7/04 p#ann -1 points redemption [younger]
order/7/05 h#spring +42 points redemption []
lot p#ann gift/1/01 -30 from 30
lot p#ann one -1 from 1
lot p#ann a -5 from 5
lot p#ann b -5 from 5
lot p#ann younger -1 from 5
balance p#ann points -42 owed +0 lifetime +0 seen 0 true
`)

	back := func(id string, remaining int64) Lot {
		return Lot{ID: id, Account: ann, Unit: Points, Remaining: remaining}
	}
	returned, err := Reverse(Effect{"refund", "7"}, late, spent.Entries, []Lot{back("gift/1/01", 0), back("one", 0), back("a", 0), back("b", 0), back("younger", 4)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	is(t, returned, `
refund/7/00 h#spring -42 points reversal []
refund/7/01 p#ann +30 points reversal [gift/1/01]
refund/7/02 p#ann +1 points reversal [one]
refund/7/03 p#ann +5 points reversal [a]
refund/7/04 p#ann +5 points reversal [b]
refund/7/05 p#ann +1 points reversal [younger]
lot p#ann gift/1/01 +30 from 0
lot p#ann one +1 from 0
lot p#ann a +5 from 0
lot p#ann b +5 from 0
lot p#ann younger +1 from 4
balance p#ann points +42 owed +0 lifetime +0 seen 0 false
`)

	// The gift is taken back: what repaid a debt is owed again, what was spent is owed now, the rest leaves its lot.
	taken, err := Reverse(Effect{"ungift", "1"}, noon, accrued.Entries, []Lot{back("gift/1/00", 0), back("gift/1/01", 12),
		{ID: "gift/1/02", Account: bob, Unit: "CNY", Remaining: 500}, {ID: "gift/1/01", Account: bob, Unit: Points, Remaining: 1}}, map[Holding]int64{{ann, Points}: 3})
	if err != nil {
		t.Fatal(err)
	}
	is(t, taken, `
ungift/1/00 h#spring +100 points reversal []
ungift/1/01 h#spring +50 points reversal []
ungift/1/02 h#spring +500 CNY reversal []
ungift/1/03 p#ann -120 points reversal []
ungift/1/04 p#ann -12 points reversal [gift/1/01]
ungift/1/05 p#ann -18 points reversal []
ungift/1/06 p#bob -500 CNY reversal [gift/1/02]
lot p#ann gift/1/01 -12 from 12
lot p#bob gift/1/02 -500 from 500
balance p#ann points -150 owed +138 lifetime -150 seen 3 false
balance p#bob CNY -500 owed +0 lifetime -500 seen 0 false
`)
}

func TestRedeemRefuses(t *testing.T) {
	ann, house := Person("ann"), House("shop")
	plenty := []Lot{{ID: "l", Account: ann, Unit: Points, Amount: MaxAmount + 9, Remaining: MaxAmount + 9, At: noon}}
	for name, c := range map[string]struct {
		from, to Account
		amount   int64
		ok       bool
		err      string
	}{
		"nothing":           {ann, house, 0, false, "redeems 0 points"},
		"less":              {ann, house, -1, false, "redeems -1 points"},
		"one":               {ann, house, 1, true, ""},
		"the most":          {ann, house, MaxAmount, true, ""},
		"more than most":    {ann, house, MaxAmount + 1, false, "redeems 1000000000001 points"},
		"from the house":    {house, house, 1, false, "redeems from h#shop to h#shop"},
		"to a person":       {ann, Person("bob"), 1, false, "redeems from p#ann to p#bob"},
		"from house to ann": {house, ann, 1, false, "redeems from h#shop to p#ann"},
	} {
		_, ok, err := Redeem(Effect{"test", name}, noon, c.from, c.to, Quantity{Points, c.amount}, plenty, 0)
		if ok != c.ok || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: ok = %v, %v", name, ok, err)
		}
	}
}

// Each check stands for itself: a posting in which only that one thing is off is refused for it.
func TestEachCheck(t *testing.T) {
	ann, bob := Person("ann"), Person("bob")
	entry := func(account Account, amount int64, lot string) Entry {
		return Entry{Account: account, Unit: Points, Amount: amount, Lot: lot}
	}
	balance := func(account Account, amount, owed int64) BalanceChange {
		return BalanceChange{Holding: Holding{account, Points}, Amount: amount, Owed: owed}
	}
	for want, p := range map[string]Posting{
		"": {Entries: []Entry{entry(ann, 5, "l"), entry(House("s"), -5, "")}, Lots: []LotChange{{Account: ann, ID: "l", Delta: 5}}, Balances: []BalanceChange{balance(ann, 5, 0)}},
		"entries of x/1 sum to 1 points": {Entries: []Entry{entry(ann, 5, "l"), entry(House("s"), -4, "")}, Lots: []LotChange{{Account: ann, ID: "l", Delta: 5}},
			Balances: []BalanceChange{balance(ann, 5, 0)}},
		"x/1 opens lot l with 6 of 5":  {Opened: []Lot{{ID: "l", Amount: 5, Remaining: 6}}},
		"x/1 opens lot l with -1 of 5": {Opened: []Lot{{ID: "l", Amount: 5, Remaining: -1}}},
		"x/1 takes 5 from lot l with 4": {Entries: []Entry{entry(ann, -5, "l"), entry(House("s"), 5, "")}, Lots: []LotChange{{Account: ann, ID: "l", Delta: -5, Seen: 4}},
			Balances: []BalanceChange{balance(ann, -5, 0)}},
		"lot l of x/1 is off by -5": {Lots: []LotChange{{Account: ann, ID: "l", Delta: 5}}},
		"lot l of x/1 is off by 5":  {Entries: []Entry{entry(ann, 5, "l"), entry(House("s"), -5, "")}, Balances: []BalanceChange{balance(ann, 5, 0)}},
		"x/1 leaves -1 owed": {Entries: []Entry{entry(ann, 5, ""), entry(House("s"), -5, "")},
			Balances: []BalanceChange{{Holding: Holding{ann, Points}, Amount: 5, Owed: -5, SeenOwed: 4}}},
		"balance of p#ann in x/1 is off by 1, debt by 0":       {Balances: []BalanceChange{balance(ann, -1, 0)}},
		"balance of p#ann in x/1 is off by 0, debt by -1":      {Balances: []BalanceChange{balance(ann, 0, 1)}},
		"x/1 changes the balance of p#bob only in its entries": {Entries: []Entry{entry(bob, 5, ""), entry(House("s"), -5, "")}},
	} {
		p.Effect = Effect{"x", "1"}
		if err := p.Check(); fmt.Sprint(err) != want && (want != "" || err != nil) {
			t.Errorf("refused for %v, want %q", err, want)
		}
	}
	// What is just right.
	for name, p := range map[string]Posting{
		"a lot to the last point": {Entries: []Entry{entry(ann, -5, "l"), entry(House("s"), 5, "")}, Lots: []LotChange{{Account: ann, ID: "l", Delta: -5, Seen: 5}}, Balances: []BalanceChange{balance(ann, -5, 0)}},
		"a debt to the last point": {Entries: []Entry{entry(ann, 5, ""), entry(House("s"), -5, "")},
			Balances: []BalanceChange{{Holding: Holding{ann, Points}, Amount: 5, Owed: -5, SeenOwed: 5}}},
		"a lot that opens empty": {Entries: []Entry{entry(ann, 5, "l"), entry(ann, -5, "l"), entry(ann, 5, ""), entry(House("s"), -5, "")}, Opened: []Lot{{ID: "l", Account: ann, Amount: 5}},
			Balances: []BalanceChange{{Holding: Holding{ann, Points}, Amount: 5, Owed: -5, SeenOwed: 5}}},
	} {
		if err := p.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
