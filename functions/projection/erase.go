package projection

import (
	"context"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/job"
)

// firstPass is when a wipe begins at the latest whose erasure was cut off behind the tombstones.
const firstPass = 30 * time.Second

// erase erases the person whom the id stands for now. One transaction writes the tombstones, which refuse what was received before, and
// files the wipe, so that no crash can lose the wipe. Then the wipe begins at once. A command that comes again does nothing where the id
// itself remembers an erasure at or after the command's time. So nothing is erased of somebody who came since.
func (b *batch) erase(ctx context.Context, c *job.Command) error {
	at := c.At.UTC().Truncate(time.Millisecond)
	p, err := b.process.Profiles.Load(ctx, c.ProfileID)
	if err != nil {
		return err
	}
	done := p.Erased(c.ProfileID, at)
	switch {
	case done && exists(p):
		return nil
	case exists(p) && (c.Nobody && p.ID != c.ProfileID || cameSince(p, at)):
		return b.remember(ctx, p, c.ProfileID, at)
	}
	now := b.process.Now().UTC()
	w := &job.Wipe{Keys: p.Keys(), Version: p.TombstoneVersion(now), Until: now, Buried: true}
	if !slices.Contains(w.Keys, c.ProfileID) {
		w.Keys = append(w.Keys, c.ProfileID) // a pointer to a tombstone
	}
	wipe := &job.Command{ID: c.ID, Kind: job.CommandWipe, ProfileID: p.ID, At: at, Wipe: w}
	if done {
		w.Version = p.Version
		if put := profile.TombstonesUntil(p.Version); put.Before(now) {
			w.Until = put // who came since is somebody else
		}
		err = b.wipeLater(ctx, wipe, firstPass)
	} else {
		// Who is not there gets a tombstone too: events may be under way.
		err = b.bury(ctx, p, wipe, now)
	}
	if err != nil {
		return err
	}
	return b.wipe(ctx, wipe)
}

// bury writes the tombstones and files the wipe in one transaction. Were the wipe filed first, a worker whose tombstones then fail would
// leave a wipe for tombstones that never stood. With a clock that is ahead, such a wipe would delete the packs of somebody who came back as
// if they were the erased person's.
func (b *batch) bury(ctx context.Context, p *profile.Profile, wipe *job.Command, now time.Time) error {
	filed, err := wipeEntry(wipe)
	if err != nil {
		return err
	}
	filing := b.process.Later.Filing(due.OwnerProjection, now.Add(firstPass), filed.ID, filed.Body)
	return b.process.Profiles.Erase(ctx, p, wipe.At, wipe.Wipe.Version, filing)
}

// cameSince tells whether everything of a person was received after a time. No event is dated later than its receipt by more than
// event.MaxAhead, so a first event that is dated later than that was received after the time. An earlier date tells nothing: clients may
// claim any time in the past.
func cameSince(p *profile.Profile, at time.Time) bool {
	first, _ := p.Seen()
	return first.After(at.Add(event.MaxAhead))
}
