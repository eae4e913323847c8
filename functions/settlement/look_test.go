package settlement

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/reward"
	"github.com/userops/userops/shared/telemetry/telemetrytest"
)

// moved are the referrals that reached each state while do ran, as the metrics say.
func moved(t *testing.T, do func()) map[string]float64 {
	t.Helper()
	sums := map[string]float64{}
	for _, line := range telemetrytest.Lines(t, "referrals", do) {
		sums[line["state"].(string)] += line["referrals"].(float64)
	}
	return sums
}

// Each step is counted once, when it is written, and told of by the invocation that took it.
func TestWhatIsCounted(t *testing.T) {
	b := start(t, strings.Replace(twoHours, `"rewards"`, `"budget":[{"points":150}],"rewards"`, 1))
	for _, friend := range []string{"bob", "cid", "dan", "eve"} {
		b.claim(friend, "ann of "+friend)
	}
	for _, friend := range []string{"bob", "cid"} {
		b.paid("of "+friend, friend, 10000)
	}
	expect := func(what string, want map[string]float64, do func()) {
		t.Helper()
		if got := moved(t, do); !maps.Equal(got, want) {
			t.Errorf("%s: counted %v, want %v", what, got, want)
		}
	}
	expect("orders", map[string]float64{"qualified": 2, "held": 2}, func() { b.delivered("of bob", "of cid") })
	expect("nothing new", map[string]float64{}, func() { b.delivered("of bob", "of cid") })
	b.pass(3 * time.Hour)
	// The budget is enough for one of the two.
	expect("holds", map[string]float64{"settled": 1, "rejected": 1}, func() { b.must(b.tick()) })
	for _, friend := range []string{"bob", "cid"} {
		b.refunded("of "+friend, friend)
	}
	expect("refunds", map[string]float64{"reversed": 1}, func() { b.delivered("of bob", "of cid") })
	b.pass(3 * time.Hour)
	expect("windows", map[string]float64{"expired": 2}, func() { b.must(b.tick()) })
}

// While no program was ever saved nothing is looked for, and nothing of the batch is even read.
func TestWithoutAProgramNothingIsLookedFor(t *testing.T) {
	db := &meddler{DB: dynamotest.New(t)}
	p := New(Settings{ProfilesTable: "Profiles", ReferralsTable: "Referrals", LedgerTable: "Ledger", CatalogTable: "Catalog", DueTable: "Due"},
		db, nil, func() time.Time { return noon })
	batch := json.RawMessage(`{"Records":[{"messageId":"1","body":"{"},{"messageId":"2","body":"{\"follows\":[{\"kind\":\"order\",\"ref\":\"o1\"}]}"}]}`)
	out, err := p.Handle(t.Context(), batch)
	if answer, ok := out.(events.SQSEventResponse); err != nil || !ok || len(answer.BatchItemFailures) != 0 || db.reads != 1 {
		t.Errorf("%+v, %v after %d reads", out, err, db.reads)
	}
	// Where that cannot be told, all of it comes again.
	db.fails = db.reads + 1
	out, err = p.Handle(t.Context(), batch)
	if answer, ok := out.(events.SQSEventResponse); err != nil || !ok || len(answer.BatchItemFailures) != 2 || db.reads != 2 {
		t.Errorf("%+v, %v after %d reads", out, err, db.reads)
	}
}

// What a sign-up or a refund names is no order, even where there is one of that name.
func TestOnlyOrdersAreFollowed(t *testing.T) {
	b := start(t, atOnce)
	b.claim("bob", "ann")
	b.paid("o1", "bob", 100)
	raw := json.RawMessage(`{"Records":[{"messageId":"1","body":"{\"follows\":[{\"kind\":\"signup\",\"ref\":\"o1\"}]}"}]}`)
	out, err := b.process.Handle(t.Context(), raw)
	if err != nil || len(out.(events.SQSEventResponse).BatchItemFailures) != 0 {
		t.Fatal(out, err)
	}
	b.state("bob", referral.Claimed, "")
}

// Whichever read fails, the error is handed on: nothing is taken as done that was not looked at.
func TestAReadThatFailsIsHandedOn(t *testing.T) {
	for name, c := range map[string]struct {
		program string
		before  func(b *bench)
		least   int // reads
	}{
		"paying":                {atOnce, func(b *bench) { b.paid("o1", "bob", 10000) }, 20},
		"paying one of two ids": {atOnce, func(b *bench) { b.claim("bobby", "ann"); b.paid("o1", "bob", 10000); b.merge("bob", "bobby") }, 20},
		"holding":               {twoHours, func(b *bench) { b.paid("o1", "bob", 10000) }, 12},
		"taking back":           {atOnce, func(b *bench) { b.paid("o1", "bob", 10000); b.delivered("o1"); b.refunded("o1", "bob") }, 10},
		"refusing":              {atOnce, func(b *bench) { b.paid("o1", "bob", 10000); b.refunded("o1", "bob") }, 10},
	} {
		t.Run(name, func(t *testing.T) {
			for nth := 1; ; nth++ {
				b := start(t, c.program)
				b.claim("bob", "ann")
				c.before(b)
				b.meddled.reads, b.meddled.fails = 0, nth
				err := b.process.Order(t.Context(), "o1")
				if b.meddled.reads < nth {
					if err != nil || nth <= c.least {
						t.Errorf("%v after %d reads", err, b.meddled.reads)
					}
					return
				}
				if !errors.Is(err, errRead) {
					t.Errorf("read %d fails: %v", nth, err)
				}
			}
		})
	}
}

// A referral goes by the order that qualified it, whichever order of the friend's is told of.
func TestItsOwnOrderDecides(t *testing.T) {
	b := start(t, twoHours)
	b.claim("bob", "ann")
	b.paid("o1", "bob", 10000)
	b.delivered("o1")
	b.paid("o2", "bob", 20000)
	b.refunded("o2", "bob")
	b.delivered("o2")
	b.state("bob", referral.Held, "")
	b.pass(3 * time.Hour)
	b.must(b.tick())
	b.delivered("o2")
	b.state("bob", referral.Settled, "")
	b.paid("o3", "bob", 20000)
	b.refunded("o1", "bob")
	b.delivered("o3") // tells of another, and finds o1 refunded
	b.state("bob", referral.Reversed, referral.Refunded)
	if r := b.referral("bob"); r.OrderID != "o1" {
		t.Errorf("its order is %s", r.OrderID)
	}
	b.db.CheckBook(t)
}

// The order that a referral goes by, without any item of it, is missing; so is one that nobody owns.
func TestAnOrderThatIsNotThere(t *testing.T) {
	b := start(t, twoHours)
	b.claim("bob", "ann")
	if err := b.process.Order(t.Context(), "never"); err != nil {
		t.Error(err)
	}
	b.paid("o1", "bob", 10000)
	b.delivered("o1")
	b.db.Each(t, "Profiles", func(item map[string]types.AttributeValue) {
		if pk := item["pk"].(*types.AttributeValueMemberS); strings.Contains(pk.Value, "o1") {
			_, err := b.db.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: new("Profiles"), Key: map[string]types.AttributeValue{"pk": item["pk"], "sk": item["sk"]}})
			b.must(err)
		}
	})
	b.pass(3 * time.Hour)
	b.must(b.tick())
	b.state("bob", referral.Rejected, referral.OrderMissing)
}

// Two referrals of one friend, in two programs: one that cannot be looked at does not keep the other, and is told of.
func TestOneProgramFailsAndTheOtherDoesNot(t *testing.T) {
	b := start(t, atOnce)
	b.program("autumn", atOnce)
	b.claim("bob", "ann")
	r := b.process.Referrals
	who, err := r.Person(t.Context(), key("bob"))
	b.must(err)
	by, err := r.Person(t.Context(), key("ann"))
	b.must(err)
	autumn, err := r.Program(t.Context(), "autumn")
	b.must(err)
	b.must(r.PutCode(t.Context(), "ANNSCODE", "autumn", key("ann"), b.now, nil))
	b.must(r.Claim(t.Context(), reward.Claim{Referral: referral.New(*autumn, "ANNSCODE", key("bob"), key("ann"), b.now), Friend: who, Advocate: by, Origin: by.Keys}))
	b.paid("o1", "bob", 10000)
	b.process.Referrals.Catalog.DB = refuser{b.meddled, "autumn"}
	if err := b.process.Order(t.Context(), "o1"); !errors.Is(err, errRead) {
		t.Error(err)
	}
	b.state("bob", referral.Settled, "")
	b.process.Referrals.Catalog.DB = b.meddled
	b.delivered("o1")
	if other, err := r.Referral(t.Context(), key("bob"), "autumn"); err != nil || other.State != referral.Settled {
		t.Errorf("%+v, %v", other, err)
	}
	b.has("ann", "200 points")
}

// refuser fails the reads of items whose key contains a text.
type refuser struct {
	dynamo.API
	text string
}

func (r refuser) GetItem(ctx context.Context, in *dynamodb.GetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	for _, part := range in.Key {
		if text, ok := part.(*types.AttributeValueMemberS); ok && strings.Contains(text.Value, r.text) {
			return nil, errRead
		}
	}
	return r.API.GetItem(ctx, in, o...)
}

// Whoever changes at every look is given up for now, not settled blindly: the job comes again.
func TestWhoChangesAllTheTimeComesAgain(t *testing.T) {
	b := start(t, atOnce)
	b.claim("bob", "ann")
	b.paid("o1", "bob", 100)
	merges := 0
	var change func()
	change = func() {
		b.merge("bob", fmt.Sprint("device", merges))
		merges++
		b.meddled.between = change
	}
	b.meddled.between = change
	_, err := b.process.Advance(t.Context(), key("bob"), "spring", nil)
	if err != nil || merges != 0 {
		t.Errorf("without an order: %v, %d", err, merges)
	}
	o, err := b.process.Orders.Load(t.Context(), "o1")
	b.must(err)
	_, err = b.process.Advance(t.Context(), key("bob"), "spring", o)
	if !errors.Is(err, dynamo.ErrConflict) || !strings.Contains(err.Error(), string(key("bob"))+" in spring") {
		t.Errorf("the error is %v", err)
	}
	if merges != maxTries-2 { // two looks made it qualified and held
		t.Errorf("%d payments were tried", merges)
	}
	b.state("bob", referral.Held, "")
	b.meddled.between = nil
	b.delivered("o1")
	b.state("bob", referral.Settled, "")
	b.has("ann", "100 points")
}

// A referral that is not there is none.
func TestNoReferral(t *testing.T) {
	b := start(t, atOnce)
	if r, err := b.process.Advance(t.Context(), key("bob"), "spring", nil); err != nil || r.State != "" {
		t.Errorf("%+v, %v", r, err)
	}
}

// Those that lost races are done once more, one after the other; no other error is; and one that panics is an error among others.
func TestSideBySide(t *testing.T) {
	var mu sync.Mutex
	calls := map[int]int{}
	var running, most atomic.Int64
	errOther := errors.New("other")
	const many = 64
	errs := sideBySide(many, func(i int) error {
		now := running.Add(1)
		defer running.Add(-1)
		mu.Lock()
		calls[i]++
		n := calls[i]
		most.Store(max(most.Load(), now))
		mu.Unlock()
		runtime.Gosched() // lets the others come in
		switch {
		case i == 3 && n == 1, i == 5:
			return fmt.Errorf("look %d: %w", i, dynamo.ErrConflict)
		case i == 7:
			return errOther
		case i == 9:
			panic("nine")
		}
		return nil
	})
	for i, err := range errs {
		want := 1
		if i == 3 || i == 5 {
			want = 2
		}
		if calls[i] != want {
			t.Errorf("%d was done %d times", i, calls[i])
		}
		switch i {
		case 5:
			if !errors.Is(err, dynamo.ErrConflict) {
				t.Errorf("5: %v", err)
			}
		case 7:
			if err != errOther {
				t.Errorf("7: %v", err)
			}
		case 9:
			if err == nil || !strings.HasPrefix(err.Error(), "panic") {
				t.Errorf("9: %v", err)
			}
		default:
			if err != nil {
				t.Errorf("%d: %v", i, err)
			}
		}
	}
	if len(errs) != many || most.Load() > looksAtOnce {
		t.Errorf("%d errors, %d at once", len(errs), most.Load())
	}
}

// Once all standings of a program are listed by rank, nobody looks for more; until then each payment does. That is told a day after the
// first pass, when no version before counts any more.
func TestRankIsAskedUntilItIsDone(t *testing.T) {
	b := start(t, atOnce)
	reads := func(friend string) int {
		b.claim(friend, "ann")
		b.paid("of "+friend, friend, 100)
		before := b.meddled.reads
		b.delivered("of " + friend)
		return b.meddled.reads - before
	}
	reads("first")
	asked := reads("second")
	if b.process.ranked["spring"] {
		t.Error("done after the first pass")
	}
	b.pass(25 * time.Hour)
	reads("third")
	if !b.process.ranked["spring"] || b.process.ranked["autumn"] || len(b.process.ranked) != 1 {
		t.Errorf("done are %v", b.process.ranked)
	}
	if done := reads("fourth"); done != asked-1 {
		t.Errorf("%d reads, and %d when it is done", asked, done)
	}
}

// The settled friends of all of an advocate's ids count towards the limit, and no step is open under one that is taken under another.
func TestStandingsOfAllIDsCount(t *testing.T) {
	b := start(t, `{"name":"P","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":5}]},"ladder":[{"friends":1,"advocate":[{"points":100}]}],"maxPerAdvocate":3}`)
	for i, advocate := range []string{"ann", "anna", "annie", "ann"} {
		friend := fmt.Sprint("friend", i)
		b.claim(friend, advocate)
		b.paid("of "+friend, friend, 100)
		if i < 3 {
			b.delivered("of " + friend)
			if r := b.referral(friend); r.Nth != 1 || r.Step != 1 {
				t.Errorf("%s is number %d, step %d", friend, r.Nth, r.Step)
			}
		}
	}
	b.merge("ann", "anna")
	b.merge("ann", "annie")
	b.delivered("of friend3")
	b.state("friend3", referral.Rejected, referral.AdvocateLimit)
}

// What is paid is filed with the person who is paid, also where they once had another id; of a reward that was turned into something else
// only what is left is taken back.
func TestEntriesThatOpenedNoLot(t *testing.T) {
	b := start(t, atOnce)
	entries := []ledger.Entry{
		{Account: ledger.Person(key("ann")), Kind: ledger.Accrual},                     // repays a debt: no lot
		{Account: ledger.Person(key("ann")), Kind: ledger.Redemption, Lot: "redeemed"}, // of another act
	}
	lots, err := b.process.lots(t.Context(), entries)
	if err != nil || len(lots) != 0 {
		t.Errorf("%+v, %v", lots, err)
	}
	b.claim("bob", "ann")
	b.paid("o1", "bob", 100)
	b.delivered("o1")
	entries, err = b.process.Referrals.Ledger.EffectEntries(t.Context(), ledger.Effect{Kind: "referral.settle", ID: "spring/" + string(key("bob"))})
	b.must(err)
	lots, err = b.process.lots(t.Context(), entries)
	b.must(err)
	left := map[ledger.Unit]int64{}
	for _, lot := range lots {
		left[lot.Unit] += lot.Remaining
	}
	if !maps.Equal(left, map[ledger.Unit]int64{ledger.Points: 100, "CNY": 500}) {
		t.Errorf("lots %+v", lots)
	}
}

// A friend who is absorbed is another key of the same person: the claims of the other keys are guarded, and the first wins.
func TestOthersOfTheFriend(t *testing.T) {
	b := start(t, atOnce)
	b.claim("bob", "ann")
	b.pass(time.Second)
	b.claim("bobby", "eve")
	b.merge("bob", "bobby")
	for friend, want := range map[string]struct {
		preceded bool
		other    profile.ID
	}{"bob": {false, key("bobby")}, "bobby": {true, key("bob")}} {
		l := &look{referral: b.referral(friend)}
		b.must(b.process.people(t.Context(), l))
		if l.facts.Preceded != want.preceded || len(l.others) != 1 || l.others[0].Friend != want.other {
			t.Errorf("%s: preceded %v, others %+v", friend, l.facts.Preceded, l.others)
		}
	}
}
