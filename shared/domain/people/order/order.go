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

// Order is what all reports together say. Amounts are in minor units of Currency.
type Order struct {
	ID      string
	Version int64 // of the stored item; 0 when it is not stored yet
	Owner   profile.ID
	// OwnerErased says that the owner was erased, and that the id stays for the reward which stands or falls by the order: the order is nobody's otherwise.
	OwnerErased bool

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

// Ownerless tells whether its owner was erased.
func (o *Order) Ownerless() bool { return o.Owner == Nobody || o.OwnerErased }

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

// Said is what a refund gives back, as it was said: in its own currency, or in the order's where it named none. A whole one gives back what
// the order came to.
func (o *Order) Said(r Refund) money.Amount {
	if r.Whole {
		return money.Amount{Minor: max(o.Total, 0), Currency: o.Currency}
	}
	if minor, ok := r.in(o.Currency); ok {
		return money.Amount{Minor: minor, Currency: o.Currency}
	}
	return money.Amount{Minor: r.Amount, Currency: r.Currency}
}

// Refunded is the sum of the refunds, never more than the total.
func (o *Order) Refunded() int64 {
	var sum int64
	for _, r := range o.Refunds {
		if r.Whole {
			return max(o.Total, 0)
		}
		minor, _ := r.in(o.Currency)
		if sum += minor; sum > o.Total {
			sum = max(o.Total, 0) // no sum of many refunds wraps
		}
	}
	return min(sum, max(o.Total, 0))
}

// Unmatched counts the refunds in another currency than the order's: they take nothing off, and somebody has to look.
func (o *Order) Unmatched() int {
	n := 0
	for _, r := range o.Refunds {
		if _, ok := r.in(o.Currency); !ok && !r.Whole {
			n++
		}
	}
	return n
}

// FullyRefunded tells whether nothing of a positive total is left.
func (o *Order) FullyRefunded() bool {
	for _, r := range o.Refunds {
		if r.Whole {
			return true
		}
	}
	return o.Total > 0 && o.Refunded() == o.Total
}
