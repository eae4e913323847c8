package order

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
)

// FuzzReport reads any properties as every kind of report. What is refused names the property; what is read keeps every bound, is what encoding/json reads, and
// folds into an order whose sums fit.
func FuzzReport(f *testing.F) {
	for _, properties := range []string{
		`{"order_id":"A-1","total":100.5,"currency":"cny","coupon":"SPRING","products":[{"product_id":"p1","price":"12.30","quantity":2,"name":"Tea","discount":1}]}`,
		`{"order_id":7,"revenue":"1e2","discount":-3}`, `{"order_id":"A","subtotal":5,"products":[{"sku":"s","price":1},{"price":2}]}`, `{"order_id":"A","products":[{"price":1e12,"quantity":100000}]}`,
		`{"order_id":"A","total":-1,"refund_id":"r"}`, `{"order_id":"A","total":null,"status":"Cancelled"}`, `{"order_id":"A","currency":"XXZ"}`, `{"order_id":" "}`, `[]`, `null`, ``, `{"order_id":"A","products":{}}`,
		`{"order_id":"A","products":[3]}`, `{"order_id":"\ud800","coupon":"` + strings.Repeat("券", 40) + `"}`,
	} {
		for which := range uint8(6) {
			f.Add(which, []byte(properties))
		}
	}
	kinds := append(slices.Sorted(slices.Values([]string{event.OrderPlaced, event.OrderCompleted, event.OrderUpdated, event.OrderRefunded, event.OrderCancelled})), "Product Viewed")
	at := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, which uint8, properties []byte) {
		name := kinds[int(which)%len(kinds)]
		given := bytes.Clone(properties)
		e := &event.Event{Kind: event.Track, Name: name, MessageID: "m", Timestamp: at, ReceivedAt: at, Properties: properties}
		r, err := ParseReport(e, 7, "CNY")
		if !bytes.Equal(properties, given) {
			t.Fatal("the properties were changed")
		}
		if name == "Product Viewed" {
			if !errors.Is(err, ErrNotOrder) {
				t.Fatalf("%s: %v", name, err)
			}
			return
		}
		if err != nil {
			if !strings.HasPrefix(err.Error(), "properties") {
				t.Fatalf("an error that names no property: %v", err)
			}
			return
		}
		if again, err := ParseReport(e, 7, "CNY"); err != nil || !reflect.DeepEqual(again, r) {
			t.Fatalf("read again it is %+v, %v, not %+v", again, err, r)
		}
		var reference map[string]any
		if len(bytes.TrimSpace(properties)) > 0 && json.Unmarshal(properties, &reference) != nil {
			t.Fatalf("read what is no object: %s", properties)
		}
		if text, is := reference["order_id"].(string); is && r.OrderID != strings.TrimSpace(text) {
			t.Fatalf("the order is %q, the library reads %q", r.OrderID, text)
		}
		if r.OrderID == "" || len(r.OrderID) > MaxIDLength || len(r.Coupon) > maxCoupon || !utf8.ValidString(r.OrderID+r.Coupon) || len(r.Products) > MaxProducts || r.Lines < len(r.Products) || r.Discounted > r.Lines {
			t.Fatalf("read %+v", r)
		}
		for _, amount := range []*int64{r.Total, r.Revenue, &r.Discount} {
			if amount != nil && (*amount > maxAmount || *amount < -maxAmount || *amount < 0 && name != event.OrderRefunded) {
				t.Fatalf("an amount of %d in %s", *amount, properties)
			}
		}
		if _, err := money.ParseCurrency(string(r.Currency)); err != nil || r.Stated && !r.Currency.Known() {
			t.Fatalf("the currency is %q", r.Currency)
		}
		// With an order that was paid before, it comes to the same whichever of the two is told first.
		paid := Report{OrderID: r.OrderID, Name: event.OrderCompleted, At: at.Add(-time.Hour), Hash: 1, Currency: "CNY", Total: new(int64), HasContent: true}
		*paid.Total = 100_000
		var nets []int64
		for _, sequence := range [][]Report{{paid, r}, {r, paid}} {
			o := &Order{ID: r.OrderID}
			for _, told := range sequence {
				o.Fold(told, "p")
			}
			nets = append(nets, o.Net())
		}
		if nets[0] != nets[1] || nets[0] > maxAmount || nets[0] < -maxAmount {
			t.Fatalf("%s %s comes to %v", name, properties, nets)
		}
	})
}
