package projection

import (
	"context"
	"fmt"

	"github.com/userops/userops/shared/domain/order"
	"github.com/userops/userops/shared/domain/profile"
)

// guest gives a report that names nobody but its order to the order's owner, so that a shop's notice of a refund makes no person of its
// own. While the order has no owner, or only such a guest, the report goes by the id that it has.
func (b *batch) guest(ctx context.Context, in *incoming) (owned bool, err error) {
	if in.report == nil || in.event.UserID != "" || !order.IsGuest(in.event.AnonymousID, in.report.OrderID) {
		return false, nil
	}
	held, err := b.orders(ctx, []incoming{*in})
	if err != nil {
		return false, fmt.Errorf("finding the owner of a guest's order: %w", err)
	}
	o := held[in.report.OrderID]
	if o.Owner == "" || o.Owner == in.key {
		return false, nil
	}
	owner, err := b.process.Profiles.Load(ctx, o.Owner)
	if err != nil || !exists(owner) {
		return false, err
	}
	in.key = owner.ID
	b.direct = append(b.direct, &group{direct: owner.ID, records: []int{in.record}, events: map[profile.Identifier][]incoming{{}: {*in}}})
	return true, nil
}
