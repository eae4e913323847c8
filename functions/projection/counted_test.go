package projection

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

// TestWhatIsCounted: of what is turned away, doubted or kept for later nothing but a metric tells, once for each and by its source where the source can
// mend it.
func TestWhatIsCounted(t *testing.T) {
	web := func(list ...event.Event) events.SQSMessage { return envelope(t, "web", list...) }
	hook := func(list ...event.Event) events.SQSMessage { return envelope(t, "hook", list...) }
	order := func(id, who, name, properties string) event.Event { return track(id, who, name, t0, properties) }
	paid := order("o", "mei", "Order Completed", `{"order_id":"A","total":10,"currency":"CNY"}`)
	guest := func(name, id string, at time.Time) event.Event {
		e := track(id, "", name, at, `{"order_id":"Z","refund_id":"1","total":4,"currency":"CNY"}`)
		e.AnonymousID, e.ReceivedAt = "shopify-order-Z", at
		return e
	}
	passedOn := func(s *shop) events.SQSMessage {
		return events.SQSMessage{Body: s.reports.Bodies()[0]}
	}
	later := func(e event.Event) event.Event { e.ReceivedAt = t0.Add(2 * time.Hour); return e }
	one := map[string]int{"": 1}
	for name, c := range map[string]struct {
		metric string
		before func(*shop)
		do     func(*shop)
		want   map[string]int
	}{
		"nobody's event": {"event_without_person", nil, func(s *shop) { s.settle(web(track("1", "", "x", t0, ""), seen("2", "mei"))) }, one},
		"an order of a word": {"order_event_unreadable", nil, func(s *shop) {
			s.settle(web(order("1", "mei", "Order Completed", `{"order_id":"A","total":"much"}`), paid))
		}, one},
		"what came before":    {"event_of_erased_person", func(s *shop) { s.settle(web(seen("1", "mei"))); s.erase("mei", t0.Add(time.Hour)) }, func(s *shop) { s.settle(web(seen("2", "mei")), web(hour(2, seen("3", "mei")))) }, one},
		"a device of another": {"device_not_taken_off", func(s *shop) { s.settle(web(identify("1", "mei", "phone", t0, `{}`))) }, func(s *shop) { s.settle(off(t, "other", 50), off(t, "phone", 50)) }, one},
		"a device of nobody":  {"device_not_taken_off", nil, func(s *shop) { s.settle(off(t, "phone", 50)) }, map[string]int{}},
		"a refund in dollars": {"refund_in_other_currency", func(s *shop) { s.settle(web(paid)) }, func(s *shop) {
			s.settle(hook(order("r", "mei", "Order Refunded", `{"order_id":"A","refund_id":"1","total":4,"currency":"USD"}`)))
		}, map[string]int{"hook": 1}},
		"one more refund in dollars": {"refund_in_other_currency", func(s *shop) {
			s.settle(web(paid))
			s.settle(hook(order("r1", "mei", "Order Refunded", `{"order_id":"A","refund_id":"1","total":4,"currency":"USD"}`)))
		}, func(s *shop) {
			s.settle(hook(order("r2", "mei", "Order Refunded", `{"order_id":"A","refund_id":"2","total":3,"currency":"USD"}`)))
		}, map[string]int{"hook": 1}},
		"a refund in its money": {"refund_in_other_currency", func(s *shop) { s.settle(web(paid)) }, func(s *shop) {
			s.settle(hook(order("r", "mei", "Order Refunded", `{"order_id":"A","refund_id":"1","total":4,"currency":"CNY"}`)))
		}, map[string]int{}},
		"a refund before its order": {"report_before_its_order", nil, func(s *shop) { s.settle(hook(guest("Order Refunded", "1", t0))) }, one},
		"an end of no order, soon": {"end_of_an_unknown_order", nil, func(s *shop) {
			s.settle(hook(guest("Order Cancelled", "1", t0.Add(time.Hour-ownerless+time.Millisecond))))
		}, map[string]int{}},
		"an end of no order": {"end_of_an_unknown_order", nil, func(s *shop) { s.settle(hook(guest("Order Cancelled", "1", t0.Add(time.Hour-ownerless)))) }, one},
		"a report for who was erased": {"order_event_of_erased_person", func(s *shop) {
			s.settle(web(paid))
			s.settle(hook(later(order("r", "till", "Order Refunded", `{"order_id":"A","total":4}`))))
			s.erase("mei", t0.Add(time.Hour))
		}, func(s *shop) { s.settle(passedOn(s)) }, one},
		"a report by who was erased": {"order_event_of_erased_person", func(s *shop) {
			s.settle(web(paid))
			s.settle(hook(order("r", "till", "Order Refunded", `{"order_id":"A","total":4}`)))
			s.erase("till", t0.Add(time.Hour))
		}, func(s *shop) { s.settle(passedOn(s)) }, one},
		"an erasure of a key that somebody has since": {"erased_key_of_somebody_else", func(s *shop) {
			s.settle(web(hour(1, seen("1", "new"))))
			s.settle(web(hour(4, identify("2", "new", "phone", t0, `{}`))))
		}, func(s *shop) { s.settle(eraseJob(t, anonymous("phone").ID(), t0.Add(3*time.Hour), true)) }, one},
		"a merge of what both have": {"merge_counted_twice", func(s *shop) {
			s.settle(web(with(browse("b", "phone", t0), `{}`)))
			both := browse("b", "phone", t0)
			both.UserID = "mei"
			s.settle(web(both))
		}, func(s *shop) { s.settle(web(identify("i", "mei", "phone", t0, `{}`))) }, one},
		"a merge of what one has": {"merge_counted_twice", func(s *shop) { s.settle(web(browse("b", "phone", t0))); s.settle(web(seen("1", "mei"))) },
			func(s *shop) { s.settle(web(identify("i", "mei", "phone", t0, `{}`))) }, map[string]int{}},
		"a device too many": {"join_over_limit", func(s *shop) {
			for i := range profile.MaxIdentifiers {
				s.settle(web(identify(fmt.Sprint("i", i), "mei", fmt.Sprint("a", i), t0, `{}`)))
			}
		}, func(s *shop) { s.settle(web(identify("i", "mei", "one more", t0, `{}`))) }, one},
		"and it is no alias": {"alias_refused", func(s *shop) {
			for i := range profile.MaxIdentifiers {
				s.settle(web(identify(fmt.Sprint("i", i), "mei", fmt.Sprint("a", i), t0, `{}`)))
			}
		}, func(s *shop) { s.settle(web(identify("i", "mei", "one more", t0, `{}`))) }, map[string]int{}},
		"an alias of who was erased": {"alias_refused", func(s *shop) { s.settle(web(seen("1", "old"), seen("2", "mei"))); s.erase("old", t0.Add(time.Hour)) },
			func(s *shop) { s.settle(envelope(t, "server", alias("a", "mei", "old"))) }, one},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			if c.before != nil {
				c.before(s)
			}
			if got := counted(t, c.metric, func() { c.do(s) }); !maps.Equal(got, c.want) {
				t.Errorf("%s is %v, want %v", c.metric, got, c.want)
			}
		})
	}
}
