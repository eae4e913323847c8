package projection

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/event"
	"github.com/userops/userops/shared/domain/profile"
	"github.com/userops/userops/shared/dynamo"
)

// TestTheOldestIsFoldedFirst, however a batch brings them; of two of one time it is the same one in every worker.
func TestTheOldestIsFoldedFirst(t *testing.T) {
	s := newShop(t)
	b := newBatch(s.worker(), 1)
	of := func(hash event.Hash, after time.Duration) incoming {
		return incoming{hash: hash, source: "web", event: track(fmt.Sprint(hash), "mei", "x", t0.Add(after), "")}
	}
	got := ""
	fresh, err := b.sift(t.Context(), &profile.Profile{ID: "p"}, []incoming{of(1, time.Hour), of(9, 0), of(5, 0), of(2, time.Minute), of(7, 0)})
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
	transactions, puts := s.db.Calls("TransactWriteItems"), s.db.Calls("PutItem")
	if rounds := s.settle(envelope(t, "web", list...)); rounds != 1 {
		t.Errorf("%d rounds", rounds)
	}
	if n, m := s.db.Calls("TransactWriteItems")-transactions, s.db.Calls("PutItem")-puts; n != 1 || m != 2 || s.load(user("mei")).Version != 4 {
		t.Errorf("%d transactions and %d writes, version %d", n, m, s.load(user("mei")).Version)
	}
}

// TestAReportThatIsPassedOnWritesNoOrder: the order is told by the commit of its owner.
func TestAReportThatIsPassedOnWritesNoOrder(t *testing.T) {
	s := newShop(t)
	orders := dynamo.Orders{DB: s.db, Table: "Profiles"}
	version := func() int64 {
		o, err := orders.Load(t.Context(), "A")
		if err != nil {
			t.Fatal(err)
		}
		return o.Version
	}
	s.settle(envelope(t, "web", track("o", "mei", "Order Completed", t0, `{"order_id":"A","total":10}`)))
	first := version()
	s.settle(envelope(t, "hook", track("r", "till", "Order Refunded", t0, `{"order_id":"A","total":4}`)))
	if now := version(); now != first {
		t.Errorf("the order is at %d, want %d", now, first)
	}
	s.settle(events.SQSMessage{Body: s.reports.bodies[0]})
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
