package projection

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

// TestOneOrderFromBrowserServerAndWebhook reports one order from three sources with three totals, and one partial refund twice, in many
// sequences and batches. The newest trusted report says what the order comes to; the browser, which may move no money, is only counted.
func TestOneOrderFromBrowserServerAndWebhook(t *testing.T) {
	for _, c := range []struct{ name, hook string }{{"the webhook knows the person", "mei"}, {"the webhook knows the person by another id", "customer-7"}} {
		for seed := range uint64(12) {
			t.Run(fmt.Sprint(c.name, " ", seed), func(t *testing.T) {
				reports := []events.SQSMessage{
					untrusted(t, "browser", track("b", "mei", "Order Completed", t0, `{"order_id":"A","total":999.99}`)),
					untrusted(t, "browser", track("br", "mei", "Order Refunded", t0.Add(9*time.Minute), `{"order_id":"A"}`)),
					envelope(t, "server", track("s", "mei", "Order Completed", t0.Add(time.Minute), `{"order_id":"A","total":120.50,"currency":"CNY","products":[{"product_id":"p","price":120.5}]}`)),
					envelope(t, "hook", track("h", c.hook, "Order Completed", t0.Add(2*time.Minute), `{"order_id":"A","total":"120.00","products":[{"product_id":"p","price":"60","quantity":2}]}`)),
					envelope(t, "hook", track("hr", c.hook, "Order Refunded", t0.Add(5*time.Minute), `{"order_id":"A","total":"20.00","refund_id":"r-1"}`)),
					envelope(t, "server", track("sr", "mei", "Order Refunded", t0.Add(6*time.Minute), `{"order_id":"A","total":20,"refund_id":"r-1"}`)),
				}
				random := rand.New(rand.NewPCG(seed, 3))
				random.Shuffle(len(reports), func(i, j int) { reports[i], reports[j] = reports[j], reports[i] })
				s := newShop(t)
				for i := 0; i < len(reports); {
					n := min(1+random.IntN(3), len(reports)-i)
					s.settle(reports[i : i+n]...)
					i += n
				}
				for passed := 0; passed < len(s.reports.Bodies()); passed++ {
					s.settle(events.SQSMessage{Body: s.reports.Bodies()[passed]})
				}
				count, net := 0, int64(0)
				for _, id := range []string{"mei", "customer-7"} {
					p := s.load(user(id))
					count += p.Orders.Count
					for _, r := range p.Orders.Revenue() {
						net += r.Minor
					}
				}
				if count != 1 || net != 10000 {
					t.Errorf("%d orders, %d left; want 1 and 100.00", count, net)
				}
				o, err := s.Orders.Load(context.Background(), "A")
				if err != nil || o.Total != 12000 || len(o.Refunds) != 1 || len(o.Products) != 1 || o.Products[0].Quantity != 2 || !o.CompletedAt.Equal(t0.Add(time.Minute)) {
					t.Errorf("the order is %+v, %v", o, err)
				}
				if got := s.load(user("mei")).All().Counters["Order Completed"].Total; c.hook == "mei" && got != 3 {
					t.Errorf("three reports are counted %d times", got)
				}
			})
		}
	}
}

func (s *shop) erase(i string, at time.Time) {
	s.Helper()
	body := functiontest.Body(s, job.Events{Command: &job.Command{ID: "e", Kind: job.CommandErase, ProfileID: user(i).ID(), At: at}})
	s.settle(events.SQSMessage{Body: body})
}

// TestARefundMakesNoGhost gives a refund that names its order only to the order's owner: once, whoever else tells of it, and no person
// comes of it. A refund that is there before its order counts with it at once, and its event follows.
func TestARefundMakesNoGhost(t *testing.T) {
	guest := profile.Identifier{Kind: profile.AnonymousID, Value: "shopify-order-A"}
	byOrder := track("refund-1", "", "Order Refunded", t0.Add(time.Hour), `{"order_id":"A","refund_id":"1","total":4,"currency":"CNY"}`)
	byOrder.AnonymousID = guest.Value
	byPerson := byOrder
	byPerson.UserID, byPerson.AnonymousID = "mei", ""
	order := track("o", "mei", "Order Completed", t0, `{"order_id":"A","total":10,"currency":"CNY"}`)
	for _, first := range []bool{true, false} {
		s := newShop(t)
		if first {
			s.settle(envelope(t, "hook", order))
			s.settle(envelope(t, "hook", byOrder))
			s.settle(envelope(t, "hook", byPerson))
			s.settle(envelope(t, "hook", byOrder))
		} else {
			s.settle(envelope(t, "hook", byOrder))
			s.settle(envelope(t, "hook", order))
			if got := s.load(user("mei")).Orders.Revenue(); len(got) != 1 || got[0].Minor != 600 {
				t.Errorf("before the event came, %v is left, want 6.00", got)
			}
			s.settle(envelope(t, "hook", byOrder))
			s.tick(0)
			s.tick(time.Hour)
		}
		if p := s.load(guest); !p.FirstSeen.IsZero() {
			t.Errorf("order first %v: the refund made a person: %+v", first, p)
		}
		if k := s.knows(user("mei")); k.Profile.Counters["Order Refunded"].Total != 1 || len(k.Timeline) != 2 {
			t.Errorf("order first %v: one refund is counted %d times, timeline %v", first, k.Profile.Counters["Order Refunded"].Total, k.Timeline)
		}
		if got := s.load(user("mei")).Orders.Revenue(); len(got) != 1 || got[0].Minor != 600 {
			t.Errorf("order first %v: %v is left, want 6.00", first, got)
		}
	}
}

// TestARefundAfterAnErasure refunds an order of somebody who was erased: the order knows of it and settlement is told, and nobody's sums
// change.
func TestARefundAfterAnErasure(t *testing.T) {
	refund := track("r", "till", "Order Refunded", t0.Add(3*time.Hour), `{"order_id":"A","total":4}`)
	refund.ReceivedAt = refund.Timestamp
	own := refund
	own.UserID = "mei"
	anew := track("n", "mei", "Order Completed", t0.Add(2*time.Hour), `{"order_id":"B","total":3}`)
	anew.ReceivedAt = anew.Timestamp
	for name, c := range map[string]struct {
		then []events.SQSMessage
		mei  int64 // what is left of mei's orders
	}{
		"reported by a till":                     {[]events.SQSMessage{envelope(t, "hook", refund)}, 0},
		"reported as the erased one's":           {[]events.SQSMessage{envelope(t, "hook", own)}, 0},
		"of one who came anew, as theirs":        {[]events.SQSMessage{envelope(t, "web", anew), envelope(t, "hook", own)}, 300},
		"of one who came anew, seen by the till": {[]events.SQSMessage{envelope(t, "web", anew), envelope(t, "hook", refund)}, 300},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.settle(envelope(t, "web", track("o", "mei", "Order Completed", t0, `{"order_id":"A","total":10}`)))
			s.erase("mei", t0.Add(time.Hour))
			s.live(c.then)
			s.live(c.then)
			var net int64
			p := s.load(user("mei"))
			for _, r := range p.Orders.Revenue() {
				net += r.Minor
			}
			if want := int(min(c.mei, 1)); net != c.mei || p.Orders.Count != want || len(p.Orders.Entries) != want {
				t.Errorf("mei has %d orders worth %d, want %d: %+v", p.Orders.Count, net, c.mei, p.Orders)
			}
			if p := s.load(user("till")); p.Orders.Count != 0 || len(p.Orders.Entries) != 0 {
				t.Errorf("the till has %+v", p.Orders)
			}
			if bare := s.load(user("mei")); bare.Version > 0 && !exists(bare) && !bare.LastSeen.IsZero() {
				t.Errorf("a profile without a name: %+v", bare)
			}
			o, err := s.Orders.Load(context.Background(), "A")
			if err != nil || o.Net() != 600 {
				t.Errorf("of the order %d is left, %v; want 6.00", o.Net(), err)
			}
		})
	}
}

// TestAPassedOnReportOfOneWhoWasErasedSince is dropped, and makes no profile.
func TestAPassedOnReportOfOneWhoWasErasedSince(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "web", track("o", "mei", "Order Completed", t0, `{"order_id":"A","total":10}`)))
	refund := track("r", "till", "Order Refunded", t0.Add(time.Minute), `{"order_id":"A","total":4}`)
	refund.ReceivedAt = t0.Add(2 * time.Hour)
	s.settle(envelope(t, "hook", refund))
	s.erase("mei", t0.Add(time.Hour))
	s.settle(events.SQSMessage{Body: s.reports.Bodies()[0]})
	if p := s.load(user("mei")); exists(p) || !p.LastSeen.IsZero() {
		t.Errorf("the erased one is %+v", p)
	}
}

// TestEveryWriteOfAnErasureBroken breaks each write of an erasure, both ways: the command comes again, and nothing of the person stays.
func TestEveryWriteOfAnErasureBroken(t *testing.T) {
	prepare := func() (s *shop, before int) {
		s = newShop(t)
		s.settle(scenario(t)...)
		s.settle(envelope(t, "server", track("old", "old-mei", "x", t0.Add(-90*time.Minute), "")))
		s.settle(envelope(t, "server", alias("al", "mei", "old-mei")))
		return s, s.DB.Calls(dynamotest.AnyWrite)
	}
	gone := func(t *testing.T, s *shop, keys []profile.ID) {
		t.Helper()
		s.rest()
		for _, i := range []profile.Identifier{user("mei"), user("old-mei"), anonymous("device-1")} {
			if p := s.load(i); exists(p) || p.ErasedAt.IsZero() {
				t.Errorf("%v is %+v", i, p)
			}
		}
		if list, _, err := s.Timeline.Events(context.Background(), keys, 100, ""); err != nil || len(list) != 0 {
			t.Errorf("the timeline holds %d events, %v", len(list), err)
		}
		if o, err := (s.Orders).Load(context.Background(), "A-1"); err != nil || o.Owner != "nobody" || o.Net() != 10000 {
			t.Errorf("the order is %+v, %v", o, err)
		}
	}
	healthy, before := prepare()
	healthy.erase("mei", t0.Add(time.Hour))
	writes := healthy.DB.Calls(dynamotest.AnyWrite) - before
	if writes < 5 {
		t.Fatalf("an erasure makes %d writes: the test shows little", writes)
	}
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		for n := 1; n <= writes; n++ {
			t.Run(fmt.Sprintf("write %d %s", n, how), func(t *testing.T) {
				s, _ := prepare()
				keys := s.load(user("mei")).Keys()
				s.DB.Fail(dynamotest.AnyWrite, n, how)
				s.erase("mei", t0.Add(time.Hour))
				s.settle(scenario(t)...) // late jobs of the erased person
				gone(t, s, keys)
			})
		}
	}
}

// TestNoticesOfAShopThatComeAgain has a shop send its notices of one order again with each later update, days apart: each is counted once, in
// the sums, the timeline and for campaigns, also when the person was merged into another one meanwhile.
func TestNoticesOfAShopThatComeAgain(t *testing.T) {
	for _, merged := range []bool{false, true} {
		s := newShop(t)
		s.watch = &Watch{Events: map[string]bool{"Order Refunded": true}}
		day := func(n int) time.Time { return t0.Add(time.Duration(n) * 24 * time.Hour) }
		notice := func(n int, id, name string, happened time.Time, properties string) event.Event {
			e := track(id, "mei", name, happened, properties)
			e.ReceivedAt = day(n)
			return e
		}
		times := 6
		for n := range times {
			s.Set(day(n).Add(time.Hour))
			s.live([]events.SQSMessage{envelope(t, "hook",
				notice(n, "completed", "Order Completed", t0, `{"order_id":"A","total":10,"currency":"CNY"}`),
				notice(n, fmt.Sprint("updated-", n), "Order Updated", day(n), `{"order_id":"A","total":10,"currency":"CNY"}`),
				notice(n, "refund-1", "Order Refunded", day(n), `{"order_id":"A","refund_id":"1","total":4,"currency":"CNY"}`))})
			s.live([]events.SQSMessage{envelope(t, "web", notice(n, fmt.Sprint("view-", n), "Product Viewed", day(n), ""))})
			if merged && n == 2 {
				old := track("old", "old", "Product Viewed", t0.Add(-24*time.Hour), "")
				s.settle(envelope(t, "server", old))
				s.settle(envelope(t, "server", alias("al", "mei", "old")))
			}
		}
		k := s.knows(user("mei"))
		count := map[string]int{}
		for _, id := range k.Timeline {
			count[id]++
		}
		c := k.Profile.Counters
		if c["Order Refunded"].Total != 1 || c["Order Completed"].Total != 1 || c["Order Updated"].Total != int64(times) || count["refund-1"] != 1 || count["completed"] != 1 {
			t.Errorf("merged %v: counted %d refunds, %d orders, %d updates; timeline %v", merged, c["Order Refunded"].Total, c["Order Completed"].Total, c["Order Updated"].Total, count)
		}
		if got := k.Profile.Orders.Revenue(); len(got) != 1 || got[0].Minor != 600 {
			t.Errorf("merged %v: %v is left, want 6.00", merged, got)
		}
		if heard := s.campaigns.follows(t); len(heard) != 1 {
			t.Errorf("merged %v: campaigns heard %q", merged, heard)
		}
	}
}

// TestARefundWaitsForItsOrdersOwner breaks each write, both ways, while a refund waits, and lets another one wait in vain.
func TestARefundWaitsForItsOrdersOwner(t *testing.T) {
	byOrder := track("refund-1", "", "Order Refunded", t0.Add(time.Hour), `{"order_id":"A","total":4,"currency":"CNY"}`)
	byOrder.AnonymousID, byOrder.ReceivedAt = "shopify-order-A", t0.Add(time.Hour)
	order := track("o", "mei", "Order Completed", t0, `{"order_id":"A","total":10,"currency":"CNY"}`)
	play := func(how dynamotest.How, n int) *shop {
		s := newShop(t)
		if n > 0 {
			s.DB.Fail(dynamotest.AnyWrite, n, how)
		}
		s.settle(envelope(t, "hook", byOrder))
		s.tick(20 * time.Minute) // nobody yet
		s.settle(envelope(t, "hook", order))
		s.tick(20 * time.Minute)
		s.tick(20 * time.Minute)
		return s
	}
	healthy := play(dynamotest.Persisted, 0)
	want, writes := healthy.knows(user("mei")), healthy.DB.Calls(dynamotest.AnyWrite)
	if want.Profile.Counters["Order Refunded"].Total != 1 || len(want.Timeline) != 2 || want.Profile.Orders.Revenue()[0].Minor != 600 || exists(healthy.load(anonymous("shopify-order-A"))) {
		t.Fatalf("mei is %+v", want)
	}
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		for n := 1; n <= 2; n++ { // those that let it wait; the others are a commit's, and the sweep's
			got := play(how, n).knows(user("mei"))
			if !reflect.DeepEqual(got, want) {
				t.Errorf("write %d of %d %s: %+v, want %+v", n, writes, how, got, want)
			}
		}
	}
	s := newShop(t)
	s.tick(0)
	s.settle(envelope(t, "hook", byOrder))
	for range 40 {
		s.tick(5 * time.Hour)
	}
	if k := s.knows(anonymous("shopify-order-A")); len(k.Timeline) != 1 || k.Profile.Counters["Order Refunded"].Total != 1 {
		t.Errorf("a refund of an order that never came: %+v", k)
	}
	if n := len(s.reports.Bodies()); n < 3 || n > 16 {
		t.Errorf("the owner was looked for %d times", n)
	}
}

// TestADeletedOrderCountsForNothing has a shop delete an order, of which its notice names nothing but the id: after the order was paid, before
// anybody heard of it, and one that never comes.
func TestADeletedOrderCountsForNothing(t *testing.T) {
	paid := track("o", "mei", "Order Completed", t0, `{"order_id":"A","total":10,"currency":"CNY"}`)
	deleted := track("order-A-deleted", "", "Order Cancelled", t0.Add(time.Hour), `{"order_id":"A","reason":"deleted"}`)
	deleted.AnonymousID, deleted.ReceivedAt = "woocommerce-order-A", t0.Add(time.Hour)
	for name, c := range map[string]struct {
		list []event.Event
		then time.Duration // each minute of it is swept
	}{"after": {[]event.Event{paid, deleted}, time.Hour}, "before": {[]event.Event{deleted, paid}, 3 * time.Hour}, "alone": {[]event.Event{deleted}, 7*24*time.Hour + time.Hour}} {
		s := newShop(t)
		for _, e := range c.list {
			s.settle(envelope(t, "hook", e))
			s.tick(20 * time.Minute)
		}
		for passed := time.Duration(0); passed < c.then; passed += time.Hour {
			s.tick(time.Hour)
		}
		if exists(s.load(anonymous("woocommerce-order-A"))) {
			t.Errorf("%s: the order's guest is somebody", name)
		}
		if name == "alone" {
			continue
		}
		k := s.knows(user("mei"))
		if k.Profile.Orders.Count != 1 || len(k.Profile.Orders.Revenue()) != 1 || k.Profile.Orders.Revenue()[0].Minor != 0 || k.Profile.Counters["Order Cancelled"].Total != 1 || len(k.Timeline) != 2 {
			t.Errorf("%s: mei is %+v", name, k)
		}
	}
}

// TestAnotherWorkerToldTheOrder gives one message to two workers. The second one reads the profile before the first one commits and the order after it; the
// first one ends before its packs are written. What the second one takes as done stands in the timeline.
func TestAnotherWorkerToldTheOrder(t *testing.T) {
	s := newShop(t)
	message := envelope(t, "server", track("o", "mei", "Order Completed", t0, `{"order_id":"A","total":10,"currency":"CNY"}`))
	ended := false
	s.DB.Interrupt("BatchGetItem", 1, func() {
		for nth := range 8 {
			s.DB.Fail("BatchWriteItem", 1+nth, dynamotest.NotPersisted)
		}
		answer, err := s.worker().Handle(t.Context(), events.SQSEvent{Records: []events.SQSMessage{message}})
		if err != nil || len(answer.BatchItemFailures) != 1 {
			t.Fatalf("the first worker has written its packs: %v, %v", answer, err)
		}
		s.DB.Heal()
		ended = true
	})
	answer, err := s.worker().Handle(t.Context(), events.SQSEvent{Records: []events.SQSMessage{message}})
	if err != nil || !ended {
		t.Fatalf("the first worker ended: %v, %v", ended, err)
	}
	if len(answer.BatchItemFailures) == 0 && len(s.knows(user("mei")).Timeline) != 1 {
		t.Errorf("the job is done, and the timeline holds %v", s.knows(user("mei")).Timeline)
	}
	s.settle(message)
	if k := s.knows(user("mei")); len(k.Timeline) != 1 || k.Profile.Orders.Count != 1 {
		t.Errorf("%d orders, timeline %v", k.Profile.Orders.Count, k.Timeline)
	}
}
