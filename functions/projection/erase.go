package projection

import (
	"context"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/telemetry"
)

// firstPass is when a wipe begins at the latest whose erasure was cut off behind the tombstones.
const firstPass = 30 * time.Second

// erase forgets whoever the id stands for by now. Tombstones refuse what was received before, and with them the wipe is filed for later, so
// that nothing can be forgotten to be wiped; then the wipe begins at once. It is done when the id itself remembers an erasure at or after
// the command's time: a command that comes again takes nothing from whoever came since, whoever that is.
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

// bury writes the tombstones and files the wipe in one transaction. Filed before, the wipe of a worker that loses would name tombstones that
// never stood, and if its clock is ahead, it would take the versions of who came back for those of the erased.
func (b *batch) bury(ctx context.Context, p *profile.Profile, wipe *job.Command, now time.Time) error {
	filed, err := wipeEntry(wipe)
	if err != nil {
		return err
	}
	filing := b.process.Later.Filing(due.OwnerProjection, now.Add(firstPass), filed.ID, filed.Body)
	return b.process.Profiles.Erase(ctx, p, wipe.At, wipe.Wipe.Version, filing)
}

// cameSince tells whether nothing of a person can have been received until a time: no event claims to be later than its receipt by more than
// event.MaxAhead. Whoever claims to have come before may have been there.
func cameSince(p *profile.Profile, at time.Time) bool {
	first, _ := p.Seen()
	return first.After(at.Add(event.MaxAhead))
}

// remember notes that a key was erased under which somebody else stands since: there was nobody under it, so nothing of theirs is of who
// was erased, but what is still under way by that key is refused.
func (b *batch) remember(ctx context.Context, p *profile.Profile, key profile.ID, at time.Time) error {
	p.RememberErasure(key, at)
	telemetry.Count("erased_key_of_somebody_else", 1, "function", "projection")
	return b.process.Profiles.Commit(ctx, people.Change{Profile: p})
}
