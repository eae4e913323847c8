package reward_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/reward"
)

func TestSettleAsksForWhatWasRead(t *testing.T) {
	for name, c := range map[string]struct {
		between func(v *invite)
		holds   bool
	}{
		"nothing happened":                 {func(v *invite) {}, true},
		"the friend looked at something":   {func(v *invite) { v.known("bob") }, true},
		"the advocate looked at something": {func(v *invite) { v.known("ann") }, true},
		"the referral moved": {func(v *invite) {
			r := v.settlement("bob", 0).Referral
			r.State = referral.Held
			v.must(v.Advance(v.Context(), r))
		}, false},
		"the friend joined another":               {func(v *invite) { v.absorb("eve", "bob") }, false},
		"another joined the friend":               {func(v *invite) { v.absorb("bob", "eve") }, false},
		"the friend was erased":                   {func(v *invite) { v.must(v.Profiles.Erase(v.Context(), v.person("bob").Profile, noon, 1<<40)) }, false},
		"the advocate joined another":             {func(v *invite) { v.absorb("eve", "ann") }, false},
		"another joined the advocate":             {func(v *invite) { v.absorb("ann", "eve") }, false},
		"the advocate was erased":                 {func(v *invite) { v.must(v.Profiles.Erase(v.Context(), v.person("ann").Profile, noon, 1<<40)) }, false},
		"another friend was paid":                 {func(v *invite) { v.settled("cid", 0) }, false},
		"the version before paid another":         {func(v *invite) { v.before(user("ann"), 1, noon) }, false},
		"the version before paid under an old id": {func(v *invite) { v.before(user("old ann"), 1, noon) }, false},
		"the version before moved an old claim": {func(v *invite) {
			r, err := v.Referral(v.Context(), user("old bob"), "spring")
			v.must(err)
			r.State = referral.Held
			v.must(v.Advance(v.Context(), r))
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			v := invites(t)
			for _, who := range []string{"ann", "old ann", "bob", "old bob", "cid", "eve"} {
				v.known(who)
			}
			for _, who := range []string{"bob", "old bob", "cid"} {
				v.claimed(who, "ann")
			}
			v.absorb("bob", "old bob")
			v.absorb("ann", "old ann")
			v.before(user("old ann"), 1, noon)
			looked := v.settlement("bob", 0)
			if len(looked.Others) != 1 || len(looked.Standings) != 2 {
				t.Fatalf("%d others, %d standings", len(looked.Others), len(looked.Standings))
			}
			c.between(v)
			paid, err := v.Settle(t.Context(), looked)
			if paid != c.holds || c.holds != (err == nil) || err != nil && !errors.Is(err, dynamo.ErrConflict) {
				t.Errorf("paid %v, %v", paid, err)
			}
			r, err := v.Referral(t.Context(), user("bob"), "spring")
			if (r.State == referral.Settled) != c.holds || err != nil {
				t.Errorf("the referral is %s, %v", r.State, err)
			}
		})
	}
}

func TestClaimAsksForWhatWasRead(t *testing.T) {
	for name, c := range map[string]struct {
		between func(v *invite)
		holds   bool
	}{
		"nothing happened":              {func(v *invite) {}, true},
		"the advocate looked at things": {func(v *invite) { v.known("ann") }, true},
		"the friend did something":      {func(v *invite) { v.known("bob") }, false},
		"the friend joined another":     {func(v *invite) { v.absorb("eve", "bob") }, false},
		"the friend was erased":         {func(v *invite) { v.must(v.Profiles.Erase(v.Context(), v.person("bob").Profile, noon, 1)) }, false},
		"the advocate joined another":   {func(v *invite) { v.absorb("eve", "ann") }, false},
		"the advocate was erased":       {func(v *invite) { v.must(v.Profiles.Erase(v.Context(), v.person("ann").Profile, noon, 1<<40)) }, false},
		"the friend claimed":            {func(v *invite) { v.must(v.Claim(v.Context(), v.claim("bob", "ann"))) }, false},
		"the friend's old id claimed": {func(v *invite) {
			r := v.claim("bob", "eve")
			r.Referral.Friend = user("old bob")
			r.Friend.Keys = nil
			v.must(v.Claim(v.Context(), r))
		}, false},
		"the origin was invited": {func(v *invite) {
			r := v.claim("zoe", "eve")
			v.must(v.Claim(v.Context(), r))
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			v := invites(t)
			for _, who := range []string{"ann", "eve", "zoe"} {
				v.known(who)
			}
			v.known("bob", "old bob")
			v.claimed("ann", "zoe")
			looked := v.claim("bob", "ann")
			c.between(v)
			err := v.Claim(t.Context(), looked)
			if c.holds != (err == nil) || err != nil && !errors.Is(err, dynamo.ErrConflict) {
				t.Errorf("claimed: %v", err)
			}
		})
	}
	v := invites(t)
	if err := v.Claim(t.Context(), v.claim("bob", "ann")); !errors.Is(err, dynamo.ErrConflict) {
		t.Errorf("with a code that nobody has: %v", err)
	}
}

func TestBudgetToTheLastCoin(t *testing.T) {
	for name, c := range map[string]struct {
		spent, cost, limit int64
		other              int64 // the cost in a unit without a limit
		moved              bool  // the referral has moved meanwhile
		paid               bool
		err                error
	}{
		"the first, all of it":        {0, 100, 100, 0, false, true, nil},
		"the first, one too much":     {0, 101, 100, 0, false, false, nil},
		"the last coin":               {99, 1, 100, 0, false, true, nil},
		"one too much":                {100, 1, 100, 0, false, false, nil},
		"another unit has no limit":   {100, 0, 100, 7, false, true, nil},
		"too much, and moved":         {100, 1, 100, 0, true, false, dynamo.ErrConflict},
		"enough, and moved":           {0, 1, 100, 0, true, false, dynamo.ErrConflict},
		"a limit that was cut by now": {100, 1, 50, 0, false, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			v := invites(t)
			limits := []ledger.Quantity{points(1000)}
			pay := func(friend string, cost ...ledger.Quantity) (bool, error) {
				v.claimed(friend, "advocate of "+friend)
				s := v.settlement(friend, 0)
				s.Referral.Charged, s.Budget = cost, limits
				if c.moved && friend == "bob" {
					s.Referral.Version++
				}
				return v.Settle(t.Context(), s)
			}
			if c.spent > 0 {
				if paid, err := pay("first", points(c.spent)); err != nil || !paid {
					t.Fatal(paid, err)
				}
			}
			limits = []ledger.Quantity{points(c.limit)}
			var cost []ledger.Quantity
			if c.cost > 0 {
				cost = append(cost, points(c.cost))
			}
			if c.other > 0 {
				cost = append(cost, ledger.Quantity{Unit: "CNY", Amount: c.other})
			}
			paid, err := pay("bob", cost...)
			if paid != c.paid || !errors.Is(err, c.err) {
				t.Errorf("paid %v, %v", paid, err)
			}
			spent, err := v.Spent(t.Context(), "spring")
			want := c.spent
			if c.paid {
				want += c.cost
			}
			if spent[ledger.Points] != want || err != nil {
				t.Errorf("spent %v, want %d, %v", spent, want, err)
			}
		})
	}
}

// What a reversal gives back can be spent again, to the last coin and no further.
func TestAReversalGivesTheBudgetBack(t *testing.T) {
	v := invites(t)
	limits := []ledger.Quantity{points(100)}
	pay := func(friend string, cost int64) bool {
		v.claimed(friend, "advocate of "+friend)
		s := v.settlement(friend, 0)
		s.Referral.Charged, s.Budget = []ledger.Quantity{points(cost)}, limits
		paid, err := v.Settle(t.Context(), s)
		v.must(err)
		return paid
	}
	if !pay("bob", 60) || !pay("cid", 30) || pay("dan", 11) {
		t.Fatal("60 and 30 of 100 fit, and 11 more do not")
	}
	v.must(v.Reverse(t.Context(), v.reversal("bob")))
	if spent, err := v.Spent(t.Context(), "spring"); err != nil || spent[ledger.Points] != 30 {
		t.Errorf("spent %v, %v, want 30", spent, err)
	}
	if pay("eve", 71) || !pay("fay", 70) {
		t.Error("of what was given back too much can be spent, or too little")
	}
}

// A reversal asks for what was read, and takes the turn of the present id.
func TestReverseAsksForWhatWasRead(t *testing.T) {
	for name, c := range map[string]struct {
		between func(v *invite)
		holds   bool
	}{
		"nothing happened":             {func(v *invite) {}, true},
		"another friend was paid":      {func(v *invite) { v.settled("cid", 0) }, false},
		"the advocate joined another":  {func(v *invite) { v.absorb("eve", "ann") }, false},
		"it was reversed":              {func(v *invite) { v.must(v.Reverse(v.Context(), v.reversal("bob"))) }, false},
		"the version before took part": {func(v *invite) { v.before(user("ann"), -1, noon) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			v := invites(t)
			for _, who := range []string{"ann", "eve"} {
				v.known(who)
			}
			v.claimed("bob", "ann")
			v.claimed("cid", "ann")
			v.settled("bob", 0)
			looked := v.reversal("bob")
			c.between(v)
			if err := v.Reverse(t.Context(), looked); c.holds != (err == nil) || err != nil && !errors.Is(err, dynamo.ErrConflict) {
				t.Errorf("reversed: %v", err)
			}
		})
	}
	// After a merge: the count falls under the old id, and a payment that was looked at under the new one is off.
	v := invites(t)
	v.known("ann")
	v.known("eve")
	v.claimed("bob", "ann")
	v.claimed("cid", "ann")
	v.settled("bob", 0)
	v.absorb("eve", "ann")
	looked := v.settlement("cid", 0)
	v.must(v.Reverse(t.Context(), v.reversal("bob")))
	if v.standing("ann").Settled != 0 || v.standing("eve").Settled != 0 {
		t.Errorf("ann stands at %d, eve at %d", v.standing("ann").Settled, v.standing("eve").Settled)
	}
	if _, err := v.Settle(t.Context(), looked); !errors.Is(err, dynamo.ErrConflict) {
		t.Errorf("settled: %v", err)
	}
}

// A house's entries are spread over partitions, and read as one account, with those from before they were spread.
func TestHouseEntriesAreSpread(t *testing.T) {
	db := dynamotest.New(t)
	l := reward.Ledger{DB: db, Table: "Ledger"}
	var want []string
	for i := range 40 {
		p, err := ledger.Accrue(ledger.Effect{Kind: "order", ID: fmt.Sprint(i)}, noon.Add(time.Duration(i)*time.Second),
			[]ledger.Grant{{To: ledger.Person("ann"), From: shop, Quantity: points(1)}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		apply(t, l, p)
		want = append([]string{p.Entries[1].ID}, want...)
	}
	partitions := map[string]int{}
	var one map[string]types.AttributeValue
	db.Each(t, "Ledger", func(i map[string]types.AttributeValue) {
		if pk := i["pk"].(*types.AttributeValueMemberS).Value; strings.HasPrefix(pk, "h#") {
			partitions[pk]++
			one = i
		}
	})
	if len(partitions) < 12 || partitions["h#shop"] != 0 {
		t.Errorf("partitions %v", partitions)
	}
	// One as the version before has written it.
	_, err := db.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &l.Table, Key: map[string]types.AttributeValue{"pk": one["pk"], "sk": one["sk"]}})
	if err != nil {
		t.Fatal(err)
	}
	one["pk"] = stringValue("h#shop")
	if _, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &l.Table, Item: one}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for cursor := "-"; cursor != ""; {
		page, next, err := l.Entries(t.Context(), []ledger.Account{shop}, 7, strings.TrimPrefix(cursor, "-"))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page {
			got = append(got, e.ID)
			if e.Account != shop || e.Amount != -1 {
				t.Errorf("an entry %+v", e)
			}
		}
		cursor = next
	}
	if !slices.Equal(got, want) {
		t.Errorf("read %d entries, want %d in order", len(got), len(want))
	}
	if book := db.CheckBook(t); book.Accounts["h#shop"]["points"] != -40 {
		t.Errorf("the house has %v", book.Accounts["h#shop"])
	}
}

// TestTwoPayAtOnce has two workers pay, and then take back, by what both have read. The slower one finds the referral moved and the effect in the book, and is told
// that something is not as it was read: an error of another kind would be an outage to it.
func TestTwoPayAtOnce(t *testing.T) {
	v := invites(t)
	v.claimed("bob", "cat")
	s := v.settlement("bob", 0)
	posting := func(kind string) *ledger.Posting {
		p, err := ledger.Accrue(ledger.Effect{Kind: kind, ID: "spring-bob"}, noon, []ledger.Grant{{From: ledger.House("spring"), To: ledger.Person(user("cat")), Quantity: points(100)}}, nil)
		v.must(err)
		return &p
	}
	s.Posting = posting("settle")
	if paid, err := v.Settle(t.Context(), s); err != nil || !paid {
		t.Fatal(paid, err)
	}
	if paid, err := v.Settle(t.Context(), s); paid || !errors.Is(err, dynamo.ErrConflict) {
		t.Errorf("paid again: %v, %v", paid, err)
	}
	back := v.reversal("bob")
	back.Posting = posting("reverse")
	v.must(v.Reverse(t.Context(), back))
	if err := v.Reverse(t.Context(), back); !errors.Is(err, dynamo.ErrConflict) {
		t.Errorf("taken back again: %v", err)
	}
}
