package profile

import "math"

// Purchase is what one completed order says beside its sum.
type Purchase struct {
	Discounted      bool // by a discount, a coupon, or on a line
	Coupon          bool // at least one was used
	Cancelled       bool
	Refunds         int // partial and whole ones
	Lines           int
	DiscountedLines int
	Pieces          int64
	Discount        int64 // minor units of the shop's currency
}

// Purchases sums the purchases of all completed orders.
type Purchases struct {
	Discounted      int   `json:"discounted,omitempty"`
	Coupons         int   `json:"coupons,omitempty"`
	Cancelled       int   `json:"cancelled,omitempty"`
	Refunded        int   `json:"refunded,omitempty"` // orders with a refund
	Refunds         int   `json:"refunds,omitempty"`
	Lines           int   `json:"lines,omitempty"`
	DiscountedLines int   `json:"discountedLines,omitempty"`
	Pieces          int64 `json:"pieces,omitempty"`
	Discount        int64 `json:"discount,omitempty"`
}

// Replace takes out what an order contributed before and puts in what it contributes now; either may be absent.
func (s *Purchases) Replace(before, after *Purchase) {
	if before != nil {
		s.add(*before, -1)
	}
	if after != nil {
		s.add(*after, 1)
	}
}

func (s *Purchases) add(p Purchase, sign int) {
	count := func(n *int, is bool) {
		if is {
			*n += sign
		}
	}
	count(&s.Discounted, p.Discounted)
	count(&s.Coupons, p.Coupon)
	count(&s.Cancelled, p.Cancelled)
	count(&s.Refunded, p.Refunds > 0)
	s.Refunds += sign * p.Refunds
	s.Lines += sign * p.Lines
	s.DiscountedLines += sign * p.DiscountedLines
	s.Pieces += int64(sign) * p.Pieces
	s.Discount += int64(sign) * p.Discount
}

func (s *Purchases) absorb(q Purchases) {
	s.Discounted += q.Discounted
	s.Coupons += q.Coupons
	s.Cancelled += q.Cancelled
	s.Refunded += q.Refunded
	s.Refunds += q.Refunds
	s.Lines += q.Lines
	s.DiscountedLines += q.DiscountedLines
	s.Pieces += q.Pieces
	s.Discount += q.Discount
}

// Ratings sums the ratings of the person's reviews, in tenths: 45 is 4.5 of 5.
type Ratings struct {
	Count int64 `json:"count,omitempty"`
	Sum   int64 `json:"sum,omitempty"`
}

// rate counts one rating; one that is no number from 0 to 100 is none.
func (r *Ratings) rate(value float64) {
	if value >= 0 && value <= 100 {
		r.Count++
		r.Sum += int64(math.Round(value * 10))
	}
}
