package ledger

import (
	"strings"
	"testing"
	"time"
)

// A grant goes from a house to a person, and is refused for its sides, not for what they would make of a posting.
func TestTheSidesOfAGrant(t *testing.T) {
	ann, bob, house := Person("ann"), Person("bob"), House("s")
	for _, c := range []struct {
		from, to Account
		ok       bool
	}{{house, ann, true}, {house, House("other"), false}, {ann, bob, false}, {ann, house, false}} {
		_, err := Accrue(Effect{"x", "1"}, noon, []Grant{{To: c.to, From: c.from, Quantity: Quantity{Points, 1}}}, nil)
		if (err == nil) != c.ok || err != nil && !strings.Contains(err.Error(), "grants from "+string(c.from)+" to "+string(c.to)) {
			t.Errorf("from %s to %s: %v", c.from, c.to, err)
		}
	}
}

// Entries that leave an account as it was need no change of its balance; a debt that grows as much as a lot does needs one.
func TestBalancesThatEntriesLeaveAlone(t *testing.T) {
	ann := Person("ann")
	entry := func(amount int64, lot string) Entry {
		return Entry{Account: ann, Unit: Points, Amount: amount, Lot: lot}
	}
	for name, c := range map[string]struct {
		posting Posting
		ok      bool
	}{
		"nothing":                  {Posting{}, true},
		"to a lot and back":        {Posting{Entries: []Entry{entry(5, "l"), entry(-5, "l")}}, true},
		"from a lot to a debt":     {Posting{Entries: []Entry{entry(-5, "l"), entry(5, "")}, Lots: []LotChange{{Account: ann, ID: "l", Delta: -5, Seen: 5}}}, false},
		"to a lot from the house":  {Posting{Entries: []Entry{entry(5, "l"), {Account: House("s"), Unit: Points, Amount: -5}}, Lots: []LotChange{{Account: ann, ID: "l", Delta: 5}}}, false},
		"a debt that nobody reads": {Posting{Balances: []BalanceChange{{Holding: Holding{ann, Points}, SeenOwed: -1}}}, true},
		"the same, spending":       {Posting{Balances: []BalanceChange{{Holding: Holding{ann, Points}, SeenOwed: -1, NoDebt: true}}}, false},
	} {
		if err := c.posting.Check(); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The sequence of spending, asked from both sides.
func TestSoonest(t *testing.T) {
	inOrder := []Lot{
		{ID: "z", At: noon, ExpiresAt: noon.Add(time.Hour)}, {ID: "a", At: noon, ExpiresAt: noon.Add(2 * time.Hour)},
		{ID: "z", At: noon.Add(-2)}, {ID: "y", At: noon.Add(-1)}, {ID: "a", At: noon}, {ID: "b", At: noon},
	}
	for i, a := range inOrder {
		for j, b := range inOrder {
			got := soonest(a, b)
			if (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%d before %d: %d", i, j, got)
			}
		}
	}
}

// Debts and lots are told apart by account, unit and id: two people and two units in one posting do not lend each other anything.
func TestReversalsKeepPeopleAndUnitsApart(t *testing.T) {
	ann, bob, house := Person("ann"), Person("bob"), House("s")
	entry := func(account Account, unit Unit, amount int64, kind Kind, lot string) Entry {
		return Entry{Account: account, Unit: unit, Amount: amount, Kind: kind, Lot: lot}
	}
	posted := []Entry{
		entry(ann, Points, 10, Accrual, "l"), entry(house, Points, -10, Accrual, ""), entry(ann, Points, -3, Adjustment, "l"), entry(ann, Points, 3, Adjustment, ""),
		entry(bob, Points, 20, Accrual, "l"), entry(house, Points, -20, Accrual, ""), entry(bob, Points, -4, Adjustment, "l"), entry(bob, Points, 4, Adjustment, ""),
		entry(ann, "CNY", 30, Accrual, "m"), entry(house, "CNY", -30, Accrual, ""), entry(ann, "CNY", -30, Adjustment, "m"), entry(ann, "CNY", 30, Adjustment, ""),
	}
	// Lot m holds nothing by the entries alone: what is left of it need not be read.
	lots := []Lot{{ID: "l", Account: bob, Unit: Points, Remaining: 16}, {ID: "l", Account: ann, Unit: Points, Remaining: 2}}
	p, err := Reverse(Effect{"undo", "1"}, noon, posted, lots, nil)
	if err != nil {
		t.Fatal(err)
	}
	is(t, p, `
undo/1/00 h#s +10 points reversal []
undo/1/01 h#s +20 points reversal []
undo/1/02 h#s +30 CNY reversal []
undo/1/03 p#ann -2 points reversal [l]
undo/1/04 p#ann -5 points reversal []
undo/1/05 p#ann -3 points reversal []
undo/1/06 p#bob -16 points reversal [l]
undo/1/07 p#bob -4 points reversal []
undo/1/08 p#ann -30 CNY reversal []
lot p#ann l -2 from 2
lot p#bob l -16 from 16
balance p#ann points -10 owed +8 lifetime -10 seen 0 false
balance p#bob points -20 owed +4 lifetime -20 seen 0 false
balance p#ann CNY -30 owed +30 lifetime -30 seen 0 false
`)
	// A lot that was spent to the end is not named: there is nothing to take from it.
	lots[1].Remaining = 0
	if p, err = Reverse(Effect{"undo", "1"}, noon, posted, lots, nil); err != nil || len(p.Lots) != 1 || len(p.Entries) != 8 {
		t.Errorf("%v, %v, %v", p.Lots, p.Entries, err)
	}
	// Half of a posting does not balance, and is not posted.
	if _, err := Reverse(Effect{"undo", "1"}, noon, posted[:1], lots, nil); err == nil || !strings.Contains(err.Error(), "building a posting: entries of undo/1 sum to") {
		t.Errorf("half: %v", err)
	}
}
