package reward

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

// Attributes of a standing beside settled and at.
const (
	attrSteps   = "steps"
	attrCounted = "counted" // what settled was when steps was written: the version before writes only settled
	attrTurn    = "turn"
	attrRank    = "rank" // the sort key under which it is listed
)

// Standings counts the settled friends of advocates, and lists them by rank.
type Standings struct {
	DB    dynamo.API
	Table string // of referrals
}

// Standing is a standing as it is stored. Whoever changes any standing of a person takes the next turn of the one under the present id,
// so that two who change them cannot both go by the same reading.
type Standing struct {
	referral.Standing
	turn   int64
	stored bool
	rank   string
}

// StandingsOf are the standings that a person has in a program, consistently: that of the present id first, as nothing where there is
// none, then those that merges left.
func (s Standings) StandingsOf(ctx context.Context, keys []profile.ID, program string) ([]Standing, error) {
	wanted := make([]dynamo.Key, len(keys))
	for i, id := range keys {
		wanted[i] = key.Standing(program, key.StandingShard(id), id)
	}
	items, err := dynamo.GetAll(ctx, s.DB, s.Table, wanted)
	if err != nil {
		return nil, fmt.Errorf("reading standings in %s: %w", program, err)
	}
	standings := []Standing{{Standing: referral.Standing{Advocate: keys[0]}}}
	for _, i := range items {
		standing, err := s.standingOf(ctx, i, program)
		if err != nil {
			return nil, fmt.Errorf("reading standings in %s: %w", program, err)
		}
		if standing.Advocate == keys[0] {
			standings[0] = standing
			continue
		}
		standings = append(standings, standing)
	}
	return standings, nil
}

func plainStanding(i dynamo.Item) (referral.Standing, error) {
	at, err := dynamo.TimeOf(i, attrAt)
	return referral.Standing{Advocate: profile.ID(dynamo.TextOf(i, dynamo.AttrSK)), Settled: int(dynamo.NumberOf(i, attrSettled)), At: at}, err
}

// standingOf reads a standing with its steps. Where the version before has counted since they were written, they are read out of the
// referrals themselves.
func (s Standings) standingOf(ctx context.Context, i dynamo.Item, program string) (Standing, error) {
	plain, err := plainStanding(i)
	if err != nil {
		return Standing{}, err
	}
	standing := Standing{Standing: plain, turn: dynamo.NumberOf(i, attrTurn), stored: true, rank: dynamo.TextOf(i, attrRank)}
	if dynamo.NumberOf(i, attrCounted) != int64(standing.Settled) {
		standing.Steps, err = s.paidSteps(ctx, standing.Advocate, program)
		return standing, err
	}
	if text := dynamo.TextOf(i, attrSteps); text != "" {
		err = json.Unmarshal([]byte(text), &standing.Steps)
	}
	return standing, err
}

// paidSteps are the steps that stand under an advocate's id, by its referrals.
func (s Standings) paidSteps(ctx context.Context, advocate profile.ID, program string) (steps referral.Steps, err error) {
	var listed []dynamo.Key
	err = dynamo.Under(s.Table, key.AdvocateReferral(advocate, program, "")).All(ctx, s.DB, maxReferralPages, func(i dynamo.Item) error {
		listed = append(listed, key.Referral(profile.ID(dynamo.TextOf(i, attrFriend)), program))
		return nil
	})
	if err != nil {
		return steps, err
	}
	items, err := dynamo.GetAll(ctx, s.DB, s.Table, listed)
	if err != nil {
		return steps, err
	}
	var paid []int
	for _, i := range items {
		r, err := referralOf(i)
		switch {
		case err != nil:
			return steps, err
		case r.SettledFor != advocate:
		case r.State == referral.Settled:
			paid = append(paid, r.Step)
		case r.State == referral.Reversed:
			steps = steps.TakeBack(r.Step)
		}
	}
	for _, step := range paid {
		steps = steps.Pay(step)
	}
	return steps, nil
}

// restand writes a standing, or takes its next turn where after is before, if it is as it was read; and lists it by its new rank.
func (s Standings) restand(program string, before Standing, after referral.Standing) ([]dynamo.Write, error) {
	steps, err := json.Marshal(after.Steps)
	if err != nil {
		return nil, fmt.Errorf("packing steps: %w", err)
	}
	shard := key.StandingShard(after.Advocate)
	rank := rankOf(after)
	as := before.unchanged()
	for name, attribute := range map[string]string{"#settled": attrSettled, "#at": attrAt, "#steps": attrSteps, "#counted": attrCounted, "#turn": attrTurn, "#rank": attrRank} {
		as.Names[name] = attribute
	}
	for name, value := range map[string]types.AttributeValue{
		":settled": dynamo.NumberValue(int64(after.Settled)), ":at": dynamo.TimeValue(after.At), ":steps": dynamo.TextValue(string(steps)),
		":next": dynamo.NumberValue(before.turn + 1), ":rank": dynamo.TextValue(rank),
	} {
		as.Values[name] = value
	}
	writes := []dynamo.Write{dynamo.Update(s.Table, key.Standing(program, shard, after.Advocate),
		"SET #settled = :settled, #at = :at, #steps = :steps, #counted = :settled, #turn = :next, #rank = :rank", as)}
	if rank == before.rank {
		return writes, nil
	}
	if before.rank != "" {
		writes = append(writes, dynamo.Remove(s.Table, key.Rank(program, shard, before.rank), dynamo.Condition{}))
	}
	if rank != "" {
		i := key.Rank(program, shard, rank).Item()
		i[attrAdvocate], i[attrSettled], i[attrAt] = dynamo.TextValue(string(after.Advocate)), dynamo.NumberValue(int64(after.Settled)), dynamo.TimeValue(after.At)
		writes = append(writes, dynamo.Put(s.Table, i, dynamo.Condition{}))
	}
	return writes, nil
}

// unchanged holds while a standing is as it was read, also for the version before, which counts and takes no turns.
func (st Standing) unchanged() dynamo.Condition {
	if !st.stored {
		none := dynamo.Absent()
		none.Values = dynamo.Item{}
		return none
	}
	c := dynamo.Condition{Text: "#settled = :seen AND ", Names: map[string]string{"#settled": attrSettled, "#turn": attrTurn}, Values: dynamo.Item{":seen": dynamo.NumberValue(int64(st.Settled))}}
	if st.turn == 0 {
		c.Text += "attribute_not_exists(#turn)"
		return c
	}
	c.Text += "#turn = :turn"
	c.Values[":turn"] = dynamo.NumberValue(st.turn)
	return c
}

// still checks that a standing is as it was read.
func (s Standings) still(program string, st Standing) dynamo.Write {
	return dynamo.Check(s.Table, key.Standing(program, key.StandingShard(st.Advocate), st.Advocate), st.unchanged())
}

// rankOf sorts standings, best first; empty for one that counts nobody.
func rankOf(st referral.Standing) string {
	if st.Settled < 1 {
		return ""
	}
	return fmt.Sprintf("%010d#%020d#%s", 9_999_999_999-st.Settled, st.At.UnixNano(), st.Advocate)
}

// Best are the standings of a program that count most, best first, under the ids that they had. It reads no more than most of each shard,
// unless the standings of the version before are not listed by rank yet: then it reads them all.
func (s Standings) Best(ctx context.Context, program string, most int) ([]referral.Standing, error) {
	at, err := s.ranked(ctx, program)
	if err != nil {
		return nil, err
	}
	read := s.standings
	if at.pass > 0 || at.ended() {
		read = func(ctx context.Context, program string) ([]referral.Standing, error) {
			return s.listed(ctx, program, most)
		}
	}
	all, err := read(ctx, program)
	if err != nil {
		return nil, fmt.Errorf("reading the standings of %s: %w", program, err)
	}
	all = slices.DeleteFunc(all, func(st referral.Standing) bool { return st.Settled < 1 })
	slices.SortFunc(all, func(a, b referral.Standing) int { return cmp.Compare(rankOf(a), rankOf(b)) })
	return all[:min(len(all), most)], nil
}

// listed reads the first most of each shard's list.
func (s Standings) listed(ctx context.Context, program string, most int) ([]referral.Standing, error) {
	var all []referral.Standing
	for shard := range key.StandingShards {
		items, _, err := dynamo.Stretch{Table: s.Table, PK: key.Rank(program, shard, "").PK, Limit: most}.Page(ctx, s.DB)
		if err != nil {
			return nil, err
		}
		for _, i := range items {
			standing, err := plainStanding(i)
			if err != nil {
				return nil, err
			}
			standing.Advocate = profile.ID(dynamo.TextOf(i, attrAdvocate))
			// A reading in the middle of a transaction may meet somebody at two places.
			if !slices.ContainsFunc(all, func(st referral.Standing) bool { return st.Advocate == standing.Advocate }) {
				all = append(all, standing)
			}
		}
	}
	return all, nil
}

// standings are all advocates of a program with their settled friends, in no order.
func (s Standings) standings(ctx context.Context, program string) ([]referral.Standing, error) {
	var all []referral.Standing
	for shard := range key.StandingShards {
		err := dynamo.Under(s.Table, dynamo.Key{PK: key.Standing(program, shard, "").PK}).All(ctx, s.DB, maxReferralPages, func(i dynamo.Item) error {
			standing, err := plainStanding(i)
			all = append(all, standing)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// rankSize is how many standings are listed by rank in one go.
const rankSize = 50

// secondPass is how long after the first pass all standings are looked at once more: a worker of the version before, which lists nothing, may have
// counted beside it for as long as a deploy takes.
const secondPass = 24 * time.Hour

// progress is how far the standings of a program are listed by rank in a pass: all shards before the first, and in it those up to after.
type progress struct {
	shard int
	after string
	pass  int   // 0 and 1
	end   int64 // of the pass, in seconds; the list of the version between has none
}

func (p progress) ended() bool { return p.shard >= key.StandingShards }

func (s Standings) ranked(ctx context.Context, program string) (progress, error) {
	found, err := dynamo.Get(ctx, s.DB, s.Table, key.Ranked(program))
	if err != nil {
		return progress{}, fmt.Errorf("asking how far %s is ranked: %w", program, err)
	}
	return progress{int(dynamo.NumberOf(found, attrShard)), dynamo.TextOf(found, attrAfter), int(dynamo.NumberOf(found, attrPass)), dynamo.NumberOf(found, attrEnd)}, nil
}

// Attributes of how far a program's standings are ranked.
const (
	attrShard = "shard"
	attrAfter = "after"
	attrPass  = "pass"
	attrEnd   = "end"
)

// Rank lists standings that the version before has counted and that are in no list: a page of them, or all where they are few. done
// says that none will be left any more. Two who do it at once only do it twice.
func (s Standings) Rank(ctx context.Context, program string, now time.Time) (done bool, err error) {
	at, err := s.ranked(ctx, program)
	if at.ended() && at.pass == 0 && !now.Before(time.Unix(at.end, 0).Add(secondPass)) {
		at = progress{pass: 1}
	}
	for listed := 0; err == nil && !at.ended() && listed < rankSize; {
		var n int
		n, at, err = s.rankPage(ctx, program, at, now)
		listed += n
	}
	if err != nil {
		return false, fmt.Errorf("ranking %s: %w", program, err)
	}
	return at.ended() && at.pass > 0, nil
}

func (s Standings) rankPage(ctx context.Context, program string, at progress, now time.Time) (n int, next progress, err error) {
	items, last, err := dynamo.Stretch{Table: s.Table, PK: key.Standing(program, at.shard, "").PK, After: at.after, Limit: rankSize}.Page(ctx, s.DB)
	if err != nil {
		return 0, at, err
	}
	for _, i := range items {
		if err := s.rank(ctx, program, i); err != nil {
			return 0, at, err
		}
	}
	next = progress{shard: at.shard, after: last, pass: at.pass}
	if next.after == "" {
		next.shard++
	}
	if next.ended() {
		next.end = now.Unix()
	}
	i := key.Ranked(program).Item()
	i[attrShard], i[attrAfter] = dynamo.NumberValue(int64(next.shard)), dynamo.TextValue(next.after)
	i[attrPass], i[attrEnd] = dynamo.NumberValue(int64(next.pass)), dynamo.NumberValue(next.end)
	_, err = s.DB.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.Table, Item: i})
	return len(items), next, err
}

func (s Standings) rank(ctx context.Context, program string, i dynamo.Item) error {
	standing, err := s.standingOf(ctx, i, program)
	if err != nil || standing.rank == rankOf(standing.Standing) {
		return err
	}
	writes, err := s.restand(program, standing, standing.Standing)
	if err != nil {
		return err
	}
	if err := dynamo.Do(ctx, s.DB, writes...); !errors.Is(err, dynamo.ErrConflict) {
		return err
	}
	return nil // whoever was faster has ranked it
}
