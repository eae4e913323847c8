package reward_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/reward"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

var shop = ledger.House("shop")

func accrue(t *testing.T, id string, to ledger.Account, q ledger.Quantity, owed int64) ledger.Posting {
	t.Helper()
	p, err := ledger.Accrue(ledger.Effect{Kind: "test", ID: id}, noon, []ledger.Grant{{To: to, From: shop, Quantity: q}},
		map[ledger.Holding]int64{{Account: to, Unit: q.Unit}: owed})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func redeem(t *testing.T, id string, from ledger.Account, amount int64, lots []ledger.Lot) ledger.Posting {
	t.Helper()
	p, ok, err := ledger.Redeem(ledger.Effect{Kind: "test", ID: id}, noon, from, shop, ledger.Quantity{Unit: ledger.Points, Amount: amount}, lots, 0)
	if err != nil || !ok {
		t.Fatalf("ok = %v, %v", ok, err)
	}
	return p
}

func apply(t *testing.T, l reward.Ledger, p ledger.Posting) {
	t.Helper()
	if fresh, err := l.Apply(t.Context(), p); err != nil || !fresh {
		t.Fatalf("applying %s: fresh = %v, %v", p.Effect, fresh, err)
	}
}

func lots(t *testing.T, l reward.Ledger, a ledger.Account) []ledger.Lot {
	t.Helper()
	found, err := l.Lots(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func points(n int64) ledger.Quantity { return ledger.Quantity{Unit: ledger.Points, Amount: n} }

func TestLedgerReadsWhatWasApplied(t *testing.T) {
	db := dynamotest.New(t)
	l := reward.Ledger{DB: db, Table: "Ledger"}
	ann := ledger.Person("ann")
	p, err := ledger.Accrue(ledger.Effect{Kind: "order", ID: "1"}, noon, []ledger.Grant{
		{To: ann, From: shop, Quantity: points(100), ExpiresAt: noon.AddDate(0, 0, 30)},
		{To: ann, From: shop, Quantity: ledger.Quantity{Unit: "CNY", Amount: 500}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	apply(t, l, p)
	balances, err := l.Balances(t.Context(), ann)
	if err != nil || len(balances) != 2 || balances[ledger.Points] != (ledger.Balance{Amount: 100, Lifetime: 100}) ||
		balances["CNY"] != (ledger.Balance{Amount: 500, Lifetime: 500}) {
		t.Errorf("balances %+v, %v", balances, err)
	}
	if got := lots(t, l, ann); !slices.Equal(got, p.Opened) {
		t.Errorf("lots %+v, want %+v", got, p.Opened)
	}
	entries, err := l.EffectEntries(t.Context(), p.Effect)
	if err != nil || !slices.Equal(entries, p.Entries) {
		t.Errorf("entries of the effect %+v, %v", entries, err)
	}
	if _, err := l.EffectEntries(t.Context(), ledger.Effect{Kind: "order", ID: "2"}); !errors.Is(err, dynamo.ErrNotFound) {
		t.Errorf("another effect: %v", err)
	}
	if lot, err := l.Lot(t.Context(), ann, p.Opened[0].ID); err != nil || lot != p.Opened[0] {
		t.Errorf("lot %+v, %v", lot, err)
	}
	if _, err := l.Lot(t.Context(), ann, "none"); !errors.Is(err, dynamo.ErrNotFound) {
		t.Errorf("another lot: %v", err)
	}
	db.CheckBook(t)
}

// What a newer version posts, in units and for reasons that have no row here, is read as it was written.
func TestLedgerKeepsWhatANewerVersionPosts(t *testing.T) {
	db := dynamotest.New(t)
	l := reward.Ledger{DB: db, Table: "Ledger"}
	ann, effect := ledger.Person("ann"), ledger.Effect{Kind: "tree", ID: "1"}
	p := ledger.Posting{Effect: effect, At: noon}
	for i, unit := range []ledger.Unit{"water", "deposit:CNY"} {
		lot := ledger.Lot{ID: fmt.Sprint("lot", i), Account: ann, Unit: unit, Amount: 5, Remaining: 5, At: noon}
		p.Opened = append(p.Opened, lot)
		p.Entries = append(p.Entries,
			ledger.Entry{ID: fmt.Sprint("tree/1/0", 2*i), Account: ann, Unit: unit, Amount: 5, Kind: "harvest", Lot: lot.ID, At: noon, Effect: effect},
			ledger.Entry{ID: fmt.Sprint("tree/1/0", 2*i+1), Account: shop, Unit: unit, Amount: -5, Kind: "harvest", At: noon, Effect: effect})
		p.Balances = append(p.Balances, ledger.BalanceChange{Holding: ledger.Holding{Account: ann, Unit: unit}, Amount: 5, Lifetime: 5})
	}
	apply(t, l, p)
	if posted, err := l.EffectEntries(t.Context(), effect); err != nil || !slices.Equal(posted, p.Entries) {
		t.Errorf("entries of the effect %+v, %v", posted, err)
	}
	if page, _, err := l.Entries(t.Context(), []ledger.Account{ann}, 10, ""); err != nil || !slices.Equal(page, []ledger.Entry{p.Entries[2], p.Entries[0]}) {
		t.Errorf("entries %+v, %v", page, err)
	}
	if got := lots(t, l, ann); !slices.Equal(got, p.Opened) {
		t.Errorf("lots %+v", got)
	}
	balances, err := l.Balances(t.Context(), ann)
	five := ledger.Balance{Amount: 5, Lifetime: 5}
	if err != nil || !maps.Equal(balances, map[ledger.Unit]ledger.Balance{"water": five, "deposit:CNY": five}) {
		t.Errorf("balances %+v, %v", balances, err)
	}
	db.CheckBook(t)
}

func TestLedgerPagesEntriesOfSeveralAccounts(t *testing.T) {
	l := reward.Ledger{DB: dynamotest.New(t), Table: "Ledger"}
	accounts := []ledger.Account{ledger.Person("ann"), ledger.Person("old"), ledger.Person("none")}
	var want []string
	for i := range 7 {
		p, err := ledger.Accrue(ledger.Effect{Kind: "order", ID: fmt.Sprint(i)}, noon.Add(time.Duration(i)*time.Second),
			[]ledger.Grant{{To: accounts[i%2], From: shop, Quantity: points(int64(i + 1))}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		apply(t, l, p)
		want = append([]string{p.Entries[0].ID}, want...)
	}
	for limit := 1; limit <= 8; limit++ {
		var got []string
		cursor := ""
		for range 10 {
			page, next, err := l.Entries(t.Context(), accounts, limit, cursor)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) > limit {
				t.Fatalf("a page of %d, limit %d", len(page), limit)
			}
			for _, e := range page {
				got = append(got, e.ID)
			}
			if cursor = next; cursor == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("in pages of %d: %v, want %v", limit, got, want)
		}
	}
	for _, cursor := range []string{"!", "bCNhYmM"} {
		if _, _, err := l.Entries(t.Context(), accounts, 5, cursor); !errors.Is(err, dynamo.ErrCursor) {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
}

// A write that fails either way is applied again, as its caller would.
func TestLedgerApplySurvivesLostAnswers(t *testing.T) {
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		t.Run(string(how), func(t *testing.T) {
			db := dynamotest.New(t)
			l := reward.Ledger{DB: db, Table: "Ledger"}
			ann := ledger.Person("ann")
			p := accrue(t, "1", ann, points(100), 0)
			db.Fail("TransactWriteItems", 1, how)
			if _, err := l.Apply(t.Context(), p); !errors.Is(err, dynamotest.ErrInjected) {
				t.Fatalf("the fault did not show: %v", err)
			}
			fresh, err := l.Apply(t.Context(), p)
			if err != nil || fresh != (how == dynamotest.NotPersisted) {
				t.Fatalf("fresh = %v, %v", fresh, err)
			}
			if fresh, err = l.Apply(t.Context(), p); err != nil || fresh {
				t.Errorf("a third time: fresh = %v, %v", fresh, err)
			}
			if got := db.CheckBook(t).Accounts["p#ann"]["points"]; got != 100 {
				t.Errorf("balance %d, want 100", got)
			}
		})
	}
}

func TestLedgerRefusesWhatHasMoved(t *testing.T) {
	db := dynamotest.New(t)
	l := reward.Ledger{DB: db, Table: "Ledger"}
	ann := ledger.Person("ann")
	first := accrue(t, "1", ann, points(100), 0)
	apply(t, l, first)
	seen := lots(t, l, ann)
	apply(t, l, redeem(t, "2", ann, 60, seen))
	if fresh, err := l.Apply(t.Context(), redeem(t, "3", ann, 60, seen)); !errors.Is(err, dynamo.ErrConflict) || fresh {
		t.Errorf("the same points a second time: %v, %v", fresh, err)
	}
	stale := redeem(t, "4", ann, 10, lots(t, l, ann))
	back, err := ledger.Reverse(ledger.Effect{Kind: "refund", ID: "1"}, noon, first.Entries, lots(t, l, ann), nil)
	if err != nil {
		t.Fatal(err)
	}
	apply(t, l, back)
	if b, _ := l.Balances(t.Context(), ann); b[ledger.Points] != (ledger.Balance{Amount: -60, Owed: 60}) {
		t.Fatalf("after the refund: %+v", b)
	}
	if _, err := l.Apply(t.Context(), stale); !errors.Is(err, dynamo.ErrConflict) {
		t.Errorf("spending from a lot that was taken back: %v", err)
	}
	apply(t, l, accrue(t, "5", ann, points(10), 60))
	if _, err := l.Apply(t.Context(), accrue(t, "6", ann, points(70), 60)); !errors.Is(err, dynamo.ErrConflict) {
		t.Errorf("repaying a debt that has moved: %v", err)
	}
	apply(t, l, accrue(t, "7", ann, points(70), 50))
	if b, _ := l.Balances(t.Context(), ann); b[ledger.Points] != (ledger.Balance{Amount: 20, Owed: 0, Lifetime: 80}) {
		t.Errorf("after repaying: %+v", b)
	}
	db.CheckBook(t)
}

func TestLedgerSpendsNothingWhileOwing(t *testing.T) {
	db := dynamotest.New(t)
	l := reward.Ledger{DB: db, Table: "Ledger"}
	ann := ledger.Person("ann")
	first := accrue(t, "1", ann, points(100), 0)
	apply(t, l, first)
	apply(t, l, redeem(t, "2", ann, 100, lots(t, l, ann)))
	second := accrue(t, "3", ann, points(30), 0)
	apply(t, l, second)
	spend := redeem(t, "4", ann, 30, lots(t, l, ann)) // built before the debt
	back, err := ledger.Reverse(ledger.Effect{Kind: "refund", ID: "1"}, noon, first.Entries, lots(t, l, ann), nil)
	if err != nil {
		t.Fatal(err)
	}
	apply(t, l, back)
	if _, err := l.Apply(t.Context(), spend); !errors.Is(err, dynamo.ErrConflict) {
		t.Errorf("spent while owing: %v", err)
	}
	db.CheckBook(t)
}

// Many writers at once, each with its own reading: whatever wins, the sums agree and nothing is spent twice.
func TestLedgerUnderConcurrentWriters(t *testing.T) {
	db := dynamotest.New(t)
	l := reward.Ledger{DB: db, Table: "Ledger"}
	ann := ledger.Person("ann")
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			random := rand.New(rand.NewPCG(7, uint64(w)))
			for i := range 12 {
				effect := ledger.Effect{Kind: "test", ID: fmt.Sprint(w, "-", i)}
				found, err := l.Lots(t.Context(), ann)
				if err != nil {
					t.Error(err)
					return
				}
				p, ok, err := ledger.Redeem(effect, noon, ann, shop, points(1+random.Int64N(20)), found, 0)
				if !ok && err == nil {
					p, err = ledger.Accrue(effect, noon, []ledger.Grant{{To: ann, From: shop, Quantity: points(25)}}, nil)
				}
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := l.Apply(t.Context(), p); err != nil && !errors.Is(err, dynamo.ErrConflict) {
					t.Error(err)
					return
				}
			}
		})
	}
	writers.Wait()
	if book := db.CheckBook(t); book.Entries == 0 || book.Accounts["p#ann"]["points"] < 0 {
		t.Errorf("%d entries, balance %d", book.Entries, book.Accounts["p#ann"]["points"])
	}
}
