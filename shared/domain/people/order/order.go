// Package order is one order of the shop, whoever reports it: browser, server or webhook. It is not the person's sum of
// orders (package profile) and no stock or payment system. The surprising thing: an Order is a function of the set of its
// reports, not of their sequence, so a refund may come before the order that it refunds.
package order

import (
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Limits of what is kept of one order. Money is never dropped: past MaxRefunds, refunds are summed into one.
const (
	MaxIDLength = 128
	MaxProducts = 50
	MaxRefunds  = 64
)

// Order is what all reports together say. Amounts are in minor units of Currency.
type Order struct {
	ID      string
	Version int64 // of the stored item; 0 when it is not stored yet
	Owner   profile.ID

	Currency money.Currency
	Total    int64
	Revenue  int64
	Coupon   string
	Products []Product
	// Discount is what the newest report took off the prices; Lines and DiscountedLines count what it lists, beyond MaxProducts too.
	Discount        int64
	Lines           int
	DiscountedLines int
	// ReportedAt and Reporter order the reports of what the order contains: the newest wins, and of two at the same time the one
	// with the greater hash.
	ReportedAt time.Time
	Reporter   event.Hash

	PlacedAt    time.Time // earliest report that it was placed
	CompletedAt time.Time // earliest report that it was paid
	CancelledAt time.Time // earliest report that it was cancelled
	// PaidAgainAt and VoidedAgainAt are the latest reports that it was paid and that it was cancelled, zero where that is the earliest:
	// of a cancellation and a payment the later one counts.
	PaidAgainAt   time.Time
	VoidedAgainAt time.Time

	Refunds []Refund // sorted by key
	// Told are the reports that were folded, each by whom; see Repeats. Sorted.
	Told []event.Hash
	// Unknown holds what a newer version of the program stored and this one does not know; it is written back as it is.
	Unknown []byte
}

// Product is one line of an order.
type Product struct {
	ID       string `json:"product_id"`
	Name     string `json:"name,omitempty"`
	Category string `json:"category,omitempty"`
	Quantity int64  `json:"quantity"`
	Price    int64  `json:"price"` // minor units, of one piece
}

// Guest is the anonymousId that stands for the person of an order of which nothing else is known; system names the shop's software.
func Guest(system, orderID string) string { return system + "-order-" + orderID }

// systems are the shops' software whose orders have guests.
var systems = [...]string{"shopify", "woocommerce"}

// IsGuest tells whether an anonymousId is the guest of an order.
func IsGuest(anonymousID, orderID string) bool {
	return slices.ContainsFunc(systems[:], func(system string) bool { return anonymousID == Guest(system, orderID) })
}

// StandsForGuest tells whether an anonymousId is the guest of any order. It follows from the order's number, so whoever can count knows it: it proves nothing.
func StandsForGuest(anonymousID string) bool {
	return slices.ContainsFunc(systems[:], func(system string) bool { return strings.HasPrefix(anonymousID, Guest(system, "")) })
}

// Completed tells whether a report said that the order was paid.
func (o *Order) Completed() bool { return !o.CompletedAt.IsZero() }

// Cancelled tells whether the order is cancelled: some report said so, and none said that it was paid after that.
func (o *Order) Cancelled() bool {
	return !o.CancelledAt.IsZero() && !event.Latest(o.CompletedAt, o.PaidAgainAt).After(event.Latest(o.CancelledAt, o.VoidedAgainAt))
}

// Net is what is left of the total after refunds and cancellation.
func (o *Order) Net() int64 {
	if o.Cancelled() {
		return 0
	}
	return o.Total - o.Refunded()
}

// Nobody owns the orders of those who were erased. It is no profile's id, which have 22 characters.
const Nobody profile.ID = "nobody"

// Fold adds one report made by a person; the caller sees to it that a report is folded once. The person of the first report
// that the order was paid owns it; until then whoever reported first does.
func (o *Order) Fold(r Report, by profile.ID) {
	o.shorten()
	o.remember(r, by)
	if o.Owner == "" || (!o.Completed() && r.Name == event.OrderCompleted) {
		o.Owner = by
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
