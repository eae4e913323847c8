package reward_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/domain/span"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/reward"
)

// invite is the stores of referrals over a fresh database.
type invite struct {
	testing.TB
	db *dynamotest.DB
	reward.Codes
	reward.Referrals
	reward.Standings
	reward.Budgets
	reward.Moves
	Profiles people.Profiles
}

func invites(t testing.TB) *invite {
	db := dynamotest.New(t)
	now := func() time.Time { return noon }
	profiles := people.Profiles{DB: db, Table: "Profiles"}
	return &invite{TB: t, db: db, Profiles: profiles,
		Codes: reward.Codes{DB: db, Table: "Referrals"}, Referrals: reward.Referrals{DB: db, Table: "Referrals", Profiles: profiles},
		Standings: reward.Standings{DB: db, Table: "Referrals"}, Budgets: reward.Budgets{DB: db, Table: "Referrals"},
		Moves: reward.Moves{DB: db, Table: "Referrals", Profiles: profiles, Ledger: reward.Ledger{DB: db, Table: "Ledger"}, Due: due.Due{DB: db, Table: "Due", Now: now}},
	}
}

func (v *invite) must(err error) {
	v.Helper()
	if err != nil {
		v.Fatal(err)
	}
}

func user(id string) profile.ID { return profile.Identifier{Kind: profile.UserID, Value: id}.ID() }

func (v *invite) person(id string) people.Person {
	v.Helper()
	p, err := v.Profiles.Person(v.Context(), user(id))
	v.must(err)
	return p
}

// known saves somebody's profile, with parts of other ids.
func (v *invite) known(id string, parts ...string) {
	v.Helper()
	p := v.person(id).Profile
	p.FirstSeen = noon
	p.Identifiers = []profile.Identifier{{Kind: profile.UserID, Value: id}}
	for _, part := range parts {
		p.Parts = append(p.Parts, user(part))
	}
	v.must(v.Profiles.Save(v.Context(), p))
}

// absorb merges one person into another.
func (v *invite) absorb(keep, absorbed string) {
	v.Helper()
	p, q := v.person(keep).Profile, v.person(absorbed).Profile
	p.Absorb(q)
	v.must(v.Profiles.Merge(v.Context(), p, q, people.Pack{}))
}

const code = "ABCDEFGH"

// claim is the claim of a friend, as read now.
func (v *invite) claim(friend, advocate string) reward.Claim {
	v.Helper()
	who, by := v.person(friend), v.person(advocate)
	_, origin, err := v.Ancestors(v.Context(), "spring", by.Keys)
	v.must(err)
	program := referral.Program{ID: "spring", AttributionWindow: span.Hour}
	return reward.Claim{Referral: referral.New(program, code, who.Keys[0], by.Keys[0], noon), Friend: who, Advocate: by, Origin: origin}
}

func (v *invite) claimed(friend, advocate string) {
	v.Helper()
	v.must(v.PutCode(v.Context(), code, "spring", user("ann"), noon, nil))
	v.must(v.Claim(v.Context(), v.claim(friend, advocate)))
}

// settlement is the payment of a friend, as read now.
func (v *invite) settlement(friend string, step int) reward.Settlement {
	v.Helper()
	r, err := v.Referral(v.Context(), user(friend), "spring")
	v.must(err)
	who, err := v.Profiles.Person(v.Context(), r.Friend)
	v.must(err)
	by, err := v.Profiles.Person(v.Context(), r.Advocate)
	v.must(err)
	others, err := v.InProgram(v.Context(), who.Keys, "spring")
	v.must(err)
	others = slices.DeleteFunc(others, func(o referral.Referral) bool { return o.Friend == r.Friend })
	standings, err := v.StandingsOf(v.Context(), by.Keys, "spring")
	v.must(err)
	r.State, r.SettledAt, r.SettledFor, r.Step, r.Nth = referral.Settled, noon, by.Keys[0], step, standings[0].Settled+1
	return reward.Settlement{Referral: r, Friend: who, Advocate: by, Others: others, Standings: standings}
}

func (v *invite) settled(friend string, step int) {
	v.Helper()
	if paid, err := v.Settle(v.Context(), v.settlement(friend, step)); err != nil || !paid {
		v.Fatal(paid, err)
	}
}

func (v *invite) reversal(friend string) reward.Reversal {
	v.Helper()
	r, err := v.Referral(v.Context(), user(friend), "spring")
	v.must(err)
	by, err := v.Profiles.Person(v.Context(), r.SettledFor)
	v.must(err)
	standings, err := v.StandingsOf(v.Context(), by.Keys, "spring")
	v.must(err)
	r.State = referral.Reversed
	return reward.Reversal{Referral: r, Advocate: by, Standings: standings}
}

func (v *invite) standing(id string) referral.Standing {
	v.Helper()
	found, err := v.StandingsOf(v.Context(), []profile.ID{user(id)}, "spring")
	v.must(err)
	return found[0].Standing
}

// before counts as the version before did: without steps, turns and ranks.
func (v *invite) before(advocate profile.ID, by int, at time.Time) {
	v.Helper()
	key := map[string]types.AttributeValue{"pk": stringValue(standingPartition(v, advocate)), "sk": stringValue(string(advocate))}
	update, names := "SET #at = :at ADD #settled :by", map[string]string{"#at": "at", "#settled": "settled"}
	_, err := v.db.UpdateItem(v.Context(), &dynamodb.UpdateItemInput{TableName: &v.Referrals.Table, Key: key, UpdateExpression: &update, ExpressionAttributeNames: names,
		ExpressionAttributeValues: map[string]types.AttributeValue{":at": stringValue(at.Format(time.RFC3339Nano)), ":by": &types.AttributeValueMemberN{Value: fmt.Sprint(by)}}})
	v.must(err)
}

func stringValue(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// standingPartition is the shard by FNV-1a over the id, frozen: standings of the version before stand there.
func standingPartition(t testing.TB, id profile.ID) string {
	h := uint32(2166136261)
	for _, b := range []byte(id) {
		h = (h ^ uint32(b)) * 16777619
	}
	return fmt.Sprintf("l#spring#%d", h%8)
}

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

// A profile that the version before has written carries no mark of its keys: there the version must be the one that was read.
func TestPersonsOfTheVersionBefore(t *testing.T) {
	for name, c := range map[string]struct {
		before, between bool // who writes: the version before, or this one
		holds           bool
	}{
		"read without the mark, written with it":    {true, false, true},
		"read with the mark, written without it":    {false, true, false},
		"read and written without the mark":         {true, true, false},
		"read and written with the mark, unchanged": {false, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			v := invites(t)
			v.known("bob")
			v.claimed("bob", "ann")
			if c.before {
				v.unmark("bob")
			}
			looked := v.settlement("bob", 0)
			v.known("bob")
			if c.between {
				v.unmark("bob")
			}
			if _, err := v.Settle(t.Context(), looked); (err == nil) != c.holds || err != nil && !errors.Is(err, dynamo.ErrConflict) {
				t.Errorf("settled: %v", err)
			}
		})
	}
}

func (v *invite) unmark(who string) {
	v.Helper()
	update := "REMOVE k"
	_, err := v.db.UpdateItem(v.Context(), &dynamodb.UpdateItemInput{TableName: &v.Profiles.Table, UpdateExpression: &update,
		Key: map[string]types.AttributeValue{"pk": stringValue("p#" + string(user(who))), "sk": stringValue("p")}})
	v.must(err)
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

func TestStandingsKeepSteps(t *testing.T) {
	v := invites(t)
	for i := range 4 {
		v.claimed(fmt.Sprint(i), "ann")
	}
	v.settled("0", 1)
	v.settled("1", 0)
	v.settled("2", 3)
	if got := fmt.Sprint(v.standing("ann").Settled, v.standing("ann").Steps); got != "3 {[1 3] []}" {
		t.Errorf("ann stands at %s", got)
	}
	v.must(v.Reverse(t.Context(), v.reversal("2")))
	if got := fmt.Sprint(v.standing("ann").Settled, v.standing("ann").Steps); got != "2 {[1] [3]}" {
		t.Errorf("after a reversal ann stands at %s", got)
	}
	// The version before pays a step by the count, and does not keep it: the referrals tell.
	v.before(user("ann"), 1, noon)
	r, err := v.Referral(t.Context(), user("3"), "spring")
	v.must(err)
	r.State, r.SettledAt, r.SettledFor, r.Nth, r.Step = referral.Settled, noon, user("ann"), 3, 3
	v.must(v.Advance(t.Context(), r))
	update := "REMOVE #step"
	_, err = v.db.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: &v.Referrals.Table, UpdateExpression: &update, ExpressionAttributeNames: map[string]string{"#step": "step"},
		Key: map[string]types.AttributeValue{"pk": stringValue("f#" + string(user("3"))), "sk": stringValue("spring")}})
	v.must(err)
	if got := fmt.Sprint(v.standing("ann").Settled, v.standing("ann").Steps); got != "3 {[0 1 3] []}" && got != "3 {[1 3] []}" {
		t.Errorf("after a payment of the version before ann stands at %s", got)
	}
	if got := v.standing("nobody"); got.Settled != 0 || got.Advocate != user("nobody") {
		t.Errorf("nobody stands at %+v", got)
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

// The best of a program are the same whether they are read from the list by rank or from all standings, for those that the version
// before has counted too.
func TestBest(t *testing.T) {
	v := invites(t)
	const advocates = 130
	var all []referral.Standing
	for i := range advocates {
		st := referral.Standing{Advocate: user(fmt.Sprint("advocate", i)), Settled: i * 7 % 11, At: noon.Add(time.Duration(i*5%7) * time.Second)}
		v.before(st.Advocate, st.Settled, st.At)
		if st.Settled > 0 {
			all = append(all, st)
		}
	}
	slices.SortFunc(all, func(a, b referral.Standing) int {
		return cmp.Or(b.Settled-a.Settled, a.At.Compare(b.At), strings.Compare(string(a.Advocate), string(b.Advocate)))
	})
	best := func(most int) []referral.Standing {
		got, err := v.Best(t.Context(), "spring", most)
		v.must(err)
		return got
	}
	same := func(what string, want []referral.Standing) {
		t.Helper()
		for _, most := range []int{1, 10, 200} {
			if got := best(most); !slices.EqualFunc(got, want[:min(most, len(want))], func(a, b referral.Standing) bool {
				return a.Advocate == b.Advocate && a.Settled == b.Settled && a.At.Equal(b.At)
			}) {
				t.Errorf("%s: the best %d differ", what, most)
			}
		}
	}
	same("not listed", all)
	rounds := 0
	for ; !v.listed("spring"); rounds++ {
		same("partly listed", all)
		_, err := v.Rank(t.Context(), "spring", noon)
		v.must(err)
	}
	if rounds < 2 || rounds > 5 {
		t.Errorf("%d rounds for %d standings", rounds, advocates)
	}
	same("listed", all)
	before := v.db.Calls("Query")
	best(20)
	if n := v.db.Calls("Query") - before; n != 8 {
		t.Errorf("%d queries for the best", n)
	}
	// One more friend moves somebody up, and a reversal back down.
	first := all[0]
	v.claimed("bob", "advocate of bob")
	r, err := v.Referral(t.Context(), user("bob"), "spring")
	v.must(err)
	s := v.settlement("bob", 0)
	s.Advocate = people.Person{Profile: &profile.Profile{ID: first.Advocate}, Keys: []profile.ID{first.Advocate}}
	s.Standings, err = v.StandingsOf(t.Context(), s.Advocate.Keys, "spring")
	v.must(err)
	s.Referral.SettledFor, s.Referral.SettledAt, s.Referral.Version = first.Advocate, noon.Add(time.Hour), r.Version
	if paid, err := v.Settle(t.Context(), s); err != nil || !paid {
		t.Fatal(paid, err)
	}
	up := slices.Clone(all)
	up[0].Settled, up[0].At = first.Settled+1, noon.Add(time.Hour)
	same("one more", up)
	v.must(v.Reverse(t.Context(), v.reversal("bob")))
	if got := best(200); len(got) != len(all) {
		t.Errorf("%d on the board, want %d", len(got), len(all))
	}
	for day := 1; day < 5; day++ {
		done, err := v.Rank(t.Context(), "spring", noon.Add(24*time.Hour))
		v.must(err)
		if len(best(200)) != len(all) {
			t.Errorf("%d on the board in the second pass, want %d", len(best(200)), len(all))
		}
		if done {
			return
		}
	}
	t.Error("the second pass has no end")
}

// listed tells whether all standings of a program have been listed by rank once.
func (v *invite) listed(program string) bool {
	v.Helper()
	table := "Referrals"
	out, err := v.db.GetItem(v.Context(), &dynamodb.GetItemInput{TableName: &table, Key: map[string]types.AttributeValue{"pk": stringValue("t#" + program), "sk": stringValue("ranked")}})
	v.must(err)
	shard, _ := out.Item["shard"].(*types.AttributeValueMemberN)
	return shard != nil && shard.Value == "8"
}

// A worker of the version before counts on when the standings are listed already, and lists nothing: a day later they are looked at once more.
// The list of a version that made one pass has no time of its end; the second pass begins at once.
func TestWhatTheVersionBeforeCountsBesideTheList(t *testing.T) {
	for _, timed := range []bool{true, false} {
		t.Run(fmt.Sprint("timed ", timed), func(t *testing.T) {
			v := invites(t)
			v.before(user("ann"), 2, noon)
			rank := func(at time.Time) bool {
				done, err := v.Rank(t.Context(), "spring", at)
				v.must(err)
				return done
			}
			rank(noon)
			if !timed {
				_, err := v.db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &v.Referrals.Table, Item: map[string]types.AttributeValue{
					"pk": stringValue("t#spring"), "sk": stringValue("ranked"), "shard": &types.AttributeValueMemberN{Value: "8"}, "after": stringValue("")}})
				v.must(err)
			}
			v.before(user("ann"), 1, noon.Add(time.Minute))
			v.before(user("bob"), 1, noon.Add(time.Minute))
			if timed && rank(noon.Add(23*time.Hour)) {
				t.Error("the last pass is over within a day")
			}
			if !rank(noon.Add(24*time.Hour)) || !rank(noon.Add(25*time.Hour)) {
				t.Error("the second pass is not the last")
			}
			got, err := v.Best(t.Context(), "spring", 10)
			v.must(err)
			if len(got) != 2 || got[0].Advocate != user("ann") || got[0].Settled != 3 || got[1].Advocate != user("bob") {
				t.Errorf("the board is %+v, want ann with 3 and bob with 1", got)
			}
		})
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
