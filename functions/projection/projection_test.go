package projection

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/reward"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/outbox"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// outlet is a queue whose jobs may be read as follows.
type outlet struct{ functiontest.Queue }

// follows lists the distinct jobs of an outlet as "kind ref profile".
func (o *outlet) follows(t *testing.T) []string {
	t.Helper()
	ids := map[string]string{}
	for _, envelope := range functiontest.Jobs[job.Follows](t, &o.Queue) {
		for _, f := range envelope.Follows {
			what := fmt.Sprintf("%s %s %s", f.Kind, f.Ref, f.ProfileID)
			if old, sent := ids[f.ID]; sent && old != what {
				t.Errorf("job %s says %q and %q", f.ID, old, what)
			}
			ids[f.ID] = what
		}
	}
	return slices.Sorted(maps.Values(ids))
}

// shop is one store with as many workers as a test wants.
type shop struct {
	*functiontest.Shop
	settlement *outlet
	campaigns  *outlet
	reports    *outlet
	watch      *Watch
	rested     int  // how many of the reports rest and tick have delivered
	blind      bool // nothing is read ahead

	mu        sync.Mutex
	postponed int
}

type fixed struct{ w *Watch }

func (f fixed) Current(context.Context) (*Watch, error) { return f.w, nil }

func newShop(t *testing.T) *shop {
	return &shop{Shop: functiontest.Open(t, t0.Add(time.Hour)), settlement: &outlet{}, campaigns: &outlet{}, reports: &outlet{}}
}

func (s *shop) worker() *Process {
	ahead := people.NewAhead(s.DB, "Profiles", "Timeline")
	timeline := people.Timeline{DB: ahead, Table: "Timeline"}
	p := &Process{
		Profiles: people.Profiles{DB: ahead, Table: "Profiles", History: timeline}, Orders: people.Orders{DB: ahead, Table: "Profiles"}, Ahead: ahead,
		Timeline: timeline, Rules: fixed{s.watch},
		Addresses: outreach.Deliveries{DB: s.DB, Table: "Deliveries"},
		Traces: []Traces{
			people.OrderTraces{Orders: s.Orders, Timeline: timeline, Kept: reward.Referrals{DB: s.DB, Table: "Referrals"}.OrdersOf},
			timeline, outreach.Deliveries{DB: s.DB, Table: "Deliveries"}, outreach.Enrolments{DB: s.DB, Table: "Due"}, due.Waits{DB: s.DB, Table: "Due"},
			reward.Referrals{DB: s.DB, Table: "Referrals"},
		},
		Outbox: outbox.Queues{job.ToSettlement: s.settlement, job.ToOrchestration: s.campaigns, job.ToProjection: s.reports},
		Self:   s.reports, Currency: "CNY",
		Later:     due.Due{DB: s.DB, Table: "Due", Now: s.Now},
		Now:       s.Now,
		Postponer: s, Jitter: func(time.Duration) time.Duration { return 0 },
	}
	if s.blind {
		p.Ahead = nil
	}
	return p
}

// Postpone notes the delay.
func (s *shop) Postpone(_ context.Context, _ string, delay time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.postponed++
	return nil
}

func envelope(t testing.TB, source string, list ...event.Event) events.SQSMessage {
	t.Helper()
	return events.SQSMessage{Body: functiontest.Body(t, job.Events{Source: source, Events: list})}
}

// deliver hands the records to the worker and answers those that are to come again.
func deliver(t testing.TB, p *Process, records ...events.SQSMessage) []events.SQSMessage {
	t.Helper()
	for i := range records {
		records[i].MessageId = fmt.Sprint("record-", i)
	}
	out, err := p.Handle(context.Background(), events.SQSEvent{Records: records})
	if err != nil {
		t.Fatal(err)
	}
	var again []events.SQSMessage
	for _, f := range out.BatchItemFailures {
		for _, r := range records {
			if r.MessageId == f.ItemIdentifier {
				again = append(again, r)
			}
		}
	}
	return again
}

// settle delivers until nothing comes back, to a new worker each time, as after a crash.
func (s *shop) settle(records ...events.SQSMessage) (rounds int) {
	s.Helper()
	for rounds = 1; ; rounds++ {
		records = deliver(s, s.worker(), records...)
		if len(records) == 0 {
			return rounds
		}
		if rounds == 6 {
			s.Fatal("jobs still come back after six rounds")
		}
	}
}

func (s *shop) load(i profile.Identifier) *profile.Profile {
	s.Helper()
	p, err := s.Profiles.Load(s.Context(), i.ID())
	s.Must(err)
	return p
}

func user(id string) profile.Identifier {
	return profile.Identifier{Kind: profile.UserID, Value: id}
}

func anonymous(id string) profile.Identifier {
	return profile.Identifier{Kind: profile.AnonymousID, Value: id}
}

// knowledge is what the store holds of a person, without the record of the protocol.
type knowledge struct {
	Profile  profile.Profile
	Timeline []string // messageIds, newest first
}

func (s *shop) knows(i profile.Identifier) knowledge {
	s.Helper()
	p := s.load(i)
	list, next, err := people.Timeline{DB: s.DB, Table: "Timeline"}.Events(context.Background(), p.Keys(), 10_000, "")
	if err != nil || next != "" {
		s.Fatal(err, next)
	}
	k := knowledge{Profile: *p}
	k.Profile.Version, k.Profile.Window, k.Profile.Outbox = 0, profile.Window{}, nil
	for _, e := range list {
		if e.Name != event.ProfilesMerged { // whether there are merges hangs on the sequence
			k.Timeline = append(k.Timeline, e.MessageID)
		}
	}
	return k
}

func track(id, userID, name string, at time.Time, properties string) event.Event {
	e := event.Event{MessageID: id, Kind: event.Track, UserID: userID, Name: name, Timestamp: at, OriginalTimestamp: at, ReceivedAt: t0}
	if properties != "" {
		e.Properties = json.RawMessage(properties)
	}
	return e
}

func identify(id, userID, anonymousID string, at time.Time, traits string) event.Event {
	return event.Event{MessageID: id, Kind: event.Identify, UserID: userID, AnonymousID: anonymousID, Timestamp: at, OriginalTimestamp: at, ReceivedAt: t0, Traits: json.RawMessage(traits)}
}

func browse(id, anonymousID string, at time.Time) event.Event {
	return event.Event{MessageID: id, Kind: event.Page, AnonymousID: anonymousID, Timestamp: at, OriginalTimestamp: at, ReceivedAt: t0}
}

// scenario is two jobs that touch every kind of write: a person who becomes known, orders, a refund, two days, a second person.
func scenario(t *testing.T) []events.SQSMessage {
	return []events.SQSMessage{
		envelope(t, "web",
			browse("b1", "device-1", t0.Add(-26*time.Hour)),
			browse("b2", "device-1", t0.Add(-time.Hour)),
			identify("i1", "mei", "device-1", t0.Add(-50*time.Minute), `{"name":"Mei","level":3}`),
			track("o1", "mei", "Order Completed", t0.Add(-40*time.Minute), `{"order_id":"A-1","total":120.50,"products":[{"product_id":"p1","price":120.5,"quantity":1}]}`)),
		envelope(t, "server",
			track("s1", "mei", "Signed Up", t0.Add(-49*time.Minute), ""),
			track("r1", "mei", "Order Refunded", t0.Add(-10*time.Minute), `{"order_id":"A-1","total":20.5}`),
			track("o2", "li", "Order Completed", t0.Add(-5*time.Minute), `{"order_id":"A-2","total":"8.00"}`)),
	}
}

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

func TestSourceIsPartOfTheIdentity(t *testing.T) {
	s := newShop(t)
	e := track("m", "mei", "Product Viewed", t0, "")
	s.settle(envelope(t, "web", e), envelope(t, "app", e))
	if got := s.load(user("mei")).Counters["Product Viewed"].Total; got != 2 {
		t.Errorf("counted %d, want 2: two sources use one messageId", got)
	}
}

// TestAnySequence delivers the events of a busy week in random sequences and batches: the profile is the same.
func TestAnySequence(t *testing.T) {
	var all []event.Event
	for d := range 7 {
		day := t0.Add(time.Duration(d) * 24 * time.Hour)
		id := func(s string) string { return fmt.Sprint(s, d) }
		all = append(all,
			browse(id("page"), "device-1", day),
			identify(id("identify"), "mei", "device-1", day.Add(time.Minute), fmt.Sprintf(`{"day":%d,"name":"Mei","tie":"x"}`, d)),
			identify(id("tie"), "mei", "", t0, fmt.Sprintf(`{"tie":"%d"}`, d)),
			track(id("add"), "mei", "Product Added", day.Add(2*time.Minute), fmt.Sprintf(`{"product_id":"p%d","quantity":2,"price":9.9}`, d)),
			track(id("drop"), "mei", "Product Removed", day.Add(3*time.Minute), fmt.Sprintf(`{"product_id":"p%d"}`, d-1)),
			with(track(id("view"), "mei", "Product Viewed", day.Add(4*time.Minute), fmt.Sprintf(`{"product_id":"p%d","category":"tea","brand":"b%d"}`, d, d%2)),
				fmt.Sprintf(`{"timezone":"Asia/Shanghai","os":{"name":"iOS","version":"%d"},"device":{"id":"phone-%d","token":"%s%d"}}`, d, d, pushToken, d)),
			track(id("order"), "mei", "Order Completed", day.Add(time.Hour), fmt.Sprintf(`{"order_id":"o%d","total":%d.10,"discount":0.5,"products":[{"product_id":"p1","category":"tea","quantity":2,"price":1}]}`, d, d)),
			track(id("consent"), "mei", []string{"Consent Granted", "Consent Revoked"}[d%2], day, `{"channel":"sms"}`))
	}
	all = append(all,
		track("update", "mei", "Order Updated", t0.Add(30*time.Hour), `{"order_id":"o3","total":99,"coupon":"C"}`),
		track("refund1", "mei", "Order Refunded", t0.Add(100*time.Hour), `{"order_id":"o5","total":2,"refund_id":"r1"}`),
		track("refund1b", "mei", "Order Refunded", t0.Add(101*time.Hour), `{"order_id":"o5","total":2,"refund_id":"r1"}`),
		track("whole", "mei", "Order Refunded", t0.Add(200*time.Hour), `{"order_id":"o6"}`),
		track("cancel", "mei", "Order Cancelled", t0.Add(50*time.Hour), `{"order_id":"o2"}`))

	var want knowledge
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 7))
		list := slices.Clone(all)
		if seed > 0 {
			random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		}
		s := newShop(t)
		for len(list) > 0 {
			var records []events.SQSMessage
			for range 1 + random.IntN(3) {
				n := min(len(list), 1+random.IntN(6))
				records = append(records, envelope(t, "web", list[:n]...))
				list = list[n:]
			}
			s.settle(records...)
		}
		got := s.knows(user("mei"))
		// Which key a person's profile stands under is decided by who comes first, and with it what is part of what.
		got.Profile.ID, got.Profile.Parts, got.Profile.LeftOut = "", nil, nil
		slices.SortFunc(got.Profile.Identifiers, func(a, b profile.Identifier) int { return strings.Compare(a.Value, b.Value) })
		if seed == 0 {
			want = got
			// Orders 0 to 6 with totals 0.10 .. 6.10: o2 cancelled, o5 less 2.00, o6 refunded whole. The update of o3 is older than its completion.
			if r := got.Profile.Orders.Revenue(); got.Profile.Orders.Count != 7 || r[0].Minor != 10+110+310+410+310 {
				t.Fatalf("orders %d revenue %v", got.Profile.Orders.Count, r)
			}
			if b, want := got.Profile.Purchases, (profile.Purchases{Discounted: 7, Cancelled: 1, Refunded: 2, Refunds: 2, Lines: 7, Pieces: 14, Discount: 350}); b != want {
				t.Fatalf("purchases %+v, want %+v", b, want)
			}
			if v := got.Profile.Traits["tie"].Value; v != "x" {
				t.Fatalf("tie %v, want the newest, x", v)
			}
			continue
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("sequence %d:\n%+v\nwant\n%+v", seed, got, want)
		}
	}
}

func TestRefundBeforeItsOrder(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "hook", track("r", "mei", "Order Refunded", t0, `{"order_id":"A","total":3}`)))
	if p := s.load(user("mei")); p.Orders.Count != 0 || len(p.Orders.Revenue()) != 0 {
		t.Errorf("before the order: %+v", p.Orders)
	}
	s.settle(envelope(t, "web", track("o", "mei", "Order Completed", t0, `{"order_id":"A","total":10}`)))
	if p := s.load(user("mei")); p.Orders.Count != 1 || p.Orders.Revenue()[0].Minor != 700 {
		t.Errorf("after the order: %+v", p.Orders)
	}
}

// TestSomebodyElsesOrder passes a refund on to the order's owner, who is known under another id than the refund names.
func TestSomebodyElsesOrder(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "web", track("o", "mei", "Order Completed", t0, `{"order_id":"A","total":10}`)))
	s.settle(envelope(t, "hook", track("r", "till-7", "Order Refunded", t0.Add(time.Minute), `{"order_id":"A","total":4}`)))
	if p := s.load(user("mei")); p.Orders.Revenue()[0].Minor != 1000 {
		t.Fatalf("the refund is on the books before it was passed on: %v", p.Orders.Revenue())
	}
	if len(s.reports.Bodies()) != 1 {
		t.Fatalf("%d reports passed on, want 1", len(s.reports.Bodies()))
	}
	report := events.SQSMessage{Body: s.reports.Bodies()[0]}
	s.settle(report)
	s.settle(report, report)
	if p := s.load(user("mei")); p.Orders.Revenue()[0].Minor != 600 || p.Orders.Count != 1 {
		t.Errorf("mei: %+v, want one order, 6.00", p.Orders)
	}
	if p := s.load(user("till-7")); p.Orders.Count != 0 || p.Counters["Order Refunded"].Total != 1 {
		t.Errorf("till-7: %+v", p)
	}
}

func TestJoins(t *testing.T) {
	link := func(id, userID, anonymousID string) event.Event { return identify(id, userID, anonymousID, t0, `{}`) }
	alias := func(id, userID, previous string) event.Event {
		return event.Event{MessageID: id, Kind: event.Alias, UserID: userID, PreviousID: previous, Timestamp: t0, OriginalTimestamp: t0, ReceivedAt: t0}
	}
	for _, c := range []struct {
		name string
		jobs [][]event.Event
		same [][2]profile.Identifier
		not  [][2]profile.Identifier
	}{
		{"both new", [][]event.Event{{link("1", "u", "a")}}, [][2]profile.Identifier{{user("u"), anonymous("a")}}, nil},
		{"anonymous first", [][]event.Event{{browse("1", "a", t0)}, {link("2", "u", "a")}}, [][2]profile.Identifier{{user("u"), anonymous("a")}}, nil},
		{"user first", [][]event.Event{{track("1", "u", "x", t0, "")}, {link("2", "u", "a")}}, [][2]profile.Identifier{{user("u"), anonymous("a")}}, nil},
		{"both there", [][]event.Event{{browse("1", "a", t0)}, {track("2", "u", "x", t0, "")}, {link("3", "u", "a")}}, [][2]profile.Identifier{{user("u"), anonymous("a")}}, nil},
		{"all at once", [][]event.Event{{browse("1", "a", t0), track("2", "u", "x", t0, ""), link("3", "u", "a"), browse("4", "b", t0), link("5", "u", "b")}},
			[][2]profile.Identifier{{user("u"), anonymous("a")}, {user("u"), anonymous("b")}}, nil},
		{"new user, a new device and an old one at once", [][]event.Event{{browse("1", "b", t0)}, {link("2", "u", "a"), link("3", "u", "b")}},
			[][2]profile.Identifier{{user("u"), anonymous("a")}, {user("u"), anonymous("b")}}, nil},
		{"a shared device", [][]event.Event{{link("1", "u", "a")}, {link("2", "v", "a")}},
			[][2]profile.Identifier{{user("u"), anonymous("a")}}, [][2]profile.Identifier{{user("u"), user("v")}}},
		{"alias of a former user", [][]event.Event{{link("1", "u", "a")}, {track("2", "v", "x", t0, "")}, {alias("3", "v", "u")}},
			[][2]profile.Identifier{{user("u"), user("v")}, {user("v"), anonymous("a")}}, nil},
		{"alias of a device", [][]event.Event{{browse("1", "a", t0)}, {alias("2", "v", "a")}}, [][2]profile.Identifier{{user("v"), anonymous("a")}}, nil},
		{"a sixth device", [][]event.Event{{link("1", "u", "1")}, {link("2", "u", "2")}, {link("3", "u", "3")}, {link("4", "u", "4")}, {link("5", "u", "5")}, {link("6", "u", "6")}},
			[][2]profile.Identifier{{user("u"), anonymous("5")}}, [][2]profile.Identifier{{user("u"), anonymous("6")}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t)
			var n int64
			for _, list := range c.jobs {
				s.settle(envelope(t, "web", list...))
				n += int64(len(list))
			}
			for _, pair := range c.same {
				if a, b := s.load(pair[0]), s.load(pair[1]); a.ID != b.ID || a.Version == 0 {
					t.Errorf("%v and %v are two", pair[0], pair[1])
				}
			}
			for _, pair := range c.not {
				if a, b := s.load(pair[0]), s.load(pair[1]); a.ID == b.ID {
					t.Errorf("%v and %v are one", pair[0], pair[1])
				}
			}
			for _, list := range c.jobs {
				s.settle(envelope(t, "web", list...))
			}
			people := map[profile.ID]knowledge{}
			for _, list := range c.jobs {
				for _, e := range list {
					i, _ := Primary(&e)
					people[s.load(i).ID] = s.knows(i)
				}
			}
			var kept int64
			for _, k := range people {
				kept += int64(len(k.Timeline))
			}
			if kept != n {
				t.Errorf("timelines hold %d events, %d were sent", kept, n)
			}
		})
	}
}

// TestMergesInARing lets workers merge the same people in both directions and in a ring at once.
func TestMergesInARing(t *testing.T) {
	s := newShop(t)
	names := []string{"a", "b", "c", "d"}
	for _, n := range names {
		s.settle(envelope(t, "web", track("first-"+n, n, "Order Completed", t0, fmt.Sprintf(`{"order_id":"%s","total":1}`, n))))
	}
	var wg sync.WaitGroup
	for i, n := range names {
		for j, m := range []string{names[(i+1)%4], names[(i+3)%4]} {
			wg.Go(func() {
				records := []events.SQSMessage{envelope(t, "web", event.Event{MessageID: fmt.Sprint("alias", i, j), Kind: event.Alias, UserID: n, PreviousID: m, Timestamp: t0, OriginalTimestamp: t0, ReceivedAt: t0})}
				for round := 0; len(records) > 0; round++ {
					if round == 100 {
						t.Error("a job still comes back after a hundred rounds")
						return
					}
					records = deliver(t, s.worker(), records...)
				}
			})
		}
	}
	wg.Wait()
	one := s.knows(user("a"))
	for _, n := range names[1:] {
		if got := s.knows(user(n)); got.Profile.ID != one.Profile.ID {
			t.Errorf("%s is still somebody else", n)
		}
	}
	if one.Profile.Orders.Count != 4 || one.Profile.Orders.Revenue()[0].Minor != 400 || len(one.Timeline) != 4+8 {
		t.Errorf("orders %d, revenue %v, events %d; want 4, 4.00, 12", one.Profile.Orders.Count, one.Profile.Orders.Revenue(), len(one.Timeline))
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
		if list, _, _ := (people.Timeline{DB: s.DB, Table: "Timeline"}).Events(context.Background(), mei.Keys(), 100, ""); len(list) != 0 {
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

func TestManyEventsOfOnePerson(t *testing.T) {
	s := newShop(t)
	var list []event.Event
	const n = 3*profile.MaxCommitEvents + 7
	for i := range n {
		list = append(list, track(fmt.Sprint(i), "mei", "Product Viewed", t0.Add(time.Duration(i)*time.Second), ""))
	}
	s.settle(envelope(t, "web", list...))
	s.settle(envelope(t, "web", list...))
	k := s.knows(user("mei"))
	if k.Profile.Counters["Product Viewed"].Total != n || len(k.Timeline) != n {
		t.Errorf("counted %d, timeline %d; want %d", k.Profile.Counters["Product Viewed"].Total, len(k.Timeline), n)
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

// TestAStrangerComesBack after the service has deleted what was kept of them, before a worker has read it or between that and its write: they are
// somebody new, and the event is counted once.
func TestAStrangerComesBack(t *testing.T) {
	for _, op := range []string{"GetItem", dynamotest.AnyWrite} {
		s := newShop(t)
		s.blind = true
		s.settle(by(t, "", browse("1", "a-1", t0)))
		s.Set(s.Now().AddDate(0, 14, 0))
		gone := false
		s.DB.Interrupt(op, 1, func() {
			gone = true
			key := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "p#" + string(anonymous("a-1").ID())}, "sk": &types.AttributeValueMemberS{Value: "p"}}
			_, err := s.DB.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: new("Profiles"), Key: key})
			s.Must(err)
		})
		e := browse("2", "a-1", s.Now())
		e.ReceivedAt = s.Now()
		s.settle(by(t, "", e))
		if p := s.load(anonymous("a-1")); !gone || p.Counters["page"].Total != 1 || !p.FirstSeen.Equal(s.Now()) {
			t.Errorf("before %s: %d pages since %s", op, p.Counters["page"].Total, p.FirstSeen)
		}
	}
}
