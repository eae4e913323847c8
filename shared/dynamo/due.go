package dynamo

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

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
	if err := do(ctx, d.DB, d.put(owner, at, id, body)); err != nil {
		return fmt.Errorf("writing what is due for %s: %w", owner, err)
	}
	return nil
}

// put is Put for a transaction.
func (d Due) put(owner string, at time.Time, id string, body []byte) write {
	return put(d.Table, d.item(owner, at, id, body), condition{})
}

// Filing is Put for the transaction of what makes the entry due.
func (d Due) Filing(owner string, at time.Time, id string, body []byte) Beside {
	return Beside{d.put(owner, at, id, body)}
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
	if err := do(ctx, d.DB, remove(d.Table, dueKey(e.Owner, e.Minute, dueShard(e.ID), e.ID), condition{})); err != nil {
		return fmt.Errorf("striking off what was due for %s: %w", e.Owner, err)
	}
	return nil
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
