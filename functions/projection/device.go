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
func devices(i profile.Identifier, events []incoming, load func(profile.Identifier) (*person, error)) (map[profile.Identifier][]incoming, error) {
	who, err := load(i)
	if err != nil || i.Kind != profile.AnonymousID || len(who.profile.Off) == 0 {
		return map[profile.Identifier][]incoming{i: events}, err
	}
	sorted := map[profile.Identifier][]incoming{}
	for _, e := range events {
		stands, _, err := device(i, e.event.ReceivedAt, load)
		if err != nil {
			return nil, err
		}
		e.key = stands.ID()
		sorted[stands] = append(sorted[stands], e)
	}
	return sorted, nil
}
