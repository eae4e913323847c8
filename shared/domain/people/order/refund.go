package order

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/money"
)

// Refund is one partial or whole refund. Key is the shop's refund_id, or the report's own hash where there is none.
type Refund struct {
	Key   string
	Whole bool
	At    time.Time
	// Amount is in minor units of Currency; where that is empty, of the order's own currency, as refunds were stored before they kept one.
	Amount   int64
	Currency money.Currency
	// Own is the amount of a refund that named no currency, which is the order's then, whichever that is. Amount is what it comes to in
	// the shop's, for older readers.
	Own money.Decimal
}

// in is what the refund takes off an order of a currency. Amounts of two currencies never meet: a refund in another one takes nothing off.
func (r Refund) in(c money.Currency) (minor int64, ok bool) {
	switch {
	case r.Own != (money.Decimal{}):
		amount, fits := r.Own.In(c)
		if !fits {
			return maxPool, true // more than any order
		}
		return amount.Minor, true
	case r.Currency == "" || r.Currency == c:
		return r.Amount, true
	}
	return 0, r.Amount == 0
}

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

// maxPool keeps the sums of pooled refunds from wrapping; no order is as great.
const maxPool = 1 << 61

func compareKeys(a, b Refund) int { return strings.Compare(a.Key, b.Key) }

// compareRefunds orders two reports of one refund: a whole one is greater than a part, one that names its currency than one that does not.
func compareRefunds(a, b Refund) int {
	whole := func(r Refund) int {
		if r.Whole {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(whole(a), whole(b)), cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Amount, b.Amount),
		cmp.Compare(a.Own.Digits, b.Own.Digits), cmp.Compare(a.Own.Scale, b.Own.Scale))
}
