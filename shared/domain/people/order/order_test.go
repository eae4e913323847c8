package order

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func report(t *testing.T, name, properties string, at time.Time, hash event.Hash) Report {
	t.Helper()
	r, err := ParseReport(&event.Event{Kind: event.Track, Name: name, Properties: json.RawMessage(properties), Timestamp: at}, hash, "CNY")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestParseReport(t *testing.T) {
	minor := func(n int64) *int64 { return &n }
	for _, c := range []struct {
		name, properties string
		total            *int64
		fault            string
	}{
		{"total", `{"order_id":"A","total":12.34}`, minor(1234), ""},
		{"total as text", `{"order_id":"A","total":"12.34"}`, minor(1234), ""},
		{"numeric order_id", `{"order_id":123,"total":1}`, minor(100), ""},
		{"revenue instead", `{"order_id":"A","revenue":9}`, minor(900), ""},
		{"subtotal instead", `{"order_id":"A","subtotal":8}`, minor(800), ""},
		{"lines instead", `{"order_id":"A","products":[{"product_id":"p","price":1.5,"quantity":3},{"sku":"q","price":"0.5"}]}`, minor(500), ""},
		{"an unpriced line", `{"order_id":"A","products":[{"product_id":"p"}]}`, nil, ""},
		{"yen", `{"order_id":"A","total":12,"currency":"jpy"}`, minor(12), ""},
		{"no order_id", `{"total":1}`, nil, "properties.order_id"},
		{"an empty order_id", `{"order_id":" ","total":1}`, nil, "properties.order_id"},
		{"the longest order_id", `{"order_id":"` + strings.Repeat("x", MaxIDLength) + `","total":1}`, minor(100), ""},
		{"a longer order_id", `{"order_id":"` + strings.Repeat("x", MaxIDLength+1) + `","total":1}`, nil, "properties.order_id"},
		{"an odd total", `{"order_id":"A","total":"much"}`, nil, "properties.total"},
		{"an object as total", `{"order_id":"A","total":{}}`, nil, "properties.total"},
		{"an odd currency", `{"order_id":"A","total":1,"currency":"yuan"}`, nil, "properties.currency"},
		{"an odd price", `{"order_id":"A","products":[{"price":[]}]}`, nil, "properties.products[0].price"},
		{"an odd quantity", `{"order_id":"A","products":[{"price":1,"quantity":"two"}]}`, nil, "properties.products[0].quantity"},
		{"a total of which two would wrap", `{"order_id":"A","total":90000000000000000}`, nil, "properties.total"},
		{"a revenue of which two would wrap", `{"order_id":"A","total":1,"revenue":"-90000000000000000"}`, nil, "properties.revenue"},
		{"overflow", `{"order_id":"A","products":[{"price":90000000000000,"quantity":90000000000000}]}`, nil, "properties.products[0]"},
		{"products of another shape", `{"order_id":"A","products":{}}`, nil, "properties.products: is not a list"},
		{"a product of another shape", `{"order_id":"A","products":[7]}`, nil, "properties.products[0]: is not an object"},
		{"null as order_id", `{"order_id":null,"total":1}`, nil, "properties.order_id"},
		{"names in other letters", `{"order_id":"A","total":12.34,"TOTAL":99,"Order_ID":"B","Total":98}`, minor(1234), ""},
		{"names in other letters alone", `{"Order_ID":"B","total":1}`, nil, "properties.order_id"},
		{"an amount with a comma for thousands", `{"order_id":"A","total":"1,234.56"}`, nil, "properties.total: is not a decimal"},
		{"an amount with a comma for decimals", `{"order_id":"A","total":"12,50"}`, nil, "properties.total: is not a decimal"},
		{"an unreadable subtotal", `{"order_id":"A","subtotal":"x","products":[{"price":1}]}`, nil, "properties.subtotal"},
		{"an unreadable subtotal that nothing asks", `{"order_id":"A","total":2,"subtotal":"x"}`, minor(200), ""},
		{"a currency that is none", `{"order_id":"A","total":1,"currency":"RMB"}`, nil, "properties.currency: is not a currency of ISO 4217"},
		{"an empty currency", `{"order_id":"A","total":1,"currency":""}`, nil, "properties.currency"},
		{"nothing", `{"order_id":"A","total":0}`, minor(0), ""},
		{"less than nothing", `{"order_id":"A","total":-0.01}`, nil, "properties.total: is negative"},
		{"less revenue than nothing", `{"order_id":"A","total":5,"revenue":-1}`, nil, "properties.revenue: is negative"},
		{"lines that come to less than nothing", `{"order_id":"A","products":[{"price":1},{"price":-3}]}`, nil, "properties.products: is negative"},
		{"the greatest total", `{"order_id":"A","total":1000000000000}`, minor(100_000_000_000_000), ""},
		{"a greater one", `{"order_id":"A","total":1000000000000.01}`, nil, "properties.total: is greater"},
		{"lines that sum to more", `{"order_id":"A","products":[{"price":1000000000000},{"price":0.01}]}`, nil, "properties.products[1]: makes the sum"},
		{"a line that comes to more", `{"order_id":"A","products":[{"price":1000000000000,"quantity":2}]}`, nil, "properties.products[0]: price times quantity"},
		{"numbers as texts", `{"order_id":"A","products":[{"product_id":7,"price":"1.50","quantity":"2"}]}`, minor(300), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := ParseReport(&event.Event{Kind: event.Track, Name: event.OrderCompleted, Properties: json.RawMessage(c.properties)}, 1, "CNY")
			if c.fault != "" {
				if err == nil || !strings.HasPrefix(err.Error(), c.fault) {
					t.Fatalf("error %v, want one that begins with %s", err, c.fault)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(r.Total, c.total) {
				t.Fatalf("total %v, error %v", r.Total, err)
			}
		})
	}
	for _, e := range []event.Event{{Kind: event.Track, Name: "Product Viewed"}, {Kind: event.Page, Name: event.OrderCompleted}} {
		if _, err := ParseReport(&e, 1, "CNY"); !errors.Is(err, ErrNotOrder) {
			t.Errorf("%s %s: %v", e.Kind, e.Name, err)
		}
	}
}

// TestAnySequence folds the reports of one order in every sequence of four and random ones of all: the order is the same.
func TestAnySequence(t *testing.T) {
	reports := []Report{
		report(t, event.OrderPlaced, `{"order_id":"A","total":90}`, t0, 1),
		report(t, event.OrderCompleted, `{"order_id":"A","total":100,"coupon":"SPRING"}`, t0.Add(time.Hour), 2),
		report(t, event.OrderCompleted, `{"order_id":"A","total":101}`, t0.Add(time.Hour), 9),
		report(t, event.OrderUpdated, `{"order_id":"A","total":95}`, t0.Add(30*time.Minute), 3),
		report(t, event.OrderRefunded, `{"order_id":"A","total":5}`, t0.Add(2*time.Hour), 4),
		report(t, event.OrderRefunded, `{"order_id":"A","total":10,"refund_id":"r"}`, t0.Add(3*time.Hour), 5),
		report(t, event.OrderRefunded, `{"order_id":"A","total":12,"refund_id":"r"}`, t0.Add(4*time.Hour), 6),
	}
	var want Order
	for seed := range uint64(200) {
		list := slices.Clone(reports)
		if seed > 0 {
			rand.New(rand.NewPCG(seed, 1)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		}
		o := Order{ID: "A"}
		for _, r := range list {
			o.Fold(r, "p")
		}
		if seed == 0 {
			want = o
			if o.Total != 10100 || o.Refunded() != 1700 || o.Net() != 8400 || !o.CompletedAt.Equal(t0.Add(time.Hour)) || o.FullyRefunded() {
				t.Fatalf("%+v, refunded %d", o, o.Refunded())
			}
			continue
		}
		if !reflect.DeepEqual(o, want) {
			t.Fatalf("sequence %d: %+v, want %+v", seed, o, want)
		}
	}
}

func TestRefunds(t *testing.T) {
	paid := `{"order_id":"A","total":10}`
	for _, c := range []struct {
		name    string
		refunds []string
		net     int64
		fully   bool
	}{
		{"none", nil, 1000, false},
		{"part", []string{`{"order_id":"A","total":4}`}, 600, false},
		{"part, reported as a negative number", []string{`{"order_id":"A","total":-4}`}, 600, false},
		{"all but a cent", []string{`{"order_id":"A","total":9.99}`}, 1, false},
		{"all in two", []string{`{"order_id":"A","total":4}`, `{"order_id":"A","total":6}`}, 0, true},
		{"more than all", []string{`{"order_id":"A","total":11}`}, 0, true},
		{"whole", []string{`{"order_id":"A"}`}, 0, true},
		{"lines", []string{`{"order_id":"A","products":[{"product_id":"p","price":2.5,"quantity":2}]}`}, 500, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Order{ID: "A"}
			for i, r := range c.refunds {
				o.Fold(report(t, event.OrderRefunded, r, t0.Add(time.Hour), event.Hash(i)), "p")
			}
			if o.entry() != nil {
				t.Error("a refund alone counts as an order")
			}
			o.Fold(report(t, event.OrderCompleted, paid, t0, 99), "p")
			entry := o.entry()
			if want := (profile.OrderEntry{At: t0, Net: c.net, Currency: "CNY"}); entry == nil || *entry != want || o.FullyRefunded() != c.fully {
				t.Errorf("%+v, fully %v; want %+v", entry, o.FullyRefunded(), want)
			}
		})
	}
}

func TestManyRefundsLoseNoMoney(t *testing.T) {
	o := Order{ID: "A"}
	o.Fold(report(t, event.OrderCompleted, `{"order_id":"A","total":1000}`, t0, 1), "p")
	for i := range MaxRefunds + 10 {
		o.Fold(report(t, event.OrderRefunded, fmt.Sprintf(`{"order_id":"A","total":1,"refund_id":"r%04d"}`, i), t0, event.Hash(i)), "p")
	}
	// The sum of those past the bound stands beside them.
	if len(o.Refunds) != MaxRefunds+1 || o.Refunded() != 100*(MaxRefunds+10) {
		t.Errorf("%d refunds kept, %d refunded", len(o.Refunds), o.Refunded())
	}
}

func TestOwner(t *testing.T) {
	o := Order{ID: "A"}
	o.Fold(report(t, event.OrderRefunded, `{"order_id":"A","total":1}`, t0, 1), "till")
	if o.Owner != "till" {
		t.Errorf("owner %s, want whoever reported first", o.Owner)
	}
	o.Fold(report(t, event.OrderCompleted, `{"order_id":"A","total":1}`, t0, 2), "mei")
	o.Fold(report(t, event.OrderCompleted, `{"order_id":"A","total":1}`, t0, 3), "server")
	if o.Owner != "mei" {
		t.Errorf("owner %s, want the first who completed it", o.Owner)
	}
}

func TestPurchase(t *testing.T) {
	o := Order{ID: "A"}
	if o.purchase("CNY") != nil {
		t.Error("an order that nobody reported is a purchase")
	}
	o.Fold(report(t, event.OrderCompleted, `{"order_id":"A","total":80,"discount":-20,"products":[{"product_id":"a","quantity":2,"price":30,"coupon":"C"},{"product_id":"b","price":40,"discount":"0"}]}`, t0, 1), "p")
	want := profile.Purchase{Discounted: true, Lines: 2, DiscountedLines: 1, Pieces: 3, Discount: 2000}
	if got := o.purchase("CNY"); got == nil || *got != want {
		t.Errorf("completed: %+v, want %+v", got, want)
	}
	want.Discount = 0
	if got := o.purchase("USD"); got == nil || *got != want {
		t.Errorf("a discount in another currency than the shop's: %+v, want %+v", got, want)
	}
	o.Fold(report(t, event.OrderRefunded, `{"order_id":"A","total":10,"refund_id":"r"}`, t0, 2), "p")
	o.Fold(report(t, event.OrderUpdated, `{"order_id":"A","total":80,"coupon":"C"}`, t0.Add(time.Hour), 3), "p")
	o.Fold(report(t, event.OrderCancelled, `{"order_id":"A"}`, t0, 4), "p")
	want = profile.Purchase{Discounted: true, Coupon: true, Cancelled: true, Refunds: 1}
	if got := o.purchase("CNY"); got == nil || *got != want {
		t.Errorf("updated, refunded, cancelled: %+v, want %+v", got, want)
	}
}
