package ledger

import (
	"strings"
	"testing"
)

// Each kind in both accounts and both directions; one without a row is nobody's business here.
func TestKindsGoTheirWay(t *testing.T) {
	ann, house := Person("ann"), House("s")
	for k, c := range map[Kind]struct{ gives, takes bool }{
		Accrual: {true, false}, Redemption: {false, true}, Expiry: {false, true}, Reversal: {true, true}, Adjustment: {true, true}, Hold: {false, true}, Release: {true, false},
		"transfer": {true, true}, "": {true, true},
	} {
		for _, e := range []struct {
			account Account
			amount  int64
			want    bool
		}{{ann, 1, c.gives}, {ann, -1, c.takes}, {house, -1, c.gives}, {house, 1, c.takes}, {ann, 0, c.gives && c.takes}} {
			if got := (Entry{Account: e.account, Unit: Points, Amount: e.amount, Kind: k}).fits(); got != e.want {
				t.Errorf("%s of %d in %s fits: %v", k, e.amount, e.account, got)
			}
		}
	}
	// What repays a debt has no place where nobody owes; of a unit without a row that is not known.
	withRows(t, unit{name: "water"})
	for u, want := range map[Unit]bool{Points: true, "CNY": true, "water": false, "stars": true} {
		if got := (Entry{Account: ann, Unit: u, Amount: 1, Kind: Adjustment}).fits(); got != want {
			t.Errorf("an adjustment of %s fits: %v", u, got)
		}
		if !(Entry{Account: ann, Unit: u, Amount: 1, Kind: Accrual}).fits() {
			t.Errorf("no accrual of %s fits", u)
		}
	}
}

// A posting with an entry that goes the wrong way is refused for it, though it sums to zero.
func TestAnEntryThatGoesTheWrongWay(t *testing.T) {
	ann, house := Person("ann"), House("s")
	p := Posting{Effect: Effect{"x", "1"}, Entries: []Entry{
		{ID: "a", Account: ann, Unit: Points, Amount: 5, Kind: Redemption, Lot: "l"}, {ID: "b", Account: house, Unit: Points, Amount: -5, Kind: Redemption},
	}, Lots: []LotChange{{Account: ann, ID: "l", Delta: 5}}, Balances: []BalanceChange{{Holding: Holding{ann, Points}, Amount: 5}}}
	if err := p.Check(); err == nil || err.Error() != "entry a of x/1 is no redemption: +5 points in p#ann" {
		t.Errorf("refused for %v", err)
	}
	p.Entries[0].Kind, p.Entries[1].Kind = Accrual, Accrual
	if err := p.Check(); err != nil {
		t.Errorf("the same as an accrual: %v", err)
	}
}

// What a newer version has posted for a reason of its own is left to it.
func TestReverseLeavesKindsOfANewerVersion(t *testing.T) {
	ann := Person("ann")
	entries := []Entry{{ID: "gift/1/00", Account: ann, Unit: Points, Amount: 5, Kind: "transfer", Lot: "l"}, {ID: "gift/1/01", Account: House("s"), Unit: Points, Amount: -5, Kind: "transfer"}}
	lots := []Lot{{ID: "l", Account: ann, Unit: Points, Amount: 5, Remaining: 5}}
	if _, err := Reverse(Effect{"x", "1"}, noon, entries, lots, nil); err == nil || !strings.Contains(err.Error(), "x/1 reverses gift/1/00, a transfer, which is no kind here") {
		t.Errorf("refused for %v", err)
	}
	entries[0].Kind, entries[1].Kind = Expiry, Expiry // one with a row
	entries[0].Amount, entries[1].Amount = -5, 5
	if _, err := Reverse(Effect{"x", "1"}, noon, entries, lots, nil); err != nil {
		t.Errorf("an expiry: %v", err)
	}
}
