package projection

import (
	"context"
	"time"

	"github.com/userops/userops/shared/job"
)

// erase forgets a person: timeline and deliveries first, then tombstones for the profile and everything that pointed to it, then
// both again for what another worker wrote in between. Orders and the ledger stay; they hold no more than the pseudonym.
func (b *batch) erase(ctx context.Context, c *job.Command) error {
	p, err := b.process.Profiles.Load(ctx, c.ProfileID)
	if err != nil {
		return err
	}
	if exists(p) && p.ErasedAt.Equal(c.At.Truncate(time.Millisecond)) {
		// The command comes again, and somebody has come anew under the same id since.
		return nil
	}
	keys := p.Keys()
	wipe := func() error {
		for _, id := range keys {
			if err := b.process.Timeline.Erase(ctx, id); err != nil {
				return err
			}
			if err := b.process.Deliveries.Erase(ctx, id); err != nil {
				return err
			}
		}
		return nil
	}
	if err := wipe(); err != nil {
		return err
	}
	// Who is not there gets a tombstone too: events may be under way.
	if exists(p) || p.ErasedAt.Before(c.At.Truncate(time.Millisecond)) {
		if err := b.process.Profiles.Erase(ctx, p, c.At); err != nil {
			return err
		}
	}
	return wipe()
}
