package projection

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
)

// event finds an event of a person's timeline.
func (s *shop) event(i profile.Identifier, id string) event.Event {
	s.Helper()
	list, _, err := s.Timeline.Events(context.Background(), s.load(i).Keys(), 1000, "")
	if err != nil {
		s.Fatal(err)
	}
	for _, e := range list {
		if e.MessageID == id {
			return e
		}
	}
	return event.Event{}
}

// TestVersionsGoOnAfterAnErasure lets somebody come back to a process that remembers what it has sent for the same id before: a tombstone
// of today, and one of the version before, which let versions begin anew.
func TestVersionsGoOnAfterAnErasure(t *testing.T) {
	for name, former := range map[string]bool{"today": false, "the version before": true} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			w := s.worker()
			order := func(n int) events.SQSMessage {
				return envelope(t, "web", hour(n, track(fmt.Sprint("o", n), "mei", "Order Completed", t0, fmt.Sprintf(`{"order_id":"%d","total":1}`, n))))
			}
			for n := range 5 {
				deliver(t, w, order(n-5))
			}
			last := s.load(user("mei"))
			deliver(t, w, eraseJob(t, last.ID, t0, false))
			if former {
				put(t, s.DB, "Profiles", map[string]string{"pk": "p#" + string(last.ID), "sk": "p"}, map[string]int64{"v": 1, "erased": t0.UnixMilli()})
			}
			before := s.load(user("mei")).Version
			for n := range 3 {
				if again := deliver(t, w, order(n+1)); len(again) > 0 {
					t.Fatal("the job comes back")
				}
			}
			back := s.load(user("mei"))
			if before <= last.Version || back.Version != before+3 {
				t.Errorf("version %d before the erasure, %d of the tombstone, %d of who came back", last.Version, before, back.Version)
			}
			if got := len(s.settlement.follows(t)); got != 8 {
				t.Errorf("settlement heard of %d orders, want 8", got)
			}
			if id := (profile.Follow{Version: back.Version}).JobID(back.ID); len(fmt.Sprintf("%012d", back.Version)) != 12 {
				t.Errorf("job %s: the key of a pack would not sort", id)
			}
		})
	}
}

// TestWhatIsWrittenAfterTheWipe writes a pack for the erased one when the first pass is over, as a worker may that read the profile before
// the tombstone, and lets the person come back before the second pass.
func TestWhatIsWrittenAfterTheWipe(t *testing.T) {
	for _, back := range []bool{false, true} {
		t.Run(fmt.Sprint("back ", back), func(t *testing.T) {
			s := newShop(t)
			timeline := s.Timeline
			s.settle(envelope(t, "web", seen("1", "mei")))
			mei := s.load(user("mei"))
			s.settle(eraseJob(t, mei.ID, t0.Add(time.Hour), false))
			want := 0
			if back {
				s.settle(envelope(t, "web", hour(2, seen("2", "mei"))))
				want = 1
			}
			s.tick(2 * time.Minute)
			late := people.Pack{Profile: mei.ID, Day: profile.DayOf(t0), Version: mei.Version + 1, Events: []people.PackedEvent{{Source: "web", Event: seen("late", "mei")}}}
			s.Must(timeline.Write(t.Context(), late))
			// The pass that finds the pack is followed by one that finds nothing, and that is the last. The first is filed with the
			// tombstones, for a crash behind them.
			if got := s.rest(); !slices.Equal(got, []int{1, 1, 2}) {
				t.Errorf("passes %v", got)
			}
			if list, _, err := timeline.Events(t.Context(), []profile.ID{mei.ID}, 10, ""); err != nil || len(list) != want {
				t.Errorf("the timeline holds %d events, %v; want %d", len(list), err, want)
			}
		})
	}
}

// tick lets time pass and delivers what has become due.
func (s *shop) tick(d time.Duration) {
	s.Helper()
	s.Pass(d)
	if err := s.worker().Minute(context.Background()); err != nil {
		s.Fatal(err)
	}
	for ; s.rested < len(s.reports.Bodies()); s.rested++ {
		s.settle(events.SQSMessage{Body: s.reports.Bodies()[s.rested]})
	}
}

// long is a kind of traces with many pages under every key.
type long struct {
	t     *testing.T
	s     *shop
	pages map[profile.ID]int
	calls int
}

func (l *long) Wipe(_ context.Context, gone people.Gone, after string) (int, string, error) {
	l.calls++
	if p := l.s.load(user("mei")); exists(p) {
		l.t.Error("traces are wiped before the tombstone stands")
	}
	if l.pages[gone.Key]--; l.pages[gone.Key] > 0 {
		return 500, fmt.Sprint(l.pages[gone.Key]), nil
	}
	return 0, "", nil
}

// TestWhoComesBackInTheMiddleOfAWipe comes back while the first page is wiped, in an invocation that has read ahead: the pages after it spare
// what is theirs.
func TestWhoComesBackInTheMiddleOfAWipe(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "web", seen("1", "mei"), seen("2", "li")))
	w := s.worker()
	back := returning{s: s}
	w.Traces = []Traces{&back}
	other := envelope(t, "web", seen("3", "li"))
	if again := deliver(t, w, eraseJob(t, user("mei").ID(), t0.Add(time.Hour), false), other); len(again) != 0 {
		t.Fatalf("%d jobs come again", len(again))
	}
	if want := []bool{false, true, true}; !slices.Equal(back.seen, want) {
		t.Errorf("page by page somebody is back: %v, want %v", back.seen, want)
	}
}

// TestWhoComesBackAndIsMergedKeepsTheirs looks at the phone of somebody who was erased, once the second pass comes, a quarter of an hour later: by then it has
// come back as somebody of its own, and has become part of who came back by the userId.
func TestWhoComesBackAndIsMergedKeepsTheirs(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "web", identify("1", "mei", "phone", t0, `{}`)))
	phone := anonymous("phone").ID()
	s.settle(eraseJob(t, user("mei").ID(), t0.Add(time.Hour), false))
	s.settle(envelope(t, "web", hour(5, browse("2", "phone", t0))))
	enrolments := outreach.Enrolments{DB: s.DB, Table: "Due"}
	if as, err := enrolments.Enrol(t.Context(), outreach.Enrolment{IDs: []profile.ID{phone}, CampaignID: "welcome", Cause: "now"}, s.Now().Add(time.Second)); as == "" || err != nil {
		t.Fatalf("the phone is taken as %q, %v", as, err)
	}
	decided := delivery.Decision{NotificationID: "n", ProfileID: phone, Outcome: delivery.Sent, Asked: s.Now(), At: s.Now().Add(time.Second)}
	deliveries := s.Deliveries
	if first, err := deliveries.DecideFirst(t.Context(), decided); !first || err != nil {
		t.Fatal(first, err)
	}
	s.settle(envelope(t, "web", hour(5, seen("3", "mei"))))
	s.settle(envelope(t, "web", hour(6, identify("4", "mei", "phone", t0, `{}`))))
	if mei := s.load(user("mei")); mei.ID != user("mei").ID() || !slices.Contains(mei.Parts, phone) {
		t.Fatalf("the phone is no part of her: %v %v", mei.ID, mei.Parts)
	}
	s.rest()
	if d, err := deliveries.Decision(t.Context(), phone, decided.Asked, "n"); err != nil || d.Outcome != delivery.Sent {
		t.Errorf("what was sent to who came back is %+v, %v", d, err)
	}
	if got := s.messages(user("mei")); !slices.Equal(got, []string{"2", "3", "4"}) {
		t.Errorf("she has %q", got)
	}
	if of, err := enrolments.Of(t.Context(), []profile.ID{phone}); err != nil || len(of) != 1 {
		t.Errorf("%d campaigns have taken who came back, want 1, %v", len(of), err)
	}
}

// TestCommandsReadNothingAhead holds that what a wipe decides by is read when it decides.
func TestCommandsReadNothingAhead(t *testing.T) {
	wipe := &group{direct: "gone", command: func(context.Context) error { return nil }}
	ids, orders := reads([]*group{wipe, {direct: "owner"}})
	if len(orders) != 0 || !slices.Equal(ids, []profile.ID{"owner"}) {
		t.Errorf("read ahead are %v and %v", ids, orders)
	}
}
