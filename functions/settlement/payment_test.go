package settlement

import (
	"fmt"
	"sync"
	"testing"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
)

const budgeted = `{"name":"P","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":100}],"friend":[{"points":50}]},"budget":[{"points":450}]}`

// Many settle at once for a budget of three: exactly three are paid, and a reversal makes room for one more.
func TestBudgetUnderConcurrentSettles(t *testing.T) {
	for name, advocate := range map[string]func(int) string{
		"advocates of their own": func(i int) string { return fmt.Sprint("advocate", i) },
		"one advocate":           func(int) string { return "ann" },
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, budgeted)
			const friends = 6
			for i := range friends {
				friend := fmt.Sprint("friend", i)
				b.claim(friend, advocate(i))
				b.paid("of "+friend, friend, 100)
			}
			var wait sync.WaitGroup
			for i := range 2 * friends { // everyone's job twice
				wait.Go(func() {
					for range 20 { // a job that lost too many races comes again
						if b.job(fmt.Sprint("of friend", i%friends)) {
							return
						}
					}
					t.Errorf("the job of friend %d never succeeded", i%friends)
				})
			}
			wait.Wait()
			states := map[string]int{}
			places := map[string]bool{}
			for i := range friends {
				r := b.referral(fmt.Sprint("friend", i))
				states[string(r.State)+string(r.Reason)]++
				if place := fmt.Sprint(r.SettledFor, r.Nth); r.State == referral.Settled && places[place] {
					t.Errorf("two friends are number %d of %s", r.Nth, r.SettledFor)
				} else {
					places[place] = true
				}
			}
			if states["settled"] != 3 || states["rejected"+string(referral.BudgetSpent)] != 3 {
				t.Errorf("states %v", states)
			}
			spent, err := b.store.Spent(t.Context(), "spring")
			if err != nil || spent[ledger.Points] != 450 {
				t.Errorf("spent %v, %v", spent, err)
			}
			if got := b.DB.CheckBook(t).Accounts["h#spring"]["points"]; got != -450 {
				t.Errorf("the house has paid %d", -got)
			}
			for i := range friends {
				friend := fmt.Sprint("friend", i)
				if b.referral(friend).State == referral.Settled {
					b.refunded("of "+friend, friend)
					b.delivered("of " + friend)
					break
				}
			}
			b.claim("late", "zoe")
			b.paid("of late", "late", 100)
			b.delivered("of late")
			b.state("late", referral.Settled, "")
			b.claim("later", "zoe")
			b.paid("of later", "later", 100)
			b.delivered("of later")
			b.state("later", referral.Rejected, referral.BudgetSpent)
			b.DB.CheckBook(t)
		})
	}
}

// The largest settlement: both sides with all rewards, all in debt, and more keys than a transaction has actions.
func TestSettlementOfManyKeys(t *testing.T) {
	side := `[{"points":10},{"voucher":{"amount":10,"currency":"CNY"}},{"voucher":{"amount":10,"currency":"USD"}},{"voucher":{"amount":10,"currency":"EUR"}},{"voucher":{"amount":10,"currency":"JPY"}}]`
	b := start(t, `{"name":"P","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"advocate":`+side+`,"friend":`+side+`},"budget":`+
		`[{"points":1000},{"voucher":{"amount":1000,"currency":"CNY"}},{"voucher":{"amount":1000,"currency":"USD"}},{"voucher":{"amount":1000,"currency":"EUR"}},{"voucher":{"amount":1000,"currency":"JPY"}}]}`)
	b.claim("bob", "ann")
	for _, who := range []string{"ann", "bob"} {
		p := b.person(who)
		for i := range 120 {
			p.Parts = append(p.Parts, profile.ID(fmt.Sprint(who, i)))
		}
		b.Must(b.Profiles.Save(t.Context(), p))
		b.debts(who)
	}
	b.paid("o1", "bob", 100)
	b.delivered("o1")
	b.state("bob", referral.Settled, "")
	if b.meddled.largest > 100 || b.meddled.largest < 50 {
		t.Errorf("%d actions", b.meddled.largest)
	}
	b.DB.CheckBook(t)
	b.meddled.largest = 0
	b.refunded("o1", "bob")
	b.delivered("o1")
	b.state("bob", referral.Reversed, referral.Refunded)
	if b.meddled.largest > 100 || b.meddled.largest < 40 {
		t.Errorf("%d actions take it back", b.meddled.largest)
	}
	b.DB.CheckBook(t)
}

// debts leaves somebody owing three of each unit.
func (b *bench) debts(who string) {
	b.Helper()
	account := ledger.Person(key(who))
	for _, unit := range []ledger.Unit{ledger.Points, "CNY", "USD", "EUR", "JPY"} {
		gift := ledger.Effect{Kind: "gift", ID: who + string(unit)}
		q := ledger.Quantity{Unit: unit, Amount: 3}
		p, err := ledger.Accrue(gift, noon, []ledger.Grant{{To: account, From: ledger.House("gifts"), Quantity: q}}, nil)
		b.Must(err)
		b.apply(p)
		entries := p.Entries
		lots, err := b.store.Ledger.Lots(b.Context(), account)
		b.Must(err)
		p, _, err = ledger.Redeem(ledger.Effect{Kind: "spend", ID: who + string(unit)}, noon, account, ledger.House("gifts"), q, lots, 0)
		b.Must(err)
		b.apply(p)
		lots, err = b.store.Ledger.Lots(b.Context(), account)
		b.Must(err)
		p, err = ledger.Reverse(ledger.Effect{Kind: "ungift", ID: who + string(unit)}, noon, entries, lots, nil)
		b.Must(err)
		b.apply(p)
	}
}
