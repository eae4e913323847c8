package settlement

import (
	"maps"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
)

func TestRefundBeforeAndAfter(t *testing.T) {
	b := start(t, twoHours)
	b.claim("before", "ann")
	b.claim("after", "ann")
	for _, friend := range []string{"before", "after"} {
		b.paid("of "+friend, friend, 10000)
		b.delivered("of " + friend)
	}
	b.refunded("of before", "before")
	b.delivered("of before")
	b.state("before", referral.Rejected, referral.Refunded)
	b.Pass(3 * time.Hour)
	b.Must(b.tick())
	b.state("before", referral.Rejected, referral.Refunded)
	b.state("after", referral.Settled, "")
	b.has("ann", "100 points")
	b.refunded("of after", "after")
	b.delivered("of after")
	b.state("after", referral.Reversed, referral.Refunded)
	b.has("ann", "")
	b.has("after", "")
	if b.settled("ann") != 0 {
		t.Errorf("%d settled friends", b.settled("ann"))
	}
	b.delivered("of after", "of before")
	b.paid("another", "after", 50000)
	b.delivered("another")
	b.state("after", referral.Reversed, referral.Refunded)
	b.ordered("before", 1) // one that was given back is an order still
	b.ordered("after", 2)
	b.DB.CheckBook(t)
}

// A refund that comes after the rewards were spent leaves a debt, which the next reward repays.
func TestReversalOfWhatWasSpent(t *testing.T) {
	b := start(t, atOnce)
	b.claim("bob", "ann")
	b.paid("o1", "bob", 100)
	b.delivered("o1")
	book := b.store.Ledger
	lots, err := book.Lots(t.Context(), ledger.Person(key("ann")))
	b.Must(err)
	spend, ok, err := ledger.Redeem(ledger.Effect{Kind: "test", ID: "1"}, noon, ledger.Person(key("ann")), ledger.House("spring"),
		ledger.Quantity{Unit: ledger.Points, Amount: 70}, lots, 0)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	_, err = book.Apply(t.Context(), spend)
	b.Must(err)
	b.refunded("o1", "bob")
	b.delivered("o1")
	b.has("ann", "-70 points")
	b.claim("cid", "ann")
	b.paid("o2", "cid", 100)
	b.delivered("o2")
	b.has("ann", "30 points")
	balances, err := book.Balances(t.Context(), ledger.Person(key("ann")))
	b.Must(err)
	if got := balances[ledger.Points]; got != (ledger.Balance{Amount: 30, Owed: 0, Lifetime: 100}) {
		t.Errorf("ann has %+v", got)
	}
	b.DB.CheckBook(t)
}

// What is paid is filed with the person who is paid, also where they once had another id; of a reward that was turned into something else
// only what is left is taken back.
func TestEntriesThatOpenedNoLot(t *testing.T) {
	b := start(t, atOnce)
	entries := []ledger.Entry{
		{Account: ledger.Person(key("ann")), Kind: ledger.Accrual},                     // repays a debt: no lot
		{Account: ledger.Person(key("ann")), Kind: ledger.Redemption, Lot: "redeemed"}, // of another act
	}
	lots, err := b.machine.lots(t.Context(), entries)
	if err != nil || len(lots) != 0 {
		t.Errorf("%+v, %v", lots, err)
	}
	b.claim("bob", "ann")
	b.paid("o1", "bob", 100)
	b.delivered("o1")
	entries, err = b.store.Ledger.EffectEntries(t.Context(), ledger.Effect{Kind: "referral.settle", ID: "spring/" + string(key("bob"))})
	b.Must(err)
	lots, err = b.machine.lots(t.Context(), entries)
	b.Must(err)
	left := map[ledger.Unit]int64{}
	for _, lot := range lots {
		left[lot.Unit] += lot.Remaining
	}
	if !maps.Equal(left, map[ledger.Unit]int64{ledger.Points: 100, "CNY": 500}) {
		t.Errorf("lots %+v", lots)
	}
}
