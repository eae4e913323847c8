package projection

import (
	"fmt"
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

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

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

func TestSourceIsPartOfTheIdentity(t *testing.T) {
	s := newShop(t)
	e := track("m", "mei", "Product Viewed", t0, "")
	s.settle(envelope(t, "web", e), envelope(t, "app", e))
	if got := s.load(user("mei")).Counters["Product Viewed"].Total; got != 2 {
		t.Errorf("counted %d, want 2: two sources use one messageId", got)
	}
}
