package storefront

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/trust"
)

// wooOrder is what is read of an order of WooCommerce's REST API, version 3. Its times are UTC without saying so.
type wooOrder struct {
	ID            json.Number `json:"id"`
	Status        string      `json:"status"`
	Currency      string      `json:"currency"`
	CreatedAt     string      `json:"date_created_gmt"`
	ModifiedAt    string      `json:"date_modified_gmt"`
	PaidAt        string      `json:"date_paid_gmt"`
	CompletedAt   string      `json:"date_completed_gmt"`
	Total         any         `json:"total"`
	TotalTax      any         `json:"total_tax"`
	ShippingTotal any         `json:"shipping_total"`
	DiscountTotal any         `json:"discount_total"`
	CustomerID    json.Number `json:"customer_id"`
	Billing       wooBilling  `json:"billing"`
	Coupons       []struct {
		Code string `json:"code"`
	} `json:"coupon_lines"`
	Lines []struct {
		ProductID json.Number `json:"product_id"`
		Name      string      `json:"name"`
		SKU       string      `json:"sku"`
		Quantity  json.Number `json:"quantity"`
		Price     any         `json:"price"`
	} `json:"line_items"`
	Refunds []struct {
		ID    json.Number `json:"id"`
		Total any         `json:"total"`
	} `json:"refunds"`
	Meta []struct {
		Key   string `json:"key"`
		Value any    `json:"value"`
	} `json:"meta_data"`
}

type wooBilling struct {
	Email     string `json:"email"`
	Phone     string `json:"phone"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	City      string `json:"city"`
	State     string `json:"state"`
	Country   string `json:"country"`
}

type wooCustomer struct {
	ID         json.Number `json:"id"`
	Email      string      `json:"email"`
	FirstName  string      `json:"first_name"`
	LastName   string      `json:"last_name"`
	CreatedAt  string      `json:"date_created_gmt"`
	ModifiedAt string      `json:"date_modified_gmt"`
	Billing    wooBilling  `json:"billing"`
}

// wooEvents maps a notice. WooCommerce tells of a payment, of refunds and of a cancellation by an update of the order; each has
// a messageId of its own and is sent again with every further update.
func wooEvents(topic string, body []byte, proves func(userID, userHash string) bool) ([]Call, error) {
	switch topic {
	case "order.created", "order.updated", "order.restored":
		var o wooOrder
		if err := unmarshal(body, &o); err != nil || o.ID == "" {
			return nil, ErrNotice
		}
		if wooDraft[o.Status] {
			return nil, nil
		}
		return o.events(topic != "order.created", proves)
	case "order.deleted":
		return deleted("woocommerce", body)
	case "customer.created", "customer.updated":
		var c wooCustomer
		if err := unmarshal(body, &c); err != nil || c.ID == "" {
			return nil, ErrNotice
		}
		return c.events(topic == "customer.created"), nil
	}
	return nil, nil
}

// wooDraft are the states of what is no order yet.
var wooDraft = map[string]bool{"checkout-draft": true, "auto-draft": true, "draft": true}

// wooVoid are the states in which an order does not count, whatever was paid before.
var wooVoid = map[string]bool{"cancelled": true, "failed": true, "trash": true}

// wooLive are the states of an order that is paid and goes its way.
var wooLive = map[string]bool{"processing": true, "completed": true}

func (o *wooOrder) events(updated bool, proves func(userID, userHash string) bool) ([]Call, error) {
	id := o.ID.String()
	user, anonymous := o.person(proves)
	if err := o.readable(); err != nil {
		return nil, err
	}
	track := func(name, key, at string, properties map[string]any) Call {
		return Call{Type: event.Track, Event: name, MessageID: key, UserID: user, AnonymousID: anonymous, Properties: properties, Timestamp: utc(at)}
	}
	content := filled(map[string]any{
		"order_id": id, "affiliation": "woocommerce", "currency": o.Currency, "total": number(o.Total), "revenue": o.revenue(), "tax": number(o.TotalTax),
		"shipping": number(o.ShippingTotal), "discount": number(o.DiscountTotal), "coupon": o.coupon(), "products": o.products(),
	})
	key := "order-" + id + "-"
	var calls []Call
	if !updated {
		calls = append(calls, Call{Type: event.Identify, MessageID: key + "billing", UserID: user, AnonymousID: anonymous,
			Traits: o.Billing.traits(), Timestamp: utc(o.CreatedAt), Level: trust.Public})
	}
	if paid := o.paidAt(); paid != "" {
		calls = append(calls, track(event.OrderCompleted, key+"completed", paid, content))
	} else {
		calls = append(calls, track(event.OrderPlaced, key+"placed", o.CreatedAt, content))
	}
	if updated {
		content := maps.Clone(content)
		switch {
		case wooLive[o.Status] && o.paidAt() != "":
			content["status"] = "paid" // the date of a payment stays when an order comes back
		case wooVoid[o.Status]:
			content["status"] = "cancelled" // the notice of a second cancellation has the id of the first
		}
		calls = append(calls, track(event.OrderUpdated, key+"updated-"+o.ModifiedAt, o.ModifiedAt, content))
	}
	for _, r := range o.Refunds {
		calls = append(calls, track(event.OrderRefunded, "refund-"+r.ID.String(), o.ModifiedAt,
			filled(map[string]any{"order_id": id, "refund_id": r.ID.String(), "currency": o.Currency, "total": json.Number(strings.TrimPrefix(number(r.Total).String(), "-"))})))
	}
	switch {
	case o.Status == "cancelled":
		calls = append(calls, track(event.OrderCancelled, key+"cancelled", o.ModifiedAt, map[string]any{"order_id": id}))
	case wooVoid[o.Status]:
		calls = append(calls, track(event.OrderCancelled, key+o.Status, o.ModifiedAt, map[string]any{"order_id": id, "reason": o.Status}))
	case o.Status == "refunded" && len(o.Refunds) == 0:
		calls = append(calls, track(event.OrderRefunded, key+"refunded", o.ModifiedAt, map[string]any{"order_id": id}))
	}
	return calls, nil
}

// readable refuses an order with an amount that is none. A refund without an amount would mean the whole order.
func (o *wooOrder) readable() error {
	amounts := map[string]any{"total": o.Total, "total_tax": o.TotalTax, "shipping_total": o.ShippingTotal, "discount_total": o.DiscountTotal}
	for i, l := range o.Lines {
		amounts[fmt.Sprintf("line_items[%d].price", i)] = l.Price
	}
	for i, r := range o.Refunds {
		if number(r.Total) == "" {
			return fmt.Errorf("refunds[%d].total: %w", i, money.ErrDecimal)
		}
	}
	return readable(amounts)
}

// paidAt is when the order was paid, empty when it is not: cash on delivery is paid once the order is completed.
func (o *wooOrder) paidAt() string {
	switch {
	case o.PaidAt != "":
		return o.PaidAt
	case o.Status != "completed" && o.Status != "refunded":
		return ""
	case o.CompletedAt != "":
		return o.CompletedAt
	default:
		return o.CreatedAt
	}
}

// person is whom the order's meta data prove, or the customer, or the device that they name, or a guest known by the order alone. A checkout lets
// its visitor write what they like into them.
func (o *wooOrder) person(proves func(userID, userHash string) bool) (user, anonymous string) {
	var attributes []attribute
	for _, m := range o.Meta {
		attributes = append(attributes, attribute{m.Key, m.Value})
	}
	user, anonymous = person(attributes, proves)
	if user == "" && o.CustomerID != "0" {
		user = o.CustomerID.String()
	}
	if user == "" && anonymous == "" {
		anonymous = order.Guest("woocommerce", o.ID.String())
	}
	return user, anonymous
}

// revenue is the total without tax and shipping.
func (o *wooOrder) revenue() json.Number {
	currency, err := money.ParseCurrency(o.Currency)
	if err != nil {
		return ""
	}
	var parts [3]int64
	for i, part := range []any{o.Total, o.TotalTax, o.ShippingTotal} {
		amount, err := money.ParseDecimal(number(part).String(), currency)
		if err != nil {
			return ""
		}
		parts[i] = amount.Minor
	}
	return json.Number(money.Amount{Minor: parts[0] - parts[1] - parts[2], Currency: currency}.Decimal())
}

func (o *wooOrder) coupon() string {
	var codes []string
	for _, c := range o.Coupons {
		codes = append(codes, c.Code)
	}
	return strings.Join(codes, ",")
}

func (o *wooOrder) products() []map[string]any {
	var all []map[string]any
	for _, l := range o.Lines[:min(len(o.Lines), maxLines)] {
		all = append(all, filled(map[string]any{"product_id": l.ProductID.String(), "sku": l.SKU, "name": l.Name, "price": number(l.Price), "quantity": l.Quantity}))
	}
	return all
}

func (b wooBilling) traits() map[string]any {
	return filled(map[string]any{"email": b.Email, "phone": b.Phone, "firstName": b.FirstName, "lastName": b.LastName,
		"city": b.City, "state": b.State, "country": b.Country})
}

func (c *wooCustomer) events(created bool) []Call {
	id := c.ID.String()
	traits := c.Billing.traits()
	for name, value := range map[string]string{"email": c.Email, "firstName": c.FirstName, "lastName": c.LastName, "createdAt": utc(c.CreatedAt)} {
		if value != "" {
			traits[name] = value
		}
	}
	at := c.ModifiedAt
	if at == "" {
		at = c.CreatedAt
	}
	// What the customer has entered into an account of theirs is the person's own word: nobody has confirmed the address.
	calls := []Call{{Type: event.Identify, MessageID: "customer-" + id + "-" + at, UserID: id, Traits: traits, Timestamp: utc(at), Level: trust.Person}}
	if created {
		calls = append(calls, Call{Type: event.Track, Event: event.SignedUp, MessageID: "customer-" + id + "-signed-up", UserID: id, Timestamp: utc(c.CreatedAt)})
	}
	return calls
}
