package order

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Every field of a report, as one rich event tells it.
func TestAReportFieldByField(t *testing.T) {
	minor := func(n int64) *int64 { return &n }
	r := report(t, event.OrderUpdated, `{"order_id": " A ","status":"Paid","total":"12.5","revenue":0,"currency":" usd ","coupon":" X ","discount":"-1.5","refund_id":"r","products":[
		{"product_id":"p","sku":"no","name":" Tea ","category":"c","price":1.5,"quantity":2,"coupon":"c"},
		{"sku":"s","price":"2","discount":0.5},{"product_id":null,"sku":9,"discount":"odd","quantity":3},{"discount":0}]}`, t0, 5)
	want := Report{
		OrderID: "A", Name: event.OrderUpdated, At: t0, Hash: 5, Total: minor(1250), Revenue: minor(0), Currency: "USD", Coupon: "X", Discount: 150, Lines: 4, Discounted: 2,
		RefundID: "r", Stated: true, HasContent: true, Paid: true,
		Products: []Product{{ID: "p", Name: "Tea", Category: "c", Quantity: 2, Price: 150}, {ID: "s", Quantity: 1, Price: 200}, {ID: "9", Quantity: 3}, {Quantity: 1}},
	}
	for i := range r.Products {
		if !reflect.DeepEqual(r.Products[i], want.Products[i]) {
			t.Errorf("line %d is %+v, want %+v", i, r.Products[i], want.Products[i])
		}
	}
	if r.Products, want.Products = nil, nil; !reflect.DeepEqual(r, want) {
		t.Errorf("reported %+v, want %+v", r, want)
	}
}

// What a report of each name says of content and payment.
func TestWhatEachNameSays(t *testing.T) {
	for name, want := range map[string]string{
		event.OrderPlaced: "content unpaid", event.OrderCompleted: "content unpaid", event.OrderUpdated: "content paid", event.OrderCancelled: "nothing unpaid", event.OrderRefunded: "nothing unpaid",
	} {
		r := report(t, name, `{"order_id":"A","total":1,"status":"PAID"}`, t0, 1)
		got := map[bool]string{true: "content", false: "nothing"}[r.HasContent] + map[bool]string{true: " paid", false: " unpaid"}[r.Paid]
		if got != want {
			t.Errorf("%s says %s, want %s", name, got, want)
		}
		if !Reports(name) {
			t.Errorf("%s reports no order", name)
		}
	}
	if r := report(t, event.OrderUpdated, `{"order_id":"A","status":"pending"}`, t0, 1); r.Paid || r.HasContent {
		t.Errorf("%+v", r)
	}
	if Reports("Product Viewed") || Reports("") {
		t.Error("another event reports an order")
	}
}

func TestReportsAtTheirBorders(t *testing.T) {
	const most = 1_000_000_000_000
	minor := func(n int64) *int64 { return &n }
	for name, c := range map[string]struct {
		event, properties string
		total             *int64
		fault             string
	}{
		"no properties":                      {event.OrderCompleted, ``, nil, "properties.order_id"},
		"null for properties":                {event.OrderCompleted, ` null `, nil, "properties.order_id"},
		"a list for properties":              {event.OrderCompleted, `[]`, nil, "properties: is not an object"},
		"an object for an order_id":          {event.OrderCompleted, `{"order_id":{}}`, nil, "properties.order_id"},
		"true for an order_id":               {event.OrderCompleted, `{"order_id":true}`, nil, "properties.order_id"},
		"an odd revenue":                     {event.OrderCompleted, `{"order_id":"A","total":1,"revenue":"x"}`, nil, "properties.revenue: is not a decimal"},
		"a revenue of nothing":               {event.OrderCompleted, `{"order_id":"A","total":1,"revenue":0}`, minor(100), ""},
		"a total with blanks":                {event.OrderCompleted, `{"order_id":"A","total":" 1 "}`, minor(100), ""},
		"null for a total":                   {event.OrderCompleted, `{"order_id":"A","total": null ,"subtotal":2}`, minor(200), ""},
		"null for products":                  {event.OrderCompleted, `{"order_id":"A","products":null}`, nil, ""},
		"no products":                        {event.OrderCompleted, `{"order_id":"A","products":[]}`, nil, ""},
		"a price of nothing":                 {event.OrderCompleted, `{"order_id":"A","products":[{"price":0,"quantity":5}]}`, minor(0), ""},
		"a quantity of nothing":              {event.OrderCompleted, `{"order_id":"A","products":[{"price":5,"quantity":0}]}`, minor(0), ""},
		"one line without a price":           {event.OrderCompleted, `{"order_id":"A","products":[{"price":5},{}]}`, nil, ""},
		"the first line without a price":     {event.OrderCompleted, `{"order_id":"A","products":[{},{"price":5}]}`, nil, ""},
		"the greatest refund":                {event.OrderRefunded, fmt.Sprintf(`{"order_id":"A","currency":"CNY","total":-%d}`, most), minor(-most * 100), ""},
		"a greater refund":                   {event.OrderRefunded, fmt.Sprintf(`{"order_id":"A","currency":"CNY","total":"-%d.01"}`, most), nil, "properties.total: is greater"},
		"the greatest line taken back":       {event.OrderRefunded, fmt.Sprintf(`{"order_id":"A","products":[{"price":-%d}]}`, most), minor(-most * 100), ""},
		"a greater line taken back":          {event.OrderRefunded, fmt.Sprintf(`{"order_id":"A","products":[{"price":-%d,"quantity":2}]}`, most), nil, "properties.products[0]: price times quantity"},
		"lines taken back that come to more": {event.OrderRefunded, fmt.Sprintf(`{"order_id":"A","products":[{"price":-%d},{"price":-0.01}]}`, most), nil, "properties.products[1]: makes the sum"},
		// 2^32 times 2^32 cents is nothing in 64 bits.
		"a line that wraps to nothing":     {event.OrderCompleted, `{"order_id":"A","products":[{"price":42949672.96,"quantity":4294967296}]}`, nil, "properties.products[0]: price times quantity"},
		"a refund of more than 63 bits":    {event.OrderRefunded, `{"order_id":"A","total":"0.0000000000000000001"}`, nil, "properties.total: is not a decimal"},
		"a refund that nobody can read":    {event.OrderRefunded, `{"order_id":"A","total":"x"}`, nil, "properties.total: is not a decimal"},
		"an order_id that is no JSON text": {event.OrderCompleted, "{\"order_id\":\"\\ud800\",\"total\":1}", minor(100), ""},
	} {
		r, err := ParseReport(&event.Event{Kind: event.Track, Name: c.event, Properties: json.RawMessage(c.properties)}, 1, "CNY")
		switch {
		case c.fault != "":
			if err == nil || !strings.HasPrefix(err.Error(), c.fault) || !reflect.DeepEqual(r, Report{}) && c.event != event.OrderRefunded {
				t.Errorf("%s: %v, want %s", name, err, c.fault)
			}
		case err != nil || !reflect.DeepEqual(r.Total, c.total):
			t.Errorf("%s: total %v, %v", name, r.Total, err)
		}
	}
}

// Fifty products are kept of any number; all lines count.
// TestWhatARefundTakesBack is the same whichever property says it; what is below nothing names its property.
func TestWhatARefundTakesBack(t *testing.T) {
	for _, property := range []string{"total", "revenue", "subtotal"} {
		r := report(t, event.OrderRefunded, `{"order_id":"A","`+property+`":"2.50"}`, t0, 1)
		if want := (money.Decimal{Digits: 25, Scale: 1}); r.Amount != want {
			t.Errorf("%s takes back %+v, want %+v", property, r.Amount, want)
		}
		e := event.Event{Kind: event.Track, Name: event.OrderPlaced, Timestamp: t0, Properties: []byte(`{"order_id":"A","` + property + `":-1}`)}
		if _, err := ParseReport(&e, 1, "CNY"); err == nil || !strings.HasPrefix(err.Error(), "properties."+property+":") {
			t.Errorf("%s: %v", property, err)
		}
	}
}

func TestTheMostProducts(t *testing.T) {
	for n, kept := range map[int]int{49: 49, 50: 50, 51: 50} {
		lines := strings.TrimSuffix(strings.Repeat(`{"price":1,"coupon":"c"},`, n), ",")
		r := report(t, event.OrderCompleted, `{"order_id":"A","products":[`+lines+`]}`, t0, 1)
		if len(r.Products) != kept || r.Lines != n || r.Discounted != n || *r.Total != int64(n)*100 {
			t.Errorf("%d lines: %d kept, %d counted, %d discounted, total %d", n, len(r.Products), r.Lines, r.Discounted, *r.Total)
		}
	}
}

func TestLabelsAreTexts(t *testing.T) {
	for raw, want := range map[string]string{`" a "`: "a", `7`: "", ``: "", ` `: "", `null`: "", `{}`: "", `"bad`: ""} {
		if got := label(json.RawMessage(raw)); got != want {
			t.Errorf("%q is %q, want %q", raw, got, want)
		}
	}
	for raw, want := range map[string]string{`" a "`: "a", `7`: "7", `-1`: "-1", `0`: "0", `9`: "9", ``: "", `"bad`: "", `true`: "", `null`: "", `[1]`: "", `:`: "", `+1`: "", `/`: ""} {
		if got := text(json.RawMessage(raw)); got != want {
			t.Errorf("the text of %q is %q, want %q", raw, got, want)
		}
	}
}

func TestGuests(t *testing.T) {
	for id, want := range map[string]bool{"shopify-order-7": true, "woocommerce-order-7": true, "shopify-order-8": false, "other-order-7": false, "7": false, "": false} {
		if got := IsGuest(id, "7"); got != want {
			t.Errorf("%q is the guest of order 7: %v", id, got)
		}
	}
	for id, want := range map[string]bool{"shopify-order-7": true, "woocommerce-order-8": true, "shopify-order-": true, "shopify-order": false, "other-order-7": false, "Shopify-order-7": false, "my-shopify-order-7": false, "": false} {
		if got := StandsForGuest(id); got != want {
			t.Errorf("%q is a guest: %v", id, got)
		}
	}
}

// Whose an order is, by who reported what first.
func TestOwnerOfReports(t *testing.T) {
	for want, acts := range map[profile.ID][][2]string{
		"placed":    {{event.OrderPlaced, "placed"}, {event.OrderUpdated, "updated"}, {event.OrderRefunded, "refunded"}},
		"completed": {{event.OrderPlaced, "placed"}, {event.OrderCompleted, "completed"}, {event.OrderCompleted, "again"}, {event.OrderPlaced, "late"}},
		"first":     {{event.OrderCompleted, "first"}, {event.OrderCompleted, "second"}},
	} {
		o := Order{ID: "A"}
		for i, act := range acts {
			o.Fold(report(t, act[0], `{"order_id":"A","total":1}`, t0, event.Hash(i)), profile.ID(act[1]))
		}
		if o.Owner != want {
			t.Errorf("%s owns what %v tell", o.Owner, acts)
		}
	}
}

// Each time of an order by the reports that set it; later ones stay zero where they would repeat the earliest.
func TestTimesOfAnOrder(t *testing.T) {
	at := func(h int) time.Time { return t0.Add(time.Duration(h) * time.Hour) }
	fold := func(acts ...Report) Order {
		o := Order{ID: "A"}
		for _, r := range acts {
			o.Fold(r, "p")
		}
		return o
	}
	of := func(name string, h int) Report {
		return Report{OrderID: "A", Name: name, At: at(h), Paid: name == event.OrderUpdated, Currency: "CNY"}
	}
	for name, c := range map[string]struct {
		order                                  Order
		placed, paid, again, cancelled, voided int
		isCancelled                            bool
	}{
		"placed twice":                    {fold(of(event.OrderPlaced, 2), of(event.OrderPlaced, 1), of(event.OrderPlaced, 3)), 1, 0, 0, 0, 0, false},
		"paid once":                       {fold(of(event.OrderCompleted, 1)), 0, 1, 0, 0, 0, false},
		"paid thrice":                     {fold(of(event.OrderCompleted, 2), of(event.OrderCompleted, 1), of(event.OrderCompleted, 3)), 0, 1, 3, 0, 0, false},
		"paid twice at once":              {fold(of(event.OrderCompleted, 1), of(event.OrderCompleted, 1)), 0, 1, 0, 0, 0, false},
		"cancelled":                       {fold(of(event.OrderCancelled, 1)), 0, 0, 0, 1, 0, true},
		"cancelled twice":                 {fold(of(event.OrderCancelled, 1), of(event.OrderCancelled, 2)), 0, 0, 0, 1, 2, true},
		"paid, then cancelled":            {fold(of(event.OrderCompleted, 1), of(event.OrderCancelled, 2)), 0, 1, 0, 2, 0, true},
		"paid as it was cancelled":        {fold(of(event.OrderCompleted, 1), of(event.OrderCancelled, 1)), 0, 1, 0, 1, 0, true},
		"cancelled, then paid":            {fold(of(event.OrderCancelled, 1), of(event.OrderCompleted, 2)), 0, 2, 0, 1, 0, false},
		"paid by an update":               {fold(of(event.OrderUpdated, 1)), 0, 0, 1, 0, 0, false},
		"paid by an update, heard twice":  {fold(of(event.OrderUpdated, 2), of(event.OrderUpdated, 1)), 0, 0, 2, 0, 0, false},
		"an update before it was paid":    {fold(of(event.OrderCompleted, 2), of(event.OrderUpdated, 1)), 0, 2, 0, 0, 0, false},
		"an update as it was paid":        {fold(of(event.OrderCompleted, 2), of(event.OrderUpdated, 2)), 0, 2, 0, 0, 0, false},
		"void, paid anew, void once more": {fold(of(event.OrderCompleted, 1), of(event.OrderCancelled, 2), of(event.OrderUpdated, 3), of(event.OrderCancelled, 4)), 0, 1, 3, 2, 4, true},
	} {
		hour := func(at time.Time) int {
			if at.IsZero() {
				return 0
			}
			return int(at.Sub(t0) / time.Hour)
		}
		o := c.order
		got := []int{hour(o.PlacedAt), hour(o.CompletedAt), hour(o.PaidAgainAt), hour(o.CancelledAt), hour(o.VoidedAgainAt)}
		if want := []int{c.placed, c.paid, c.again, c.cancelled, c.voided}; !slices.Equal(got, want) || o.Cancelled() != c.isCancelled {
			t.Errorf("%s: %v, cancelled %v; want %v, %v", name, got, o.Cancelled(), want, c.isCancelled)
		}
	}
}

// The newest report says what an order contains, of two at one time the one with the greater hash; each of its fields goes with it.
func TestContentGoesTogether(t *testing.T) {
	early := report(t, event.OrderPlaced, `{"order_id":"A","total":1,"revenue":9,"coupon":"E","discount":1,"products":[{"product_id":"e","price":1,"coupon":"c"}]}`, t0, 5)
	late := report(t, event.OrderUpdated, `{"order_id":"A","total":2,"currency":"USD","discount":3,"products":[{"product_id":"a"},{"product_id":"b"}]}`, t0.Add(1), 1)
	twin := report(t, event.OrderUpdated, `{"order_id":"A","total":3}`, t0.Add(1), 2)
	content := func(o Order) string {
		ids := ""
		for _, p := range o.Products {
			ids += p.ID
		}
		return fmt.Sprintf("%d %d %s [%s] [%s] %d %d %d", o.Total, o.Revenue, o.Currency, o.Coupon, ids, o.Discount, o.Lines, o.DiscountedLines)
	}
	for want, list := range map[string][]Report{
		"100 900 CNY [E] [e] 100 1 1": {early}, "200 200 USD [] [ab] 300 2 0": {early, late}, "300 300 CNY [] [] 0 0 0": {early, late, twin},
	} {
		permute(list, func(_ int, list []Report) {
			o := Order{ID: "A"}
			for _, r := range list {
				o.Fold(r, "p")
			}
			if got := content(o); got != want {
				t.Errorf("%d reports say %s, want %s", len(list), got, want)
			}
		})
	}
}

// Only reports that it was placed, paid or changed give an order without content its currency, of several the same one.
func TestCurrencyWithoutContent(t *testing.T) {
	of := func(name, currency string) Report {
		return Report{OrderID: "A", Name: name, At: t0, Currency: money.Currency(currency)}
	}
	for want, list := range map[string][]Report{
		"USD": {of(event.OrderPlaced, "USD"), of(event.OrderCompleted, "CNY")}, "": {of(event.OrderRefunded, "USD"), of(event.OrderCancelled, "USD")},
		"CNY": {of(event.OrderUpdated, "CNY"), of(event.OrderRefunded, "USD"), of(event.OrderCancelled, "USD")},
	} {
		permute(list, func(_ int, list []Report) {
			o := Order{ID: "A"}
			for _, r := range list {
				o.Fold(r, "p")
			}
			if string(o.Currency) != want {
				t.Errorf("the currency is %q, want %q", o.Currency, want)
			}
		})
	}
}

// What an order says of its owner, each sign of a discount by itself.
func TestEachSignOfAPurchase(t *testing.T) {
	paid := func(change func(*Order)) *Order {
		o := &Order{CompletedAt: t0, Total: 500, Currency: "CNY"}
		change(o)
		return o
	}
	for name, c := range map[string]struct {
		order *Order
		want  profile.Purchase
	}{
		"plain":             {paid(func(*Order) {}), profile.Purchase{}},
		"a coupon":          {paid(func(o *Order) { o.Coupon = "c" }), profile.Purchase{Discounted: true, Coupon: true}},
		"a discount":        {paid(func(o *Order) { o.Discount = 1 }), profile.Purchase{Discounted: true, Discount: 1}},
		"abroad":            {paid(func(o *Order) { o.Discount, o.Currency = 1, "USD" }), profile.Purchase{Discounted: true}},
		"one line cheaper":  {paid(func(o *Order) { o.Lines, o.DiscountedLines = 2, 1 }), profile.Purchase{Discounted: true, Lines: 2, DiscountedLines: 1}},
		"refunds":           {paid(func(o *Order) { o.Refunds = []Refund{{Key: "a"}, {Key: "b"}} }), profile.Purchase{Refunds: 2}},
		"cancelled":         {paid(func(o *Order) { o.CancelledAt = t0 }), profile.Purchase{Cancelled: true}},
		"pieces":            {paid(func(o *Order) { o.Products = []Product{{Quantity: 2}, {Quantity: -9}, {Quantity: 3}} }), profile.Purchase{Pieces: 5}},
		"pieces past sense": {paid(func(o *Order) { o.Products = []Product{{Quantity: 1 << 40}} }), profile.Purchase{Pieces: math.MaxInt32}},
	} {
		if got := c.order.purchase("CNY"); got == nil || *got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	if p := (&Order{}).purchase("CNY"); p != nil {
		t.Errorf("not paid: %+v", p)
	}
	if e := (&Order{PlacedAt: t0}).entry(); e != nil {
		t.Errorf("not paid: %+v", e)
	}
}
