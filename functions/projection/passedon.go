package projection

import (
	"context"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/job"
)

// passedOn finds the event that an order command passes on to the order's owner. A command of the version before does not name the event's
// source. Where two sources used its messageId in one commit, it answers the events that are about an order of this owner.
func (b *batch) passedOn(ctx context.Context, record int, c *job.Command) ([]incoming, error) {
	r := c.Report
	packed, err := b.process.Timeline.Packed(ctx, r.ProfileID, r.Day, r.Version)
	if err != nil {
		return nil, err
	}
	var found []incoming
	for _, x := range packed {
		if x.Event.MessageID != r.MessageID || r.Source != "" && x.Source != r.Source {
			continue
		}
		// The owner's timeline keeps the event under a source of its own, so that it is one event there as well.
		in := incoming{event: x.Event, source: "order:" + x.Source, key: c.ProfileID, record: record, direct: true}
		in.hash = event.Fingerprint(in.source, in.event.MessageID)
		in.report = b.process.orderReport(&in.event, in.hash)
		found = append(found, in)
	}
	switch len(found) {
	case 0:
		return nil, dynamo.ErrNotFound
	case 1:
		return found, nil
	}
	return b.ofOwner(ctx, found, c.ProfileID)
}

// ofOwner leaves the reports of orders of a person.
func (b *batch) ofOwner(ctx context.Context, found []incoming, id profile.ID) ([]incoming, error) {
	orders, err := b.orders(ctx, found)
	if err != nil {
		return nil, err
	}
	person, err := b.process.Profiles.Load(ctx, id)
	if err != nil {
		return nil, err
	}
	var own []incoming
	for _, in := range found {
		if in.report == nil || orders[in.report.OrderID].Owner == "" {
			continue
		}
		owner, err := b.process.Profiles.Load(ctx, orders[in.report.OrderID].Owner)
		if err != nil {
			return nil, err
		}
		if owner.ID == person.ID {
			own = append(own, in)
		}
	}
	return own, nil
}
