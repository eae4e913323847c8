package fold

import (
	"cmp"
	"math"
	"slices"

	"github.com/userops/userops/shared/domain/money"
)

// soon are the days within which a first buyer may buy a second time.
var soon = [...]int{30, 60, 90, 180}

// Sales is the partial of a Trade.
type Sales struct {
	Rows   []SaleRow  `json:"rows,omitempty"`
	Buyers []BuyerRow `json:"buyers,omitempty"`
	// Cycle is how many paid orders of the days came so many days after their buyer's order before.
	Cycle []Gap `json:"cycle,omitempty"`
	// Over says that the split has too many values; then there are no rows.
	Over bool `json:"over,omitempty"`
}

// SaleRow is the orders of a period, of a currency and a value of the split. Money is in minor units of the currency.
type SaleRow struct {
	Period    string         `json:"period"`
	Currency  money.Currency `json:"currency"`
	Split     string         `json:"split,omitempty"`
	Placed    int64          `json:"placed"`  // orders, those included that were paid and never said to be placed
	GMV       int64          `json:"gmv"`     // of the placed ones
	Paid      int64          `json:"paid"`    // orders
	Sum       int64          `json:"sum"`     // of the paid ones
	Unknown   int64          `json:"unknown"` // paid ones of which nothing says what they came to
	Pieces    int64          `json:"pieces"`  // in the paid ones
	Reduced   int64          `json:"reduced"` // paid ones with a discount or a coupon
	Discount  int64          `json:"discount"`
	Refunds   int64          `json:"refunds"` // how many, of paid orders
	Cancelled int64          `json:"cancelled"`
	Returned  int64          `json:"returned"` // by refunds and cancellations
}

// Net is what was paid in the period less what was given back in it.
func (r *SaleRow) Net() int64 { return r.Sum - r.Returned }

// BuyerRow is the people with a paid order in a period, of a value of the split, or, where All is set, of all of them. Period is empty for all of the days together.
type BuyerRow struct {
	Period string `json:"period"`
	All    bool   `json:"all,omitempty"`
	Split  string `json:"split,omitempty"`
	People int64  `json:"people"`
	Again  int64  `json:"again"` // with two or more
	First  int64  `json:"first"` // whose first one ever is in it
	// Due are those of First for whom the 30, 60, 90 and 180 days are over, Second those of Due who bought again within them.
	Due    [len(soon)]int64 `json:"due"`
	Second [len(soon)]int64 `json:"second"`
}

// Gap is how many orders came so many of the shop's days after the one before.
type Gap struct {
	Days   int64 `json:"days"`
	Orders int64 `json:"orders"`
}

func compareSales(a, b *SaleRow) int {
	return cmp.Or(cmp.Compare(a.Period, b.Period), cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Split, b.Split))
}

func compareBuyers(a, b *BuyerRow) int {
	return cmp.Or(cmp.Compare(a.Period, b.Period), compareParts(a.All, b.All), cmp.Compare(a.Split, b.Split))
}

func compareGaps(a, b *Gap) int { return cmp.Compare(a.Days, b.Days) }

func (r *SaleRow) add(o *SaleRow) {
	r.Placed, r.Paid, r.Unknown, r.Reduced, r.Refunds, r.Cancelled = r.Placed+o.Placed, r.Paid+o.Paid, r.Unknown+o.Unknown, r.Reduced+o.Reduced, r.Refunds+o.Refunds, r.Cancelled+o.Cancelled
	r.GMV, r.Sum, r.Pieces, r.Discount, r.Returned = upTo(r.GMV, o.GMV), upTo(r.Sum, o.Sum), upTo(r.Pieces, o.Pieces), upTo(r.Discount, o.Discount), upTo(r.Returned, o.Returned)
}

// upTo adds what is not negative. It stops at the greatest number, so that no order, however great, turns a sum around.
func upTo(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

func (r *BuyerRow) add(o *BuyerRow) {
	r.People, r.Again, r.First = r.People+o.People, r.Again+o.Again, r.First+o.First
	for i := range soon {
		r.Due[i], r.Second[i] = r.Due[i]+o.Due[i], r.Second[i]+o.Second[i]
	}
}

func (*Sales) kind() Kind { return KindTrade }

// Merge adds the orders of other people.
func (s *Sales) Merge(other Partial) error {
	o, same := other.(*Sales)
	if !same {
		return ErrPartial
	}
	cycle := mergeRows(s.Cycle, o.Cycle, compareGaps, func(a, b *Gap) { a.Orders += b.Orders })
	*s = sales(mergeRows(s.Rows, o.Rows, compareSales, (*SaleRow).add), mergeRows(s.Buyers, o.Buyers, compareBuyers, (*BuyerRow).add), cycle, s.Over || o.Over)
	return nil
}

// Figure is one of the orders of a currency, or of the buyers.
func (s *Sales) Figure(of Cell) (int64, bool) {
	if of.Currency != "" {
		r := rowOf(s.Rows, SaleRow{Period: of.Period, Currency: of.Currency, Split: of.Split}, compareSales)
		return pick(of.Figure, named{"placed", r.Placed}, named{"gmv", r.GMV}, named{"paid", r.Paid}, named{"sum", r.Sum}, named{"unknown", r.Unknown}, named{"pieces", r.Pieces}, named{"reduced", r.Reduced},
			named{"discount", r.Discount}, named{"refunds", r.Refunds}, named{"cancelled", r.Cancelled}, named{"returned", r.Returned})
	}
	r := rowOf(s.Buyers, BuyerRow{Period: of.Period, All: of.All, Split: of.Split}, compareBuyers)
	if i := slices.Index(soon[:], of.Days); i >= 0 {
		return pick(of.Figure, named{"due", r.Due[i]}, named{"second", r.Second[i]})
	}
	return pick(of.Figure, named{"people", r.People}, named{"again", r.Again}, named{"first", r.First})
}

// sales are rows that say so where they are too many to be shown.
func sales(rows []SaleRow, buyers []BuyerRow, cycle []Gap, over bool) Sales {
	s := Sales{Rows: rows, Buyers: buyers, Cycle: cycle, Over: over || tooMany(rows, func(r *SaleRow) string { return r.Split })}
	if s.Over {
		s.Rows, s.Buyers = nil, nil
	}
	return s
}

// Within is the number of days within which a share of the second orders came: 0.5 is the median. False where there are none.
func (s *Sales) Within(share float64) (days int64, known bool) {
	var all, seen int64
	for _, g := range s.Cycle {
		all += g.Orders
	}
	for _, g := range s.Cycle {
		if seen += g.Orders; float64(seen) >= share*float64(all) {
			return g.Days, true
		}
	}
	return 0, false
}
