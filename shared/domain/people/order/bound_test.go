package order

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
)

func reportOf(t *testing.T, name string, properties map[string]any) Report {
	t.Helper()
	raw, err := json.Marshal(properties)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ParseReport(&event.Event{Kind: event.Track, Name: name, Timestamp: time.Unix(1772366400, 0), Properties: raw}, 7, "CNY")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTextsOfAnOrderAreBounded(t *testing.T) {
	long := strings.Repeat("漢", 5000)
	for _, c := range []struct{ id, want string }{
		{strings.Repeat("x", MaxIDLength), strings.Repeat("x", MaxIDLength)},
		{strings.Repeat("x", MaxIDLength+1), strings.Repeat("x", 111) + "#0ec9eb33e74510bc"},
	} {
		if r := reportOf(t, event.OrderRefunded, map[string]any{"order_id": "A", "refund_id": c.id, "total": 1}); r.RefundID != c.want {
			t.Errorf("%d bytes of refund_id are kept as %q, want %q", len(c.id), r.RefundID, c.want)
		}
	}
	a := reportOf(t, event.OrderRefunded, map[string]any{"order_id": "A", "refund_id": long + "a", "total": 1})
	b := reportOf(t, event.OrderRefunded, map[string]any{"order_id": "A", "refund_id": long + "b", "total": 2})
	if len(a.RefundID) > MaxIDLength || a.RefundID == b.RefundID {
		t.Errorf("two refunds with long ids are %q and %q", a.RefundID, b.RefundID)
	}
	var o Order
	o.Fold(a, "p")
	o.Fold(b, "p")
	o.Fold(a, "p")
	if len(o.Refunds) != 2 {
		t.Errorf("%d refunds, want 2: the same long id is the same refund", len(o.Refunds))
	}
	for n, want := range map[int]int{maxCoupon: maxCoupon, maxCoupon + 1: maxCoupon} {
		r := reportOf(t, event.OrderCompleted, map[string]any{"order_id": "A", "coupon": strings.Repeat("c", n), "total": 1})
		if len(r.Coupon) != want {
			t.Errorf("a coupon of %d bytes is kept in %d, want %d", n, len(r.Coupon), want)
		}
	}
}

// TestAStoredOrderIsBounded is an order that was stored before, with a refund of which a report comes again.
func TestAStoredOrderIsBounded(t *testing.T) {
	again := strings.Repeat("z", 9000)
	o := Order{ID: "A", Coupon: strings.Repeat("c", 9000), Refunds: []Refund{{Key: "m", Amount: 3}, {Key: again, Amount: 5}}}
	o.Fold(reportOf(t, event.OrderRefunded, map[string]any{"order_id": "A", "refund_id": again, "total": "0.05"}), "p")
	o.Fold(reportOf(t, event.OrderRefunded, map[string]any{"order_id": "A", "refund_id": "b", "total": "0.01"}), "p")
	var keys []string
	for _, r := range o.Refunds {
		keys = append(keys, r.Key)
	}
	if !slices.Equal(keys, []string{"b", "m", refundKey(again)}) || len(o.Coupon) != maxCoupon {
		t.Errorf("refunds %q, a coupon of %d bytes", keys, len(o.Coupon))
	}
}
