package projection

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/telemetry"
)

const (
	// ownerless is how long a report that names its order only waits for the order's owner.
	ownerless = 7 * 24 * time.Hour
	// ownerDelay is when the owner is looked for first; after that, each time when the event is twice as old.
	ownerDelay = time.Minute
)

// guest assigns a report that names nobody but its order to the order's owner; a shop's notice of a refund would else make a person of its
// own. While the order has no owner, a refund or a cancellation is kept for later, and the order is updated at once. Other reports go by
// the id that they have. taken tells that the event is seen to.
func (b *batch) guest(ctx context.Context, in *incoming) (taken bool, err error) {
	if in.report == nil || in.event.UserID != "" || !order.IsGuest(in.event.AnonymousID, in.report.OrderID) {
		return false, nil
	}
	held, err := b.orders(ctx, []incoming{*in})
	if err != nil {
		return false, fmt.Errorf("finding the owner of a guest's order: %w", err)
	}
	o := held[in.report.OrderID].Order
	switch {
	case o.Owner == "" && (in.report.Name == event.OrderRefunded || in.report.Name == event.OrderCancelled):
		return b.ownerless(ctx, in, o)
	case o.Owner == "" || o.Owner == in.key:
		return false, nil
	}
	owner, err := b.process.Profiles.Load(ctx, o.Owner)
	if err != nil || !exists(owner) || o.Completed() && owner.Erased(o.Owner, o.CompletedAt) {
		return false, err
	}
	in.key = owner.ID
	b.direct = append(b.direct, &group{direct: owner.ID, records: []int{in.record}, events: map[profile.Identifier][]incoming{{}: {*in}}})
	return true, nil
}

// ownerless updates an order that has no owner by a refund or a cancellation, and keeps the event until somebody owns the order. Doing so
// again changes nothing. Where no owner comes in time, a refund goes by the id that it has, and a cancellation is dropped: nothing else was
// ever heard of its order.
func (b *batch) ownerless(ctx context.Context, in *incoming, o *order.Order) (taken bool, err error) {
	now := b.process.Now()
	age := now.Sub(in.event.ReceivedAt)
	owns := func(e incoming) bool { return e.report != nil && e.report.OrderID == o.ID }
	if age >= ownerless && in.report.Name == event.OrderCancelled {
		telemetry.Count("end_of_an_unknown_order", 1, "function", "projection")
		return true, nil
	}
	if age >= ownerless || slices.ContainsFunc(b.events[profile.Identifier{Kind: profile.AnonymousID, Value: in.event.AnonymousID}], owns) {
		return false, nil
	}
	if !o.Repeats(*in.report, "") {
		o.Fold(*in.report, "")
		if err := b.process.Orders.Save(ctx, o); err != nil {
			return false, fmt.Errorf("telling an order without an owner: %w", err)
		}
	}
	body, err := json.Marshal(job.Events{Source: in.source, Events: []event.Event{in.event}})
	if err != nil {
		return false, fmt.Errorf("packing a report: %w", err)
	}
	telemetry.Count("report_before_its_order", 1, "function", "projection")
	return true, b.process.Later.Put(ctx, due.OwnerProjection, now.Add(max(min(age, ownerless-age), ownerDelay)), fmt.Sprintf("refund#%016x", uint64(in.hash)), body)
}
