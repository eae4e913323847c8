package ledger

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// book is a ledger in memory: it applies postings under the conditions that a store must ask.
type book struct {
	effects  map[Effect]Posting
	entries  []Entry
	lots     map[string]Lot
	balances map[Holding]Balance
}

func newBook() *book {
	return &book{effects: map[Effect]Posting{}, lots: map[string]Lot{}, balances: map[Holding]Balance{}}
}

func (b *book) apply(p Posting) bool {
	if _, done := b.effects[p.Effect]; done {
		return false
	}
	for _, c := range p.Lots {
		if b.lots[c.ID].Remaining != c.Seen {
			return false
		}
	}
	for _, c := range p.Balances {
		if c.GuardsDebt() && b.balances[c.Holding].Owed != c.SeenOwed {
			return false
		}
	}
	b.effects[p.Effect] = p
	b.entries = append(b.entries, p.Entries...)
	for _, l := range p.Opened {
		b.lots[l.ID] = l
	}
	for _, c := range p.Lots {
		l := b.lots[c.ID]
		l.Remaining += c.Delta
		b.lots[c.ID] = l
	}
	for _, c := range p.Balances {
		h := b.balances[c.Holding]
		h.Amount += c.Amount
		h.Owed += c.Owed
		h.Lifetime += c.Lifetime
		b.balances[c.Holding] = h
	}
	return true
}

// reading is what a builder knows of the book; it may be old by the time its posting is applied.
type reading struct {
	lots []Lot
	owed map[Holding]int64
}

func (b *book) read() reading {
	r := reading{owed: map[Holding]int64{}}
	for _, l := range b.lots {
		r.lots = append(r.lots, l)
	}
	slices.SortFunc(r.lots, soonest)
	for h, balance := range b.balances {
		r.owed[h] = balance.Owed
	}
	return r
}

func (b *book) check(t *rapid.T) {
	total := map[Unit]int64{}
	sums := map[Holding]int64{}
	debts := map[Holding]int64{}
	lots := map[string]int64{}
	ids := map[string]bool{}
	for _, e := range b.entries {
		if ids[e.ID] {
			t.Fatalf("two entries %s", e.ID)
		}
		ids[e.ID] = true
		total[e.Unit] += e.Amount
		if e.Account.IsHouse() {
			continue
		}
		h := Holding{e.Account, e.Unit}
		sums[h] += e.Amount
		if e.Lot == "" {
			debts[h] -= e.Amount
		} else {
			lots[e.Lot] += e.Amount
		}
	}
	for unit, sum := range total {
		if sum != 0 {
			t.Fatalf("the book sums to %d %s", sum, unit)
		}
	}
	for h, balance := range b.balances {
		if balance.Amount != sums[h] || balance.Owed != debts[h] {
			t.Fatalf("%v is %+v, entries say %d and %d owed", h, balance, sums[h], debts[h])
		}
		if balance.Owed < 0 || balance.Lifetime < 0 {
			t.Fatalf("%v is %+v", h, balance)
		}
		if balance.Amount < 0 && balance.Owed == 0 {
			t.Fatalf("%v is below zero without a debt", h)
		}
		if h.Unit == "water" && balance.Owed != 0 {
			t.Fatalf("%v owes %d of what nobody owes", h, balance.Owed)
		}
	}
	for id, lot := range b.lots {
		if lot.Remaining < 0 || lot.Remaining > lot.Amount || lot.Remaining != lots[id] {
			t.Fatalf("lot %s holds %d of %d, entries say %d", id, lot.Remaining, lot.Amount, lots[id])
		}
	}
}

func TestBookBalancesWhateverHappens(t *testing.T) {
	withRows(t, unit{name: "water"}, unit{name: "deposit", money: true, owed: true})
	units := []Unit{Points, "CNY", "water", "deposit:CNY"}
	people := []Account{Person("ann"), Person("bob")}
	rapid.Check(t, func(t *rapid.T) {
		b := newBook()
		readings := []reading{b.read()}
		var done []Posting
		lifetime := map[Holding]int64{}
		reversed := map[Effect]bool{}
		at := noon
		for step := range rapid.IntRange(1, 40).Draw(t, "steps") {
			at = at.Add(time.Duration(rapid.IntRange(0, 48).Draw(t, "hours")) * time.Hour)
			// An old reading stands for a writer that was overtaken.
			seen := readings[max(0, len(readings)-1-rapid.SampledFrom([]int{0, 0, 0, 1, 3}).Draw(t, "age"))]
			person := rapid.SampledFrom(people).Draw(t, "person")
			q := Quantity{rapid.SampledFrom(units).Draw(t, "unit"), rapid.Int64Range(1, 50).Draw(t, "amount")}
			effect := Effect{"step", fmt.Sprint(step)}
			if len(done) > 0 && rapid.IntRange(0, 9).Draw(t, "again") == 0 {
				effect = rapid.SampledFrom(done).Draw(t, "effect").Effect
			}
			var p Posting
			var err error
			ok := true
			switch rapid.SampledFrom([]string{"accrue", "accrue", "redeem", "redeem", "reverse"}).Draw(t, "what") {
			case "accrue":
				grants := []Grant{{To: person, From: House("shop"), Quantity: q}}
				if rapid.Bool().Draw(t, "two") {
					grants = append(grants, Grant{To: rapid.SampledFrom(people).Draw(t, "other"), From: House("shop"), Quantity: q, ExpiresAt: at.Add(72 * time.Hour)})
				}
				p, err = Accrue(effect, at, grants, seen.owed)
			case "redeem":
				p, ok, err = Redeem(effect, at, person, House("shop"), q, seen.lots, seen.owed[Holding{person, q.Unit}])
			case "reverse":
				if len(done) == 0 {
					continue
				}
				of := rapid.SampledFrom(done).Draw(t, "of")
				// A caller names a reversal after what it reverses, so that it happens once.
				effect = Effect{"reverse", of.Effect.String()}
				if p, err = Reverse(effect, at, of.Entries, seen.lots, seen.owed); err != nil {
					continue // a reversal of a reversal, or of lots younger than the reading
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			if ok && b.apply(p) {
				if p.Effect.Kind == "reverse" {
					if reversed[p.Effect] {
						t.Fatalf("%s was applied twice", p.Effect)
					}
					reversed[p.Effect] = true
				} else {
					for _, c := range p.Balances {
						if c.Lifetime < 0 {
							t.Fatalf("%s lowers what was earned by %d", p.Effect, -c.Lifetime)
						}
					}
				}
				for _, c := range p.Balances {
					lifetime[c.Holding] += c.Lifetime
				}
				done = append(done, p)
			}
			b.check(t)
			readings = append(readings, b.read())
		}
		for h, n := range lifetime {
			if b.balances[h].Lifetime != n {
				t.Fatalf("lifetime of %v is %d, accruals less their reversals %d", h, b.balances[h].Lifetime, n)
			}
		}
	})
}
