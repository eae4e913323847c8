package due

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

const (
	// duePage is how many entries are read at once at least.
	duePage = 25
	// dueReserve is how much of an invocation must be left before a page is begun: what the owner may need for one.
	dueReserve = 10 * time.Second
	// maxDueFaults ends a sweep in which so many pages failed one after the other: something is away that all of them need.
	maxDueFaults = 5
)

// Ready hands every entry whose time has come to each, oldest minute first. An entry is struck off, or filed again for the time
// that each gives: so nothing that fails holds up what comes after it. The last few minutes are looked at by every call; after an
// outage a call catches up by at most half a day. An error of each leaves its entry where it is; the call goes on with the others and
// answers the error at its end.
func (d Due) Ready(ctx context.Context, owner string, each func(context.Context, Entry) (again time.Time, err error)) error {
	return d.ReadyTogether(ctx, owner, 1, func(ctx context.Context, entries []Entry) ([]time.Time, error) {
		again, err := each(ctx, entries[0])
		return []time.Time{again}, err
	})
}

// ReadyTogether is Ready for owners that do several entries of a minute at once, up to size of them. each gives a time for every
// entry, in their order; an error of each leaves all of them.
//
// A minute of any size is done page by page, each struck off before the next is read. The minutes take turns, a page each, so that a
// minute that holds a million entries holds up none of the others. When the invocation's time is nearly over the call ends without
// an error, and the next one goes on where this one was.
func (d Due) ReadyTogether(ctx context.Context, owner string, size int, each func(context.Context, []Entry) (again []time.Time, err error)) error {
	last := d.Now.Time().UTC().Truncate(time.Minute)
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
	first := floor
	if overlap.Before(first) {
		first = overlap
	}
	s := dueSweep{due: d, owner: owner, size: size, each: each}
	minute := first
	for n := 0; !minute.After(last) && n < maxDueMinutes; n++ {
		s.add(minute)
		minute = minute.Add(time.Minute)
	}
	// However far back an entry stands that always fails, what comes due now is done in its time.
	for now := overlap; !now.After(last); now = now.Add(time.Minute) {
		if !now.Before(minute) {
			s.add(now)
		}
	}
	s.run(ctx)
	// Where something is left, the next call begins.
	for _, lane := range s.lanes {
		if !lane.clean && lane.minute.Before(minute) {
			minute = lane.minute
		}
	}
	if overlap.Before(minute) {
		minute = overlap
	}
	return errors.Join(s.fault, d.raise(ctx, owner, minute))
}

// dueSweep is one look at everything that is due.
type dueSweep struct {
	due   Due
	owner string
	size  int
	each  func(context.Context, []Entry) ([]time.Time, error)
	lanes []*dueLane
	// fault is the first error; faults counts how many pages have failed one after the other.
	fault  error
	faults int
}

// dueLane is one shard of one minute, read from its beginning to its end.
type dueLane struct {
	minute time.Time
	shard  int
	next   string // where the next page begins
	ended  bool
	clean  bool // it ended, and nothing in it has failed
	failed bool
}

func (s *dueSweep) add(minute time.Time) {
	for shard := range key.DueShards {
		s.lanes = append(s.lanes, &dueLane{minute: minute, shard: shard})
	}
}

// run lets the lanes take turns until all have ended or there is no time.
func (s *dueSweep) run(ctx context.Context) {
	for open := true; open; {
		open = false
		for _, lane := range s.lanes {
			if lane.ended {
				continue
			}
			if deadline, bounded := ctx.Deadline(); ctx.Err() != nil || bounded && time.Until(deadline) < dueReserve || s.faults >= maxDueFaults {
				return
			}
			done, err := s.page(ctx, lane)
			switch {
			case err != nil:
				lane.failed = true
				s.faults++
				if s.fault == nil {
					s.fault = err
				}
			case done > 0:
				s.faults = 0
			}
			lane.clean = lane.ended && !lane.failed
			open = open || !lane.ended
		}
	}
}

// page does the next page of a lane and answers how many entries it had. One whose reading failed ends its lane for this sweep.
func (s *dueSweep) page(ctx context.Context, lane *dueLane) (int, error) {
	items, next, err := dynamo.Stretch{Table: s.due.Table, PK: key.DuePartition(s.owner, lane.minute, lane.shard), After: lane.next, Limit: max(s.size, duePage)}.Page(ctx, s.due.DB)
	if err != nil {
		lane.ended = true
		return 0, fmt.Errorf("reading what is due for %s: %w", s.owner, err)
	}
	lane.next, lane.ended = next, next == ""
	entries := make([]Entry, 0, len(items))
	for _, i := range items {
		entries = append(entries, Entry{Owner: s.owner, Minute: lane.minute, ID: dynamo.TextOf(i, dynamo.AttrSK), Body: dynamo.BytesOf(i, dynamo.AttrBody)})
	}
	var faults error
	for chunk := range slices.Chunk(entries, s.size) {
		again, err := s.each(ctx, chunk)
		if err == nil {
			err = s.due.done(ctx, chunk, again)
		}
		if err != nil && faults == nil {
			faults = err
		}
	}
	return len(entries), faults
}

// floor is the first minute that may still hold an entry; the zero time when nothing was ever looked at.
func (d Due) floor(ctx context.Context, owner string) (time.Time, error) {
	found, err := dynamo.Get(ctx, d.DB, d.Table, key.DueFloor(owner))
	if err != nil {
		return time.Time{}, fmt.Errorf("reading what is due for %s: %w", owner, err)
	}
	if found == nil {
		return time.Time{}, nil
	}
	return time.Unix(dynamo.NumberOf(found, attrMinute), 0).UTC(), nil
}

// raise moves the floor up, never down.
func (d Due) raise(ctx context.Context, owner string, to time.Time) error {
	err := dynamo.Do(ctx, d.DB, dynamo.Update(d.Table, key.DueFloor(owner), "SET #minute = :to", dynamo.Condition{
		Text: "attribute_not_exists(#minute) OR #minute < :to", Names: map[string]string{"#minute": attrMinute}, Values: dynamo.Item{":to": dynamo.NumberValue(to.Unix())}}))
	if err != nil && !errors.Is(err, dynamo.ErrConflict) {
		return fmt.Errorf("noting what was due for %s: %w", owner, err)
	}
	return nil
}
