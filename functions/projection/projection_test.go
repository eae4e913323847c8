package projection

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

func TestEventsBecomeProfiles(t *testing.T) {
	s := newShop(t)
	if rounds := s.settle(scenario(t)...); rounds != 1 {
		t.Errorf("took %d rounds, want 1", rounds)
	}
	mei := s.load(user("mei"))
	if same := s.load(anonymous("device-1")); same.ID != mei.ID {
		t.Errorf("device-1 leads to %s, mei to %s", same.ID, mei.ID)
	}
	if got := mei.Orders.Revenue(); len(got) != 1 || got[0].Minor != 10000 || got[0].Currency != "CNY" {
		t.Errorf("revenue %v, want 100.00 CNY", got)
	}
	if mei.Orders.Count != 1 || mei.Counters["page"].Total != 2 || mei.Counters["Order Completed"].Total != 1 {
		t.Errorf("orders %d, counters %v", mei.Orders.Count, mei.Counters)
	}
	if mei.Traits["name"].Value != "Mei" || mei.Traits["level"].Value != int64(3) {
		t.Errorf("traits %v", mei.Traits)
	}
	if got, want := s.knows(user("mei")).Timeline, []string{"r1", "o1", "s1", "i1", "b2", "b1"}; !slices.Equal(got, want) {
		t.Errorf("timeline %v, want %v", got, want)
	}
	want := []string{"order A-1 " + string(mei.ID), "order A-2 " + string(s.load(user("li")).ID), "signup  " + string(mei.ID)}
	if got := s.settlement.follows(t); !slices.Equal(got, want) {
		t.Errorf("settlement heard %q, want %q", got, want)
	}
}

func TestRedeliveryChangesNothing(t *testing.T) {
	s := newShop(t)
	s.settle(scenario(t)...)
	before, li := s.knows(user("mei")), s.knows(user("li"))
	s.settle(scenario(t)...)
	s.settle(scenario(t)[1], scenario(t)[0], scenario(t)[1])
	if after := s.knows(user("mei")); !reflect.DeepEqual(before, after) {
		t.Errorf("after redelivery:\n%+v\nwant\n%+v", after, before)
	}
	if after := s.knows(user("li")); !reflect.DeepEqual(li, after) {
		t.Errorf("after redelivery:\n%+v\nwant\n%+v", after, li)
	}
}

// TestEveryWriteBroken breaks each write of the scenario, both ways, with a crash of the worker after it: the redelivered jobs
// bring the very same outcome.
func TestEveryWriteBroken(t *testing.T) {
	healthy := newShop(t)
	healthy.settle(scenario(t)...)
	mei, li, jobs := healthy.knows(user("mei")), healthy.knows(user("li")), healthy.settlement.follows(t)
	writes, sends := healthy.DB.Calls(dynamotest.AnyWrite), healthy.settlement.Sends()
	if writes < 3 || sends < 1 {
		t.Fatalf("the scenario makes %d writes and %d sends", writes, sends)
	}
	check := func(t *testing.T, s *shop, rounds int) {
		t.Helper()
		if rounds < 2 {
			t.Error("the fault was swallowed")
		}
		if got := s.knows(user("mei")); !reflect.DeepEqual(got, mei) {
			t.Errorf("mei:\n%+v\nwant\n%+v", got, mei)
		}
		if got := s.knows(user("li")); !reflect.DeepEqual(got, li) {
			t.Errorf("li:\n%+v\nwant\n%+v", got, li)
		}
		if got := s.settlement.follows(t); !slices.Equal(got, jobs) {
			t.Errorf("settlement heard %q, want %q", got, jobs)
		}
	}
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		for n := 1; n <= writes; n++ {
			t.Run(fmt.Sprintf("write %d %s", n, how), func(t *testing.T) {
				s := newShop(t)
				s.DB.Fail(dynamotest.AnyWrite, n, how)
				check(t, s, s.settle(scenario(t)...))
			})
		}
		for n := 1; n <= sends; n++ {
			t.Run(fmt.Sprintf("send %d %s", n, how), func(t *testing.T) {
				s := newShop(t)
				s.settlement.Fail(n, how)
				check(t, s, s.settle(scenario(t)...))
			})
		}
	}
}

// TestRedeliveryOfAHalfDoneBatch lets one of three people of a batch fail in every way, one after the other, and then the packs of all: the batch
// comes again whole, and those who were done are not done twice.
func TestRedeliveryOfAHalfDoneBatch(t *testing.T) {
	names := []string{"mei", "li", "an"}
	var list []event.Event
	for i, name := range names {
		list = append(list, track(fmt.Sprint("v", i), name, "Product Viewed", t0, ""), track(fmt.Sprint("o", i), name, "Order Completed", t0, fmt.Sprintf(`{"order_id":"%s","total":2}`, name)))
	}
	const people = 4 // and somebody else in the other job
	for n := 1; n <= people+1; n++ {
		for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
			t.Run(fmt.Sprintf("write %d %s", n, how), func(t *testing.T) {
				s := newShop(t)
				batch := []events.SQSMessage{envelope(t, "web", list...), envelope(t, "web", track("x", "else", "Product Viewed", t0, ""))}
				s.DB.Fail(dynamotest.AnyWrite, n, how)
				again := deliver(t, s.worker(), batch...)
				if want := 1 + n/(people+1); len(again) != want {
					t.Fatalf("%d jobs come again, want %d", len(again), want)
				}
				s.settle(batch...)
				for i, name := range names {
					k := s.knows(user(name))
					if k.Profile.Counters["Product Viewed"].Total != 1 || k.Profile.Orders.Count != 1 || k.Profile.Orders.Revenue()[0].Minor != 200 {
						t.Errorf("%s: %v, %+v", name, k.Profile.Counters, k.Profile.Orders)
					}
					slices.Sort(k.Timeline)
					if want := []string{fmt.Sprint("o", i), fmt.Sprint("v", i)}; !slices.Equal(k.Timeline, want) {
						t.Errorf("%s: timeline %v, want %v", name, k.Timeline, want)
					}
				}
				if got := len(s.settlement.follows(t)); got != len(names) {
					t.Errorf("settlement heard of %d orders, want %d", got, len(names))
				}
			})
		}
	}
}

// TestRecoveryInParts loses the pack of a commit that folded two jobs, and the jobs come again one at a time.
func TestRecoveryInParts(t *testing.T) {
	s := newShop(t)
	one, two := envelope(t, "web", browse("b1", "d", t0), browse("b2", "d", t0)), envelope(t, "web", browse("b3", "d", t0))
	s.DB.Fail("BatchWriteItem", 1, dynamotest.NotPersisted)
	if again := deliver(t, s.worker(), one, two); len(again) != 2 {
		t.Fatalf("%d jobs come again, want both", len(again))
	}
	s.settle(two)
	if p := s.load(anonymous("d")); len(p.Window.Commits[0].Owed) != 1 {
		t.Fatal("half a pack pays the debt")
	}
	s.settle(one)
	s.settle(envelope(t, "web", browse("b4", "d", t0)))
	k := s.knows(anonymous("d"))
	slices.Sort(k.Timeline)
	if want := []string{"b1", "b2", "b3", "b4"}; !slices.Equal(k.Timeline, want) || k.Profile.Counters["page"].Total != 4 {
		t.Errorf("timeline %v, pages %d; want %v and 4", k.Timeline, k.Profile.Counters["page"].Total, want)
	}
	if p := s.load(anonymous("d")); len(p.Window.Commits[0].Owed) != 0 {
		t.Error("the debt stays although every event is in the timeline")
	}
}

func TestSameMessageIDInTwoRequestsAtOnce(t *testing.T) {
	s := newShop(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			records := []events.SQSMessage{envelope(t, "web", track("same", "mei", "Order Completed", t0, `{"order_id":"A-1","total":5}`))}
			for range 20 {
				if records = deliver(t, s.worker(), records...); len(records) == 0 {
					return
				}
			}
			t.Error("a job still comes back after twenty rounds")
		})
	}
	wg.Wait()
	mei := s.load(user("mei"))
	if mei.Orders.Count != 1 || mei.Counters["Order Completed"].Total != 1 {
		t.Errorf("orders %d, counted %d; want 1 and 1", mei.Orders.Count, mei.Counters["Order Completed"].Total)
	}
}

func TestTwoWorkersOnePerson(t *testing.T) {
	s := newShop(t)
	const workers, each = 4, 12
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			p := s.worker()
			for n := range each {
				records := []events.SQSMessage{envelope(t, "web", track(fmt.Sprint(w, "-", n), "mei", "Product Viewed", t0.Add(time.Duration(n)*time.Second), ""))}
				for round := 0; len(records) > 0; round++ {
					if round == 100 {
						t.Error("a job still comes back after a hundred rounds")
						return
					}
					records = deliver(t, p, records...)
				}
			}
		})
	}
	wg.Wait()
	k := s.knows(user("mei"))
	if got := k.Profile.Counters["Product Viewed"].Total; got != workers*each || len(k.Timeline) != workers*each {
		t.Errorf("counted %d, timeline %d; want %d", got, len(k.Timeline), workers*each)
	}
}

// TestRedriveFourWeeksLater lets the window forget an event and delivers it once more.
func TestRedriveFourWeeksLater(t *testing.T) {
	s := newShop(t)
	old := envelope(t, "web", track("old", "mei", "Product Viewed", t0.Add(-time.Minute), ""))
	s.settle(old)
	for i := range 3 {
		e := track(fmt.Sprint("new", i), "mei", "Product Viewed", t0.Add(time.Duration(20+i)*24*time.Hour), "")
		e.ReceivedAt = e.Timestamp
		s.settle(envelope(t, "web", e))
	}
	if p := s.load(user("mei")); p.Window.Seen(event.Fingerprint("web", "old")) != nil || p.Window.Floor.IsZero() {
		t.Fatal("the window still knows the event: the test shows nothing")
	}
	s.settle(old)
	if got := s.load(user("mei")).Counters["Product Viewed"].Total; got != 4 {
		t.Errorf("counted %d, want 4", got)
	}
	late := track("late", "mei", "Product Viewed", t0.Add(-time.Minute), "")
	s.settle(envelope(t, "web", late))
	if got := s.load(user("mei")).Counters["Product Viewed"].Total; got != 5 {
		t.Errorf("a late event that never came before: counted %d, want 5", got)
	}
}

func TestErase(t *testing.T) {
	s := newShop(t)
	s.settle(scenario(t)...)
	mei := s.load(user("mei"))
	command := functiontest.Body(t, job.Events{Command: &job.Command{ID: "e1", Kind: job.CommandErase, ProfileID: mei.ID, At: t0.Add(time.Hour)}})
	erase := events.SQSMessage{Body: command}
	s.settle(erase)
	gone := func(when string) {
		t.Helper()
		for _, i := range []profile.Identifier{user("mei"), anonymous("device-1")} {
			if p := s.load(i); exists(p) || p.ErasedAt.IsZero() {
				t.Errorf("%s: %v is %+v", when, i, p)
			}
		}
		if list, _, _ := s.Timeline.Events(context.Background(), mei.Keys(), 100, ""); len(list) != 0 {
			t.Errorf("%s: the timeline holds %d events", when, len(list))
		}
	}
	gone("after the command")
	s.settle(scenario(t)...)
	gone("after late jobs")

	fresh := track("new", "mei", "Product Viewed", t0.Add(2*time.Hour), "")
	fresh.ReceivedAt = fresh.Timestamp
	s.settle(envelope(t, "web", fresh))
	s.settle(erase)
	s.settle(scenario(t)...)
	if k := s.knows(user("mei")); len(k.Timeline) != 1 || k.Profile.Counters["Product Viewed"].Total != 1 || k.Profile.Orders.Count != 0 {
		t.Errorf("who came anew: %+v", k)
	}
}

// TestEraseOfSomebodyUnknown leaves a tombstone for the events that are still under way.
func TestEraseOfSomebodyUnknown(t *testing.T) {
	s := newShop(t)
	command := func(at time.Time) events.SQSMessage {
		return events.SQSMessage{Body: functiontest.Body(t, job.Events{Command: &job.Command{ID: "e", Kind: job.CommandErase, ProfileID: user("mei").ID(), At: at}})}
	}
	s.settle(command(t0.Add(time.Minute)))
	s.settle(envelope(t, "web", track("late", "mei", "Product Viewed", t0, "")))
	if p := s.load(user("mei")); exists(p) || !p.ErasedAt.Equal(t0.Add(time.Minute)) {
		t.Errorf("a late event: %+v", p)
	}
	s.settle(command(t0.Add(time.Hour)))
	s.settle(command(t0.Add(time.Minute)))
	if p := s.load(user("mei")); !p.ErasedAt.Equal(t0.Add(time.Hour)) {
		t.Errorf("erased at %v, want the later of two commands", p.ErasedAt)
	}
}

func TestLiveSegmentsAndListeners(t *testing.T) {
	s := newShop(t)
	set, faults := segment.Compile([]segment.Definition{{ID: "buyers", Name: "Buyers", Rule: json.RawMessage(`{"field":"orders.count","op":"gte","value":1}`)}})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	s.watch = &Watch{Events: map[string]bool{"Product Viewed": true}, Live: set.Live(), Shop: profile.Shop{Zone: time.UTC, Currency: "CNY"}}
	s.settle(envelope(t, "web", track("1", "mei", "Product Viewed", t0, ""), track("2", "mei", "Order Completed", t0, `{"order_id":"A","total":1}`)))
	s.settle(envelope(t, "web", track("3", "mei", "Order Completed", t0, `{"order_id":"B","total":1}`)))
	mei := string(s.load(user("mei")).ID)
	if got, want := s.campaigns.follows(t), []string{"entered buyers " + mei, "event Product Viewed " + mei}; !slices.Equal(got, want) {
		t.Errorf("orchestration heard %q, want %q", got, want)
	}
}

func TestABadJobGoesBackAlone(t *testing.T) {
	s := newShop(t)
	again := deliver(t, s.worker(), events.SQSMessage{Body: "{"}, scenario(t)[1])
	if len(again) != 1 || again[0].Body != "{" || s.postponed != 1 {
		t.Errorf("%d jobs come again, %d postponed; want the torn one alone", len(again), s.postponed)
	}
}

type brokenRules struct{}

func (brokenRules) Current(context.Context) (*Watch, error) { return nil, errors.New("no catalog") }

func TestWithoutDefinitionsNothingIsFolded(t *testing.T) {
	s := newShop(t)
	p := s.worker()
	p.Rules = brokenRules{}
	jobs := scenario(t)
	if again := deliver(t, p, jobs...); len(again) != len(jobs) || s.postponed != len(jobs) {
		t.Errorf("%d of %d jobs come again, %d postponed", len(again), len(jobs), s.postponed)
	}
	if p := s.load(user("mei")); p.Version != 0 {
		t.Error("a profile was written")
	}
}
