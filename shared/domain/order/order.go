// Package order is one order of the shop, whoever reports it: browser, server or webhook. It is not the person's sum of
// orders (package profile) and no stock or payment system. The surprising thing: an Order is a function of the set of its
// reports, not of their sequence, so a refund may come before the order that it refunds.
package order

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sort"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/event"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/profile"
)

// Limits of what is kept of one order. Money is never dropped: past MaxRefunds, refunds are summed into one.
const (
	MaxIDLength = 128
	MaxProducts = 50
	MaxRefunds  = 64
)

// Order is what all reports together say. Amounts are in minor units of Currency.
type Order struct {
	ID      string
	Version int64 // of the stored item; 0 when it is not stored yet
	Owner   profile.ID

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

	Refunds []Refund // sorted by key
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

// Refund is one partial or whole refund. Key is the shop's refund_id, or the report's own hash where there is none.
type Refund struct {
	Key    string
	Amount int64
	Whole  bool
	At     time.Time
}

// Completed tells whether a report said that the order was paid.
func (o *Order) Completed() bool { return !o.CompletedAt.IsZero() }

// Refunded is the sum of the refunds, never more than the total.
func (o *Order) Refunded() int64 {
	var sum int64
	for _, r := range o.Refunds {
		if r.Whole {
			return max(o.Total, 0)
		}
		sum += r.Amount
	}
	return min(sum, max(o.Total, 0))
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

// Cancelled tells whether a report said that the order was cancelled.
func (o *Order) Cancelled() bool { return !o.CancelledAt.IsZero() }

// Net is what is left of the total after refunds and cancellation.
func (o *Order) Net() int64 {
	if o.Cancelled() {
		return 0
	}
	return o.Total - o.Refunded()
}

// Contribution is what the order adds to its owner's sums; ok is false while it is not paid.
func (o *Order) Contribution() (entry profile.OrderEntry, ok bool) {
	if !o.Completed() {
		return profile.OrderEntry{}, false
	}
	return profile.OrderEntry{At: o.CompletedAt.Truncate(time.Second), Net: o.Net(), Currency: o.Currency}, true
}

// Purchase is what the order says of its owner beside its sum; ok is false while it is not paid. A discount counts in the shop's
// currency only.
func (o *Order) Purchase(shop money.Currency) (p profile.Purchase, ok bool) {
	if !o.Completed() {
		return profile.Purchase{}, false
	}
	p = profile.Purchase{
		Discounted: o.Coupon != "" || o.Discount > 0 || o.DiscountedLines > 0, Coupon: o.Coupon != "", Cancelled: o.Cancelled(),
		Refunds: len(o.Refunds), Lines: o.Lines, DiscountedLines: o.DiscountedLines,
	}
	if o.Currency == shop {
		p.Discount = o.Discount
	}
	for _, line := range o.Products {
		p.Pieces += min(max(line.Quantity, 0), math.MaxInt32)
	}
	return p, true
}

// Report is one event about one order.
type Report struct {
	OrderID    string
	Name       string // the event's name
	At         time.Time
	Hash       event.Hash
	Total      *int64
	Revenue    *int64
	Currency   money.Currency
	Coupon     string
	Products   []Product
	Discount   int64
	Lines      int
	Discounted int // lines with a discount or coupon of their own
	RefundID   string
	HasContent bool // says what the order contains
}

// ErrNotOrder says that an event is not about an order.
var ErrNotOrder = errors.New("is not about an order")

// names of the events that report an order.
var names = map[string]bool{
	event.OrderPlaced: true, event.OrderCompleted: true, event.OrderUpdated: true, event.OrderRefunded: true, event.OrderCancelled: true,
}

// Reports tells whether an event of this name reports an order.
func Reports(name string) bool { return names[name] }

type properties struct {
	OrderID  json.RawMessage `json:"order_id"`
	Total    json.RawMessage `json:"total"`
	Revenue  json.RawMessage `json:"revenue"`
	Subtotal json.RawMessage `json:"subtotal"`
	Currency string          `json:"currency"`
	Coupon   string          `json:"coupon"`
	RefundID json.RawMessage `json:"refund_id"`
	Discount json.RawMessage `json:"discount"`
	Products []struct {
		ProductID json.RawMessage `json:"product_id"`
		SKU       json.RawMessage `json:"sku"`
		Name      string          `json:"name"`
		Category  string          `json:"category"`
		Quantity  json.RawMessage `json:"quantity"`
		Price     json.RawMessage `json:"price"`
		Discount  json.RawMessage `json:"discount"`
		Coupon    json.RawMessage `json:"coupon"`
	} `json:"products"`
}

// ParseReport reads an order event. shop is the currency where the event names none. An error names the property at fault;
// ErrNotOrder means that the event's name is none of an order's.
func ParseReport(e *event.Event, hash event.Hash, shop money.Currency) (Report, error) {
	if e.Kind != event.Track || !names[e.Name] {
		return Report{}, ErrNotOrder
	}
	var p properties
	if len(e.Properties) > 0 {
		if err := json.Unmarshal(e.Properties, &p); err != nil {
			return Report{}, fmt.Errorf("properties: %w", shapeError(err))
		}
	}
	r := Report{Name: e.Name, At: e.Timestamp, Hash: hash, Currency: shop, Coupon: clip(p.Coupon, maxCoupon)}
	var err error
	if r.OrderID = text(p.OrderID); r.OrderID == "" || len(r.OrderID) > MaxIDLength {
		return Report{}, fmt.Errorf("properties.order_id: is missing or longer than %d bytes", MaxIDLength)
	}
	r.RefundID = refundKey(text(p.RefundID))
	if p.Currency != "" {
		if r.Currency, err = money.ParseCurrency(p.Currency); err != nil {
			return Report{}, fmt.Errorf("properties.currency: %w", err)
		}
	}
	if r.Total, err = amount(p.Total, r.Currency); err != nil {
		return Report{}, fmt.Errorf("properties.total: %w", err)
	}
	if r.Revenue, err = amount(p.Revenue, r.Currency); err != nil {
		return Report{}, fmt.Errorf("properties.revenue: %w", err)
	}
	r.Discount = discount(p.Discount, r.Currency)
	r.Lines = len(p.Products)
	var lines int64
	priced := len(p.Products) > 0
	for i, q := range p.Products {
		if text(q.Coupon) != "" || discount(q.Discount, r.Currency) != 0 {
			r.Discounted++
		}
		price, err := amount(q.Price, r.Currency)
		if err != nil {
			return Report{}, fmt.Errorf("properties.products[%d].price: %w", i, err)
		}
		quantity := int64(1)
		if s := text(q.Quantity); s != "" {
			a, err := money.ParseDecimal(s, "JPY") // an exponent of zero: whole pieces
			if err != nil {
				return Report{}, fmt.Errorf("properties.products[%d].quantity: %w", i, err)
			}
			quantity = a.Minor
		}
		product := Product{ID: text(q.ProductID), Name: clip(q.Name, 64), Category: clip(q.Category, 64), Quantity: quantity}
		if product.ID == "" {
			product.ID = text(q.SKU)
		}
		product.ID = clip(product.ID, 64)
		if price == nil {
			priced = false
		} else {
			product.Price = *price
			line, ok := product64(*price, quantity)
			if !ok {
				return Report{}, fmt.Errorf("properties.products[%d]: price times quantity %w", i, money.ErrDecimal)
			}
			lines += line
		}
		if len(r.Products) < MaxProducts {
			r.Products = append(r.Products, product)
		}
	}
	if r.Total == nil {
		r.Total = total(&r, p.Subtotal, lines, priced)
	}
	r.HasContent = e.Name != event.OrderRefunded && e.Name != event.OrderCancelled && r.Total != nil
	return r, nil
}

// total is what an order without a total comes to: its revenue, its subtotal, or the sum of its priced lines.
func total(r *Report, subtotal json.RawMessage, lines int64, priced bool) *int64 {
	if r.Revenue != nil {
		return r.Revenue
	}
	if sub, err := amount(subtotal, r.Currency); err == nil && sub != nil {
		return sub
	}
	if priced {
		return &lines
	}
	return nil
}

// discount is an amount whatever its sign; one that cannot be read is none, since no sum hangs on it.
func discount(raw json.RawMessage, c money.Currency) int64 {
	d, err := amount(raw, c)
	if err != nil || d == nil {
		return 0
	}
	return max(*d, -*d)
}

func product64(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	c := a * b
	return c, c/b == a
}

func shapeError(err error) error {
	var t *json.UnmarshalTypeError
	if errors.As(err, &t) {
		return fmt.Errorf("%s is a %s where another type belongs", t.Field, t.Value)
	}
	return err
}

// text is a JSON string's value or a number's digits; anything else is empty.
func text(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return ""
	}
	if raw[0] == '"' {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return ""
		}
		return strings.TrimSpace(s)
	}
	if raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9' {
		return string(raw)
	}
	return ""
}

// amount reads a JSON number, or a string that holds one, into minor units; null and absent are nil.
func amount(raw json.RawMessage, c money.Currency) (*int64, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return nil, nil
	}
	s := text(raw)
	a, err := money.ParseDecimal(s, c)
	if err != nil {
		return nil, err
	}
	return &a.Minor, nil
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}

// Fold adds one report made by a person; the caller sees to it that a report is folded once. The person of the first report
// that the order was paid owns it; until then whoever reported first does.
func (o *Order) Fold(r Report, by profile.ID) {
	o.shorten()
	if o.Owner == "" || (!o.Completed() && r.Name == event.OrderCompleted) {
		o.Owner = by
	}
	switch r.Name {
	case event.OrderPlaced:
		o.PlacedAt = earlier(o.PlacedAt, r.At)
	case event.OrderCompleted:
		o.CompletedAt = earlier(o.CompletedAt, r.At)
	case event.OrderCancelled:
		o.CancelledAt = earlier(o.CancelledAt, r.At)
	case event.OrderRefunded:
		o.refund(r)
	}
	if r.HasContent && (r.At.After(o.ReportedAt) || r.At.Equal(o.ReportedAt) && r.Hash > o.Reporter) {
		o.ReportedAt, o.Reporter = r.At, r.Hash
		o.Total, o.Currency, o.Coupon, o.Products = *r.Total, r.Currency, r.Coupon, r.Products
		o.Discount, o.Lines, o.DiscountedLines = r.Discount, r.Lines, r.Discounted
		o.Revenue = *r.Total
		if r.Revenue != nil {
			o.Revenue = *r.Revenue
		}
	}
	if o.Currency == "" {
		o.Currency = r.Currency
	}
}

// refund adds or replaces one refund. A refund without an amount refunds the whole order.
func (o *Order) refund(r Report) {
	refund := Refund{Key: r.RefundID, At: r.At}
	if refund.Key == "" {
		refund.Key = fmt.Sprintf("%016x", uint64(r.Hash))
	}
	if r.Total == nil {
		refund.Whole = true
	} else {
		refund.Amount = max(*r.Total, -*r.Total)
	}
	at := sort.Search(len(o.Refunds), func(i int) bool { return o.Refunds[i].Key >= refund.Key })
	if at < len(o.Refunds) && o.Refunds[at].Key == refund.Key {
		// The same refund reported twice: the greater of the two stands, whatever their order.
		known := &o.Refunds[at]
		known.Whole = known.Whole || refund.Whole
		known.Amount = max(known.Amount, refund.Amount)
		known.At = earlier(known.At, refund.At)
		return
	}
	if len(o.Refunds) >= MaxRefunds {
		last := &o.Refunds[len(o.Refunds)-1]
		last.Amount += refund.Amount
		last.Whole = last.Whole || refund.Whole
		return
	}
	o.Refunds = append(o.Refunds, Refund{})
	copy(o.Refunds[at+1:], o.Refunds[at:])
	o.Refunds[at] = refund
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}
