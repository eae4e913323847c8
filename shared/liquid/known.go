package liquid

import (
	"encoding/json"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
)

// Known is what is known of a person beside what somebody said of them.
type Known struct {
	Orders             Orders
	Cart               []Line // of the open cart, in the order in which they are shown
	Categories, Brands []string
}

// Orders is what the person's paid orders come to. Total is net, of those in the shop's currency; the times are zero where there is none.
type Orders struct {
	Count           int
	Total           money.Amount
	FirstAt, LastAt time.Time
}

// Line is a product with its price for one piece.
type Line struct {
	ProductID, Name string
	Quantity        int64
	Price           money.Amount
}

// bindings are the variables of what is known, as somebody reads them.
func (k Known) bindings(here locality) map[string]any {
	at := func(t time.Time) any {
		if t.IsZero() {
			return nil
		}
		return t.In(here.location())
	}
	return map[string]any{
		"orders":     map[string]any{"count": k.Orders.Count, "total": sum(k.Orders.Total), "firstAt": at(k.Orders.FirstAt), "lastAt": at(k.Orders.LastAt)},
		"cart":       basket(k.Cart, here.currency),
		"favourites": map[string]any{"categories": anyList(k.Categories), "brands": anyList(k.Brands)},
	}
}

// orderOf is the order that an event is about, without anything where it is about none. shop is the currency where it names none.
func orderOf(name string, properties json.RawMessage, shop money.Currency) map[string]any {
	r, err := order.ParseReport(&event.Event{Kind: event.Track, Name: name, Properties: properties}, 0, shop)
	if err != nil {
		return map[string]any{"lines": []any{}}
	}
	lines := make([]Line, len(r.Products))
	for i, p := range r.Products {
		lines[i] = Line{p.ID, p.Name, p.Quantity, money.Amount{Minor: p.Price, Currency: r.Currency}}
	}
	bound := map[string]any{"id": r.OrderID, "lines": printed(lines), "coupon": r.Coupon, "discount": sum(money.Amount{Minor: r.Discount, Currency: r.Currency})}
	if r.Total != nil {
		bound["total"] = sum(money.Amount{Minor: *r.Total, Currency: r.Currency})
	}
	return bound
}

// basket are lines with what they come to.
func basket(lines []Line, currency money.Currency) map[string]any {
	pieces, total := int64(0), int64(0)
	for _, l := range lines {
		pieces, total = pieces+l.Quantity, total+l.Quantity*l.Price.Minor
	}
	return map[string]any{"lines": printed(lines), "count": int(pieces), "total": sum(money.Amount{Minor: total, Currency: currency})}
}

func printed(lines []Line) []any {
	all := make([]any, len(lines))
	for i, l := range lines {
		all[i] = map[string]any{
			"productId": l.ProductID, "name": l.Name, "quantity": int(l.Quantity), "price": sum(l.Price),
			"total": sum(money.Amount{Minor: l.Quantity * l.Price.Minor, Currency: l.Price.Currency}),
		}
	}
	return all
}
