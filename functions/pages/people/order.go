package people

import (
	"time"

	"github.com/userops/userops/functions/pages/api"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/shared/domain/money"
)

// purchase is an order of the person's.
type purchase struct {
	OrderID                            string
	PlacedAt, CompletedAt, CancelledAt *time.Time
	Total, Net                         money.Amount
	Coupon                             string
	Products                           []struct {
		ProductID, Name string
		Quantity        int64
		Price           money.Amount
	}
	Refunds []struct {
		Amount money.Amount
		Whole  bool
		At     time.Time
	}
}

// State is how far it is: a word of the family order.
func (p purchase) State() string {
	switch {
	case p.CancelledAt != nil && p.Net.Minor == 0:
		return "cancelled"
	case len(p.Refunds) > 0:
		return "refunded"
	case p.CompletedAt != nil:
		return "completed"
	}
	return "placed"
}

// At is when it was first heard of.
func (p purchase) At() time.Time {
	for _, at := range []*time.Time{p.PlacedAt, p.CompletedAt, p.CancelledAt} {
		if at != nil {
			return *at
		}
	}
	return time.Time{}
}

const (
	// enough orders make a page, and lookedBack calls at most: a page of the API is of so many events, and may have no order.
	enough     = 20
	lookedBack = 4
)

// showOrders shows the orders of which the timeline speaks. One of which the events of two pages speak is shown once.
func showOrders(v *view.Visit) error {
	p, q := head(v)
	l := listed[purchase]{person: p}
	if err := v.API.Get(v.Context(), api.Path("profiles", "-"), q, &l.Known); err != nil {
		return err
	}
	seen := map[string]bool{}
	l.Next = v.Query("cursor")
	for range lookedBack {
		more := who(p.ID, p.Reason)
		if l.Next != "" {
			more.Set("cursor", l.Next)
		}
		var answer struct {
			Items []purchase
			Next  string
		}
		if err := v.API.Get(v.Context(), api.Path("profiles", "-", "orders"), more, &answer); err != nil {
			return err
		}
		for _, one := range answer.Items {
			if !seen[one.OrderID] || l.Known.Masked { // of two masked numbers nobody knows whether they are one
				l.Items = append(l.Items, one)
			}
			seen[one.OrderID] = true
		}
		if l.Next = answer.Next; l.Next == "" || len(l.Items) >= enough {
			break
		}
	}
	return l.show(v, "orders", l)
}
