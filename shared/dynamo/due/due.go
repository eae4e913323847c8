// Package due stores what is to be done later, by owner and minute, and finds the long waits of a person. It starts nothing: owners ask every minute. The surprising thing: a
// minute is looked at again after it was done, for entries of machines whose clocks are behind.
package due

import (
	"context"
	"fmt"
	"time"

	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
	"golang.org/x/sync/errgroup"
)

const (
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

// The owners of what is due: functions.
const (
	OwnerOrchestration = "orchestration" // the waits of campaigns and the deferred notifications
	OwnerSettlement    = "settlement"    // the ends of windows and holds
	OwnerProjection    = "projection"    // the later passes of wipes
	OwnerArchive       = "archive"       // who was erased
)

// Due is the list of what is to be done later, by owner and minute. An entry stays until it is Done.
type Due struct {
	DB    dynamo.API
	Table string
	Now   dynamo.Clock
}

// Entry is one thing to do. Its id is unique within its owner and minute; Body is the owner's.
type Entry struct {
	Owner  string
	Minute time.Time
	ID     string
	Body   []byte
}

// Put files an entry under the first minute that begins at its time or later, and not before the present one, since past minutes
// are not looked at again. Putting the same entry again replaces it.
func (d Due) Put(ctx context.Context, owner string, at time.Time, id string, body []byte) error {
	if err := dynamo.Do(ctx, d.DB, d.Filing(owner, at, id, body)); err != nil {
		return fmt.Errorf("writing what is due for %s: %w", owner, err)
	}
	return nil
}

// Filing is Put for the transaction of what makes the entry due.
func (d Due) Filing(owner string, at time.Time, id string, body []byte) dynamo.Write {
	return dynamo.Put(d.Table, d.item(owner, at, id, body), dynamo.Condition{})
}

func (d Due) item(owner string, at time.Time, id string, body []byte) dynamo.Item {
	minute := d.minute(at)
	i := key.Due(owner, minute, key.DueShard(id), id).Item()
	i[dynamo.AttrTTL] = dynamo.NumberValue(minute.Add(dueLife).Unix())
	if len(body) > 0 {
		i[dynamo.AttrBody] = dynamo.BytesValue(body)
	}
	return i
}

// minute is where an entry for a time is filed by now.
func (d Due) minute(at time.Time) time.Time {
	if now := d.Now.Time(); at.Before(now) {
		at = now
	}
	minute := at.UTC().Truncate(time.Minute)
	if minute.Before(at) {
		minute = minute.Add(time.Minute)
	}
	return minute
}

// Done strikes an entry off. Striking it off again changes nothing.
func (d Due) Done(ctx context.Context, e Entry) error {
	if err := dynamo.Do(ctx, d.DB, dynamo.Remove(d.Table, key.Due(e.Owner, e.Minute, key.DueShard(e.ID), e.ID), dynamo.Condition{})); err != nil {
		return fmt.Errorf("striking off what was due for %s: %w", e.Owner, err)
	}
	return nil
}

// done strikes entries off, those filed again after they stand in their new minute.
func (d Due) done(ctx context.Context, entries []Entry, again []time.Time) error {
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
