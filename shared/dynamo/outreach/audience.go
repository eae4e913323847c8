package outreach

import (
	"context"
	"fmt"
	"time"

	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

const (
	attrBegun  = "begun"  // when the listing was begun first, milliseconds since 1970
	attrShards = "shards" // how many it is divided into
)

// Listing is how far an audience is listed.
type Listing struct {
	BegunAt time.Time
	// Shards is how many parts of the profiles are read, Done how many of them were, and Listed how many members those had.
	Shards, Done, Listed int
}

// Finished tells whether all members are listed.
func (l Listing) Finished() bool { return l.Shards > 0 && l.Done == l.Shards }

// Audiences keeps how far audiences are listed, in the table Results.
type Audiences struct {
	DB    dynamo.API
	Table string
	Now   dynamo.Clock
}

// Begin notes that a listing is divided into so many shards. Noting it again changes nothing.
func (s Audiences) Begin(ctx context.Context, campaign, run string, shards int) error {
	return s.note(ctx, campaign, run, shards, "", 0)
}

// Read notes how many members a shard had. Where it is read again the later reading holds.
func (s Audiences) Read(ctx context.Context, campaign, run string, shard, shards, listed int) error {
	return s.note(ctx, campaign, run, shards, shardName(shard), listed)
}

func shardName(shard int) string { return fmt.Sprint("s", shard) }

func (s Audiences) note(ctx context.Context, campaign, run string, shards int, shard string, listed int) error {
	now := s.Now.Time()
	change := "SET #begun = if_not_exists(#begun, :now), #shards = :shards, #ttl = :ttl"
	c := dynamo.Condition{
		Names: map[string]string{"#begun": attrBegun, "#shards": attrShards, "#ttl": dynamo.AttrTTL},
		Values: dynamo.Item{
			":now": dynamo.NumberValue(now.UnixMilli()), ":shards": dynamo.NumberValue(int64(shards)), ":ttl": dynamo.NumberValue(now.Add(resultLife).Unix()),
		},
	}
	if shard != "" {
		change += ", #shard = :listed"
		c.Names["#shard"], c.Values[":listed"] = shard, dynamo.NumberValue(int64(listed))
	}
	if err := dynamo.Do(ctx, s.DB, dynamo.Update(s.Table, key.Listing(campaign, run), change, c)); err != nil {
		return fmt.Errorf("noting how far audience %.64q is listed: %w", run, err)
	}
	return nil
}

// Of is how far a listing is, the zero value for one that was not begun.
func (s Audiences) Of(ctx context.Context, campaign, run string) (l Listing, err error) {
	found, err := dynamo.Get(ctx, s.DB, s.Table, key.Listing(campaign, run))
	if err != nil || found == nil {
		return l, err
	}
	l.BegunAt, l.Shards = time.UnixMilli(dynamo.NumberOf(found, attrBegun)).UTC(), int(dynamo.NumberOf(found, attrShards))
	for shard := range l.Shards {
		if _, read := found[shardName(shard)]; read {
			l.Done++
			l.Listed += int(dynamo.NumberOf(found, shardName(shard)))
		}
	}
	return l, nil
}
