package profile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/member/membertest"
	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/dynamo/people"
)

func TestLedger(t *testing.T) {
	b := membertest.Start(t)
	b.Grant("1", "ann", membertest.Noon)
	b.Grant("2", "ann", membertest.Noon.Add(time.Hour))
	first := b.Want(b.Call("GET", "/v1/profiles/ann/ledger?limit=3", ""), 200,
		`"balance":[{"voucher":{"amount":1000,"currency":"CNY"}},{"points":200}],"owed":[],"lifetime":[{"voucher":{"amount":1000,"currency":"CNY"}},{"points":200}]`,
		`{"lotId":"test/1/00","granted":{"points":100},"remaining":{"points":100},"at":"2026-11-21T12:00:00Z"}`,
		`{"entryId":"test/2/02","kind":"accrual","amount":{"voucher":{"amount":500,"currency":"CNY"}},"lotId":"test/2/01","at":"2026-11-21T13:00:00Z","effect":{"kind":"test","id":"2"}}`)
	if entries := first["entries"].([]any); len(entries) != 3 || len(first["lots"].([]any)) != 4 {
		t.Errorf("%d entries, %d lots", len(entries), len(first["lots"].([]any)))
	}
	second := b.Want(b.Call("GET", "/v1/profiles/ann/ledger?limit=3&cursor="+first["next"].(string), ""), 200)
	if entries := second["entries"].([]any); len(entries) != 1 || second["next"] != nil {
		t.Errorf("then %v, next %v", entries, second["next"])
	}
	b.Want(b.Call("GET", "/v1/profiles/ann/ledger?cursor=x", ""), 400, "cursor")
	b.Want(b.Call("GET", "/v1/profiles/nobody/ledger", ""), 200, `{"balance":[],"owed":[],"lifetime":[],"lots":[],"entries":[]}`)
}

// TestWhatIsOwed shows a debt, over all ids of a person.
func TestWhatIsOwed(t *testing.T) {
	b := membertest.Start(t)
	b.Grant("1", "ann", membertest.Noon)
	b.Grant("2", "anna", membertest.Noon)
	spend(b, "3", "ann", 70)
	spend(b, "4", "anna", 100)
	takeBack(b, "1", "ann")
	ann, anna := b.Save("ann", nil), b.Save("anna", nil)
	ann.Absorb(anna)
	b.Must(b.Profiles.Merge(t.Context(), ann, anna, people.Pack{}))
	w := b.Call("GET", "/v1/profiles/ann/ledger", "")
	b.Want(w, 200, `"balance":[{"voucher":{"amount":500,"currency":"CNY"}},{"points":-70}],"owed":[{"points":70}],"lifetime":[{"voucher":{"amount":500,"currency":"CNY"}},{"points":100}]`)
	if strings.Contains(w.Body.String(), `"remaining":{"points":0}`) {
		t.Errorf("a lot that is used up is shown: %s", w.Body)
	}
}

// spend takes points from somebody's lots.
func spend(b *membertest.Bench, id, userID string, points int64) {
	b.Helper()
	account := ledger.Person(subject.UserKey(userID))
	lots, err := b.Process.Ledger.Lots(b.Context(), account)
	if err != nil {
		b.Fatal(err)
	}
	p, ok, err := ledger.Redeem(ledger.Effect{Kind: "test", ID: id}, membertest.Noon, account, ledger.House("spring"), ledger.Quantity{Unit: ledger.Points, Amount: points}, lots, 0)
	if !ok {
		b.Fatal("there is not so much", err)
	}
	b.Book(p, err)
}

// takeBack reverses what was granted to somebody.
func takeBack(b *membertest.Bench, id, userID string) {
	b.Helper()
	account := ledger.Person(subject.UserKey(userID))
	lots, err := b.Process.Ledger.Lots(b.Context(), account)
	if err != nil {
		b.Fatal(err)
	}
	entries, err := b.Process.Ledger.EffectEntries(b.Context(), ledger.Effect{Kind: "test", ID: id})
	if err != nil {
		b.Fatal(err)
	}
	p, err := ledger.Reverse(ledger.Effect{Kind: "test", ID: id + "-back"}, membertest.Noon, entries, lots, nil)
	b.Book(p, err)
}
