package projection

import (
	"context"
	"slices"

	"github.com/userops/userops/shared/domain/event"
	"github.com/userops/userops/shared/domain/profile"
	"github.com/userops/userops/shared/dynamo"
)

// Primary is the identifier that an event goes by: its userId, else its anonymousId. ok is false where neither means anybody.
func Primary(e *event.Event) (profile.Identifier, bool) {
	if e.UserID != "" {
		return profile.Identifier{Kind: profile.UserID, Value: e.UserID}, true
	}
	if e.AnonymousID != "" {
		return profile.Identifier{Kind: profile.AnonymousID, Value: e.AnonymousID}, true
	}
	return profile.Identifier{}, false
}

// linkOf is the join that an event asks for.
func linkOf(e *event.Event) (join, bool) {
	user := profile.Identifier{Kind: profile.UserID, Value: e.UserID}
	switch {
	case e.UserID == "":
	case e.Kind == event.Identify && e.AnonymousID != "":
		return join{a: user, b: profile.Identifier{Kind: profile.AnonymousID, Value: e.AnonymousID}, at: e.ReceivedAt}, true
	case e.Kind == event.Alias && e.PreviousID != "" && e.PreviousID != e.UserID:
		// Which kind the previous id is of shows only in what stands under it; see view.
		return join{a: user, b: profile.Identifier{Kind: profile.AnonymousID, Value: e.PreviousID}, explicit: true, at: e.ReceivedAt}, true
	}
	return join{}, false
}

// person is one profile with what this batch brings for it.
type person struct {
	profile *profile.Profile
	attach  []profile.ID // keys that will point to the profile
	events  []incoming
}

// view is what the store holds for a group's identifiers, once its joins are carried out.
type view map[profile.Identifier]*person

// view reads the group's profiles and carries out its joins. Merges are written here, each in a transaction of its own; an
// identifier without a profile is attached by the commit that follows.
func (b *batch) view(ctx context.Context, g *group) (view, error) {
	v, byProfile := view{}, map[profile.ID]*person{}
	load := func(i profile.Identifier) (*person, error) {
		if known := v[i]; known != nil {
			return known, nil
		}
		p, err := b.process.Profiles.Load(ctx, i.ID())
		if err != nil {
			return nil, err
		}
		who := byProfile[p.ID]
		if who == nil {
			who = &person{profile: p}
			byProfile[p.ID] = who
		}
		v[i] = who
		return who, nil
	}
	for _, i := range g.identifiers {
		if _, err := load(i); err != nil {
			return nil, err
		}
	}
	for _, j := range g.joins {
		if j.explicit {
			// An alias may name a former userId as well as an anonymousId: the userId counts if somebody is known by it.
			former := profile.Identifier{Kind: profile.UserID, Value: j.b.Value}
			who, err := load(former)
			if err != nil {
				return nil, err
			}
			if who.profile.Has(former) {
				j.b = former
			}
		}
		if err := b.join(ctx, v, j); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// exists tells a profile from a free key or a tombstone.
func exists(p *profile.Profile) bool { return len(p.Identifiers) > 0 }

// join makes two identifiers one person, where the rules allow it.
func (b *batch) join(ctx context.Context, v view, j join) error {
	known, other := v[j.a], v[j.b]
	switch {
	case known == other:
		return nil
	case known.profile.Erased(j.at) || other.profile.Erased(j.at):
		return nil
	case !exists(other.profile):
		known.profile.Attach(j.a)
		v.attach(known, j.b)
		return nil
	case !exists(known.profile):
		v.attach(other, j.a)
		return nil
	case !j.explicit && known.profile.UserID() != "" && other.profile.UserID() != "":
		return nil
	}
	for _, who := range []*person{known, other} {
		if err := b.store(ctx, who); err != nil {
			return err
		}
	}
	keep, absorbed := profile.Survivor(known.profile, other.profile)
	keep.Absorb(absorbed)
	if err := b.process.Profiles.Merge(ctx, keep, absorbed); err != nil {
		return err
	}
	kept, gone := known, other
	if keep == other.profile {
		kept, gone = other, known
	}
	for i, who := range v {
		if who == gone {
			v[i] = kept
		}
	}
	return nil
}

// attach lets the coming commit point an identifier's key to the person, unless its kind is full.
func (v view) attach(to *person, i profile.Identifier) {
	if to.profile.Attach(i) {
		to.attach = append(to.attach, i.ID())
		v[i] = to
	}
}

// store writes what earlier joins of the same batch attached, since a merge needs both profiles as the store has them.
func (b *batch) store(ctx context.Context, who *person) error {
	if who.profile.Version > 0 && len(who.attach) == 0 {
		return nil
	}
	err := b.process.Profiles.Commit(ctx, dynamo.Change{Profile: who.profile, Attach: who.attach})
	who.attach = nil
	return err
}

// people gathers the group's events by the profile that they go to.
func (v view) people(g *group) []*person {
	var all []*person
	for i, events := range g.events {
		if len(events) == 0 {
			continue
		}
		who := v[i]
		if !exists(who.profile) {
			who.profile.Attach(i)
		}
		if !slices.Contains(all, who) {
			all = append(all, who)
		}
		who.events = append(who.events, events...)
	}
	return all
}
