package ledger

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Grant is one accrual: so much for a person, at the expense of the shop's side of a program.
type Grant struct {
	To        Account
	From      Account
	Quantity  Quantity
	ExpiresAt time.Time // zero: never
}

// draft gathers a posting; lots and balances that are touched twice become one change.
type draft struct {
	p    Posting
	last int
}

func begin(effect Effect, at time.Time) *draft {
	return &draft{p: Posting{Effect: effect, At: at.UTC()}}
}

func (d *draft) enter(account Account, unit Unit, amount int64, kind Kind, lot string) {
	d.p.Entries = append(d.p.Entries, Entry{
		ID: fmt.Sprintf("%s/%02d", d.p.Effect, d.last), Account: account, Unit: unit, Amount: amount, Kind: kind, Lot: lot,
		At: d.p.At, Effect: d.p.Effect,
	})
	d.last++
}

func (d *draft) balance(account Account, unit Unit) *BalanceChange {
	h := Holding{account, unit}
	for i := range d.p.Balances {
		if d.p.Balances[i].Holding == h {
			return &d.p.Balances[i]
		}
	}
	d.p.Balances = append(d.p.Balances, BalanceChange{Holding: h})
	return &d.p.Balances[len(d.p.Balances)-1]
}

func (d *draft) done() (Posting, error) {
	for _, e := range d.p.Entries {
		if _, known := e.Unit.row(); !known {
			return Posting{}, fmt.Errorf("building a posting: %s counts %s, which is no unit here", d.p.Effect, e.Unit)
		}
	}
	if err := d.p.Check(); err != nil {
		return Posting{}, fmt.Errorf("building a posting: %w", err)
	}
	return d.p, nil
}

// Accrue opens a lot for each grant. What an account owes (owed, as last read) is repaid from its new lots first. A grant of
// nothing or of more than MaxAmount is an error.
func Accrue(effect Effect, at time.Time, grants []Grant, owed map[Holding]int64) (Posting, error) {
	d := begin(effect, at)
	left := map[Holding]int64{}
	for h, n := range owed {
		left[h] = n
	}
	for i, g := range grants {
		unit, amount := g.Quantity.Unit, g.Quantity.Amount
		if amount < 1 || amount > MaxAmount {
			return Posting{}, fmt.Errorf("building a posting: %s grants %d %s", effect, amount, unit)
		}
		if g.To.IsHouse() || !g.From.IsHouse() {
			return Posting{}, fmt.Errorf("building a posting: %s grants from %s to %s", effect, g.From, g.To)
		}
		lot := Lot{
			ID: fmt.Sprintf("%s/%02d", effect, i), Account: g.To, Unit: unit, Amount: amount, Remaining: amount, At: d.p.At,
			ExpiresAt: g.ExpiresAt,
		}
		d.enter(g.To, unit, amount, Accrual, lot.ID)
		d.enter(g.From, unit, -amount, Accrual, "")
		b := d.balance(g.To, unit)
		b.Amount += amount
		b.Lifetime += amount
		if h := (Holding{g.To, unit}); left[h] > 0 {
			repaid := min(left[h], amount)
			d.enter(g.To, unit, -repaid, Adjustment, lot.ID)
			d.enter(g.To, unit, repaid, Adjustment, "")
			lot.Remaining -= repaid
			b.Owed -= repaid
			b.SeenOwed = owed[h]
			left[h] -= repaid
		}
		d.p.Opened = append(d.p.Opened, lot)
	}
	return d.done()
}

// Redeem spends from an account, taking the lots that expire soonest first, then the oldest. ok is false when the lots that
// are alive at that time hold too little, or the account owes. lots may be all of the account's.
func Redeem(effect Effect, at time.Time, from, to Account, q Quantity, lots []Lot, owed int64) (p Posting, ok bool, err error) {
	if q.Amount < 1 || q.Amount > MaxAmount {
		return Posting{}, false, fmt.Errorf("building a posting: %s redeems %d %s", effect, q.Amount, q.Unit)
	}
	if from.IsHouse() || !to.IsHouse() {
		return Posting{}, false, fmt.Errorf("building a posting: %s redeems from %s to %s", effect, from, to)
	}
	if owed > 0 {
		return Posting{}, false, nil
	}
	d := begin(effect, at)
	alive := slices.DeleteFunc(slices.Clone(lots), func(l Lot) bool {
		return l.Account != from || l.Unit != q.Unit || l.Remaining < 1 || !l.ExpiresAt.IsZero() && !at.Before(l.ExpiresAt)
	})
	slices.SortFunc(alive, soonest)
	need := q.Amount
	for _, l := range alive {
		if need == 0 {
			break
		}
		taken := min(need, l.Remaining)
		d.enter(from, q.Unit, -taken, Redemption, l.ID)
		d.p.Lots = append(d.p.Lots, LotChange{Account: from, ID: l.ID, Delta: -taken, Seen: l.Remaining})
		need -= taken
	}
	if need > 0 {
		return Posting{}, false, nil
	}
	d.enter(to, q.Unit, q.Amount, Redemption, "")
	b := d.balance(from, q.Unit)
	b.Amount, b.NoDebt = -q.Amount, true
	p, err = d.done()
	return p, err == nil, err
}

// soonest orders lots by how soon they expire, those that never do last; then by age and id.
func soonest(a, b Lot) int {
	if a.ExpiresAt.IsZero() != b.ExpiresAt.IsZero() {
		if a.ExpiresAt.IsZero() {
			return 1
		}
		return -1
	}
	return cmp.Or(a.ExpiresAt.Compare(b.ExpiresAt), a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
}

// Reverse undoes an accrual or a redemption. What a lot no longer holds becomes a debt, or is left to the person in a unit that nobody owes;
// what a redemption took goes back to its own lots, with their first dates. lots and owed are as last read, and must cover the lots of the
// entries. The entries of a reversal cannot be reversed, nor those of a kind without a row.
func Reverse(effect Effect, at time.Time, entries []Entry, lots []Lot, owed map[Holding]int64) (Posting, error) {
	d := begin(effect, at)
	undone, err := undo(entries, lots)
	if err != nil {
		return Posting{}, fmt.Errorf("building a posting: %s reverses %w", effect, err)
	}
	kept := map[Unit]int64{} // by people, at the expense of houses
	for _, part := range undone {
		kept[part.unit] += part.kept
	}
	for _, e := range entries {
		if e.Account.IsHouse() {
			less := min(kept[e.Unit], max(-e.Amount, 0))
			kept[e.Unit] -= less
			if back := -e.Amount - less; back != 0 {
				d.enter(e.Account, e.Unit, back, Reversal, "")
			}
		} else if e.Kind == Accrual {
			d.balance(e.Account, e.Unit).Lifetime -= e.Amount
		}
	}
	for _, part := range undone {
		b := d.balance(part.account, part.unit)
		b.Amount += part.into - part.owed
		b.Owed += part.owed
		b.Lifetime += part.kept
		if part.into != 0 {
			d.enter(part.account, part.unit, part.into, Reversal, part.lot)
			d.p.Lots = append(d.p.Lots, LotChange{Account: part.account, ID: part.lot, Delta: part.into, Seen: part.seen})
		}
		if part.owed != 0 {
			d.enter(part.account, part.unit, -part.owed, Reversal, "")
		}
		b.SeenOwed = owed[Holding{part.account, part.unit}]
	}
	return d.done()
}

// part is what entries come to for one lot, or for what is owed where lot is empty, and what a reversal makes of it.
type part struct {
	account Account
	unit    Unit
	lot     string
	amount  int64

	seen int64 // what remains of the lot
	into int64 // goes back to the lot, or is taken from it below zero
	owed int64 // becomes a debt, or repays one below zero
	kept int64 // was spent, and cannot be owed
}

// undo is what each part of entries comes to when it is taken back.
func undo(entries []Entry, lots []Lot) ([]part, error) {
	for _, e := range entries {
		if e.Kind == Reversal {
			return nil, fmt.Errorf("a reversal, %s", e.ID)
		}
		if _, known := e.Kind.row(); !known {
			return nil, fmt.Errorf("%s, a %s, which is no kind here", e.ID, e.Kind)
		}
	}
	all := parts(entries)
	for i := range all {
		p := &all[i]
		back := -p.amount
		if p.lot != "" && back != 0 {
			at := slices.IndexFunc(lots, func(l Lot) bool { return l.Account == p.account && l.ID == p.lot })
			if at < 0 {
				return nil, fmt.Errorf("into lot %s, which was not read", p.lot)
			}
			p.seen = lots[at].Remaining
			p.into = max(back, -p.seen)
		}
		if r, known := p.unit.row(); known && !r.owed {
			p.kept = p.into - back
		} else {
			p.owed = p.into - back
		}
	}
	return all, nil
}

func parts(entries []Entry) []part {
	var out []part
	for _, e := range entries {
		if e.Account.IsHouse() {
			continue
		}
		i := slices.IndexFunc(out, func(p part) bool { return p.account == e.Account && p.unit == e.Unit && p.lot == e.Lot })
		if i < 0 {
			out = append(out, part{account: e.Account, unit: e.Unit, lot: e.Lot})
			i = len(out) - 1
		}
		out[i].amount += e.Amount
	}
	return out
}
