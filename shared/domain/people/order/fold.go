package order

import (
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/userops/userops/shared/domain/clip"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Fold adds one report made by a person; the caller sees to it that a report is folded once. The person of the first report
// that the order was paid owns it; until then whoever reported first does.
func (o *Order) Fold(r Report, by profile.ID) {
	o.shorten()
	o.remember(r, by)
	if o.Owner == "" || (!o.Completed() && r.Name == event.OrderCompleted) {
		o.Owner, o.OwnerErased = by, false
	}
	switch r.Name {
	case event.OrderPlaced:
		o.PlacedAt = earlier(o.PlacedAt, r.At)
	case event.OrderCompleted:
		o.CompletedAt, o.PaidAgainAt = span(o.CompletedAt, o.PaidAgainAt, r.At)
	case event.OrderCancelled:
		o.CancelledAt, o.VoidedAgainAt = span(o.CancelledAt, o.VoidedAgainAt, r.At)
	case event.OrderUpdated:
		if last := event.Latest(o.CompletedAt, o.PaidAgainAt); r.Paid && r.At.After(last) {
			o.PaidAgainAt = r.At
		}
		if r.Void {
			o.CancelledAt, o.VoidedAgainAt = span(o.CancelledAt, o.VoidedAgainAt, r.At)
		}
	case event.OrderRefunded:
		o.refund(r)
	}
	if r.HasContent && (r.At.After(o.ReportedAt) || r.At.Equal(o.ReportedAt) && r.Hash > o.Reporter) {
		o.ReportedAt, o.Reporter = r.At, r.Hash
		o.Total, o.Currency, o.Coupon, o.Products = *r.Total, r.Currency, r.Coupon, r.Products
		o.Discount, o.Lines, o.DiscountedLines = r.Discount, r.Lines, r.Discounted
		o.Revenue = *r.Total
		if r.Revenue != nil {
			o.Revenue = *r.Revenue
		}
	}
	// Until a report says what the order contains, it has the currency of those that say it was placed or paid; of several the same one,
	// in whatever sequence they come. What refunds and cancellations say of a currency is theirs.
	if o.ReportedAt.IsZero() && r.Name != event.OrderRefunded && r.Name != event.OrderCancelled && r.Currency > o.Currency {
		o.Currency = r.Currency
	}
}

// shorten bounds an order that was stored before its texts were.
func (o *Order) shorten() {
	o.Coupon = clip.To(o.Coupon, maxCoupon)
	for i := range o.Refunds {
		o.Refunds[i].Key = refundKey(o.Refunds[i].Key)
	}
	sort.Slice(o.Refunds, func(i, j int) bool { return o.Refunds[i].Key < o.Refunds[j].Key })
}

// refund adds or replaces one refund. A refund without an amount refunds the whole order.
func (o *Order) refund(r Report) {
	refund := Refund{Key: r.RefundID, At: r.At, Whole: r.Total == nil}
	if refund.Key == "" {
		refund.Key = fmt.Sprintf("%016x", uint64(r.Hash))
	}
	if !refund.Whole {
		refund.Amount, refund.Own = max(*r.Total, -*r.Total), r.Amount
		refund.Own.Digits = max(refund.Own.Digits, -refund.Own.Digits)
		if r.Stated {
			refund.Currency = r.Currency
		}
	}
	at, known := slices.BinarySearchFunc(o.Refunds, refund, compareKeys)
	if known {
		// The same refund reported twice: the greater of the two stands, whatever their order.
		old := &o.Refunds[at]
		refund.At = earlier(old.At, refund.At)
		if compareRefunds(*old, refund) > 0 {
			refund.Whole, refund.Amount, refund.Currency, refund.Own = old.Whole, old.Amount, old.Currency, old.Own
		}
		*old = refund
		return
	}
	if len(o.Refunds) >= MaxRefunds {
		o.pool(refund)
		return
	}
	o.Refunds = slices.Insert(slices.Clone(o.Refunds), at, refund)
}

// pooled begins the keys of the sums of refunds past MaxRefunds: one for each way in which their amounts are told.
const pooled = "~"

func (o *Order) pool(r Refund) {
	r.Key = pooled + string(r.Currency)
	if r.Own != (money.Decimal{}) {
		r.Key = fmt.Sprintf("%s%d", pooled, r.Own.Scale)
	}
	if r.Whole {
		r.Key = pooled + "whole"
	}
	at, known := slices.BinarySearchFunc(o.Refunds, r, compareKeys)
	if !known {
		o.Refunds = slices.Insert(slices.Clone(o.Refunds), at, r)
		return
	}
	sum := &o.Refunds[at]
	sum.At = earlier(sum.At, r.At)
	sum.Amount = min(sum.Amount+r.Amount, maxPool)
	sum.Own.Digits = min(sum.Own.Digits, maxPool) + min(r.Own.Digits, maxPool)
}

// Repeats tells whether a report says again what the order was told by the same person: shops send the notices of a payment, of refunds and of a
// cancellation with every later update, days apart. One that would change the order is news.
func (o *Order) Repeats(r Report, by profile.ID) bool {
	if len(o.Told) == 0 {
		return false
	}
	if _, known := slices.BinarySearch(o.Told, markOf(r, by)); !known {
		return false
	}
	after := *o
	after.Refunds = slices.Clone(o.Refunds)
	after.Fold(r, by)
	return after.Net() == o.Net() && after.Cancelled() == o.Cancelled() && after.ReportedAt.Equal(o.ReportedAt)
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// span puts a time into a span; last is zero while the span is one point.
func span(first, last, at time.Time) (from, to time.Time) {
	from, to = earlier(first, at), event.Latest(event.Latest(first, last), at)
	if from.Equal(to) {
		to = time.Time{}
	}
	return from, to
}
