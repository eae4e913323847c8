package profile

import (
	"cmp"
	"slices"
	"time"
)

// line writes a product's line by its newest event. A removed product stays as a line of quantity zero, so that an older addition that
// comes late does not bring it back.
func (m *Memory) line(id string, line CartLine) {
	at := line.At
	if id == "" || !at.After(m.CartClearedAt) {
		return
	}
	if m.Cart == nil {
		m.Cart = map[string]CartLine{}
	}
	old, known := m.Cart[id]
	if known && (at.Before(old.At) || at.Equal(old.At) && (old.Quantity < line.Quantity || old.Quantity == line.Quantity && old.Price >= line.Price)) {
		return
	}
	m.Cart[id] = line
	m.leave("cart", dropOldest(m.Cart, MaxCartLines, func(l CartLine) time.Time { return l.At }))
}

func (m *Memory) clearCart(at time.Time) {
	if !at.After(m.CartClearedAt) {
		return
	}
	m.CartClearedAt = at
	for id, line := range m.Cart {
		if !line.At.After(at) {
			delete(m.Cart, id)
		}
	}
	if len(m.Cart) == 0 {
		m.Cart = nil // as it is read back
	}
}

// CartLines are the ids of the products in the open cart, the newest first.
func (m *Memory) CartLines() (ids []string) {
	for id, line := range m.Cart {
		if line.Quantity > 0 {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Or(m.Cart[b].At.Compare(m.Cart[a].At), cmp.Compare(a, b)) })
	return ids
}

// OpenCart is the number of pieces in the cart and their worth in minor units of the shop's currency.
func (m *Memory) OpenCart() (pieces int, worth int64) {
	for _, line := range m.Cart {
		pieces += line.Quantity
		worth += int64(line.Quantity) * line.Price
	}
	return pieces, worth
}

// AbandonedAt is when the open cart was last touched: a line changed, the cart or a step of the checkout was looked at. It is zero
// where nothing is in the cart.
func (m *Memory) AbandonedAt() time.Time {
	var at time.Time
	if pieces, _ := m.OpenCart(); pieces == 0 {
		return at
	}
	for _, line := range m.Cart {
		if line.At.After(at) {
			at = line.At
		}
	}
	for _, name := range []string{"Cart Viewed", "Checkout Started", "Checkout Step Viewed", "Checkout Step Completed", "Payment Info Entered"} {
		if last := m.Counters[name].Last; last.After(at) {
			at = last
		}
	}
	return at
}
