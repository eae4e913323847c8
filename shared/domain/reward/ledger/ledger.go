// Package ledger is the book of what the shop owes people, in points, cash vouchers and whatever else has a row among the units: double
// entry, append-only, corrected only by reversal. It builds postings; it neither stores them nor knows why somebody is rewarded. The
// surprising thing: no function here takes a balance. A posting says by how much balances change, and what must still hold of lots and debts when
// it is written, so that two postings built from the same reading cannot both spend the same points.
package ledger

import (
	"fmt"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// Account is whose book an entry stands in.
type Account string

// Person is the account of a profile. After a merge a person has several: those of all the profile's keys.
func Person(id profile.ID) Account { return Account("p#" + string(id)) }

// House is the shop's side of one program. It has no running balance, since every posting would meet there: its balance is
// the sum of its entries.
func House(program string) Account { return Account("h#" + program) }

// IsHouse tells the shop's accounts from people's.
func (a Account) IsHouse() bool { return strings.HasPrefix(string(a), "h#") }

// Effect is what a posting is the consequence of: business type and business id. The book holds one posting per effect, ever.
type Effect struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// String is the effect's key, the same for the same effect.
func (e Effect) String() string { return e.Kind + "/" + e.ID }

// Entry is one line of the book. Lot names the lot that the line opens, takes from or gives back to; it is empty on the
// shop's side, and on a person's side for what the person owes.
type Entry struct {
	ID      string    `json:"id"`
	Account Account   `json:"account"`
	Unit    Unit      `json:"unit"`
	Amount  int64     `json:"amount"` // positive in favour of the account
	Kind    Kind      `json:"kind"`
	Lot     string    `json:"lot,omitempty"`
	At      time.Time `json:"at"`
	Effect  Effect    `json:"effect"`
}

// Lot is an accrual with a life of its own: what is left of it. Remaining is between 0 and Amount.
type Lot struct {
	ID        string    `json:"id"`
	Account   Account   `json:"account"`
	Unit      Unit      `json:"unit"`
	Amount    int64     `json:"amount"`
	Remaining int64     `json:"remaining"`
	At        time.Time `json:"at"`
	ExpiresAt time.Time `json:"expiresAt,omitzero"` // zero: never
}

// Holding is one unit of one account.
type Holding struct {
	Account Account
	Unit    Unit
}

// Balance is what an account holds of one unit: Amount is what its lots hold less Owed. Lifetime is all that was ever
// accrued and not taken back; spending does not lower it.
type Balance struct {
	Amount   int64
	Owed     int64
	Lifetime int64
}

// LotChange takes from a lot (Delta below zero) or gives back to it. It holds only while the lot has Seen remaining.
type LotChange struct {
	Account Account
	ID      string
	Delta   int64
	Seen    int64
}

// BalanceChange is added to a holding. Where it repays a debt (Owed below zero), or NoDebt is set, it holds only while
// SeenOwed is owed.
type BalanceChange struct {
	Holding
	Amount   int64
	Owed     int64
	Lifetime int64
	SeenOwed int64
	NoDebt   bool // the posting spends, which nobody may who owes
}

// GuardsDebt tells whether the change may be written only while SeenOwed is still what the account owes.
func (c BalanceChange) GuardsDebt() bool { return c.Owed < 0 || c.NoDebt }

// Posting is everything that must be written together or not at all: the effect, its entries, and what they do to lots and
// balances. Each lot and each holding occurs at most once.
type Posting struct {
	Effect   Effect
	At       time.Time
	Entries  []Entry
	Opened   []Lot
	Lots     []LotChange
	Balances []BalanceChange
}

// Check tells what is wrong with a posting as a whole: an entry that its kind does not allow, entries that do not sum to zero in a unit, or
// lots and balances that do not change by what the entries say. A builder's posting has nothing wrong.
func (p Posting) Check() error {
	type lot struct {
		account Account
		id      string
	}
	sums := map[Unit]int64{}
	lots := map[lot]int64{}
	balances := map[Holding]Balance{}
	for _, e := range p.Entries {
		if !e.fits() {
			return fmt.Errorf("entry %s of %s is no %s: %+d %s in %s", e.ID, p.Effect, e.Kind, e.Amount, e.Unit, e.Account)
		}
		sums[e.Unit] += e.Amount
		if e.Account.IsHouse() {
			continue
		}
		b := balances[Holding{e.Account, e.Unit}]
		b.Amount += e.Amount
		if e.Lot == "" {
			b.Owed -= e.Amount
		} else {
			lots[lot{e.Account, e.Lot}] += e.Amount
		}
		balances[Holding{e.Account, e.Unit}] = b
	}
	for unit, sum := range sums {
		if sum != 0 {
			return fmt.Errorf("entries of %s sum to %d %s", p.Effect, sum, unit)
		}
	}
	for _, l := range p.Opened {
		if l.Remaining < 0 || l.Remaining > l.Amount {
			return fmt.Errorf("%s opens lot %s with %d of %d", p.Effect, l.ID, l.Remaining, l.Amount)
		}
		lots[lot{l.Account, l.ID}] -= l.Remaining
	}
	for _, c := range p.Lots {
		if c.Seen+c.Delta < 0 {
			return fmt.Errorf("%s takes %d from lot %s with %d", p.Effect, -c.Delta, c.ID, c.Seen)
		}
		lots[lot{c.Account, c.ID}] -= c.Delta
	}
	for l, left := range lots {
		if left != 0 {
			return fmt.Errorf("lot %s of %s is off by %d", l.id, p.Effect, left)
		}
	}
	for _, c := range p.Balances {
		if c.GuardsDebt() && c.SeenOwed+c.Owed < 0 {
			return fmt.Errorf("%s leaves %d owed", p.Effect, c.SeenOwed+c.Owed)
		}
		b := balances[c.Holding]
		b.Amount -= c.Amount
		b.Owed -= c.Owed
		if b.Amount != 0 || b.Owed != 0 {
			return fmt.Errorf("balance of %s in %s is off by %d, debt by %d", c.Account, p.Effect, b.Amount, b.Owed)
		}
		delete(balances, c.Holding)
	}
	for h, b := range balances {
		if b.Amount != 0 || b.Owed != 0 {
			return fmt.Errorf("%s changes the balance of %s only in its entries", p.Effect, h.Account)
		}
	}
	return nil
}

// fits tells whether an entry is what its kind allows.
func (e Entry) fits() bool {
	k, known := e.Kind.row()
	if !known {
		return true
	}
	u, known := e.Unit.row()
	if k.owed && known && !u.owed {
		return false
	}
	amount := e.Amount
	if e.Account.IsHouse() {
		amount = -amount
	}
	return k.sign*amount > 0 || k.sign == 0
}
