package format

import (
	"slices"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
)

// remember notes what somebody has bought, for what they give back.
func (in *sales) remember(order, who string, products []map[string]any) {
	for _, p := range products {
		if id, is := p["product_id"].(string); is {
			in.bought[[2]string{who, id}] = order
		}
	}
}

// note makes of a credit note an Order Refunded of each order that it takes something back of. Tables do not say which one that is: it is taken to be the last one above it in which the same person bought the product.
func (in *sales) note(s *sale, id string, of call, products []map[string]any, currency money.Currency) ([]Event, error) {
	var orders []string
	sums, parts := map[string]int64{}, map[string][]map[string]any{}
	for i, p := range products {
		product, _ := p["product_id"].(string)
		order, c := in.bought[[2]string{of.UserID + of.AnonymousID, product}], s.items[i]["quantity"]
		if order == "" {
			s.faults = append(s.faults, c.fault("is given back, and no order above is of this person and product"))
		}
		if parts[order] == nil {
			orders = append(orders, order)
		}
		sums[order], parts[order] = sums[order]+s.amounts[i], append(parts[order], p)
	}
	for _, l := range s.lines {
		if !slices.ContainsFunc(lineNames, func(name string) bool { text, _ := l.field(name); return text != "" }) {
			text, column := l.field("quantity")
			s.faults = append(s.faults, l.fault(column, text, "is given back, and of which product is not said"))
		}
	}
	if len(s.faults) > 0 {
		return nil, nil
	}
	var all []Event
	for _, order := range orders {
		of.Type, of.Event, of.MessageID = "track", event.OrderRefunded, messageID(order, "refunded-"+id)
		of.Properties = map[string]any{"order_id": order, "refund_id": id, "total": decimal(sums[order], currency), "currency": currency, "products": parts[order]}
		e, err := of.event(s.lines[0], Money{money.Amount{Minor: sums[order], Currency: currency}, true})
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}
