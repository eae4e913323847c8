package dynamo

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"
)

const (
	// dueShards spreads a minute's entries over partitions.
	dueShards = 4
	// dueLife is how long an entry waits for its owner after its time.
	dueLife = 35 * 24 * time.Hour
	// dueOverlap is how many of the last minutes every Ready looks at again, for entries that were written when their minute had
	// begun, by machines whose clocks differ.
	dueOverlap = 3
	// firstDueMinutes is how far the first Ready of all looks back.
	firstDueMinutes = 30
	// maxDueMinutes bounds how much one Ready catches up with after an outage.
	maxDueMinutes = 12 * 60
	// dueWrites is how many entries are struck off side by side.
	dueWrites = 16
	// maxDuePages bounds a reading of one shard of a minute: 1 MB each.
	maxDuePages = 64

	attrMinute = "minute"
)

// Due is the list of what is to be done later, by owner and minute. An entry stays until it is Done.
type Due struct {
	DB    API
	Table string
	Now   func() time.Time // time.Now when nil
}

// DueEntry is one thing to do. Its id is unique within its owner and minute; Body is the owner's.
type DueEntry struct {
	Owner  string
	Minute time.Time
	ID     string
	Body   []byte
}

func (d Due) now() time.Time {
	if d.Now == nil {
		return time.Now()
	}
	return d.Now()
}

// Put files an entry under the first minute that begins at its time or later, and not before the present one, since past minutes
// are not looked at again. Putting the same entry again replaces it.
func (d Due) Put(ctx context.Context, owner string, at time.Time, id string, body []byte) error {
	_, err := d.DB.PutItem(ctx, &dynamodb.PutItemInput{TableName: &d.Table, Item: d.item(owner, at, id, body)})
	if err != nil {
		return fmt.Errorf("writing what is due for %s: %w", owner, err)
	}
	return nil
}

// put is Put for a transaction.
func (d Due) put(owner string, at time.Time, id string, body []byte) types.TransactWriteItem {
	return types.TransactWriteItem{Put: &types.Put{TableName: &d.Table, Item: d.item(owner, at, id, body)}}
}

func (d Due) item(owner string, at time.Time, id string, body []byte) item {
	minute := d.minute(at)
	i := dueKey(owner, minute, dueShard(id), id).item()
	i[attrTTL] = numberValue(minute.Add(dueLife).Unix())
	if len(body) > 0 {
		i[attrBody] = bytesValue(body)
	}
	return i
}

// minute is where an entry for a time is filed by now.
func (d Due) minute(at time.Time) time.Time {
	if now := d.now(); at.Before(now) {
		at = now
	}
	minute := at.UTC().Truncate(time.Minute)
	if minute.Before(at) {
		minute = minute.Add(time.Minute)
	}
	return minute
}

func dueShard(id string) int {
	h := fnv.New32a()
	h.Write([]byte(id))
	return int(h.Sum32() % dueShards)
}

// Done strikes an entry off. Striking it off again changes nothing.
func (d Due) Done(ctx context.Context, e DueEntry) error {
	_, err := d.DB.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &d.Table, Key: dueKey(e.Owner, e.Minute, dueShard(e.ID), e.ID).item()})
	if err != nil {
		return fmt.Errorf("striking off what was due for %s: %w", e.Owner, err)
	}
	return nil
}

// List reads the entries of one minute of an owner.
func (d Due) List(ctx context.Context, owner string, minute time.Time) ([]DueEntry, error) {
	var entries []DueEntry
	for shard := range dueShards {
		in := &dynamodb.QueryInput{
			TableName:                 &d.Table,
			KeyConditionExpression:    aws.String("#pk = :pk"),
			ExpressionAttributeNames:  map[string]string{"#pk": attrPK},
			ExpressionAttributeValues: item{":pk": textValue(duePartition(owner, minute, shard))},
			ConsistentRead:            aws.Bool(true),
		}
		for page := 0; ; page++ {
			if page == maxDuePages {
				return nil, fmt.Errorf("reading what is due for %s: more than %d MB in one minute", owner, maxDuePages)
			}
			out, err := d.DB.Query(ctx, in)
			if err != nil {
				return nil, fmt.Errorf("reading what is due for %s: %w", owner, err)
			}
			for _, i := range out.Items {
				entries = append(entries, DueEntry{Owner: owner, Minute: minute, ID: textOf(i, attrSK), Body: bytesOf(i, attrBody)})
			}
			if in.ExclusiveStartKey = out.LastEvaluatedKey; in.ExclusiveStartKey == nil {
				break
			}
		}
	}
	return entries, nil
}

// Ready hands every entry whose time has come to each, oldest minute first. An entry is struck off, or filed again for the time
// that each gives: so nothing that fails holds up what comes after it. The last few minutes are looked at by every call; after an
// outage a call catches up by at most half a day. An error of each ends the call, and its entry stays.
func (d Due) Ready(ctx context.Context, owner string, each func(context.Context, DueEntry) (again time.Time, err error)) error {
	return d.ReadyTogether(ctx, owner, 1, func(ctx context.Context, entries []DueEntry) ([]time.Time, error) {
		again, err := each(ctx, entries[0])
		return []time.Time{again}, err
	})
}

// ReadyTogether is Ready for owners that do several entries of a minute at once, up to size of them. each gives a time for every
// entry, in their order; an error of each leaves all of them.
func (d Due) ReadyTogether(ctx context.Context, owner string, size int, each func(context.Context, []DueEntry) (again []time.Time, err error)) error {
	last := d.now().UTC().Truncate(time.Minute)
	floor, err := d.floor(ctx, owner)
	if err != nil {
		return err
	}
	if floor.IsZero() {
		floor = last.Add(-firstDueMinutes * time.Minute)
		if err := d.raise(ctx, owner, floor); err != nil {
			return err
		}
	}
	overlap := last.Add(-(dueOverlap - 1) * time.Minute)
	minute := floor
	if overlap.Before(minute) {
		minute = overlap
	}
	for n := 0; !minute.After(last) && n < maxDueMinutes; n++ {
		entries, err := d.List(ctx, owner, minute)
		if err != nil {
			return err
		}
		for chunk := range slices.Chunk(entries, size) {
			again, err := each(ctx, chunk)
			if err != nil {
				return err
			}
			if err := d.done(ctx, chunk, again); err != nil {
				return err
			}
		}
		minute = minute.Add(time.Minute)
	}
	if overlap.Before(minute) {
		minute = overlap
	}
	return d.raise(ctx, owner, minute)
}

// done strikes entries off, those filed again after they stand in their new minute.
func (d Due) done(ctx context.Context, entries []DueEntry, again []time.Time) error {
	var g errgroup.Group
	g.SetLimit(dueWrites)
	for i, e := range entries {
		g.Go(func() error {
			at := again[i]
			if !at.IsZero() {
				if err := d.Put(ctx, e.Owner, at, e.ID, e.Body); err != nil {
					return err
				}
				if d.minute(at).Equal(e.Minute) {
					return nil
				}
			}
			return d.Done(ctx, e)
		})
	}
	return g.Wait()
}

// floor is the first minute that may still hold an entry; the zero time when nothing was ever looked at.
func (d Due) floor(ctx context.Context, owner string) (time.Time, error) {
	out, err := d.DB.GetItem(ctx, &dynamodb.GetItemInput{TableName: &d.Table, Key: dueFloorKey(owner).item(), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return time.Time{}, fmt.Errorf("reading what is due for %s: %w", owner, err)
	}
	if len(out.Item) == 0 {
		return time.Time{}, nil
	}
	return time.Unix(numberOf(out.Item, attrMinute), 0).UTC(), nil
}

// raise moves the floor up, never down.
func (d Due) raise(ctx context.Context, owner string, to time.Time) error {
	_, err := d.DB.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &d.Table, Key: dueFloorKey(owner).item(),
		UpdateExpression:          aws.String("SET #minute = :to"),
		ConditionExpression:       aws.String("attribute_not_exists(#minute) OR #minute < :to"),
		ExpressionAttributeNames:  map[string]string{"#minute": attrMinute},
		ExpressionAttributeValues: item{":to": numberValue(to.Unix())},
	})
	if err != nil && !conditionLost(err) {
		return fmt.Errorf("noting what was due for %s: %w", owner, err)
	}
	return nil
}
