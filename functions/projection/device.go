package projection

import (
	"context"
	"time"

	"github.com/userops/userops/shared/domain/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/telemetry"
)

// takeOff takes a device off whoever the id stands for by now. It counts from now on and not from when it was asked for: what was received until now
// may be folded already, and is the person's whichever comes first.
func (b *batch) takeOff(ctx context.Context, c *job.Command) error {
	p, err := b.process.Profiles.Load(ctx, c.ProfileID)
	if err != nil || !exists(p) || p.Erased(c.ProfileID, c.At) {
		return err
	}
	if !p.TakeOff(c.Device, c.At.UTC(), b.process.Now().UTC().Truncate(time.Millisecond)) {
		telemetry.Count("device_not_taken_off", 1, "function", "projection")
		return nil
	}
	return b.process.Profiles.Commit(ctx, dynamo.Change{Profile: p})
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

// devices sorts the events of a device by whose it was when they were received. Where it was never taken off anybody it is the list itself.
func (b *batch) devices(ctx context.Context, i profile.Identifier, events []incoming, load func(profile.Identifier) (*person, error)) (map[profile.Identifier][]incoming, error) {
	who, err := load(i)
	if err != nil || i.Kind != profile.AnonymousID || len(who.profile.Off) == 0 {
		return map[profile.Identifier][]incoming{i: events}, err
	}
	sorted := map[profile.Identifier][]incoming{}
	for _, e := range events {
		stands, err := b.stands(ctx, i, &e, load)
		if err != nil {
			return nil, err
		}
		e.key = stands.ID()
		sorted[stands] = append(sorted[stands], e)
	}
	return sorted, nil
}

// stands is the key of a device under which an event stands: where it was folded before, since a client sends again what it has heard nothing of, and the
// device may have been taken off in between; else whose the device was when it was received.
func (b *batch) stands(ctx context.Context, i profile.Identifier, e *incoming, load func(profile.Identifier) (*person, error)) (profile.Identifier, error) {
	for key := i; ; key = key.Next() {
		who, err := load(key)
		if err != nil {
			return i, err
		}
		if folded, err := b.folded(ctx, who.profile, e); folded || err != nil {
			return key, err
		}
		if _, off := who.profile.Off[key.ID()]; !off {
			break
		}
	}
	stands, _, err := device(i, e.event.ReceivedAt, load)
	return stands, err
}

// folded tells whether a person has an event already.
func (b *batch) folded(ctx context.Context, p *profile.Profile, e *incoming) (bool, error) {
	if p.Window.Seen(e.hash) != nil {
		return true, nil
	}
	var d doubts
	places, likely := p.Window.Whereabouts(&e.event, e.hash)
	if len(places) == 0 {
		return false, nil
	}
	d.add(*e, places, likely)
	unknown, err := b.lookUp(ctx, p, &d)
	return err == nil && len(unknown) == 0, err
}
