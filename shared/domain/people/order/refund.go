package order

import (
	"cmp"
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
