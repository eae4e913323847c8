package people

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
)

// OrderTraces takes the owner out of the orders of a person who was erased. The orders stay, as the shop's figures, and a late refund still
// finds them. They are found by the person's timeline, so this comes before the timeline is wiped. The order by which a reward stands or
// falls keeps its owner's id, as the book does: without it nobody could take the reward back. It says that its owner was erased, and is listed for nobody.
type OrderTraces struct {
	Orders   Orders
	Timeline Timeline
	// Kept are the orders of a person by which a reward stands or falls.
	Kept func(ctx context.Context, keys []profile.ID) (orderIDs []string, err error)
}

// Wipe takes the person out of the orders that a page of packs speaks of, and tells how many there were and where to go on.
func (s OrderTraces) Wipe(ctx context.Context, g Gone, after string) (found int, next string, err error) {
	packs, next, err := dynamo.Stretch{Table: s.Timeline.Table, PK: string(g.Key), After: after}.Page(ctx, s.Timeline.DB)
	if err != nil {
		return 0, "", fmt.Errorf("looking for the orders of %s: %w", g.Key, err)
	}
	ids := map[string]bool{}
	for _, i := range dynamo.Only(packs, func(i dynamo.Item) bool { return packVersion(dynamo.TextOf(i, dynamo.AttrSK)) <= g.Version }) {
		events, err := unpackEvents(i)
		if err != nil {
			continue // it goes with the timeline, and says nothing that could be kept
		}
		for n := range events {
			if r, err := order.ParseReport(&events[n].Event, 0, money.Currency("CNY")); err == nil {
				ids[r.OrderID] = true
			}
		}
	}
	if len(ids) == 0 {
		return 0, next, nil
	}
	kept, err := s.Kept(ctx, g.Keys)
	if err != nil {
		return 0, "", err
	}
	found, err = s.Orders.disown(ctx, slices.Sorted(maps.Keys(ids)), kept, g)
	return found, next, err
}

// disown writes orders that belong to a person who is gone without an owner; those that are kept say beside the id that it was erased. Orders that were completed since belong to whoever came back.
func (s Orders) disown(ctx context.Context, ids, kept []string, g Gone) (found int, err error) {
	orders, err := s.LoadAll(ctx, ids)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		o := orders[id]
		if !slices.Contains(g.Keys, o.Owner) || o.OwnerErased || g.Back && o.CompletedAt.After(g.Until) {
			continue
		}
		if slices.Contains(kept, id) {
			o.OwnerErased = true
		} else {
			o.Owner = order.Nobody
		}
		if err := s.Save(ctx, o); err != nil {
			return 0, fmt.Errorf("taking the owner out of an order: %w", err)
		}
		found++
	}
	return found, nil
}
