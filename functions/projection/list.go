package projection

import (
	"context"
	"errors"
	"slices"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/search"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/job"
)

// relist notes that a commit changes what the person is found by, and gives what follows from that. What changes nothing costs nothing.
func (b *batch) relist(p *profile.Profile) []profile.Follow {
	mark := search.Of(p).Mark(b.process.List)
	if mark == p.Listed {
		return nil
	}
	p.Listed = mark
	return []profile.Follow{{Kind: profile.FollowSearch, At: b.process.Now().UTC()}}
}

// list makes a person be listed under what they are found by now, and under nothing else, whatever the job was sent for. Where a nightly run has asked for it, the profile
// notes it at the end, so that no run asks again.
func (b *batch) list(ctx context.Context, c *job.Command) error {
	p, err := b.process.Present.Load(ctx, c.ProfileID)
	if err != nil {
		return err
	}
	keys := append([]profile.ID{p.ID}, p.Parts...)
	if !slices.Contains(keys, c.ProfileID) {
		keys = append(keys, c.ProfileID)
	}
	standing, err := b.process.Search.Standing(ctx, keys)
	if err != nil {
		return err
	}
	stands, err := b.settle(ctx, p.ID, p)
	if err != nil {
		return err
	}
	for _, key := range standing {
		if key == p.ID {
			continue
		}
		now, err := b.process.Present.Load(ctx, key)
		if err != nil {
			return err
		}
		if _, err := b.settle(ctx, key, now); err != nil {
			return err
		}
	}
	return b.vouch(ctx, stands)
}

// maxLooks is how often somebody is listed who changes meanwhile, before the job goes back.
const maxLooks = 4

// settle lists a key as who stands under it wants to be, and looks whether that is so still: a merge, an erasure or another name may lie between look and write, and
// whose job came after them may have ended before this one wrote. It answers who was there in the end.
func (b *batch) settle(ctx context.Context, key profile.ID, p *profile.Profile) (*profile.Profile, error) {
	for range maxLooks {
		err := b.listAs(ctx, key, p)
		if err != nil && !errors.Is(err, dynamo.ErrConflict) {
			return nil, err
		}
		now, failed := b.process.Present.Load(ctx, key)
		if failed != nil {
			return nil, failed
		}
		if err == nil && alike(p, now) {
			return now, nil
		}
		p = now
	}
	return nil, dynamo.ErrConflict
}

func (b *batch) listAs(ctx context.Context, key profile.ID, p *profile.Profile) error {
	if p.ID != key || !exists(p) {
		return b.process.Search.Unlist(ctx, key)
	}
	return b.process.Search.List(ctx, p, search.Of(p).Terms(b.process.Reading))
}

// alike tells whether two readings of a key want to be listed alike.
func alike(a, b *profile.Profile) bool {
	return a.ID == b.ID && exists(a) == exists(b) && a.Mark().Erased.Equal(b.Mark().Erased) && search.Of(a).Mark("") == search.Of(b).Mark("")
}

// vouch lets a profile say that it is listed, where it does not yet.
func (b *batch) vouch(ctx context.Context, p *profile.Profile) error {
	mark := search.Of(p).Mark(b.process.List)
	if p.Listed == mark || !exists(p) {
		return nil
	}
	p.Listed = mark
	if err := b.process.Present.Save(ctx, p); err != nil && !errors.Is(err, dynamo.ErrConflict) {
		return err
	}
	return nil
}
