package projection

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// TestEveryReadOfACommandBroken breaks each read of what is asked for, and of what comes by a device or an order rather than by a person: the job comes
// again, and then all is as if nothing had been.
func TestEveryReadOfACommandBroken(t *testing.T) {
	web := func(list ...event.Event) events.SQSMessage { return envelope(t, "web", list...) }
	paid := track("o", "mei", "Order Completed", t0, `{"order_id":"A","total":10,"currency":"CNY"}`)
	refund := track("refund-1", "", "Order Refunded", t0.Add(time.Hour), `{"order_id":"A","refund_id":"1","total":4,"currency":"CNY"}`)
	refund.AnonymousID = "shopify-order-A"
	for name, c := range map[string]struct {
		before func(*shop)
		job    func(*shop) events.SQSMessage
		who    []profile.Identifier
	}{
		"a device is taken off": {func(s *shop) { s.settle(web(identify("i", "mei", "phone", t0, `{}`))) },
			func(*shop) events.SQSMessage { return off(t, "phone", 50) }, []profile.Identifier{user("mei"), anonymous("phone").Next()}},
		"what a device sends that was taken off": {func(s *shop) { s.settle(web(identify("i", "mei", "phone", t0, `{}`))); s.settle(off(t, "phone", 50)) },
			func(*shop) events.SQSMessage {
				return by(t, trust.Public, received(browse("late", "phone", t0), 40), received(browse("own", "phone", t0), 70))
			}, []profile.Identifier{user("mei"), anonymous("phone").Next()}},
		"an erasure": {func(s *shop) { s.settle(web(identify("i", "mei", "phone", t0, `{}`), paid)) },
			func(*shop) events.SQSMessage { return eraseJob(t, user("mei").ID(), t0.Add(time.Hour), false) }, []profile.Identifier{user("mei"), anonymous("phone")}},
		"an erasure of a key that somebody has since": {func(s *shop) {
			s.settle(web(hour(1, seen("1", "mei"))))
			s.settle(web(hour(4, identify("2", "mei", "phone", t0, `{}`))))
		}, func(*shop) events.SQSMessage { return eraseJob(t, anonymous("phone").ID(), t0.Add(3*time.Hour), true) }, []profile.Identifier{user("mei"), anonymous("phone")}},
		"a refund of a guest's order": {func(s *shop) { s.settle(web(paid)) },
			func(*shop) events.SQSMessage { return envelope(t, "hook", refund) }, []profile.Identifier{user("mei"), anonymous("shopify-order-A")}},
		"an alias": {func(s *shop) {
			s.settle(web(seen("1", "old"), browse("2", "old", t0)))
			s.settle(web(seen("3", "mei")))
		}, func(*shop) events.SQSMessage { return envelope(t, "server", alias("a", "mei", "old")) }, []profile.Identifier{user("mei"), user("old"), anonymous("old")}},
		"a report that is passed on": {func(s *shop) {
			s.settle(web(paid))
			s.settle(envelope(t, "hook", track("r", "till", "Order Refunded", t0, `{"order_id":"A","total":4}`)))
		}, func(s *shop) events.SQSMessage { return events.SQSMessage{Body: s.reports.Bodies()[0]} }, []profile.Identifier{user("mei"), user("till")}},
		"a report by who was erased since": {func(s *shop) {
			s.settle(web(paid))
			s.settle(envelope(t, "hook", track("r", "till", "Order Refunded", t0, `{"order_id":"A","total":4}`)))
			s.erase("till", t0.Add(time.Hour))
		}, func(s *shop) events.SQSMessage { return events.SQSMessage{Body: s.reports.Bodies()[0]} }, []profile.Identifier{user("mei"), user("till")}},
		"one of two of the same messageId": {func(s *shop) {
			s.settle(web(paid, track("o2", "li", "Order Completed", t0, `{"order_id":"B","total":9,"currency":"CNY"}`)))
			s.settle(envelope(t, "hook", track("r", "till", "Order Refunded", t0, `{"order_id":"A","total":4}`)), envelope(t, "other", track("r", "till", "Order Refunded", t0, `{"order_id":"B","total":1}`)))
		}, func(s *shop) events.SQSMessage {
			var j job.Events
			s.Must(json.Unmarshal([]byte(s.reports.Bodies()[0]), &j))
			j.Command.Report.Source = "" // as the version before has sent it
			return events.SQSMessage{Body: functiontest.Body(t, j)}
		}, []profile.Identifier{user("mei"), user("li"), user("till")}},
	} {
		t.Run(name, func(t *testing.T) {
			want, broken := "", 0
			for _, op := range []string{"", "GetItem", "BatchGetItem", "Query"} {
				for nth := 1; ; nth++ {
					s := newShop(t)
					s.blind = true
					c.before(s)
					record, before := c.job(s), s.DB.Calls(op)
					if op != "" {
						s.DB.Fail(op, nth, dynamotest.NotPersisted)
					}
					again := deliver(t, s.worker(), record)
					reached := op != "" && s.DB.Calls(op)-before >= nth
					s.DB.Heal()
					if reached {
						broken++
					}
					if (len(again) > 0) != reached {
						t.Errorf("%s %d: %d come again", op, nth, len(again))
					}
					s.settle(record)
					s.Pass(time.Hour)
					got := fmt.Sprint(s.settlement.follows(t))
					for _, i := range c.who {
						k := s.knows(i)
						slices.Sort(k.Timeline)
						got += fmt.Sprint("\n", i, k.Timeline, k.Profile.ID, k.Profile.Identifiers, k.Profile.Orders.Revenue(), k.Profile.Counters, len(k.Profile.Off), len(k.Profile.Erasures))
					}
					if op == "" {
						want = got
						break
					}
					if got != want {
						t.Errorf("%s %d:\n%s\nwant\n%s", op, nth, got, want)
					}
					if !reached {
						break
					}
				}
			}
			if broken == 0 {
				t.Error("nothing was broken")
			}
		})
	}
}

// TestACommandThatSaysTooLittle goes back: a newer program may know what it means.
func TestACommandThatSaysTooLittle(t *testing.T) {
	s := newShop(t)
	s.settle(envelope(t, "web", seen("1", "mei")))
	for _, c := range []job.Command{{Kind: job.CommandWipe}, {Kind: job.CommandOrder}, {Kind: "of later"}} {
		c.ID, c.ProfileID, c.At = "c", user("mei").ID(), t0.Add(time.Hour)
		body := functiontest.Body(t, job.Events{Command: &c})
		if again := deliver(t, s.worker(), events.SQSMessage{Body: body}); len(again) != 1 {
			t.Errorf("%+v is taken as done", c)
		}
	}
	if k := s.knows(user("mei")); len(k.Timeline) != 1 {
		t.Errorf("mei is %+v", k)
	}
}

// TestAGuestsOwnOrder has a guest's order and its refund come together, and one after the other: who ordered as a guest is who is refunded.
func TestAGuestsOwnOrder(t *testing.T) {
	guest := func(id, name, properties string) event.Event {
		e := track(id, "", name, t0, properties)
		e.AnonymousID = "shopify-order-A"
		return e
	}
	paid := guest("o", "Order Completed", `{"order_id":"A","total":10,"currency":"CNY"}`)
	refund := guest("r", "Order Refunded", `{"order_id":"A","refund_id":"1","total":4,"currency":"CNY"}`)
	for name, jobs := range map[string][][]event.Event{"together": {{paid, refund}}, "one after the other": {{paid}, {refund}}} {
		s := newShop(t)
		for _, list := range jobs {
			s.settle(envelope(t, "hook", list...))
		}
		p := s.load(anonymous("shopify-order-A"))
		if got := p.Orders.Revenue(); len(got) != 1 || got[0].Minor != 600 || p.Counters["Order Refunded"].Total != 1 || len(s.reports.Bodies()) != 0 {
			t.Errorf("%s: %v is left, counters %v, %d kept", name, got, p.Counters, len(s.reports.Bodies()))
		}
		s.tick(0)
		s.tick(time.Hour)
		if len(s.reports.Bodies()) != 0 {
			t.Errorf("%s: %d were kept for later", name, len(s.reports.Bodies()))
		}
	}
}

// TestAMergeOfTwoDevices names, in the event that tells of it, a device, since there is no userId.
func TestAMergeOfTwoDevices(t *testing.T) {
	s := newShop(t)
	for _, device := range []string{"a", "b"} {
		s.settle(envelope(t, "server", browse("p-"+device, device, t0)))
		s.settle(envelope(t, "server", identify("i-"+device, "", device, t0, `{"email":"mei@shop.example"}`)))
	}
	told := s.merges(anonymous("a"))
	if p := s.load(anonymous("a")); len(told) != 1 || told[0].UserID != "" || told[0].AnonymousID != p.Identifiers[0].Value || s.load(anonymous("b")).ID != p.ID {
		t.Errorf("told %+v of %v", told, p.Identifiers)
	}
}

// TestPacksOfPart are those of the days whose events came again.
func TestPacksOfPart(t *testing.T) {
	day := func(n int) event.Event { return browse(fmt.Sprint(n), "a", t0.Add(-time.Duration(n)*24*time.Hour)) }
	days := []profile.Day{profile.DayOf(t0), profile.DayOf(t0.Add(-24 * time.Hour)), profile.DayOf(t0.Add(-48 * time.Hour))}
	e := func(n int) incoming { return incoming{source: "web", event: day(n)} }
	got := ""
	for _, p := range packsOf("p", 7, "r", []incoming{e(2), e(0), e(2), e(9)}, days) {
		got += fmt.Sprint(p.Profile, p.Version, p.Part, int(days[0])-int(p.Day))
		for _, packed := range p.Events {
			got += " " + packed.Event.MessageID
		}
		got += "; "
	}
	if want := "p7r0 0 9; p7r2 2 2; "; got != want {
		t.Errorf("packs %q, want %q", got, want)
	}
}

// hurried is a context whose end comes near when told.
type hurried struct {
	context.Context
	near bool
}

func (h *hurried) Deadline() (time.Time, bool) {
	if h.near {
		return time.Now().Add(reserve / 2), true
	}
	return time.Now().Add(time.Hour), true
}

// hurrying brings the end near with the first commit.
type hurrying struct {
	Profiles
	ctx *hurried
}

func (h hurrying) Commit(ctx context.Context, c people.Change) error {
	h.ctx.near = true
	return h.Profiles.Commit(ctx, c)
}

// TestNoTimeForTheNextCommit: of a person with many events some are committed, and the rest comes again.
func TestNoTimeForTheNextCommit(t *testing.T) {
	s := newShop(t)
	var list []event.Event
	for i := range 2*profile.MaxCommitEvents + 1 {
		list = append(list, track(fmt.Sprint(i), "mei", "x", t0.Add(time.Duration(i)*time.Millisecond), ""))
	}
	record := envelope(t, "web", list...)
	p, ctx := s.worker(), &hurried{Context: t.Context()}
	p.Profiles = hurrying{p.Profiles, ctx}
	b := newBatch(p, 1)
	j, err := queue.Job[job.Events](record)
	if err == nil {
		err = b.add(ctx, 0, j)
	}
	s.Must(err)
	g := b.groups()[0]
	if err := b.try(ctx, g); !errors.Is(err, queue.ErrNoTime) || g.commits != 1 {
		t.Errorf("%v after %d commits", err, g.commits)
	}
	s.settle(record)
	if k := s.knows(user("mei")); k.Profile.Counters["x"].Total != int64(len(list)) || len(k.Timeline) != len(list) {
		t.Errorf("%d are counted, %d in the timeline, want %d", k.Profile.Counters["x"].Total, len(k.Timeline), len(list))
	}
}
