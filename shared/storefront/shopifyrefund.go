package storefront

import (
	"encoding/json"
	"fmt"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
)

// shopifyRefund is a refund as refunds/create tells it, and as an order lists it. Its transactions are in the buyer's currency, its lines
// and adjustments in both.
type shopifyRefund struct {
	ID           json.Number `json:"id"`
	OrderID      json.Number `json:"order_id"`
	CreatedAt    string      `json:"created_at"`
	Transactions []struct {
		Kind     string `json:"kind"`
		Status   string `json:"status"`
		Amount   any    `json:"amount"`
		Currency string `json:"currency"`
		Test     bool   `json:"test"`
	} `json:"transactions"`
	Lines []struct {
		Quantity json.Number `json:"quantity"`
		Subtotal shopifyBoth `json:"subtotal_set"`
		Tax      shopifyBoth `json:"total_tax_set"`
		Line     shopifyLine `json:"line_item"`
	} `json:"refund_line_items"`
	Adjustments []struct {
		Amount shopifyBoth `json:"amount_set"`
		Tax    shopifyBoth `json:"tax_amount_set"`
	} `json:"order_adjustments"`
}

// shopifyBoth is an amount in the shop's currency and in the buyer's.
type shopifyBoth struct {
	Shop struct {
		Amount   any    `json:"amount"`
		Currency string `json:"currency_code"`
	} `json:"shop_money"`
}

// events of a refund. guest stands for the person where the notice names the order only; whose that is, projection knows. While a
// transaction is pending, what has succeeded so far is told with its sum in the messageId, so that the rest can follow.
func (r *shopifyRefund) events(guest string, by Call) ([]Call, error) {
	paid, pending, err := r.transactions()
	if err != nil {
		return nil, err
	}
	if pending && paid.Minor == 0 {
		return nil, nil
	}
	message := "refund-" + r.ID.String()
	if pending {
		message += "-" + paid.Decimal()
	}
	amount := paid
	if own, ok := r.inShopMoney(); ok && paid.Currency != "" && own.Currency != paid.Currency {
		// The order counts in the shop's currency, so what it is reduced by is the order's own amounts.
		if pending {
			return nil, nil
		}
		amount = own
	}
	var products []map[string]any
	for _, line := range r.Lines[:min(len(r.Lines), maxLines)] {
		line.Line.Quantity = line.Quantity
		products = append(products, line.Line.product())
	}
	if guest != "" {
		by.AnonymousID = guest
	}
	by.Type, by.Event, by.MessageID, by.Timestamp = event.Track, event.OrderRefunded, message, r.CreatedAt
	by.Properties = filled(map[string]any{"order_id": r.OrderID.String(), "refund_id": r.ID.String(), "currency": string(amount.Currency),
		"total": json.Number(amount.Decimal()), "products": products})
	return []Call{by}, nil
}

// transactions is what was paid back, and whether some of it is still under way.
func (r *shopifyRefund) transactions() (sum money.Amount, pending bool, err error) {
	for i, t := range r.Transactions {
		if t.Kind != "refund" || t.Test {
			continue
		}
		pending = pending || t.Status == "pending"
		if t.Status != "success" {
			continue
		}
		field := fmt.Sprintf("refund %s: transactions[%d]", r.ID, i)
		c, err := money.ParseCurrency(t.Currency)
		if err != nil {
			return sum, false, fmt.Errorf("%s.currency: %w", field, err)
		}
		if sum.Currency != "" && c != sum.Currency {
			return sum, false, fmt.Errorf("%s.currency: is another than that of the transactions before", field)
		}
		amount, err := money.ParseDecimal(number(t.Amount).String(), c)
		if err != nil {
			return sum, false, fmt.Errorf("%s.amount: %w", field, err)
		}
		sum.Minor, sum.Currency = sum.Minor+amount.Minor, c
	}
	return sum, pending, nil
}

// inShopMoney sums the lines and adjustments in the shop's currency; ok is false where the notice does not say them all.
func (r *shopifyRefund) inShopMoney() (sum money.Amount, ok bool) {
	add := func(b shopifyBoth, sign int64, needed bool) bool {
		if b.Shop.Amount == nil && !needed {
			return true
		}
		c, err := money.ParseCurrency(b.Shop.Currency)
		if err != nil || sum.Currency != "" && sum.Currency != c {
			return false
		}
		a, err := money.ParseDecimal(number(b.Shop.Amount).String(), c)
		sum.Minor, sum.Currency = sum.Minor+sign*a.Minor, c
		return err == nil
	}
	for _, l := range r.Lines {
		if !add(l.Subtotal, 1, true) || !add(l.Tax, 1, false) {
			return money.Amount{}, false
		}
	}
	for _, a := range r.Adjustments {
		// What the shop gives back beyond the lines, such as the shipping, is negative.
		if !add(a.Amount, -1, true) || !add(a.Tax, -1, false) {
			return money.Amount{}, false
		}
	}
	return sum, sum.Currency != "" && sum.Minor >= 0
}
