package projection

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/telemetry"
)

const (
	// wipePages is how many pages one invocation wipes of one person, so that others of its batch are not kept waiting.
	wipePages = 32
	// nextPass is the time to the next pass. No invocation of any function lasts longer: whoever read the person before the tombstones has
	// written by then what it will write.
	nextPass = 15 * time.Minute
)

var errNotErased = errors.New("the person to be wiped is not erased yet")

// wipe goes on with a wipe as far as one invocation should, and sends what is left as a job. A pass that found something is followed by
// another one, the first one in any case.
func (b *batch) wipe(ctx context.Context, c *job.Command) error {
	w := *c.Wipe
	next := *c
	next.Wipe = &w
	if w.Key == 0 && w.Kind == 0 && w.Cursor == "" {
		if err := b.leaveOut(ctx, c); err != nil {
			return err
		}
	}
	pages := 0
	for ; w.Key < len(w.Keys); w.Key, w.Kind = w.Key+1, 0 {
		for w.Kind < len(b.process.Traces) {
			if pages++; pages > wipePages || late(ctx) {
				return b.process.Self.Send(ctx, job.Events{Command: &next})
			}
			gone, err := b.gone(ctx, &w, c.At) // anew: somebody may be back since the last page
			if err != nil {
				return err
			}
			found, cursor, err := b.process.Traces[w.Kind].Wipe(ctx, gone, w.Cursor)
			if err != nil {
				return err
			}
			w.Found = w.Found || found > 0
			if w.Cursor = cursor; cursor == "" {
				w.Kind++
			}
		}
	}
	if w.Pass > 0 && !w.Found {
		return nil
	}
	w.Pass, w.Found, w.Key, w.Kind, w.Cursor = w.Pass+1, false, 0, 0, ""
	return b.wipeLater(ctx, &next, nextPass)
}

// leaveOut tells the archive whom it is to leave out, at the beginning of each pass: one of the version before may have made the first. What is filed again for the same minute replaces the former, so the id says
// of how many keys: an erasure that is asked for twice has a wipe of the person and one of what is a tombstone by then.
func (b *batch) leaveOut(ctx context.Context, c *job.Command) error {
	body, err := json.Marshal(job.Erasure{Keys: c.Wipe.Keys, At: c.At, Until: c.Wipe.Until})
	if err != nil {
		return fmt.Errorf("packing an erasure: %w", err)
	}
	id := fmt.Sprintf("erased#%s#%s#%d.%d", c.ProfileID, c.ID, c.Wipe.Version, len(c.Wipe.Keys))
	return b.process.Later.Put(ctx, due.OwnerArchive, b.process.Now(), id, body)
}

// wipeLater files a wipe.
func (b *batch) wipeLater(ctx context.Context, c *job.Command, delay time.Duration) error {
	e, err := wipeEntry(c)
	if err != nil {
		return err
	}
	return b.process.Later.Put(ctx, due.OwnerProjection, b.process.Now().Add(delay), e.ID, e.Body)
}

// wipeEntry is a wipe as it is filed. What is filed again for the same minute replaces the former, so the id says how much is to be wiped.
func wipeEntry(c *job.Command) (e due.Entry, err error) {
	e.ID = fmt.Sprintf("wipe#%s#%s#%d.%d.%d", c.ProfileID, c.ID, c.Wipe.Version, len(c.Wipe.Keys), c.Wipe.Pass)
	if e.Body, err = json.Marshal(job.Events{Command: c}); err != nil {
		err = fmt.Errorf("packing a wipe: %w", err)
	}
	return e, err
}

// gone tells who is to be wiped under the next key, and whether somebody stands there again. Before the tombstones stand it answers
// errNotErased, and nothing is wiped. Where they stood and the profile under the key remembers no erasure, a worker of the version before
// has made the key a pointer to that profile; it is made to remember the erasure here.
func (b *batch) gone(ctx context.Context, w *job.Wipe, at time.Time) (people.Gone, error) {
	key := w.Keys[w.Key]
	p, err := b.process.Profiles.Load(ctx, key)
	if err != nil {
		return people.Gone{}, err
	}
	switch {
	case p.Erased(key, at):
	case !w.Buried:
		return people.Gone{}, errNotErased
	case exists(p):
		if err := b.remember(ctx, p, key, at); err != nil {
			return people.Gone{}, err
		}
	}
	part := slices.Contains(p.Parts, key)
	return people.Gone{Key: key, Keys: w.Keys, Version: w.Version, Until: w.Until, Asked: at, Back: exists(p) && (p.ID == key || part), Part: part,
		Look: func(ctx context.Context) (people.Gone, error) { return b.gone(ctx, w, at) }}, nil
}

// wiped tells whether the pack that a reference names is gone with who was erased.
func (b *batch) wiped(ctx context.Context, r *job.Reference) (bool, error) {
	p, err := b.process.Profiles.Load(ctx, r.ProfileID)
	if err != nil || !p.Predates(r.ProfileID, r.Version) {
		return false, err
	}
	telemetry.Count("order_event_of_erased_person", 1, "function", "projection")
	return true, nil
}

// remember notes the erasure of a key under which somebody else stands by now. Nothing of theirs is the erased person's. Events that are
// still on their way under the key are refused from now on.
func (b *batch) remember(ctx context.Context, p *profile.Profile, key profile.ID, at time.Time) error {
	p.RememberErasure(key, at)
	telemetry.Count("erased_key_of_somebody_else", 1, "function", "projection")
	return b.process.Profiles.Commit(ctx, people.Change{Profile: p})
}
