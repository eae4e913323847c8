package projection

import (
	"context"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/telemetry"
)

// takeOff takes a device off whoever the id stands for by now. It counts from now on and not only from when it was asked for: what was received until
// now may be folded already, and is the person's whichever comes first.
func (b *batch) takeOff(ctx context.Context, c *job.Command) error {
	p, err := b.process.Profiles.Load(ctx, c.ProfileID)
	if err != nil || !exists(p) || p.Erased(c.ProfileID, c.At) {
		return err
	}
	if !p.TakeOff(c.Device, c.At.UTC(), b.process.Now().UTC().Truncate(time.Millisecond)) {
		telemetry.Count("device_not_taken_off", 1, "function", "projection")
		return nil
	}
	return b.process.Profiles.Commit(ctx, people.Change{Profile: p})
}

// device follows an identifier to where it stands for what was received at a time: a device that was taken off somebody has another key since.
func device(i profile.Identifier, receivedAt time.Time, load func(profile.Identifier) (*person, error)) (profile.Identifier, *person, error) {
	for {
		who, err := load(i)
		if err != nil || i.Kind.Base() != profile.AnonymousID || !who.profile.Left(i.ID(), receivedAt) {
			return i, who, err
		}
		i = i.Next()
	}
}

// devices groups the events of a device by the identifier under which the device stood when they were received. An event that was folded
// before stays where it was folded: a client sends again what it had no answer to, and the device may have been taken off somebody in
// between. A device that was never taken off anybody has one group.
func (b *batch) devices(ctx context.Context, i profile.Identifier, events []incoming, load func(profile.Identifier) (*person, error)) (map[profile.Identifier][]incoming, error) {
	who, err := load(i)
	if err != nil || i.Kind != profile.AnonymousID || len(who.profile.Off) == 0 {
		return map[profile.Identifier][]incoming{i: events}, err
	}
	sorted := map[profile.Identifier][]incoming{}
	put := func(stands profile.Identifier, e incoming) {
		e.key = stands.ID()
		sorted[stands] = append(sorted[stands], e)
	}
	rest := events
	for key, off := i, true; off && len(rest) > 0; key = key.Next() {
		if who, err = load(key); err != nil {
			return nil, err
		}
		unknown, err := b.unfolded(ctx, who.profile, rest)
		if err != nil {
			return nil, err
		}
		var left []incoming
		for _, e := range rest {
			if unknown[e.hash] {
				left = append(left, e)
			} else {
				put(key, e)
			}
		}
		rest = left
		_, off = who.profile.Off[key.ID()]
	}
	for _, e := range rest {
		stands, _, err := device(i, e.event.ReceivedAt, load)
		if err != nil {
			return nil, err
		}
		put(stands, e)
	}
	return sorted, nil
}

// unfolded are those of the events that a person does not have yet. The timeline is asked once for all of them: of somebody with many events it would be
// read for each.
func (b *batch) unfolded(ctx context.Context, p *profile.Profile, events []incoming) (map[event.Hash]bool, error) {
	unknown := map[event.Hash]bool{}
	var d doubts
	for _, e := range events {
		if p.Window.Seen(e.hash) != nil {
			continue
		}
		unknown[e.hash] = !d.take(&p.Window, e)
	}
	open, err := b.lookUp(ctx, p, &d)
	for _, e := range open {
		unknown[e.hash] = true
	}
	return unknown, err
}
