package projection

import (
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	figures "github.com/userops/userops/shared/domain/insight/live"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/live"
)

// figures are those of today.
func (s *shop) figures() (sum figures.Figures) {
	s.Helper()
	hours, _, err := live.Live{DB: s.DB, Table: "Live"}.Between(s.Context(), s.Now().Add(-24*time.Hour), s.Now().Add(time.Hour))
	s.Must(err)
	for i := range hours {
		sum.Add(hours[i].Sum())
	}
	return sum
}

// TestTodaysFigures counts what is new of today: an event once, a person by their first event of the day, an order when it is first told of. What happened on another day is not today's.
func TestTodaysFigures(t *testing.T) {
	s := newShop(t)
	s.counts = true
	day := t0.Truncate(24 * time.Hour)
	click := track("click", "mei", event.EmailLinkClicked, t0, "")
	screen := event.Event{MessageID: "screen", Kind: event.Screen, UserID: "li", Timestamp: t0, OriginalTimestamp: t0, ReceivedAt: t0}
	records := []events.SQSMessage{
		envelope(t, "web", browse("p1", "a", day), browse("p2", "a", t0), browse("late", "a", day.Add(-time.Millisecond)), screen, click),
		envelope(t, "server",
			track("o1", "mei", "Order Placed", t0, `{"order_id":"1","total":12.50}`), track("o2", "mei", "Order Completed", t0.Add(time.Minute), `{"order_id":"1","total":10}`),
			track("o3", "wang", "Order Completed", t0, `{"order_id":"2","total":7,"currency":"USD"}`), track("o4", "wang", "Order Completed", day.Add(-time.Hour), `{"order_id":"3","total":5}`)),
	}
	// Mei's order is told of twice in one commit, with what it comes to now.
	want := figures.Figures{Events: 7, Views: 3, Visitors: 4, Orders: 2, GMV: 1000, Paid: 2, Sum: 1000, Clicks: 1}
	for round := range 2 { // it comes again
		s.settle(records...)
		if got := s.figures(); got != want {
			t.Errorf("after round %d figures are %+v, want %+v", round, got, want)
		}
	}
	s.settle(envelope(t, "server", track("o5", "mei", "Order Updated", t0.Add(2*time.Minute), `{"order_id":"1","total":900}`), track("o6", "li", "Order Placed", t0, `{"order_id":"4","total":1}`)))
	s.settle(envelope(t, "server", track("o7", "li", "Order Completed", t0.Add(time.Minute), `{"order_id":"4","total":2}`)))
	want.Add(figures.Figures{Events: 3, Orders: 1, GMV: 100, Paid: 1, Sum: 200})
	if got := s.figures(); got != want {
		t.Errorf("later figures are %+v, want %+v", got, want)
	}
}

// TestAReportThatIsPassedOnIsOneEvent: it stands at whoever told of the order and at the order's owner.
func TestAReportThatIsPassedOnIsOneEvent(t *testing.T) {
	s := newShop(t)
	s.counts = true
	s.settle(envelope(t, "server", track("paid", "mei", "Order Completed", t0, `{"order_id":"1","total":10}`)))
	s.settle(envelope(t, "hook", track("again", "customer-7", "Order Completed", t0.Add(time.Minute), `{"order_id":"1","total":11}`)))
	if len(s.reports.Bodies()) == 0 {
		t.Fatal("nothing was passed on")
	}
	for _, body := range s.reports.Bodies() {
		s.settle(events.SQSMessage{Body: body})
	}
	if got, want := s.figures(), (figures.Figures{Events: 2, Visitors: 2, Orders: 1, GMV: 1000, Paid: 1, Sum: 1000}); got != want {
		t.Errorf("figures are %+v, want %+v", got, want)
	}
}

// TestACommitOfUnknownEnd is counted at most once: where its answer is lost its figures may be, and they are never there twice.
func TestACommitOfUnknownEnd(t *testing.T) {
	for _, how := range []dynamotest.How{dynamotest.Persisted, dynamotest.NotPersisted} {
		s := newShop(t)
		s.counts = true
		s.DB.Fail("TransactWriteItems", 1, how)
		s.DB.Fail("PutItem", 1, how)
		s.settle(envelope(t, "server", track("o1", "mei", "Order Placed", t0, `{"order_id":"1","total":12.50}`)))
		s.settle(envelope(t, "web", browse("p1", "a", t0)))
		if got := s.figures(); got.Orders > 1 || got.Events > 2 || got.GMV > 1250 || got.Visitors > 2 {
			t.Errorf("%v: figures are %+v", how, got)
		}
	}
}
