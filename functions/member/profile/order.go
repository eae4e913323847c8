package profile

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/httpapi"
)

// purchase is an order as it is kept beside its owner's sums.
type purchase struct {
	OrderID     string       `json:"orderId"`
	PlacedAt    *time.Time   `json:"placedAt"`
	CompletedAt *time.Time   `json:"completedAt"`
	CancelledAt *time.Time   `json:"cancelledAt"`
	Total       money.Amount `json:"total"`
	Revenue     money.Amount `json:"revenue"`
	Net         money.Amount `json:"net"`
	Discount    money.Amount `json:"discount"`
	Coupon      string       `json:"coupon,omitempty"`
	Products    []product    `json:"products"`
	Refunds     []refund     `json:"refunds"`
}

type product struct {
	ID       string       `json:"productId"`
	Name     string       `json:"name"`
	Category string       `json:"category,omitempty"`
	Quantity int64        `json:"quantity"`
	Price    money.Amount `json:"price"`
}

type refund struct {
	Amount money.Amount `json:"amount"`
	Whole  bool         `json:"whole"`
	At     time.Time    `json:"at"`
}

// purchases lists a person's orders as the timeline speaks of them. A page is of so many events: it may have no order and a next, and an order of which the events of several pages speak comes with each.
func (h *Handler) purchases(w http.ResponseWriter, r *http.Request) {
	person, ok := h.Find(w, r)
	if !ok || !subject.Exists(w, person) {
		return
	}
	page, ok := httpapi.ParsePage(w, r, mostPage, mostPage)
	if !ok {
		return
	}
	found, next, err := h.spokenOf(r.Context(), person, page.Limit, page.Cursor)
	items := []purchase{}
	for _, o := range found {
		items = append(items, purchaseOf(o))
	}
	slices.SortFunc(items, func(a, b purchase) int {
		return cmp.Or(b.begun().Compare(a.begun()), cmp.Compare(a.OrderID, b.OrderID))
	})
	respond(w, r, ordersMask, items, next, err)
}

// begun is when it was first heard of.
func (p purchase) begun() time.Time {
	for _, at := range []*time.Time{p.PlacedAt, p.CompletedAt, p.CancelledAt} {
		if at != nil {
			return *at
		}
	}
	return time.Time{}
}

// orders are a section of the export: those that a page of the timeline speaks of.
func (h *Handler) orders(ctx context.Context, person people.Person, limit int, cursor string) ([]subject.Record, string, error) {
	found, next, err := h.spokenOf(ctx, person, limit, cursor)
	records := []subject.Record{}
	for _, o := range found {
		records = append(records, subject.Record{Kind: "order", Value: purchaseOf(o)})
	}
	return records, next, err
}

// spokenOf are the orders that a page of the timeline speaks of, if they are the person's. One that several pages speak of comes with each. A page that speaks of none is empty.
func (h *Handler) spokenOf(ctx context.Context, person people.Person, limit int, cursor string) (found []*order.Order, next string, err error) {
	events, next, err := h.Timeline.Events(ctx, person.Keys, limit, cursor)
	if err != nil {
		return nil, "", err
	}
	ids := map[string]bool{}
	for i := range events {
		if r, err := order.ParseReport(&events[i], 0, money.Currency("CNY")); err == nil {
			ids[r.OrderID] = true
		}
	}
	orders, err := h.Orders.LoadAll(ctx, slices.Sorted(maps.Keys(ids)))
	if err != nil {
		return nil, "", err
	}
	for _, id := range slices.Sorted(maps.Keys(orders)) {
		if o := orders[id]; slices.Contains(person.Keys, o.Owner) && !o.OwnerErased {
			found = append(found, o)
		}
	}
	return found, next, nil
}

func purchaseOf(o *order.Order) purchase {
	amount := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: o.Currency} }
	shown := purchase{
		OrderID: o.ID, PlacedAt: instant(o.PlacedAt), CompletedAt: instant(o.CompletedAt), CancelledAt: instant(o.CancelledAt), Total: amount(o.Total),
		Revenue: amount(o.Revenue), Net: amount(o.Net()), Discount: amount(o.Discount), Coupon: o.Coupon, Products: []product{}, Refunds: []refund{},
	}
	for _, line := range o.Products {
		shown.Products = append(shown.Products, product{line.ID, line.Name, line.Category, line.Quantity, amount(line.Price)})
	}
	for _, r := range o.Refunds {
		shown.Refunds = append(shown.Refunds, refund{o.Said(r), r.Whole, r.At})
	}
	return shown
}
