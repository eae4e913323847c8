package projection

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
)

// sent is an event as ingest stamps it: received at a time, and happened when the client's clock says, corrected by sentAt.
func sent(id string, receivedAt, originally, sentAt time.Time) event.Event {
	e := event.Event{MessageID: id, Kind: event.Track, UserID: "mei", Name: "Product Viewed", OriginalTimestamp: originally, SentAt: sentAt, ReceivedAt: receivedAt, Timestamp: receivedAt}
	if !originally.IsZero() {
		if e.Timestamp = originally; !sentAt.IsZero() {
			e.Timestamp = receivedAt.Add(originally.Sub(sentAt))
		}
	}
	if e.Timestamp.Sub(receivedAt) > 24*time.Hour {
		e.Timestamp = receivedAt
	}
	return e
}

// TestARetryIsADuplicateForADay sends an event again in all the ways that clients do, with other events in between, at every size of a
// profile about which a write unit decides what it remembers.
func TestARetryIsADuplicateForADay(t *testing.T) {
	ahead := 20 * time.Hour
	retries := map[string]func(at time.Time) (first, again event.Event){
		"the same body": func(at time.Time) (event.Event, event.Event) {
			return sent("m", t0, t0.Add(-time.Second), t0), sent("m", at, t0.Add(-time.Second), t0)
		},
		"another sentAt": func(at time.Time) (event.Event, event.Event) {
			return sent("m", t0, t0.Add(-time.Second), t0), sent("m", at, t0.Add(-time.Second), at)
		},
		"no times": func(at time.Time) (event.Event, event.Event) {
			return sent("m", t0, time.Time{}, time.Time{}), sent("m", at, time.Time{}, time.Time{})
		},
		"a clock that is ahead": func(at time.Time) (event.Event, event.Event) {
			return sent("m", t0, t0.Add(ahead), time.Time{}), sent("m", at, at.Add(ahead), time.Time{})
		},
		"a day of its own": func(at time.Time) (event.Event, event.Event) {
			return sent("m", t0, t0.AddDate(0, -2, 0), time.Time{}), sent("m", at, t0.AddDate(-1, 0, 0), time.Time{})
		},
	}
	for name, retry := range retries {
		for _, c := range []struct {
			between int
			after   time.Duration
			size    int
		}{{0, time.Minute, 0}, {1, time.Minute, 500}, {70, time.Hour, 0}, {70, 24 * time.Hour, 900}, {300, 24 * time.Hour, 0}} {
			t.Run(fmt.Sprintf("%s, %d events in between, after %v, %d bytes more", name, c.between, c.after, c.size), func(t *testing.T) {
				s := newShop(t)
				p := s.worker()
				at := t0.Add(c.after)
				first, again := retry(at)
				if c.size > 0 {
					traits := map[string]string{}
					for i := range c.size / 50 {
						traits[fmt.Sprint("t", i)] = fmt.Sprintf("%045d", i*7919)
					}
					raw, _ := json.Marshal(traits)
					deliver(t, p, envelope(t, "web", identify("i", "mei", "", t0, string(raw))))
				}
				deliver(t, p, envelope(t, "web", first))
				for i := range c.between {
					between := t0.Add(c.after * time.Duration(i+1) / time.Duration(c.between+1))
					deliver(t, p, envelope(t, "web", sent(fmt.Sprint("between-", i), between, between, between)))
				}
				deliver(t, s.worker(), envelope(t, "web", again))
				k := s.knows(user("mei"))
				if got := k.Profile.Counters["Product Viewed"].Total; got != int64(c.between+1) {
					t.Errorf("%d views are counted, want %d", got, c.between+1)
				}
				// The message that came first, once more and weeks later.
				deliver(t, s.worker(), envelope(t, "web", first), envelope(t, "web", again))
				if got := s.load(user("mei")).Counters["Product Viewed"].Total; got != int64(c.between+1) {
					t.Errorf("after redelivery %d views are counted, want %d", got, c.between+1)
				}
			})
		}
	}
}

// TestARetryAfterTenThousandEvents counts on the marks of a person who is busier than they suffice for.
func TestARetryAfterTenThousandEvents(t *testing.T) {
	s := newShop(t)
	p := s.worker()
	deliver(t, p, envelope(t, "web", sent("m", t0, t0, t0)))
	const messages, each = 20, 500
	for m := range messages {
		var list []event.Event
		for i := range each {
			at := t0.Add(time.Duration(m*each+i) * time.Second)
			list = append(list, sent(fmt.Sprint(m, "-", i), at, at, at))
		}
		deliver(t, p, envelope(t, "web", list...))
	}
	at := t0.Add(20 * time.Hour)
	deliver(t, p, envelope(t, "web", sent("m", at, t0, t0), sent("0-0", at, time.Time{}, time.Time{}), sent("19-499", at, at, at), sent("new", at, at, at)))
	if got := s.load(user("mei")).Counters["Product Viewed"].Total; got != messages*each+2 {
		t.Errorf("%d views are counted, want %d", got, messages*each+2)
	}
}

// TestAConstantIDIsSlowAlone sends people who all name one device: each of them is somebody, and one of them has the device.
func TestAConstantIDIsSlowAlone(t *testing.T) {
	const people = 700
	s := newShop(t)
	var jobs []events.SQSMessage
	var list []event.Event
	for i := range people {
		name := fmt.Sprint("u", i)
		list = append(list, identify("i-"+name, name, "crm", t0, `{"n":1}`), track("t-"+name, name, "Signed In", t0, ""))
		if len(list) == 100 {
			list = append(list, browse(fmt.Sprint("b-", i), "crm", t0))
			jobs = append(jobs, envelope(t, "crm", list...))
			list = nil
		}
	}
	b := newBatch(s.worker(), len(jobs))
	for i, record := range jobs {
		var j job.Events
		s.Must(json.Unmarshal([]byte(record.Body), &j))
		s.Must(b.add(t.Context(), i, j))
	}
	for _, g := range b.groups() {
		if len(g.identifiers) > maxConnected {
			t.Errorf("a group of %d identifiers", len(g.identifiers))
		}
	}
	if again := deliver(t, s.worker(), jobs...); len(again) > 0 {
		t.Errorf("%d jobs came back", len(again))
	}
	for i := range people {
		if p := s.load(user(fmt.Sprint("u", i))); p.UserID() != fmt.Sprint("u", i) || p.Counters["Signed In"].Total != 1 {
			t.Fatalf("u%d is %+v", i, p.Identifiers)
		}
	}
	if crm := s.load(anonymous("crm")); crm.Counters["page"].Total != int64(len(jobs)) {
		t.Errorf("%d pages of the device, want %d", crm.Counters["page"].Total, len(jobs))
	}
}

// TestConnectedPeopleAreWorkedOnTogether is both sides of the bound.
func TestConnectedPeopleAreWorkedOnTogether(t *testing.T) {
	for people, groups := range map[int]int{maxConnected - 1: 1, maxConnected: 2, maxConnected + 5: 7} {
		b := newBatch(newShop(t).worker(), 1)
		var list []event.Event
		for i := range people {
			list = append(list, identify(fmt.Sprint(i), fmt.Sprint("u", i), "crm", t0, `{}`))
		}
		if err := b.add(t.Context(), 0, job.Events{Source: "s", Events: list}); err != nil {
			t.Fatal(err)
		}
		got := b.groups()
		joins := 0
		for _, g := range got {
			joins += len(g.joins)
		}
		if len(got) != groups || joins != people {
			t.Errorf("%d people make %d groups with %d joins, want %d with %d", people, len(got), joins, groups, people)
		}
	}
}

// TestTheSmallGoFirst: small jobs never wait for large ones, nor a crowd for one person who sends thousands.
func TestTheSmallGoFirst(t *testing.T) {
	var large []event.Event
	for i := range 50 {
		large = append(large, browse(fmt.Sprint("hot-", i), "hot", t0), browse(fmt.Sprint("warm-", i), fmt.Sprint("warm-", i/2), t0))
	}
	b := newBatch(newShop(t).worker(), 3)
	for record, list := range [][]event.Event{large, {browse("s", "small", t0)}, {browse("b1", "both", t0), browse("b2", "both", t0)}} {
		if err := b.add(t.Context(), record, job.Events{Source: "s", Events: list}); err != nil {
			t.Fatal(err)
		}
	}
	var got []int
	for _, g := range b.groups() {
		got = append(got, len(g.records))
	}
	want := append(append([]int{1, 2}, slices.Repeat([]int{2}, 25)...), 50)
	if !slices.Equal(got, want) {
		t.Errorf("groups of %v events, want %v", got, want)
	}
	if first := b.groups()[0]; first.identifiers[0].Value != "small" || first.job != 1 {
		t.Errorf("%v goes first", first.identifiers)
	}
	if second := b.groups()[1]; second.identifiers[0].Value != "both" || second.job != 2 {
		t.Errorf("%v goes second", second.identifiers)
	}
}

// TestSharedMessageIDsAreToldApart lets three sources use one messageId in one commit.
func TestSharedMessageIDsAreToldApart(t *testing.T) {
	said := func(name, properties string) event.Event { return track("m", "mei", name, t0, properties) }
	for _, way := range []string{"as it is", "as the version before told it"} {
		t.Run(way, func(t *testing.T) {
			s := newShop(t)
			s.watch = &Watch{Events: map[string]bool{"Left": true, "Right": true}}
			s.settle(envelope(t, "a", said("Left", `{"side":"left"}`)), envelope(t, "b", said("Right", `{"side":"right"}`)), envelope(t, "c", said("Left", `{"side":"third"}`)))
			var envelope job.Follows
			if err := json.Unmarshal([]byte(s.campaigns.Bodies()[0]), &envelope); err != nil || len(envelope.Follows) != 3 {
				t.Fatalf("%v %v", err, envelope)
			}
			sides := []string{}
			for _, f := range envelope.Follows {
				ref := people.EventRef{Profile: f.ProfileID, Day: profile.DayOf(f.At), Version: f.Version, Source: f.Source, MessageID: f.Event, Name: f.Ref}
				if way != "as it is" {
					ref.Source = ""
				}
				e, err := s.Timeline.Event(t.Context(), ref)
				s.Must(err)
				sides = append(sides, f.Ref+string(e.Event.Properties))
			}
			slices.Sort(sides)
			want := []string{`Left{"side":"left"}`, `Left{"side":"third"}`, `Right{"side":"right"}`}
			if way != "as it is" {
				want[1] = want[0] // of one name, the first it was and is
			}
			if !slices.Equal(sides, want) {
				t.Errorf("%q, want %q", sides, want)
			}
		})
	}
}

// TestPassedOnReportsOfOneMessageID lets two sources use one messageId for two orders of two owners, reported by a third person.
func TestPassedOnReportsOfOneMessageID(t *testing.T) {
	for _, way := range []string{"as it is", "as the version before told it"} {
		t.Run(way, func(t *testing.T) {
			s := newShop(t)
			s.settle(envelope(t, "web", track("1", "mei", "Order Completed", t0, `{"order_id":"A","total":10}`), track("2", "li", "Order Completed", t0, `{"order_id":"B","total":20}`)))
			s.settle(envelope(t, "till", track("m", "till", "Order Refunded", t0, `{"order_id":"A","total":1}`)), envelope(t, "post", track("m", "till", "Order Refunded", t0, `{"order_id":"B","total":2}`)))
			if len(s.reports.Bodies()) != 2 {
				t.Fatalf("%d reports are passed on", len(s.reports.Bodies()))
			}
			for _, body := range s.reports.Bodies() {
				if way != "as it is" {
					var j job.Events
					s.Must(json.Unmarshal([]byte(body), &j))
					j.Command.Report.Source = ""
					raw, _ := json.Marshal(j)
					body = string(raw)
				}
				s.settle(events.SQSMessage{Body: body})
				s.settle(events.SQSMessage{Body: body})
			}
			for name, want := range map[string]int64{"mei": 900, "li": 1800} {
				if got := s.load(user(name)).Orders.Revenue(); len(got) != 1 || got[0].Minor != want {
					t.Errorf("%s has bought for %v, want %d", name, got, want)
				}
			}
		})
	}
}

// TestARefusedEventIsNoFirstOne lets an erased person's late event and somebody else's of the same id come together.
func TestARefusedEventIsNoFirstOne(t *testing.T) {
	s := newShop(t)
	b := newBatch(s.worker(), 1)
	p := &profile.Profile{ID: user("mei").ID()}
	p.RememberErasure("old-key", t0)
	e := sent("m", t0, t0, t0)
	fresh, err := b.newEvents(t.Context(), p, []incoming{{event: e, key: "old-key", hash: 7}, {event: e, key: "new-key", hash: 7}})
	if err != nil || len(fresh) != 1 || fresh[0].key != "new-key" {
		t.Errorf("%d are new, %v", len(fresh), err)
	}
}

// TestNoTimeIsNoFailure receives a job again and again that is never begun: it goes on as a new message before the queue gives it up, and
// stays where it is if that cannot be sent.
func TestNoTimeIsNoFailure(t *testing.T) {
	for _, c := range []struct {
		receives string
		fail     int
		how      dynamotest.How
		sent     int
		again    int
	}{{"7", 0, "", 0, 1}, {"8", 0, "", 1, 0}, {"10", 0, "", 1, 0}, {"8", 1, dynamotest.NotPersisted, 0, 1}, {"8", 1, dynamotest.Persisted, 1, 1}} {
		s := newShop(t)
		s.reports.Fail(c.fail, c.how)
		job := envelope(t, "web", seen("1", "mei"))
		job.MessageId, job.Attributes = "m", map[string]string{"ApproximateReceiveCount": c.receives}
		ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(reserve))
		out, err := s.worker().Handle(ctx, events.SQSEvent{Records: []events.SQSMessage{job}})
		cancel()
		if err != nil || len(out.BatchItemFailures) != c.again || len(s.reports.Bodies()) != c.sent {
			t.Errorf("%+v: %d come again, %d are sent, %v", c, len(out.BatchItemFailures), len(s.reports.Bodies()), err)
		}
		for _, body := range s.reports.Bodies() {
			s.settle(events.SQSMessage{Body: body}, envelope(t, "web", seen("1", "mei")))
		}
		if c.sent > 0 && s.load(user("mei")).Counters["Product Viewed"].Total != 1 {
			t.Errorf("%+v: the event is not counted once", c)
		}
	}
}
