package projection

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
)

// received is an event with the time of its receipt, in minutes.
func received(e event.Event, minutes int) event.Event {
	e.Timestamp, e.ReceivedAt = t0.Add(time.Duration(minutes)*time.Minute), t0.Add(time.Duration(minutes)*time.Minute)
	return e
}

// off is the wish to take a device off mei.
func off(t *testing.T, device string, minutes int) events.SQSMessage {
	t.Helper()
	body, err := json.Marshal(job.Events{Source: "member", Command: &job.Command{
		ID: fmt.Sprint("off-", minutes), Kind: job.CommandTakeOff, ProfileID: user("mei").ID(), At: t0.Add(time.Duration(minutes) * time.Minute), Device: device}})
	if err != nil {
		t.Fatal(err)
	}
	return events.SQSMessage{Body: string(body)}
}

// joinings are the ways in which a device became mei's: as the first that was heard of her, as a key that points to her, as one who had been somebody.
var joinings = map[string][]event.Event{
	"it was there first":   {browse("b1", "phone", t0), identify("i1", "mei", "phone", t0, `{"name":"Mei"}`)},
	"it had done nothing":  {track("s1", "mei", event.SignedUp, t0, ""), identify("i1", "mei", "phone", t0, `{"name":"Mei"}`)},
	"it had been somebody": {track("s1", "mei", event.SignedUp, t0.Add(-time.Hour), ""), browse("b1", "phone", t0), identify("i1", "mei", "phone", t0, `{"name":"Mei"}`)},
}

// joined is a shop in which the phone is mei's; an hour later it is taken off her.
func joined(t *testing.T, how string) *shop {
	s := newShop(t)
	for _, e := range joinings[how] {
		s.settle(by(t, trust.Shop, e))
	}
	return s
}

func (s *shop) messages(i profile.Identifier) []string {
	ids := s.knows(i).Timeline
	slices.Sort(ids)
	return ids
}

// TestADeviceThatIsTakenOffGoesOnAsItsOwn: what was received before stays hers, also what comes late; what is received later is the device's, a page's
// word with her userId joins nothing, and a proof brings it back.
func TestADeviceThatIsTakenOffGoesOnAsItsOwn(t *testing.T) {
	for how := range joinings {
		t.Run(how, func(t *testing.T) {
			s := joined(t, how)
			hers := s.messages(user("mei"))
			phone := anonymous("phone")
			s.settle(off(t, "phone", 50))
			p := s.load(user("mei"))
			if len(p.Identifiers) != 1 || !p.Off[phone.ID()].Equal(s.Now()) {
				t.Fatalf("%v, off %v", p.Identifiers, p.Off)
			}
			// Together in one batch: one of before, late, one of after, and a claim.
			s.settle(by(t, trust.Public, received(browse("late", "phone", t0), 59), received(browse("own", "phone", t0), 61)),
				by(t, trust.Public, received(identify("claim", "mei", "phone", t0, `{"name":"Eve"}`), 62)))
			s.settle(by(t, trust.Public, received(browse("own2", "phone", t0), 63)))
			own := phone.Next()
			if got, want := s.messages(own), []string{"own", "own2"}; !slices.Equal(got, want) {
				t.Errorf("the device has %q, want %q", got, want)
			}
			if d := s.load(own); d.ID != own.ID() || !slices.Equal(d.Identifiers, []profile.Identifier{own}) || d.UserID() != "" {
				t.Errorf("the device is %s %v", d.ID, d.Identifiers)
			}
			want := append(slices.Clone(hers), "claim", "late")
			slices.Sort(want)
			if got := s.messages(user("mei")); !slices.Equal(got, want) {
				t.Errorf("she has %q, want %q", got, want)
			}
			if p := s.load(user("mei")); p.Claims["phone"].At.IsZero() || p.Traits["name"].Value != "Mei" {
				t.Errorf("claims %v, traits %v", p.Claims, p.Traits)
			}
			// A proof that was received before it was taken off changes nothing, one that was received later does.
			s.settle(by(t, trust.Shop, received(identify("old", "mei", "phone", t0, `{}`), 58)))
			if p := s.load(user("mei")); len(p.Identifiers) != 1 {
				t.Errorf("an old proof joins: %v", p.Identifiers)
			}
			s.settle(by(t, trust.Shop, received(identify("proof", "mei", "phone", t0, `{}`), 70)))
			p = s.load(user("mei"))
			if !slices.Contains(p.Identifiers, own) || len(p.Claims) != 0 || s.load(own).ID != p.ID || !slices.Contains(s.messages(user("mei")), "own2") {
				t.Errorf("proven: %v, claims %v", p.Identifiers, p.Claims)
			}
			// The wish that comes again weeks later was carried out, and takes off nothing that was proven since.
			s.Pass(28 * 24 * time.Hour)
			s.settle(off(t, "phone", 50))
			if p := s.load(user("mei")); !slices.Contains(p.Identifiers, own) {
				t.Errorf("the wish of before takes it off again: %v", p.Identifiers)
			}
			s.settle(off(t, "phone", 80))
			s.settle(by(t, trust.Public, received(browse("third", "phone", t0), 60*24*40)))
			if got := s.messages(own.Next()); !slices.Equal(got, []string{"third"}) {
				t.Errorf("taken off twice, the device has %q", got)
			}
		})
	}
}

// TestTakingOffByAClockThatIsBehind: what was received before the call is hers also where the worker who carries it out reads an earlier time, and the
// job that comes again to another worker takes off nothing that was proven since.
func TestTakingOffByAClockThatIsBehind(t *testing.T) {
	for how := range joinings {
		t.Run(how, func(t *testing.T) {
			s := joined(t, how)
			hers := s.messages(user("mei"))
			own := anonymous("phone").Next()
			s.Set(t0.Add(69 * time.Minute))
			s.settle(off(t, "phone", 71))
			s.settle(by(t, trust.Public, received(browse("before", "phone", t0), 70), received(browse("meanwhile", "phone", t0), 71), received(browse("own", "phone", t0), 72)))
			want := append(slices.Clone(hers), "before", "meanwhile")
			slices.Sort(want)
			if got := s.messages(user("mei")); !slices.Equal(got, want) {
				t.Errorf("she has %q, want %q", got, want)
			}
			if got := s.messages(own); !slices.Equal(got, []string{"own"}) {
				t.Errorf("the device has %q", got)
			}
			s.settle(by(t, trust.Shop, received(identify("proof", "mei", "phone", t0, `{}`), 73)))
			s.Set(t0.Add(74 * time.Minute))
			s.settle(off(t, "phone", 71))
			if p := s.load(user("mei")); !slices.Contains(p.Identifiers, own) {
				t.Errorf("the job that comes again takes it off again: %v", p.Identifiers)
			}
		})
	}
}

// TestATakenOffDeviceMayBeAnybodys: it is joined to another by a proof, and each of the two is erased without the other.
func TestATakenOffDeviceMayBeAnybodys(t *testing.T) {
	for how := range joinings {
		for _, first := range []string{"mei", "li", "nobody"} {
			t.Run(how+", erased: "+first, func(t *testing.T) {
				s := joined(t, how)
				phone := anonymous("phone")
				s.settle(off(t, "phone", 50))
				s.settle(by(t, trust.Public, received(browse("own", "phone", t0), 61)))
				s.settle(by(t, trust.Shop, received(track("l1", "li", event.SignedUp, t0, ""), 62), received(identify("proof", "li", "phone", t0, `{}`), 63)))
				li := s.load(user("li"))
				if !slices.Contains(li.Identifiers, phone.Next()) || !slices.Contains(s.messages(user("li")), "own") || len(s.load(user("mei")).Identifiers) != 1 {
					t.Fatalf("li is %v, mei %v", li.Identifiers, s.load(user("mei")).Identifiers)
				}
				if first != "nobody" {
					s.Set(t0.Add(65 * time.Minute))
					s.settle(eraseJob(t, user(first).ID(), s.Now(), false))
				}
				s.settle(by(t, trust.Public, received(browse("after", "phone", t0), 66)), by(t, trust.Public, received(browse("late", "phone", t0), 59)))
				want := map[string]bool{"li": first != "li", "mei": first != "mei"}
				for who, there := range want {
					if p := s.load(user(who)); there != exists(p) {
						t.Errorf("%s is %v", who, p.Identifiers)
					}
				}
				now := s.load(phone.Next())
				if first == "li" && (now.UserID() != "" || !slices.Equal(s.messages(phone.Next()), []string{"after"})) || first != "li" && (now.UserID() != "li" || !slices.Contains(s.messages(user("li")), "after")) {
					t.Errorf("the device is %v with %q", now.Identifiers, s.messages(phone.Next()))
				}
				if has := first != "mei" && slices.Contains(s.messages(user("mei")), "late"); has != (first != "mei") {
					t.Errorf("what was received before is hers: %v", has)
				}
			})
		}
	}
}

// TestTakingOffWithEveryWriteBroken ends as without.
func TestTakingOffWithEveryWriteBroken(t *testing.T) {
	play := func(s *shop) {
		s.settle(off(t, "phone", 50))
		s.settle(by(t, trust.Public, received(browse("own", "phone", t0), 61)), by(t, trust.Public, received(browse("late", "phone", t0), 59)))
		s.settle(by(t, trust.Shop, received(identify("proof", "mei", "phone", t0, `{}`), 70)))
		s.settle(off(t, "phone", 80))
		s.settle(by(t, trust.Public, received(browse("own2", "phone", t0), 90)))
	}
	known := func(s *shop) []knowledge {
		phone := anonymous("phone")
		return []knowledge{s.knows(user("mei")), s.knows(phone.Next()), s.knows(phone.Next().Next())}
	}
	how := "it had been somebody"
	whole := joined(t, how)
	before := whole.DB.Calls(dynamotest.AnyWrite)
	play(whole)
	want := known(whole)
	for _, broken := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		for nth := 1; nth <= whole.DB.Calls(dynamotest.AnyWrite)-before; nth++ {
			s := joined(t, how)
			s.DB.Fail(dynamotest.AnyWrite, nth, broken)
			play(s)
			if got := known(s); !reflect.DeepEqual(got, want) {
				t.Errorf("write %d %s:\n%+v\nwant\n%+v", nth, broken, got, want)
			}
		}
	}
}

// TestWhatIsSentAgainAfterADeviceWasTakenOff stands once, where it was folded first: a client that heard nothing sends again what was received before.
func TestWhatIsSentAgainAfterADeviceWasTakenOff(t *testing.T) {
	before, after := received(browse("twice", "phone", t0), 59), received(browse("twice", "phone", t0), 61)
	for name, c := range map[string]struct {
		folded, later []event.Event // before the device is taken off, and then
		hers, its     int
	}{
		"first, then again":                     {[]event.Event{before}, []event.Event{after}, 1, 0},
		"the first one comes late":              {nil, []event.Event{after, before}, 0, 1},
		"in order, late":                        {nil, []event.Event{before, after}, 1, 0},
		"a third time":                          {[]event.Event{before}, []event.Event{after, received(after, 90), before}, 1, 0},
		"another event of the same device goes": {[]event.Event{before}, []event.Event{received(browse("new", "phone", t0), 61)}, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := joined(t, "it was there first")
			for _, e := range c.folded {
				s.settle(by(t, trust.Public, e))
			}
			known := len(s.messages(user("mei"))) - len(c.folded)
			s.settle(off(t, "phone", 50))
			for _, e := range c.later {
				s.settle(by(t, trust.Public, e))
			}
			if hers, its := s.messages(user("mei")), s.messages(anonymous("phone").Next()); len(hers)-known != c.hers || len(its) != c.its {
				t.Errorf("she has %q, the device %q", hers, its)
			}
		})
	}
}

// TestABusyDeviceIsReadOnce lets a device be taken off somebody of whom more has faded than marks are kept of: whatever it sends then may be theirs, and
// the timeline is asked for all of it at once, not for each event.
func TestABusyDeviceIsReadOnce(t *testing.T) {
	s := joined(t, "it was there first")
	s.settle(off(t, "phone", 50))
	mei := s.load(user("mei"))
	mei.Window.Forget(t0.Add(55 * time.Minute))
	if err := (people.Profiles{DB: s.DB, Table: "Profiles", Months: people.TimelineMonths}).Commit(t.Context(), people.Change{Profile: mei}); err != nil {
		t.Fatal(err)
	}
	var list []event.Event
	for i := range 100 {
		list = append(list, received(browse(fmt.Sprint("own-", i), "phone", t0), 61))
	}
	p := s.worker()
	var pages []int
	p.Timeline = frugal{p.Timeline, &pages}
	if again := deliver(t, p, by(t, trust.Public, list...)); len(again) > 0 {
		t.Fatalf("%d jobs came back", len(again))
	}
	if its := s.messages(anonymous("phone").Next()); len(its) != len(list) {
		t.Errorf("the device has %d events, want %d", len(its), len(list))
	}
	if len(pages) == 0 || len(pages) > 3 {
		t.Errorf("the timeline is asked %d times for %d events", len(pages), len(list))
	}
}
