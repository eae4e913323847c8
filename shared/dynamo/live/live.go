// Package live keeps today's figures while they come in: what each instance has counted within an hour is an item of its own, in the table Live.
package live

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/userops/userops/shared/domain/insight/live"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

const (
	// life is how long an hour is kept after it: the same day of the week before is shown beside today.
	life = 9 * 24 * time.Hour
	// maxPages bounds a reading, at 1 MB a page: an instance's hour takes at most about 2 KB.
	maxPages = 8
)

// Live is the table.
type Live struct {
	DB    dynamo.API
	Table string
}

// Put keeps what an instance has counted within an hour, in the place of what it had kept of it before. Nil means that it is durable; any other error leaves that open, and the same may be put again.
func (l Live) Put(ctx context.Context, instance string, h live.Hour) error {
	i := key.Live(h.Hour, instance).Item()
	i[dynamo.AttrBody], i[dynamo.AttrTTL] = dynamo.BytesValue(h.Pack()), dynamo.NumberValue(h.Hour.Add(life).Unix())
	if err := dynamo.PutGreater(ctx, l.DB, l.Table, i, h.Changes); err != nil {
		return fmt.Errorf("keeping live figures: %w", err)
	}
	return nil
}

// Between is what all instances have counted, hour by hour: those hours of which a part lies from one time to before another, which has to be later. partial says that there was more than is read. What
// cannot be read is left out, since a newer version may have written it.
func (l Live) Between(ctx context.Context, from, to time.Time) (hours []live.Hour, partial bool, err error) {
	pages := maxPages
	first, last := live.HourOf(from), live.HourOf(to.Add(-time.Nanosecond))
	for day := first.Truncate(24 * time.Hour); !day.After(last); day = day.Add(24 * time.Hour) {
		begin, end := event.Latest(first, day), day.Add(23*time.Hour)
		if end.After(last) {
			end = last
		}
		// "~" stands behind every instance of the last hour.
		s := dynamo.Stretch{Table: l.Table, PK: key.Live(day, "").PK, From: key.Live(begin, "").SK, To: key.Live(end, "~").SK, Stale: true}
		err := s.Each(ctx, l.DB, &pages, func(i dynamo.Item) error {
			hour := live.Hour{}
			at, err := time.Parse("15", dynamo.TextOf(i, dynamo.AttrSK)[:2])
			if err != nil || hour.Unpack(dynamo.BytesOf(i, dynamo.AttrBody)) != nil {
				return nil
			}
			hour.Hour = day.Add(time.Duration(at.Hour()) * time.Hour)
			hours = append(hours, hour)
			return nil
		})
		if errors.Is(err, dynamo.ErrTooMuch) {
			return hours, true, nil
		}
		if err != nil {
			return nil, false, fmt.Errorf("reading live figures: %w", err)
		}
	}
	return hours, false, nil
}

// putWait is how long an invocation waits for the table. What was not written then the next one writes.
const putWait = time.Second

// Instance counts in the memory of one instance, and writes as often as it may.
type Instance struct {
	live    Live
	id      string // no other instance's
	now     dynamo.Clock
	counter live.Counter
}

// Begin is an instance that has counted nothing.
func Begin(db dynamo.API, table string, now dynamo.Clock) *Instance {
	return &Instance{live: Live{DB: db, Table: table}, id: rand.Text(), now: now}
}

// Count adds figures that come about now.
func (i *Instance) Count(f live.Figures) { i.counter.Add(i.now.Time(), f) }

// Write writes what may be written by now. That it fails is logged: what was counted waits, and no work hangs on it.
func (i *Instance) Write(ctx context.Context) {
	due := i.counter.Due()
	if len(due) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, putWait)
	defer cancel()
	for n, h := range due {
		if err := i.live.Put(ctx, i.id, h); err != nil {
			slog.WarnContext(ctx, "live figures are written later", "error", err.Error())
			due = due[:n]
			break
		}
	}
	i.counter.Written(due)
}
