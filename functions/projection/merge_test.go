package projection

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
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

// merges lists the merges that a person's timeline tells of, newest first.
func (s *shop) merges(i profile.Identifier) []event.Event {
	s.Helper()
	list, _, err := s.Timeline.Events(context.Background(), s.load(i).Keys(), 10_000, "")
	if err != nil {
		s.Fatal(err)
	}
	return slices.DeleteFunc(list, func(e event.Event) bool { return e.Name != event.ProfilesMerged })
}

func TestAMergeIsAnEvent(t *testing.T) {
	for _, c := range []struct {
		name     string
		jobs     [][]event.Event
		who      profile.Identifier
		by       string
		explicit bool
		merges   int
	}{
		{name: "identify with a device that was seen before", jobs: [][]event.Event{{browse("1", "a", t0)}, {track("2", "u", "x", t0, "")}, {identify("3", "u", "a", t0, `{}`)}}, who: user("u"), by: "anonymous", merges: 1},
		{name: "a trusted alias of a former user", jobs: [][]event.Event{{track("1", "v", "x", t0, "")}, {track("2", "u", "x", t0, "")}, {alias("3", "u", "v")}}, who: user("u"), by: "user", explicit: true, merges: 1},
		{name: "an address that two profiles name", jobs: [][]event.Event{{identify("1", "", "a", t0, `{"email":"mei@shop.example"}`)}, {track("0", "u", "x", t0, "")}, {identify("2", "u", "", t0, `{"email":"mei@shop.example"}`)}}, who: user("u"), by: "email", merges: 1},
		{name: "a device that nobody has seen is attached, not merged", jobs: [][]event.Event{{track("1", "u", "x", t0, "")}, {identify("2", "u", "a", t0, `{}`)}}, who: user("u")},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t)
			s.watch = &Watch{Events: map[string]bool{event.ProfilesMerged: true}}
			for range 2 { // the second time as a redelivery
				for _, list := range c.jobs {
					s.settle(envelope(t, "server", list...))
				}
			}
			p := s.load(c.who)
			got := s.merges(c.who)
			if len(got) != c.merges || len(p.Parts) != c.merges {
				t.Fatalf("%d merges told, %d parts, want %d", len(got), len(p.Parts), c.merges)
			}
			if heard := s.campaigns.follows(t); len(heard) != c.merges {
				t.Errorf("orchestration heard %q, want %d merges", heard, c.merges)
			}
			if c.merges == 0 {
				return
			}
			var says struct {
				Kept, Absorbed profile.ID
				By             string
				Explicit       bool
			}
			s.Must(json.Unmarshal(got[0].Properties, &says))
			if says.Kept != p.ID || says.Absorbed != p.Parts[0] || says.By != c.by || says.Explicit != c.explicit {
				t.Errorf("says %+v of %s with the part %s", says, p.ID, p.Parts[0])
			}
			if p.Counters[event.ProfilesMerged].Total != 0 {
				t.Error("a merge is counted among what the person did")
			}
			// What orchestration would look up is there.
			var envelope struct{ Follows []profile.Follow }
			s.Must(json.Unmarshal([]byte(s.campaigns.Bodies()[0]), &envelope))
			f := envelope.Follows[0]
			if _, err := s.Timeline.Event(context.Background(), people.EventRef{Profile: p.ID, Day: profile.DayOf(f.At), Version: f.Version, Source: f.Source, MessageID: f.Event}); err != nil {
				t.Errorf("the told event cannot be found: %v", err)
			}
		})
	}
}

// united is a person with all that a merge and a passed-on order make: two devices, two known people who become one, an order, a refund
// that somebody else reports.
func united(t *testing.T) []events.SQSMessage {
	return []events.SQSMessage{
		envelope(t, "server", browse("1", "a", t0), track("2", "mei", "Order Completed", t0, `{"order_id":"A","total":10}`)),
		envelope(t, "server", track("3", "old", "Order Completed", t0.Add(time.Minute), `{"order_id":"B","total":5}`), track("4", "till", "Store Visited", t0, "")),
		envelope(t, "server", identify("5", "mei", "a", t0.Add(2*time.Minute), `{"email":"mei@shop.example"}`), alias("6", "mei", "old")),
		envelope(t, "server", track("7", "till", "Order Refunded", t0.Add(3*time.Minute), `{"order_id":"B","total":2}`), track("8", "mei", "Product Viewed", t0.Add(3*time.Minute), "")),
	}
}

// live delivers the jobs one after the other, and what projection passes on to itself, until nothing is left.
func (s *shop) live(jobs []events.SQSMessage) (rounds int) {
	for _, j := range jobs {
		rounds += s.settle(j)
	}
	for passed := 0; passed < len(s.reports.Bodies()); passed++ {
		rounds += s.settle(events.SQSMessage{Body: s.reports.Bodies()[passed]})
	}
	return rounds
}

// TestEveryWriteOfAMergeBroken breaks each write and each send of two merges and of an order event that is passed on, both ways.
func TestEveryWriteOfAMergeBroken(t *testing.T) {
	outcome := func(t *testing.T, s *shop) string {
		t.Helper()
		mei, till := s.knows(user("mei")), s.knows(user("till"))
		slices.Sort(mei.Timeline)
		parts := make([]string, 0, 2)
		for _, m := range s.merges(user("mei")) {
			var says struct{ By string }
			s.Must(json.Unmarshal(m.Properties, &says))
			parts = append(parts, says.By)
		}
		slices.Sort(parts)
		for _, i := range []profile.Identifier{user("old"), anonymous("a"), email("mei@shop.example")} {
			if s.load(i).ID != mei.Profile.ID {
				t.Errorf("%v leads elsewhere", i)
			}
		}
		ids := map[string]string{} // an outbox that a merge took over is sent for the one who stays
		for _, body := range s.settlement.Bodies() {
			var sent job.Follows
			s.Must(json.Unmarshal([]byte(body), &sent))
			for _, f := range sent.Follows {
				ids[f.ID] = f.Ref
			}
		}
		orders := slices.Sorted(maps.Values(ids))
		return fmt.Sprint(mei.Timeline, parts, mei.Profile.Orders.Count, mei.Profile.Orders.Revenue(), mei.Profile.Counters["page"].Total,
			mei.Profile.Counters["Order Completed"].Total, mei.Profile.Traits["email"].Value, " till ", till.Timeline, till.Profile.Orders.Count, " settlement ", orders)
	}
	healthy := newShop(t)
	rounds := healthy.live(united(t))
	want := outcome(t, healthy)
	const plain = "[1 2 3 5 6 7 8] [anonymous user] 2 [13.00 CNY] 1 2mei@shop.example till [7 4] 0 settlement [A B B]"
	if want != plain {
		t.Fatalf("without a fault:\n%s\nwant\n%s", want, plain)
	}
	writes := healthy.DB.Calls(dynamotest.AnyWrite)
	outlets := func(s *shop) map[string]*outlet {
		return map[string]*outlet{"settlement": s.settlement, "reports": s.reports}
	}
	check := func(t *testing.T, s *shop) {
		t.Helper()
		if n := s.live(united(t)); n <= rounds {
			t.Error("the fault was swallowed")
		}
		if got := outcome(t, s); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		for n := 1; n <= writes; n++ {
			t.Run(fmt.Sprintf("write %d %s", n, how), func(t *testing.T) {
				s := newShop(t)
				s.DB.Fail(dynamotest.AnyWrite, n, how)
				check(t, s)
			})
		}
		for queue, o := range outlets(healthy) {
			for n := 1; n <= o.Sends(); n++ {
				t.Run(fmt.Sprintf("send %d to %s %s", n, queue, how), func(t *testing.T) {
					s := newShop(t)
					broken := outlets(s)[queue]
					broken.Fail(n, how)
					check(t, s)
				})
			}
		}
	}
}

// TestAMergeBetweenCommitAndPack lets a worker die between the commit of an event and its pack, and merges the profile into another
// before the event comes again.
func TestAMergeBetweenCommitAndPack(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "web", track("1", "mei", "Product Viewed", t0, "")))
	event := envelope(t, "web", browse("2", "a", t0.Add(time.Minute)))
	s.DB.Fail("BatchWriteItem", 1, dynamotest.NotPersisted) // the pack
	if again := deliver(t, s.worker(), event); len(again) != 1 {
		t.Fatalf("%d jobs come again, want the one", len(again))
	}
	s.settle(envelope(t, "web", identify("3", "mei", "a", t0.Add(2*time.Minute), `{}`)))
	if p := s.load(user("mei")); !slices.ContainsFunc(p.Window.Commits, func(c profile.Commit) bool { return c.Part != "" && len(c.Owed) > 0 }) {
		t.Fatal("the merged profile owes no pack of its part: the test shows nothing")
	}
	s.settle(event)
	s.settle(envelope(t, "web", track("4", "mei", "Product Viewed", t0.Add(3*time.Minute), ""))) // clears the debt
	k := s.knows(user("mei"))
	if want := []string{"4", "3", "2", "1"}; !slices.Equal(k.Timeline, want) || k.Profile.Counters["page"].Total != 1 {
		t.Errorf("timeline %v, pages %d; want %v and 1", k.Timeline, k.Profile.Counters["page"].Total, want)
	}
	if p := s.load(user("mei")); slices.ContainsFunc(p.Window.Commits, func(c profile.Commit) bool { return c.Part != "" && len(c.Owed) > 0 }) {
		t.Errorf("still owed: %+v", p.Window.Commits)
	}
}

// TestAMergeBetweenDeliveries merges a profile after its event was folded and packed, and delivers the event again: at once, and when
// the window has forgotten it.
func TestAMergeBetweenDeliveries(t *testing.T) {
	s := newShop(t)
	event := envelope(t, "web", browse("1", "a", t0))
	s.settle(event)
	s.settle(envelope(t, "web", track("2", "mei", "Product Viewed", t0, "")))
	s.settle(envelope(t, "web", identify("3", "mei", "a", t0, `{}`)))
	s.settle(event)
	if got := s.load(user("mei")).Counters["page"].Total; got != 1 {
		t.Fatalf("counted %d after a merge, want 1", got)
	}
	for i := range 2 {
		later := track(fmt.Sprint("later", i), "mei", "Product Viewed", t0.Add(time.Duration(20+i)*24*time.Hour), "")
		later.ReceivedAt = later.Timestamp
		s.settle(envelope(t, "web", later))
	}
	if p := s.load(user("mei")); len(p.Window.Commits) > 2 {
		t.Fatal("the window still knows the event: the test shows nothing")
	}
	s.settle(event)
	if k := s.knows(user("mei")); k.Profile.Counters["page"].Total != 1 || len(k.Timeline) != 5 {
		t.Errorf("four weeks later: counted %d, timeline %v", k.Profile.Counters["page"].Total, k.Timeline)
	}
}

// TestAnOutboxOutlivesAMerge lets a worker die between a commit and its sends, and merges the profile before anything else happens.
func TestAnOutboxOutlivesAMerge(t *testing.T) {
	s := newShop(t)
	s.settlement.Fail(1, dynamotest.NotPersisted)
	bought := envelope(t, "server", track("1", "old", "Order Completed", t0, `{"order_id":"A","total":1}`))
	if again := deliver(t, s.worker(), bought); len(again) != 1 {
		t.Fatalf("%d jobs come again, want the one", len(again))
	}
	old := s.load(user("old")).ID
	s.settle(envelope(t, "server", track("2", "mei", "x", t0.Add(-time.Hour), "")))
	s.settle(envelope(t, "server", alias("3", "mei", "old")))
	s.settle(bought)
	first := s.settlement.follows(t)
	if p := s.load(user("mei")); len(first) != 1 || p.Orders.Count != 1 || len(p.Parts) != 1 || p.Parts[0] != old {
		t.Errorf("settlement heard %q, orders %d, parts %v", first, p.Orders.Count, p.Parts)
	}
	if got := len(s.load(user("mei")).Outbox); got != 0 {
		s.settle(envelope(t, "server", track("4", "mei", "x", t0, "")))
		if got = len(s.load(user("mei")).Outbox); got != 0 {
			t.Errorf("%d entries stay in the outbox", got)
		}
	}
}

// TestAnOutboxKeepsWhatANewerVersionWrote lets this version commit, merge and commit again over a follow of a kind that it does not know: it
// stays, and nothing of it is told.
func TestAnOutboxKeepsWhatANewerVersionWrote(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "server", track("1", "old", "x", t0, "")))
	old, profiles := s.load(user("old")), s.worker().Profiles
	voucher := profile.Follow{Kind: "voucher", Ref: "v-1", At: t0}
	old.Append(old.Version+1, voucher, profile.Follow{Kind: profile.FollowOrder, Ref: "A", At: t0})
	s.Must(profiles.Commit(t.Context(), people.Change{Profile: old}))
	s.settle(envelope(t, "server", track("2", "old", "Order Completed", t0, `{"order_id":"B","total":1}`)))
	s.settle(envelope(t, "server", track("3", "mei", "x", t0.Add(-time.Hour), "")))
	s.settle(envelope(t, "server", alias("4", "mei", "old")))
	s.settle(envelope(t, "server", track("5", "mei", "x", t0, "")))
	p := s.load(user("mei"))
	if len(p.Parts) != 1 || len(p.Outbox) != 1 || p.Outbox[0].Kind != "voucher" || p.Outbox[0].Ref != "v-1" || p.Outbox[0].Part != old.ID {
		t.Errorf("the outbox holds %+v", p.Outbox)
	}
	if got := s.settlement.follows(t); len(got) != 2 {
		t.Errorf("settlement heard %q", got)
	}
}

// TestAMessageThatBothHadCounted sends a message without and with a userId before the two are one: it is counted twice, in the sums as
// in the timeline, and the merge says so. An order is one all the same.
func TestAMessageThatBothHadCounted(t *testing.T) {
	s := newShop(t)
	view := track("m", "", "Product Viewed", t0, "")
	view.AnonymousID = "a"
	order := track("o", "", "Order Completed", t0, `{"order_id":"A","total":3}`)
	order.AnonymousID = "a"
	s.settle(envelope(t, "web", view, order, browse("b", "a", t0)))
	view.UserID, order.UserID = "mei", "mei"
	s.live([]events.SQSMessage{envelope(t, "web", view, order, track("x", "mei", "Product Viewed", t0.Add(-time.Hour), "")), envelope(t, "web", identify("i", "mei", "a", t0, `{}`))})
	k := s.knows(user("mei"))
	var says struct{ CountedTwice int }
	s.Must(json.Unmarshal(s.merges(user("mei"))[0].Properties, &says))
	twice := 0
	for _, id := range k.Timeline {
		if id == "m" {
			twice++
		}
	}
	if p := k.Profile; p.Counters["Product Viewed"].Total != 3 || twice != 2 || says.CountedTwice != 2 || p.Orders.Count != 1 || p.Orders.Revenue()[0].Minor != 300 {
		t.Errorf("views %d, %d in the timeline, %d said to be double, %d orders worth %v", p.Counters["Product Viewed"].Total, twice, says.CountedTwice, p.Orders.Count, p.Orders.Revenue())
	}
}
