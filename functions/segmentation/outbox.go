package segmentation

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/outbox"
)

// followsPerMessage keeps a message to what its reader does within seconds.
const followsPerMessage = 75

// inFlight is how long an outbox is left to who wrote it.
const inFlight = 10 * time.Minute

// leftover says that a profile's outbox was left by a commit so old that nobody is about to send it. What goes back to projection is left to projection, and
// what a newer version of the program wrote to that.
func (p *Process) leftover(one *profile.Profile) bool {
	if !slices.ContainsFunc(one.Outbox, p.Outbox.Take) {
		return false
	}
	newest := time.Time{}
	for _, commit := range one.Window.Commits {
		if commit.At.After(newest) {
			newest = commit.At
		}
	}
	for _, follow := range one.Outbox {
		if follow.Run != "" && follow.At.After(newest) {
			newest = follow.At
		}
	}
	return p.Now().Sub(newest) >= inFlight
}

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
	if one.ID != id || !p.leftover(one) {
		return nil
	}
	var owed outbox.Owed
	owed.Add(id, one.Outbox)
	if err := p.Outbox.Send(ctx, &owed, followsPerMessage); err != nil {
		return err
	}
	one.Outbox = slices.DeleteFunc(one.Outbox, p.Outbox.Take)
	if err := p.Profiles.Save(ctx, one); err != nil && !errors.Is(err, dynamo.ErrConflict) {
		return err
	}
	return nil
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
