package order

import (
	"fmt"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
)

// TestRepeats says the same again, a week later, and something else under the same id.
func TestRepeats(t *testing.T) {
	week := 7 * 24 * time.Hour
	say := func(name, properties string, at time.Duration, hash event.Hash) Report {
		return report(t, name, properties, t0.Add(at), hash)
	}
	paid := say(event.OrderCompleted, `{"order_id":"A","total":10}`, 0, 1)
	refund := say(event.OrderRefunded, `{"order_id":"A","refund_id":"1","total":4}`, time.Hour, 2)
	cancelled := say(event.OrderCancelled, `{"order_id":"A"}`, 2*time.Hour, 3)
	update := say(event.OrderUpdated, `{"order_id":"A","total":10}`, time.Hour, 4)
	back := say(event.OrderUpdated, `{"order_id":"A","total":10,"status":"paid"}`, 3*time.Hour, 5)
	free := say(event.OrderCompleted, `{"order_id":"A","total":0}`, 0, 1)
	freeAgain := say(event.OrderUpdated, `{"order_id":"A","total":0,"status":"paid"}`, 3*time.Hour, 5)
	for _, c := range []struct {
		name    string
		told    []Report
		again   Report
		repeats bool
	}{
		{"nothing was told", nil, paid, false},
		{"a payment", []Report{paid}, paid, true},
		{"a payment, among others", []Report{paid, refund, cancelled}, paid, true},
		{"a payment, by its later date", []Report{paid}, say(event.OrderCompleted, `{"order_id":"A","total":11}`, week, 1), false},
		{"a payment, with newer content", []Report{paid}, say(event.OrderCompleted, `{"order_id":"A","total":10}`, week, 1), false},
		{"a cancellation of a present that came back", []Report{free, cancelled, freeAgain}, say(event.OrderCancelled, `{"order_id":"A"}`, week, 3), false},
		{"a refund", []Report{paid, refund}, say(event.OrderRefunded, `{"order_id":"A","refund_id":"1","total":4}`, week, 2), true},
		{"another refund under its id", []Report{paid, refund}, say(event.OrderRefunded, `{"order_id":"A","refund_id":"2","total":1}`, week, 2), false},
		{"more of the refund", []Report{paid, refund}, say(event.OrderRefunded, `{"order_id":"A","refund_id":"1","total":5}`, week, 2), false},
		{"another event under its id", []Report{paid, refund}, say(event.OrderCancelled, `{"order_id":"A"}`, week, 2), false},
		{"a cancellation", []Report{paid, cancelled}, say(event.OrderCancelled, `{"order_id":"A"}`, week, 3), true},
		{"a cancellation of an order that came back", []Report{paid, cancelled, back}, say(event.OrderCancelled, `{"order_id":"A"}`, week, 3), false},
		{"an update", []Report{paid, update}, update, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Order{ID: "A"}
			for _, r := range c.told {
				o.Fold(r, "mei")
			}
			before := fmt.Sprintf("%+v", o)
			if got := o.Repeats(c.again, "mei"); got != c.repeats {
				t.Errorf("repeats %v, want %v", got, c.repeats)
			}
			if o.Repeats(c.again, "li") {
				t.Error("somebody else says it for the first time")
			}
			if after := fmt.Sprintf("%+v", o); after != before {
				t.Errorf("asking changed %s to %s", before, after)
			}
		})
	}
}

func TestWhatAnOrderRemembersIsBounded(t *testing.T) {
	var up, down Order
	for i := range 3 * maxTold {
		up.Fold(report(t, event.OrderPlaced, `{"order_id":"A"}`, t0, event.Hash(i)), "p")
		down.Fold(report(t, event.OrderPlaced, `{"order_id":"A"}`, t0, event.Hash(3*maxTold-1-i)), "p")
	}
	one := Order{}
	for range 3 {
		one.Fold(report(t, event.OrderPlaced, `{"order_id":"A"}`, t0, 1), "p")
	}
	if len(one.Told) != 1 {
		t.Errorf("one report is remembered %d times", len(one.Told))
	}
	if len(up.Told) != maxTold || fmt.Sprint(up.Told) != fmt.Sprint(down.Told) {
		t.Errorf("%d reports are remembered, want %d, whatever the sequence", len(up.Told), maxTold)
	}
}

// TestAnUpdateThatCancels is told in every sequence: an order that is cancelled a second time has no notice of its own for that.
func TestAnUpdateThatCancels(t *testing.T) {
	at := func(h int) time.Time { return t0.Add(time.Duration(h) * time.Hour) }
	permute([]Report{
		report(t, event.OrderCompleted, `{"order_id":"A","total":10}`, at(0), 1),
		report(t, event.OrderCancelled, `{"order_id":"A"}`, at(1), 2),
		report(t, event.OrderUpdated, `{"order_id":"A","total":10,"status":"paid"}`, at(2), 3),
		report(t, event.OrderUpdated, `{"order_id":"A","total":10,"status":"cancelled"}`, at(3), 4),
	}, func(n int, list []Report) {
		o := Order{ID: "A"}
		for _, r := range list {
			o.Fold(r, "p")
		}
		if !o.Cancelled() || o.Net() != 0 || !o.CancelledAt.Equal(at(1)) || !o.VoidedAgainAt.Equal(at(3)) {
			t.Errorf("sequence %d: %+v", n, o)
		}
	})
}
