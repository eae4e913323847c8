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
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/people"
)

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
