package due

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

// lookPages bounds how much of one shard of a minute is read by a look.
const lookPages = 100

// Look reads what waits for an owner by now, and takes none of it away. What the owner takes meanwhile may be among it or not: whoever must miss nothing looks here first and at what the owner made of it then.
func (d Due) Look(ctx context.Context, owner string) (all []Entry, err error) {
	now := d.Now.Time().UTC().Truncate(time.Minute)
	floor, err := d.floor(ctx, owner)
	if err != nil {
		return nil, err
	}
	if floor.IsZero() {
		floor = now.Add(-firstDueMinutes * time.Minute)
	}
	if overlap := now.Add(-(dueOverlap - 1) * time.Minute); overlap.Before(floor) {
		floor = overlap
	}
	type lane struct {
		minute time.Time
		shard  int
	}
	var lanes []lane
	// What is filed now stands in the minute that begins next; clocks that are ahead are in the one behind it.
	for minute := floor; !minute.After(now.Add(2*time.Minute)) && len(lanes) < maxDueMinutes*key.DueShards; minute = minute.Add(time.Minute) {
		for shard := range key.DueShards {
			lanes = append(lanes, lane{minute, shard})
		}
	}
	found := make([][]Entry, len(lanes))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(dueWrites)
	for n, l := range lanes {
		group.Go(func() error {
			return dynamo.Stretch{Table: d.Table, PK: key.DuePartition(owner, l.minute, l.shard)}.All(ctx, d.DB, lookPages, func(i dynamo.Item) error {
				found[n] = append(found[n], Entry{Owner: owner, Minute: l.minute, ID: dynamo.TextOf(i, dynamo.AttrSK), Body: dynamo.BytesOf(i, dynamo.AttrBody)})
				return nil
			})
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("looking at what is due for %s: %w", owner, err)
	}
	for _, some := range found {
		all = append(all, some...)
	}
	return all, nil
}
