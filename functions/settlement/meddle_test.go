package settlement

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// meddler is a database in which something happens right before the next transaction, and reads can be made to fail.
type meddler struct {
	*dynamotest.DB
	mu      sync.Mutex
	between func() // runs once, before the next transaction
	reads   int
	fails   int // which read fails, counted from 1; 0 none
	largest int // how many actions the largest transaction had
}

var errRead = errors.New("a read that fails")

func (m *meddler) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	m.mu.Lock()
	act := m.between
	m.between = nil
	m.largest = max(m.largest, len(in.TransactItems))
	m.mu.Unlock()
	if act != nil {
		act()
	}
	return m.DB.TransactWriteItems(ctx, in, o...)
}

func (m *meddler) read() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	if m.reads == m.fails {
		return errRead
	}
	return nil
}

func (m *meddler) GetItem(ctx context.Context, in *dynamodb.GetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	if err := m.read(); err != nil {
		return nil, err
	}
	return m.DB.GetItem(ctx, in, o...)
}

func (m *meddler) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	if err := m.read(); err != nil {
		return nil, err
	}
	return m.DB.BatchGetItem(ctx, in, o...)
}

func (m *meddler) Query(ctx context.Context, in *dynamodb.QueryInput, o ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	if err := m.read(); err != nil {
		return nil, err
	}
	return m.DB.Query(ctx, in, o...)
}

// total is what a unit's accounts of people hold together.
func (b *bench) total(unit ledger.Unit) int64 {
	b.Helper()
	return -b.db.CheckBook(b).Accounts["h#spring"][string(unit)]
}

// Two people who were invited by two advocates turn out to be one, between the look at the second and its payment: one is paid for.
func TestMergeBetweenLookAndPayment(t *testing.T) {
	for name, c := range map[string]struct {
		between func(b *bench)
		reason  referral.Reason // of bobby, who was looked at before; empty: settled
		ann     string
		eve     string
	}{
		"the friends are one, and the other was paid": {func(b *bench) { b.delivered("of bob"); b.merge("bob", "bobby") }, referral.AlreadyReferred, "100 points", ""},
		"the friends are one, the other paid after":   {func(b *bench) { b.merge("bob", "bobby"); b.delivered("of bob") }, referral.AlreadyReferred, "100 points", ""},
		"the friend is absorbed by the advocate":      {func(b *bench) { b.merge("eve", "bobby") }, referral.SelfReferral, "", ""},
		"the friend absorbs the advocate":             {func(b *bench) { b.merge("bobby", "eve") }, referral.SelfReferral, "", ""},
		"the friend had bought as somebody else": {func(b *bench) {
			b.paidAt(noon.AddDate(0, -1, 0), "old", "rob", 5)
			b.merge("bobby", "rob")
		}, referral.ExistingCustomer, "", ""},
		"the advocates are one":           {func(b *bench) { b.merge("ann", "eve") }, "", "100 points", ""},
		"somebody else joins the friend":  {func(b *bench) { b.merge("bobby", "device") }, "", "", "100 points"},
		"nothing":                         {func(*bench) {}, "", "", "100 points"},
		"the friend only looks at things": {func(b *bench) { b.must(b.process.Referrals.Profiles.Save(b.Context(), b.person("bobby"))) }, "", "", "100 points"},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, atOnce)
			b.claim("bob", "ann")
			b.claim("bobby", "eve")
			b.paid("of bob", "bob", 100)
			b.paid("of bobby", "bobby", 100)
			b.meddled.between = func() { c.between(b) }
			b.delivered("of bobby")
			if c.reason == "" {
				b.state("bobby", referral.Settled, "")
			} else {
				b.state("bobby", referral.Rejected, c.reason)
			}
			b.has("ann", c.ann)
			b.has("eve", c.eve)
			b.delivered("of bob", "of bobby")
			b.db.CheckBook(t)
		})
	}
}

// Whoever's profile changes every second is paid all the same: only who the person is must stay.
func TestAHotProfileIsPaidFor(t *testing.T) {
	b := start(t, atOnce)
	b.claim("bob", "ann")
	b.paid("o1", "bob", 100)
	b.must(b.process.Referrals.Profiles.Save(t.Context(), b.person("ann")))
	changes := 0
	var change func()
	change = func() {
		for _, who := range []string{"ann", "bob"} {
			b.must(b.process.Referrals.Profiles.Save(t.Context(), b.person(who)))
		}
		changes++
		b.meddled.between = change
	}
	b.meddled.between = change
	b.delivered("o1")
	b.state("bob", referral.Settled, "")
	if changes != 1 {
		t.Errorf("%d transactions for one payment", changes)
	}
}

// Three friends are worth 1,510 points here, in whatever order their orders are refunded.
func TestAStepIsPaidOnce(t *testing.T) {
	b := start(t, `{"name":"P","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":5}]},"ladder":[{"friends":3,"advocate":[{"points":1500}]}]}`)
	settle := func(friends ...int) {
		for _, i := range friends {
			friend := fmt.Sprint("friend", i)
			b.claim(friend, "ann")
			b.paid("of "+friend, friend, 100)
			b.delivered("of " + friend)
		}
	}
	refund := func(friends ...int) {
		for _, i := range friends {
			friend := fmt.Sprint("friend", i)
			b.refunded("of "+friend, friend)
			b.delivered("of " + friend)
		}
	}
	settle(1, 2, 3)
	b.has("ann", "1510 points")
	refund(1)
	settle(4)
	b.has("ann", "1510 points")
	refund(2)
	settle(5)
	b.has("ann", "1510 points")
	refund(3)
	b.has("ann", "10 points")
	settle(6)
	b.has("ann", "1510 points")
	settle(7)
	refund(6)
	b.has("ann", "15 points")
	b.merge("anna", "ann")
	settle(8) // the fourth, and the step is open
	if total := b.total(ledger.Points); total != 1515 || b.referral("friend8").Step != 3 || b.referral("friend8").SettledFor != key("anna") {
		t.Errorf("%d points for four friends; the last %+v", total, b.referral("friend8"))
	}
	refund(8)
	settle(9)
	if total := b.total(ledger.Points); total != 1515 {
		t.Errorf("%d points for four friends", total)
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
		b.must(b.process.Referrals.Profiles.Save(t.Context(), p))
		b.debts(who)
	}
	b.paid("o1", "bob", 100)
	b.delivered("o1")
	b.state("bob", referral.Settled, "")
	if b.meddled.largest > 100 || b.meddled.largest < 50 {
		t.Errorf("%d actions", b.meddled.largest)
	}
	b.db.CheckBook(t)
	b.meddled.largest = 0
	b.refunded("o1", "bob")
	b.delivered("o1")
	b.state("bob", referral.Reversed, referral.Refunded)
	if b.meddled.largest > 100 || b.meddled.largest < 40 {
		t.Errorf("%d actions take it back", b.meddled.largest)
	}
	b.db.CheckBook(t)
}

// debts leaves somebody owing three of each unit.
func (b *bench) debts(who string) {
	b.Helper()
	account := ledger.Person(key(who))
	for _, unit := range []ledger.Unit{ledger.Points, "CNY", "USD", "EUR", "JPY"} {
		gift := ledger.Effect{Kind: "gift", ID: who + string(unit)}
		q := ledger.Quantity{Unit: unit, Amount: 3}
		p, err := ledger.Accrue(gift, noon, []ledger.Grant{{To: account, From: ledger.House("gifts"), Quantity: q}}, nil)
		b.must(err)
		b.apply(p)
		entries := p.Entries
		lots, err := b.process.Referrals.Ledger.Lots(b.Context(), account)
		b.must(err)
		p, _, err = ledger.Redeem(ledger.Effect{Kind: "spend", ID: who + string(unit)}, noon, account, ledger.House("gifts"), q, lots, 0)
		b.must(err)
		b.apply(p)
		lots, err = b.process.Referrals.Ledger.Lots(b.Context(), account)
		b.must(err)
		p, err = ledger.Reverse(ledger.Effect{Kind: "ungift", ID: who + string(unit)}, noon, entries, lots, nil)
		b.must(err)
		b.apply(p)
	}
}

func (b *bench) apply(p ledger.Posting) {
	b.Helper()
	if fresh, err := b.process.Referrals.Ledger.Apply(b.Context(), p); err != nil || !fresh {
		b.Fatal(fresh, err)
	}
}

// Every read that a step makes may fail, but for the first, which belongs to the whole batch: the job comes again, and nothing was
// decided meanwhile.
func TestEveryReadThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		before func(b *bench)
		after  referral.State
		reads  int // at least so many
	}{
		"paying": {func(b *bench) { b.paid("o1", "bob", 100) }, referral.Settled, 20},
		"taking back": {func(b *bench) {
			b.paid("o1", "bob", 100)
			b.delivered("o1")
			b.refunded("o1", "bob")
		}, referral.Reversed, 10},
		"refusing": {func(b *bench) {
			b.merge("ann", "bob")
			b.paid("o1", "ann", 100)
		}, referral.Rejected, 8},
	} {
		t.Run(name, func(t *testing.T) {
			for nth := 2; ; nth++ {
				b := start(t, atOnce)
				b.claim("bob", "ann")
				c.before(b)
				before := b.referral("bob").State
				b.meddled.reads, b.meddled.fails = 0, nth
				done := b.job("o1")
				reads := b.meddled.reads
				b.meddled.fails = 0
				if reads < nth {
					if !done || nth <= c.reads {
						t.Errorf("%d reads, done %v", reads, done)
					}
					return
				}
				if done && b.referral("bob").State != c.after {
					t.Errorf("read %d fails, and the job is done with the referral %s", nth, b.referral("bob").State)
				}
				if state := b.referral("bob").State; state != before && state != c.after && state != referral.Qualified && state != referral.Held {
					t.Errorf("read %d fails, and the referral is %s", nth, state)
				}
				b.delivered("o1")
				if state := b.referral("bob").State; state != c.after {
					t.Errorf("read %d failed, and in the end the referral is %s", nth, state)
				}
				b.db.CheckBook(t)
			}
		})
	}
}

// Between the look and the payment the step is paid for another friend, and the count comes back to what it was: the step is paid once.
func TestAStepIsPaidOnceThoughTheCountComesBack(t *testing.T) {
	b := start(t, `{"name":"P","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":5}]},"ladder":[{"friends":3,"advocate":[{"points":1500}]}]}`)
	for _, friend := range []string{"friend1", "friend2", "friend3", "friend4"} {
		b.claim(friend, "ann")
		b.paid("of "+friend, friend, 100)
	}
	b.delivered("of friend1", "of friend2")
	b.meddled.between = func() {
		b.delivered("of friend3")
		b.refunded("of friend1", "friend1")
		b.delivered("of friend1")
	}
	b.delivered("of friend4")
	if b.referral("friend3").Step != 3 || b.referral("friend4").Step != 0 {
		t.Errorf("the steps are %d and %d", b.referral("friend3").Step, b.referral("friend4").Step)
	}
	b.has("ann", "1510 points")
	b.db.CheckBook(t)
}

// The same with a merge: what stands under the other id is changed while it is looked at under the first.
func TestAStepIsPaidOnceAcrossIDs(t *testing.T) {
	b := start(t, `{"name":"P","state":"running","hold":"0s","attributionWindow":"30d","rewards":{"advocate":[{"points":5}]},"ladder":[{"friends":2,"advocate":[{"points":1500}]}],"maxPerAdvocate":2}`)
	for friend, advocate := range map[string]string{"friend1": "ann", "friend2": "anna", "friend3": "ann", "friend4": "anna"} {
		b.claim(friend, advocate)
		b.paid("of "+friend, friend, 100)
	}
	b.delivered("of friend1")
	b.meddled.between = func() { b.merge("anna", "ann"); b.delivered("of friend3") }
	b.delivered("of friend2")
	b.state("friend2", referral.Rejected, referral.AdvocateLimit)
	b.state("friend3", referral.Settled, "")
	// A reversal under the old id, between the look and the payment under the new one.
	b.refunded("of friend3", "friend3")
	b.meddled.between = func() { b.delivered("of friend3") }
	b.delivered("of friend4")
	if r := b.referral("friend4"); r.State != referral.Rejected && r.Step != 2 {
		t.Errorf("friend 4 is %+v", r)
	}
	if total := b.total(ledger.Points); total != 5 && total != 1505 {
		t.Errorf("%d points", total)
	}
	b.db.CheckBook(t)
}
