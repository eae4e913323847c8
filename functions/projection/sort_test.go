package projection

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

// TestTheOldestIsFoldedFirst, however a batch brings them; of two of one time it is the same one in every worker.
func TestTheOldestIsFoldedFirst(t *testing.T) {
	s := newShop(t)
	b := newBatch(s.worker(), 1)
	of := func(hash event.Hash, after time.Duration) incoming {
		return incoming{hash: hash, source: "web", event: track(fmt.Sprint(hash), "mei", "x", t0.Add(after), "")}
	}
	got := ""
	fresh, err := b.newEvents(t.Context(), &profile.Profile{ID: "p"}, []incoming{of(1, time.Hour), of(9, 0), of(5, 0), of(2, time.Minute), of(7, 0)})
	for _, e := range fresh {
		got += e.event.MessageID + " "
	}
	if got != "5 7 9 2 1 " || err != nil {
		t.Errorf("folded %s, %v", got, err)
	}
}

// TestAKeyIsAttachedOnce, by the first of several commits: the others are writes of the one item.
func TestAKeyIsAttachedOnce(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "web", seen("0", "mei")))
	list := []event.Event{identify("i", "mei", "phone", t0, `{}`)}
	for i := range 2 * profile.MaxCommitEvents {
		list = append(list, track(fmt.Sprint("t", i), "mei", "x", t0.Add(time.Duration(i)*time.Millisecond), ""))
	}
	transactions, puts := s.DB.Calls("TransactWriteItems"), s.DB.Calls("PutItem")
	if rounds := s.settle(envelope(t, "web", list...)); rounds != 1 {
		t.Errorf("%d rounds", rounds)
	}
	if n, m := s.DB.Calls("TransactWriteItems")-transactions, s.DB.Calls("PutItem")-puts; n != 1 || m != 2 || s.load(user("mei")).Version != 4 {
		t.Errorf("%d transactions and %d writes, version %d", n, m, s.load(user("mei")).Version)
	}
}

// TestAReportThatIsPassedOnWritesNoOrder: the order is told by the commit of its owner.
func TestAReportThatIsPassedOnWritesNoOrder(t *testing.T) {
	s := newShop(t)
	orders := s.Orders
	version := func() int64 {
		o, err := orders.Load(t.Context(), "A")
		s.Must(err)
		return o.Version
	}
	s.settle(envelope(t, "web", track("o", "mei", "Order Completed", t0, `{"order_id":"A","total":10}`)))
	first := version()
	s.settle(envelope(t, "hook", track("r", "till", "Order Refunded", t0, `{"order_id":"A","total":4}`)))
	if now := version(); now != first {
		t.Errorf("the order is at %d, want %d", now, first)
	}
	s.settle(events.SQSMessage{Body: s.reports.Bodies()[0]})
	if now := version(); now != first+1 {
		t.Errorf("told by its owner it is at %d, want %d", now, first+1)
	}
}

// TestAMergeOfSomebodyKnownNamesTheUser alone.
func TestAMergeOfSomebodyKnownNamesTheUser(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "web", browse("b", "phone", t0)))
	s.settle(envelope(t, "web", seen("1", "mei")))
	s.settle(envelope(t, "web", identify("i", "mei", "phone", t0, `{}`)))
	if told := s.merges(user("mei")); len(told) != 1 || told[0].UserID != "mei" || told[0].AnonymousID != "" {
		t.Errorf("told %+v", told)
	}
}

// TestEveryReportIsPassedOn: two of one batch are two, though both go to the same owner.
func TestEveryReportIsPassedOn(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "web", track("1", "mei", "Order Completed", t0, `{"order_id":"A","total":10}`), track("2", "mei", "Order Completed", t0, `{"order_id":"B","total":20}`)))
	s.settle(envelope(t, "hook", track("3", "till", "Order Refunded", t0, `{"order_id":"A","total":1}`), track("4", "till", "Order Refunded", t0, `{"order_id":"B","total":2}`)))
	if len(s.reports.Bodies()) != 2 {
		t.Fatalf("%d reports are passed on", len(s.reports.Bodies()))
	}
	for _, body := range s.reports.Bodies() {
		s.settle(events.SQSMessage{Body: body})
	}
	if got := s.load(user("mei")).Orders.Revenue(); len(got) != 1 || got[0].Minor != 2700 {
		t.Errorf("mei has bought for %v", got)
	}
}

// TestALostConditionIsTriedAgain at once, as often as attempts says: the job goes back only then.
func TestALostConditionIsTriedAgain(t *testing.T) {
	for lost, back := range map[int]int{1: 0, attempts - 1: 0, attempts: 1} {
		s := newShop(t)
		s.settle(envelope(t, "web", seen("0", "mei")))
		for n := range lost { // each takes a write of its own
			s.DB.Interrupt("PutItem", 2*n+1, func() { s.settle(envelope(t, "other", seen(fmt.Sprint("o", n), "mei"))) })
		}
		record := envelope(t, "web", seen("1", "mei"))
		if again := deliver(t, s.worker(), record); len(again) != back {
			t.Errorf("%d conditions are lost: %d jobs come again, want %d", lost, len(again), back)
		}
		s.settle(record)
		if k := s.knows(user("mei")); len(k.Timeline) != 2+lost {
			t.Errorf("%d conditions are lost: timeline %v", lost, k.Timeline)
		}
	}
}

// TestWhatIsReadAhead are the people of events by the ids that they go by, and the orders that they report, each once; of commands nothing.
func TestWhatIsReadAhead(t *testing.T) {
	b := newBatch(newShop(t).worker(), 3)
	paid := func(id, who, order string) event.Event {
		return track(id, who, "Order Completed", t0, `{"order_id":"`+order+`","total":1}`)
	}
	for i, j := range []job.Events{{Source: "web", Events: []event.Event{paid("1", "mei", "B"), paid("2", "mei", "A"), paid("3", "li", "B"), identify("4", "li", "phone", t0, `{}`)}},
		{Command: &job.Command{Kind: job.CommandErase, ProfileID: "p"}}} {
		if err := b.add(t.Context(), i, j); err != nil {
			t.Fatal(err)
		}
	}
	ids, orders := reads(b.groups())
	want := []profile.ID{user("mei").ID(), user("li").ID()}
	slices.Sort(want)
	if !slices.Equal(ids, want) || !slices.Equal(orders, []string{"A", "B"}) {
		t.Errorf("people %v, orders %v, want %v", ids, orders, want)
	}
}

// TestAReportIsKeptToTheMillisecond, as an order is: what is compared later would else be newer than itself.
func TestAReportIsKeptToTheMillisecond(t *testing.T) {
	e := track("1", "mei", "Order Completed", t0.Add(1999*time.Microsecond), `{"order_id":"A","total":1}`)
	if r := newShop(t).worker().orderReport(&e, 1); r == nil || !r.At.Equal(t0.Add(time.Millisecond)) {
		t.Errorf("reported %+v", r)
	}
}
