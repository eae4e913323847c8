package people

import (
	"context"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// Gone is one key of a person who was erased.
type Gone struct {
	Key  profile.ID
	Keys []profile.ID // all of the person's
	// Version is that of the tombstones, Until when they were put. What is newer belongs to whoever came back.
	Version int64
	Until   time.Time
	Asked   time.Time // when the erasure was asked for
	// Back says that somebody stands under the key again. Then only what says when it is of is taken away.
	Back bool
	// Part says that who came back is part of somebody else by now.
	Part bool
	// Look says the same anew. nil where nobody comes back meanwhile.
	Look func(context.Context) (Gone, error)
}

// Read is what holds for something that was read just now: between the look before it and the reading somebody may have come back, and it may be theirs.
func (g Gone) Read(ctx context.Context) (Gone, error) {
	if g.Back || g.Look == nil {
		return g, nil
	}
	return g.Look(ctx)
}
