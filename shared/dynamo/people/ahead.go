package people

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

// Ahead is a client of profiles, orders and packs that were read ahead.
type Ahead struct {
	*dynamo.Ahead
	Profiles string // the table of profiles and orders
}

// NewAhead answers for two tables. Packs are written once, so that they need no consistent reading.
func NewAhead(db dynamo.API, profiles, timeline string) Ahead {
	return Ahead{Ahead: &dynamo.Ahead{API: db, Loose: timeline}, Profiles: profiles}
}

// Read reads profiles and orders, and then the packs that the profiles owe and of which seen does not say that they were seen written: a hundred
// with one call. What the service leaves out is read when it is asked for.
func (a Ahead) Read(ctx context.Context, ids []profile.ID, orderIDs []string, seen func(profile.ID, int64) bool) error {
	keys := make([]dynamo.Item, 0, len(ids)+len(orderIDs))
	for _, id := range ids {
		keys = append(keys, key.Profile(id).Item())
	}
	for _, id := range orderIDs {
		keys = append(keys, key.Order(id).Item())
	}
	var owed []dynamo.Item
	for chunk := range slices.Chunk(keys, dynamo.MaxBatchKeys) {
		found, err := a.Ask(ctx, map[string]types.KeysAndAttributes{a.Profiles: {Keys: chunk, ConsistentRead: aws.Bool(true)}})
		if err != nil {
			return err
		}
		for _, i := range found[a.Profiles] {
			owed = append(owed, owedPacks(i, seen)...)
		}
	}
	for chunk := range slices.Chunk(owed, dynamo.MaxBatchKeys) {
		if _, err := a.Ask(ctx, map[string]types.KeysAndAttributes{a.Loose: askPacks(chunk)}); err != nil {
			return err
		}
	}
	return nil
}

// owedPacks are the keys of the packs that a profile's item owes, as far as they are in one piece.
func owedPacks(i dynamo.Item, seen func(profile.ID, int64) bool) (keys []dynamo.Item) {
	of, is := strings.CutPrefix(dynamo.TextOf(i, dynamo.AttrPK), key.Profile("").PK)
	if !is {
		return nil
	}
	for _, c := range commitsOf(dynamo.BytesOf(i, dynamo.AttrBody)) {
		id := cmp.Or(c.Part, profile.ID(of))
		if len(c.Owed) == 0 || seen(id, c.Version) {
			continue
		}
		for _, day := range c.Owed {
			keys = append(keys, key.Pack(id, day, c.Version, "").Item())
		}
	}
	return keys
}
