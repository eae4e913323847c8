package order

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/userops/userops/shared/domain/people/event"
)

// TestBackAgain holds what an update says of an order that was cancelled: only one that names it paid, later, brings it back.
func TestBackAgain(t *testing.T) {
	for _, c := range []struct {
		status string
		at     time.Duration
		net    int64
	}{{"paid", 2 * time.Hour, 1000}, {"PAID", 2 * time.Hour, 1000}, {"paid", time.Hour, 0}, {"paid", 0, 0}, {"on-hold", 2 * time.Hour, 0}, {"", 2 * time.Hour, 0}} {
		reports := []Report{report(t, event.OrderCompleted, `{"order_id":"A","total":10}`, t0, 1), report(t, event.OrderCancelled, `{"order_id":"A"}`, t0.Add(time.Hour), 2),
			report(t, event.OrderUpdated, `{"order_id":"A","total":10,"status":"`+c.status+`"}`, t0.Add(c.at), 3)}
		for turn := range reports {
			o := Order{ID: "A"}
			for i := range reports {
				o.Fold(reports[(i+turn)%len(reports)], "p")
			}
			if o.Net() != c.net || o.Cancelled() != (c.net == 0) {
				t.Errorf("%q after %s, turned by %d: net %d, cancelled %v; want %d", c.status, c.at, turn, o.Net(), o.Cancelled(), c.net)
			}
		}
	}
	o := Order{ID: "A"}
	o.Fold(report(t, event.OrderUpdated, `{"order_id":"A","total":10,"status":"paid"}`, t0, 3), "p")
	if o.Completed() {
		t.Error("an update alone completes an order")
	}
}

// TestAnyPermutation draws reports of every kind and folds them in two sequences: the order is the same.
func TestAnyPermutation(t *testing.T) {
	names := []string{event.OrderPlaced, event.OrderCompleted, event.OrderUpdated, event.OrderRefunded, event.OrderCancelled}
	properties := []string{`{"order_id":"A","total":12.5}`, `{"order_id":"A","total":7,"currency":"USD"}`, `{"order_id":"A","total":3,"refund_id":"r"}`,
		`{"order_id":"A","total":4,"refund_id":"r","currency":"USD"}`, `{"order_id":"A","total":1,"status":"paid"}`}
	rapid.Check(t, func(r *rapid.T) {
		var reports []Report
		for i := range rapid.IntRange(1, 8).Draw(r, "reports") {
			at := t0.Add(time.Duration(rapid.IntRange(0, 3).Draw(r, "hour")) * time.Hour)
			reports = append(reports, report(t, rapid.SampledFrom(names).Draw(r, "name"), rapid.SampledFrom(properties).Draw(r, "properties"), at, event.Hash(i)))
		}
		fold := func(list []Report) Order {
			o := Order{ID: "A"}
			for _, one := range list {
				o.Fold(one, "p")
			}
			return o
		}
		if a, b := fold(reports), fold(rapid.Permutation(reports).Draw(r, "permutation")); !reflect.DeepEqual(a, b) {
			r.Fatalf("%+v\n%+v", a, b)
		}
	})
}
