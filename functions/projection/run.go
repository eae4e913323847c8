package projection

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/telemetry"
)

func (b *batch) run(ctx context.Context) {
	var workers errgroup.Group
	workers.SetLimit(abreast)
	var away outage
	groups := b.groups()
	readAhead := b.readAhead(groups)
	for i, g := range groups {
		workers.Go(func() error {
			if b.process.Together != nil {
				defer b.process.Together.Work(ctx)()
			}
			readAhead(ctx, i)
			if g.err = away.err(); g.err != nil {
				return nil
			}
			if late(ctx) {
				g.err = queue.ErrNoTime
				return nil
			}
			g.err = queue.Guard(func() error { return b.person(ctx, g) })
			away.note(g.err)
			return nil
		})
	}
	_ = workers.Wait() // errors stay with their groups
	for _, g := range groups {
		b.verdict(g, g.err)
	}
	b.settleDebts(ctx)
}

// outage is known when several people in a row found a service away: the others are not tried, since each would wait as long.
type outage struct {
	mu    sync.Mutex
	inRow int
	cause error
}

func (o *outage) note(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err == nil || !queue.Unavailable(err) {
		o.inRow = 0
		return
	}
	o.inRow++
	o.cause = err
}

func (o *outage) err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.inRow < abreast {
		return nil
	}
	return o.cause
}

// person works on one group until no condition is lost any more.
func (b *batch) person(ctx context.Context, g *group) error {
	for attempt := 1; ; attempt++ {
		before := g.commits
		err := b.try(ctx, g)
		if g.commits > before {
			attempt = 1
		}
		if !errors.Is(err, dynamo.ErrConflict) || attempt == attempts {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(b.process.Jitter(time.Duration(attempt) * retryDelay)):
		}
	}
}

// retryDelay is about one round of reading and writing.
const retryDelay = 20 * time.Millisecond

// try does one attempt: read, join, fold, write. Every attempt reads anew.
func (b *batch) try(ctx context.Context, g *group) error {
	if g.command != nil {
		return g.command(ctx)
	}
	if g.direct != "" {
		p, err := b.process.Profiles.Load(ctx, g.direct)
		if err != nil {
			return err
		}
		if !exists(p) {
			telemetry.Count("order_event_of_erased_person", 1, "function", "projection")
			return nil
		}
		return b.fold(ctx, g, &person{profile: p, events: g.events[profile.Identifier{}]})
	}
	v, events, err := b.view(ctx, g)
	if err != nil {
		return err
	}
	for _, target := range v.people(events) {
		if err := b.fold(ctx, g, target); err != nil {
			return err
		}
	}
	return nil
}
