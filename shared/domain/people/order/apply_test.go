package order

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

// TestSumsAreThoseOfTheOrders applies reports of several orders in any sequence: a person's sums are what the paid orders come to, each once.
func TestSumsAreThoseOfTheOrders(t *testing.T) {
	names := []string{event.OrderPlaced, event.OrderCompleted, event.OrderCompleted, event.OrderUpdated, event.OrderRefunded, event.OrderCancelled}
	bodies := []string{`"total":12.5,"coupon":"C"`, `"total":7,"currency":"USD","discount":1`, `"total":3,"refund_id":"r","discount":"0.30"`,
		`"total":9,"products":[{"price":3,"quantity":3,"discount":1},{"price":1,"quantity":2}]`, `"total":1,"status":"paid"`}
	rapid.Check(t, func(r *rapid.T) {
		p := &profile.Profile{ID: "mei"}
		orders := map[string]*Order{"A": {ID: "A"}, "B": {ID: "B"}, "C": {ID: "C"}}
		for i := range rapid.IntRange(1, 20).Draw(r, "reports") {
			id := rapid.SampledFrom(slices.Sorted(maps.Keys(orders))).Draw(r, "order")
			body := fmt.Sprintf(`{"order_id":%q,%s}`, id, rapid.SampledFrom(bodies).Draw(r, "body"))
			at := t0.Add(time.Duration(rapid.IntRange(0, 5).Draw(r, "hour")) * time.Hour)
			orders[id].Apply(report(t, rapid.SampledFrom(names).Draw(r, "name"), body, at, event.Hash(i)), p, "CNY")
		}
		var count int
		revenue := map[money.Currency]int64{}
		var bought profile.Purchases
		for _, o := range orders {
			if o.CompletedAt.IsZero() {
				continue
			}
			count++
			revenue[o.Currency] += o.Net()
			bought.Refunds += len(o.Refunds)
			bought.Lines += o.Lines
			bought.DiscountedLines += o.DiscountedLines
			if o.Currency == "CNY" {
				bought.Discount += o.Discount
			}
			for _, line := range o.Products {
				bought.Pieces += line.Quantity
			}
			for n, is := range map[*int]bool{&bought.Discounted: o.Coupon != "" || o.Discount != 0 || o.DiscountedLines != 0, &bought.Coupons: o.Coupon != "",
				&bought.Cancelled: o.Cancelled(), &bought.Refunded: len(o.Refunds) != 0} {
				if is {
					*n++
				}
			}
		}
		got := map[money.Currency]int64{}
		for _, a := range p.Orders.Revenue() {
			got[a.Currency] = a.Minor
		}
		if p.Orders.Count != count || len(p.Orders.Entries) != count || !maps.Equal(got, revenue) || p.Purchases != bought {
			r.Fatalf("%d orders of %v, %+v; want %d of %v, %+v", p.Orders.Count, got, p.Purchases, count, revenue, bought)
		}
	})
}

// TestOrdersOfTheErasedAddNothing: what was counted for somebody who was erased is neither taken out of nor added to who stands under the key since.
func TestOrdersOfTheErasedAddNothing(t *testing.T) {
	complete, refund := report(t, event.OrderCompleted, `{"order_id":"A","total":10}`, t0, 1), report(t, event.OrderRefunded, `{"order_id":"A","total":4}`, t0, 2)
	for name, c := range map[string]struct {
		owner      profile.ID
		paid, kept bool // kept: mei has an order just like it, which is it where she owns it
		count      int
		net        int64
	}{
		"an order of mei's own":                           {"mei", true, true, 1, 600},
		"counted before she was erased":                   {"mei", true, false, 0, 0},
		"its owner was erased":                            {Nobody, true, false, 0, 0},
		"its owner was erased, and mei has one just like": {Nobody, true, true, 1, 1000},
		"its owner was erased, and it is unpaid":          {Nobody, false, false, 1, 600},
	} {
		o, before, mei := &Order{ID: "A"}, &profile.Profile{ID: "mei"}, &profile.Profile{ID: "mei"}
		if c.paid {
			o.Apply(complete, before, "CNY")
		}
		if c.kept {
			mei = before
		}
		o.Owner = c.owner
		o.Apply(refund, mei, "CNY")
		if !c.paid {
			o.Apply(complete, mei, "CNY")
		}
		var net int64
		for _, a := range mei.Orders.Revenue() {
			net += a.Minor
		}
		if mei.Orders.Count != c.count || net != c.net || o.Net() != 600 {
			t.Errorf("%s: %d orders worth %d, want %d worth %d", name, mei.Orders.Count, net, c.count, c.net)
		}
	}
}
