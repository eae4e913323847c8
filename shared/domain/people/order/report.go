package order

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/clip"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/rawjson"
)

// maxAmount bounds every amount of one order, in minor units: sums of ninety thousand such orders still fit in 63 bits.
const maxAmount = 100_000_000_000_000

var (
	errNegative = errors.New("is negative")
	errTooGreat = errors.New("is greater than an order may be")
)

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
	// Stated says that the event itself named Currency. Of a refund that did not, Amount is what it takes back in the order's own currency.
	Stated     bool
	Amount     money.Decimal
	HasContent bool // says what the order contains
	Paid       bool // an update says that the order is paid as of then, though it may have been cancelled before
	Void       bool // an update says that the order is cancelled as of then, though it may have been paid again since it was first cancelled
}

// ErrNotOrder says that an event is not about an order.
var ErrNotOrder = errors.New("is not about an order")

// names of the events that report an order.
var names = map[string]bool{
	event.OrderPlaced: true, event.OrderCompleted: true, event.OrderUpdated: true, event.OrderRefunded: true, event.OrderCancelled: true,
}

// Reports tells whether an event of this name reports an order.
func Reports(name string) bool { return strings.HasPrefix(name, "Order ") && names[name] }

// ParseReport reads an order event. shop is the currency where the event names none. An error names the property at fault;
// ErrNotOrder means that the event's name is none of an order's.
func ParseReport(e *event.Event, hash event.Hash, shop money.Currency) (Report, error) {
	if e.Kind != event.Track || !names[e.Name] {
		return Report{}, ErrNotOrder
	}
	r, err := parse(e, hash, shop)
	if err == nil && (r.OrderID == "" || len(r.OrderID) > MaxIDLength) {
		// The last of all, since an event that moves no money may do without one, and not with amounts that are none.
		return Report{}, fmt.Errorf("%s: is missing or longer than %d bytes", FieldOrderID, MaxIDLength)
	}
	return r, err
}

// Named is the id of the order that properties name, empty for none.
func Named(properties json.RawMessage) (id string) {
	rawjson.Members(properties, func(name, value []byte) {
		if string(name) == "order_id" {
			id = text(value)
		}
	})
	return id
}

// FieldOrderID begins the error of a report that names no order and is right otherwise.
const FieldOrderID = "properties.order_id"

func parse(e *event.Event, hash event.Hash, shop money.Currency) (Report, error) {
	p, err := members(e.Properties)
	if err != nil {
		return Report{}, fmt.Errorf("properties: %w", err)
	}
	r := Report{OrderID: text(p["order_id"]), Name: e.Name, At: e.Timestamp, Hash: hash, Currency: shop, Coupon: clip.To(text(p["coupon"]), maxCoupon)}
	r.RefundID = refundKey(text(p["refund_id"]))
	if e.Name == event.OrderUpdated {
		status := text(p["status"])
		r.Paid, r.Void = strings.EqualFold(status, "paid"), strings.EqualFold(status, "cancelled")
	}
	if code := p["currency"]; !absent(code) {
		if r.Currency, err = money.ParseCurrency(text(code)); err != nil {
			return Report{}, fmt.Errorf("properties.currency: %w", err)
		}
		if r.Stated = true; !r.Currency.Known() {
			return Report{}, fmt.Errorf("properties.currency: %w", money.ErrUnknownCurrency)
		}
	}
	if r.Total, err = amount(p["total"], r.Currency); err != nil {
		return Report{}, fmt.Errorf("properties.total: %w", err)
	}
	if r.Revenue, err = amount(p["revenue"], r.Currency); err != nil {
		return Report{}, fmt.Errorf("properties.revenue: %w", err)
	}
	r.Discount = discount(p["discount"], r.Currency)
	lines, priced, err := r.lines(p["products"])
	if err != nil {
		return Report{}, err
	}
	from := "total"
	if r.Total == nil {
		if r.Total, from, err = r.sum(p["subtotal"], lines, priced); err != nil {
			return Report{}, err
		}
	}
	if e.Name == event.OrderRefunded {
		err := r.refunds(p[from], from == "products") // changes r, and so must come before r is answered
		return r, err
	}
	if r.Total != nil && *r.Total < 0 {
		return Report{}, fmt.Errorf("properties.%s: %w", from, errNegative)
	}
	if r.Revenue != nil && *r.Revenue < 0 {
		return Report{}, fmt.Errorf("properties.revenue: %w", errNegative)
	}
	r.HasContent = e.Name != event.OrderCancelled && r.Total != nil
	return r, nil
}

// lines reads the products, what they come to, and whether each has a price.
func (r *Report) lines(raw json.RawMessage) (sum int64, priced bool, err error) {
	if absent(raw) {
		return 0, false, nil
	}
	var all []json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return 0, false, errors.New("properties.products: is not a list")
	}
	r.Lines = len(all)
	priced = len(all) > 0
	for i := range all {
		line, has, err := r.line(all[i])
		if err != nil {
			return 0, false, fmt.Errorf("properties.products[%d]%w", i, err)
		}
		priced = priced && has
		if sum += line; sum > maxAmount || sum < -maxAmount {
			return 0, false, fmt.Errorf("properties.products[%d]: makes the sum of the lines greater than an order may be", i)
		}
	}
	return sum, priced, nil
}

// line reads one product. What its error says begins with the member at fault.
func (r *Report) line(raw json.RawMessage) (sum int64, priced bool, err error) {
	q, err := members(raw)
	if err != nil {
		return 0, false, fmt.Errorf(": %w", err)
	}
	if text(q["coupon"]) != "" || discount(q["discount"], r.Currency) != 0 {
		r.Discounted++
	}
	price, err := amount(q["price"], r.Currency)
	if err != nil {
		return 0, false, fmt.Errorf(".price: %w", err)
	}
	product := Product{ID: clip.To(cmp.Or(text(q["product_id"]), text(q["sku"])), 64), Name: clip.To(label(q["name"]), 64),
		Category: clip.To(label(q["category"]), 64), Quantity: 1}
	if s := q["quantity"]; !absent(s) {
		pieces, err := money.ParseDecimal(text(s), "JPY") // an exponent of zero: whole pieces
		if err != nil {
			return 0, false, fmt.Errorf(".quantity: %w", err)
		}
		product.Quantity = pieces.Minor
	}
	if price != nil {
		product.Price = *price
		var fits bool
		if sum, fits = product64(*price, product.Quantity); !fits || sum > maxAmount || sum < -maxAmount {
			return 0, false, fmt.Errorf(": price times quantity is greater than an order may be")
		}
	}
	if len(r.Products) < MaxProducts {
		r.Products = append(r.Products, product)
	}
	return sum, price != nil, nil
}

// refunds notes what a refund takes back. One that names no currency speaks in the order's, which need not be the shop's.
func (r *Report) refunds(total json.RawMessage, summed bool) error {
	if r.Stated || r.Total == nil {
		return nil
	}
	if summed {
		// The priced lines were read in minor units of the shop's currency.
		r.Amount = money.Decimal{Digits: *r.Total, Scale: r.Currency.Exponent()}
		return nil
	}
	var err error
	if r.Amount, err = money.ReadDecimal(text(total)); err != nil {
		return fmt.Errorf("properties.total: %w", err)
	}
	return nil
}

// sum is what an order without a total comes to: its revenue, its subtotal, or the sum of its priced lines; from is the property that says so.
func (r *Report) sum(subtotal json.RawMessage, lines int64, priced bool) (total *int64, from string, err error) {
	if r.Revenue != nil {
		return r.Revenue, "revenue", nil
	}
	if total, err = amount(subtotal, r.Currency); err != nil {
		return nil, "", fmt.Errorf("properties.subtotal: %w", err)
	}
	if total != nil {
		return total, "subtotal", nil
	}
	if priced {
		return &lines, "products", nil
	}
	return nil, "total", nil
}

// discount is an amount whatever its sign; one that cannot be read is none, since no sum hangs on it.
func discount(raw json.RawMessage, c money.Currency) int64 {
	d, err := amount(raw, c)
	if err != nil || d == nil {
		return 0
	}
	return max(*d, -*d)
}

// Doubt tells what of an accepted order event counts otherwise than its sender may think: an order that was paid without saying how much, and discounts
// that are none. r is the event's report.
func Doubt(e *event.Event, r *Report, warn func(field, reason string)) {
	if r.Name == event.OrderCompleted && r.Total == nil {
		warn("properties.total", "is missing, and so are revenue, subtotal and prices of all products: the order counts with nothing until a report says what it came to")
	}
	doubtful := func(field string, raw json.RawMessage) {
		if _, err := amount(raw, r.Currency); err != nil {
			warn(field, err.Error()+", so it is not used")
		}
	}
	rawjson.Members(e.Properties, func(name, value []byte) {
		switch string(name) {
		case "discount":
			doubtful("properties.discount", value)
		case "products":
			at := 0
			rawjson.Elements(value, func(line []byte) {
				rawjson.Members(line, func(name, value []byte) {
					if string(name) == "discount" {
						doubtful("properties.products["+strconv.Itoa(at)+"].discount", value)
					}
				})
				at++
			})
		}
	})
}

func product64(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	c := a * b
	return c, c/b == a
}

// members are an object's members by their exact names: Order_ID is not order_id. No object at all has none.
func members(raw json.RawMessage) (map[string]json.RawMessage, error) {
	if absent(raw) {
		return nil, nil
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil {
		return nil, errors.New("is not an object")
	}
	return m, nil
}

func absent(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) == 0 || bytes.Equal(raw, []byte("null"))
}

// label is the value of a JSON string.
func label(raw json.RawMessage) string { return strings.TrimSpace(rawjson.Text(raw)) }

// text is a JSON string's value or a number's digits; anything else is empty.
func text(raw json.RawMessage) string { return strings.TrimSpace(rawjson.Plain(raw)) }

// amount reads a JSON number, or a string that holds one, into minor units; null and absent are nil.
func amount(raw json.RawMessage, c money.Currency) (*int64, error) {
	if absent(raw) {
		return nil, nil
	}
	a, err := money.ParseDecimal(text(raw), c)
	if err != nil {
		return nil, err
	}
	if a.Minor > maxAmount || a.Minor < -maxAmount {
		return nil, errTooGreat
	}
	return &a.Minor, nil
}
