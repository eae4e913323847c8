package reward_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/domain/span"
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

func (v *invite) unmark(who string) {
	v.Helper()
	update := "REMOVE k"
	_, err := v.db.UpdateItem(v.Context(), &dynamodb.UpdateItemInput{TableName: &v.Profiles.Table, UpdateExpression: &update,
		Key: map[string]types.AttributeValue{"pk": stringValue("p#" + string(user(who))), "sk": stringValue("p")}})
	v.must(err)
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
