package reward

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/dynamo/people"
)

const (
	// maxGuards bounds how many other keys of one person a claim asks about; it leaves room within the 100 actions.
	maxGuards = 30
	// maxAncestors bounds how far back it is asked who invited whom.
	maxAncestors = 64
	// maxReferralPages bounds a reading of a friend's referrals or of a leaderboard's shard: 1 MB each.
	maxReferralPages = 32
)

// Referrals reads who invited whom. Friends and advocates are filed under the profile id of the day; whoever reads asks for all keys of a person. Moves writes them.
type Referrals struct {
	DB       dynamo.API
	Table    string
	Profiles people.Profiles // who an advocate is by now, for Ancestors
}

// Referral is one referral by its friend's filed id, read consistently. ErrNotFound if there is none.
func (s Referrals) Referral(ctx context.Context, friend profile.ID, program string) (referral.Referral, error) {
	found, err := dynamo.Get(ctx, s.DB, s.Table, key.Referral(friend, program))
	if err == nil && found == nil {
		err = dynamo.ErrNotFound
	}
	if err != nil {
		return referral.Referral{}, fmt.Errorf("reading the referral of %s in %s: %w", friend, program, err)
	}
	return referralOf(found)
}

// OfFriend reads a person's referrals as friend, in all programs, consistently.
func (s Referrals) OfFriend(ctx context.Context, keys []profile.ID) ([]referral.Referral, error) {
	var found []referral.Referral
	for _, id := range keys {
		err := dynamo.Under(s.Table, key.Referral(id, "")).All(ctx, s.DB, maxReferralPages, func(i dynamo.Item) error {
			r, err := referralOf(i)
			found = append(found, r)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("reading the referrals of %s: %w", id, err)
		}
	}
	return found, nil
}

// InProgram reads a person's referrals as friend in one program, consistently: one, or several after a merge, that which
// precedes the others first.
func (s Referrals) InProgram(ctx context.Context, keys []profile.ID, program string) ([]referral.Referral, error) {
	wanted := make([]dynamo.Key, len(keys))
	for i, id := range keys {
		wanted[i] = key.Referral(id, program)
	}
	items, err := dynamo.GetAll(ctx, s.DB, s.Table, wanted)
	if err != nil {
		return nil, fmt.Errorf("reading referrals in %s: %w", program, err)
	}
	found := make([]referral.Referral, len(items))
	for i := range items {
		if found[i], err = referralOf(items[i]); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(found, func(a, b referral.Referral) int {
		if a.Precedes(b) {
			return -1
		}
		return 1
	})
	return found, nil
}

// OfAdvocate reads a page of the referrals that a person made as advocate, by program and friend. An empty next says that this
// was the last page. A cursor that OfAdvocate did not give is ErrCursor.
func (s Referrals) OfAdvocate(ctx context.Context, keys []profile.ID, limit int, cursor string) (page []referral.Referral, next string, err error) {
	at, after := 0, ""
	if cursor != "" {
		text, err := dynamo.SortKeyOf(cursor, "")
		if err != nil {
			return nil, "", err
		}
		id, sk, ok := strings.Cut(text, " ")
		if at = slices.Index(keys, profile.ID(id)); at < 0 || !ok || sk != "" && !strings.HasPrefix(sk, "r#") {
			return nil, "", dynamo.ErrCursor
		}
		after = sk
	}
	limit = min(limit, 100) // what one batch may read
	var wanted []dynamo.Key
	for ; at < len(keys) && len(wanted) < limit; at++ {
		of := dynamo.Under(s.Table, dynamo.At(key.AdvocateCode(keys[at], "").PK, "r#"))
		of.After, of.Limit = after, limit-len(wanted)
		items, last, err := of.Page(ctx, s.DB)
		if err != nil {
			return nil, "", fmt.Errorf("reading the friends of %s: %w", keys[at], err)
		}
		for _, i := range items {
			wanted = append(wanted, key.Referral(profile.ID(dynamo.TextOf(i, attrFriend)), dynamo.TextOf(i, attrProgram)))
		}
		if after = last; after != "" {
			break
		}
	}
	if at < len(keys) {
		next = dynamo.CursorAfter(string(keys[at]) + " " + after)
	}
	items, err := dynamo.GetAll(ctx, s.DB, s.Table, wanted)
	if err != nil {
		return nil, "", fmt.Errorf("reading referrals: %w", err)
	}
	byKey := map[dynamo.Key]dynamo.Item{}
	for _, i := range items {
		byKey[dynamo.At(dynamo.TextOf(i, dynamo.AttrPK), dynamo.TextOf(i, dynamo.AttrSK))] = i
	}
	for _, key := range wanted {
		i, ok := byKey[key]
		if !ok {
			continue
		}
		r, err := referralOf(i)
		if err != nil {
			return nil, "", err
		}
		page = append(page, r)
	}
	return page, next, nil
}

// Ancestors are those through whom a person came into a program, nearest first, each as all their keys. origin is the first of
// them, or the person: who was invited by nobody. It is nil where merges have closed a circle, and beyond maxAncestors.
func (s Referrals) Ancestors(ctx context.Context, program string, of []profile.ID) (chain [][]profile.ID, origin []profile.ID, err error) {
	keys := of
	for range maxAncestors {
		found, err := s.InProgram(ctx, keys, program)
		if err != nil {
			return nil, nil, err
		}
		if len(found) == 0 {
			return chain, keys, nil
		}
		person, err := s.Profiles.Person(ctx, found[0].Advocate)
		if err != nil {
			return nil, nil, err
		}
		theirs := func(of []profile.ID) bool { return slices.Contains(of, person.Keys[0]) }
		closed := theirs(of) || slices.ContainsFunc(chain, theirs)
		chain = append(chain, person.Keys)
		if closed {
			break
		}
		keys = person.Keys
	}
	return chain, nil, nil
}
