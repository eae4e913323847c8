package order

import (
	"math"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Apply folds one report that a person made, and puts what the order adds to the person's sums now in the place of what it added before. The caller
// sees to it that a report is applied once, and to its owner where the order has one. An order whose owner was erased, or which was counted for
// somebody who stood under this person's key before an erasure, leaves the sums alone. A discount counts in the shop's currency only.
func (o *Order) Apply(r Report, p *profile.Profile, shop money.Currency) {
	ownerless := o.Completed() && o.Ownerless()
	entry, bought := o.entry(), o.purchase(shop)
	o.Fold(r, p.ID)
	if ownerless || entry != nil && !p.Orders.Holds(*entry) {
		return
	}
	p.Orders.Replace(entry, o.entry())
	p.Purchases.Replace(bought, o.purchase(shop))
}

// entry is what the order adds to its owner's orders; nil while it is not paid.
func (o *Order) entry() *profile.OrderEntry {
	if !o.Completed() {
		return nil
	}
	return &profile.OrderEntry{At: o.CompletedAt.Truncate(time.Second), Net: o.Net(), Currency: o.Currency}
}

// purchase is what the order says of its owner beside its sum; nil while it is not paid.
func (o *Order) purchase(shop money.Currency) *profile.Purchase {
	if !o.Completed() {
		return nil
	}
	p := profile.Purchase{
		Discounted: o.Coupon != "" || o.Discount > 0 || o.DiscountedLines > 0, Coupon: o.Coupon != "", Cancelled: o.Cancelled(),
		Refunds: len(o.Refunds), Lines: o.Lines, DiscountedLines: o.DiscountedLines,
	}
	if o.Currency == shop {
		p.Discount = o.Discount
	}
	for _, line := range o.Products {
		p.Pieces += min(max(line.Quantity, 0), math.MaxInt32)
	}
	return &p
}
