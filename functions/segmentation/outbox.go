package segmentation

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// followsPerMessage keeps a message to what its reader does within seconds.
const followsPerMessage = 75

// inFlight is how long an outbox is left to who wrote it.
const inFlight = 10 * time.Minute

// leftover says that a profile's outbox was left by a commit so old that nobody is about to send it.
func leftover(p *profile.Profile, now time.Time) bool {
	if !slices.ContainsFunc(p.Outbox, sendable) {
		return false
	}
	newest := time.Time{}
	for _, commit := range p.Window.Commits {
		if commit.At.After(newest) {
			newest = commit.At
		}
	}
	for _, follow := range p.Outbox {
		if follow.Run != "" && follow.At.After(newest) {
			newest = follow.At
		}
	}
	return now.Sub(newest) >= inFlight
}

// sendable follows are those that segmentation can send. What goes back to projection is left to projection, and what a newer version of the
// program wrote to that.
func sendable(f profile.Follow) bool { return job.Routed(f) }

// sendLeftover sends what stands in a profile's outbox and takes it out. Without this, who is never seen again would keep a job back
// for ever. A lost condition is fine: whoever wrote has seen the outbox too.
func (p *Process) sendLeftover(ctx context.Context, id profile.ID) error {
	one, err := p.Profiles.Load(ctx, id)
	if errors.Is(err, dynamo.ErrUnreadable) {
		return nil // a newer version has written it meanwhile; the next run counts it
	}
	if err != nil {
		return err
	}
	if one.ID != id || !leftover(one, p.Now()) {
		return nil
	}
	d := delivery{}
	d.add(id, slices.DeleteFunc(slices.Clone(one.Outbox), func(f profile.Follow) bool { return !sendable(f) }))
	if err := p.deliver(ctx, &d); err != nil {
		return err
	}
	one.Outbox = slices.DeleteFunc(one.Outbox, sendable)
	if err := p.Profiles.Save(ctx, one); err != nil && !errors.Is(err, dynamo.ErrConflict) {
		return err
	}
	return nil
}

// delivery gathers what is to be sent. It is safe for concurrent use.
type delivery struct {
	mu            sync.Mutex
	settlement    []job.Follow
	orchestration []job.Follow
}

func (d *delivery) add(id profile.ID, follows []profile.Follow) {
	if len(follows) == 0 {
		return
	}
	settlement, orchestration := job.Route(id, follows)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settlement = append(d.settlement, settlement...)
	d.orchestration = append(d.orchestration, orchestration...)
}

// deliver sends what was gathered.
func (p *Process) deliver(ctx context.Context, d *delivery) error {
	return queue.SendFollows(ctx, p.Settlement, p.Orchestration, d.settlement, d.orchestration, followsPerMessage)
}

// workers is how many profiles are loaded and written at a time.
const workers = 8

// each calls do for all of the list, several at a time, and answers the errors joined. After an error no new call is begun.
func each[T any](ctx context.Context, list []T, do func(context.Context, T) error) error {
	var (
		wait   sync.WaitGroup
		mu     sync.Mutex
		next   int
		failed []error
	)
	take := func() (T, bool) {
		mu.Lock()
		defer mu.Unlock()
		var none T
		if next >= len(list) || len(failed) > 0 {
			return none, false
		}
		next++
		return list[next-1], true
	}
	for range min(workers, len(list)) {
		wait.Go(func() {
			for one, ok := take(); ok; one, ok = take() {
				if err := do(ctx, one); err != nil {
					mu.Lock()
					failed = append(failed, err)
					mu.Unlock()
				}
			}
		})
	}
	wait.Wait()
	return errors.Join(failed...)
}
