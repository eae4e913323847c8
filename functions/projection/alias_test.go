package projection

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
)

func alias(id, userID, previous string) event.Event {
	return event.Event{MessageID: id, Kind: event.Alias, UserID: userID, PreviousID: previous, Timestamp: t0, OriginalTimestamp: t0, ReceivedAt: t0}
}

// TestAnAliasAlwaysUnites names a former id in every state of what is known, in every sequence, together and apart.
func TestAnAliasAlwaysUnites(t *testing.T) {
	old, device := track("o", "old", "Product Viewed", t0.Add(-time.Hour), ""), browse("d", "old", t0.Add(-time.Hour))
	fresh, link := track("n", "new", "Product Viewed", t0, ""), alias("a", "new", "old")
	both, all := []profile.Identifier{user("new"), user("old")}, []profile.Identifier{user("new"), user("old"), anonymous("old")}
	for name, c := range map[string]struct {
		list []event.Event
		same []profile.Identifier
	}{
		"a userId":                    {[]event.Event{old, fresh, link}, both},
		"a userId, nobody is new yet": {[]event.Event{old, link}, both},
		"a device":                    {[]event.Event{device, fresh, link}, all},
		"a device, nobody is new yet": {[]event.Event{device, link}, all},
		"nobody is either yet":        {[]event.Event{link}, all},
	} {
		sequences := permutations(c.list)
		for n, list := range sequences {
			for _, apart := range []bool{true, false} {
				t.Run(fmt.Sprint(name, ", sequence ", n, ", apart ", apart), func(t *testing.T) {
					s := newShop(t)
					var jobs []events.SQSMessage
					if apart {
						for _, e := range list {
							jobs = append(jobs, envelope(t, "server", e))
						}
					} else {
						jobs = append(jobs, envelope(t, "server", list...))
					}
					s.live(jobs)
					for _, i := range c.same {
						if got := s.load(i).ID; got != s.load(user("new")).ID {
							t.Errorf("%v is somebody else", i)
						}
					}
					s.live(jobs) // a redelivery
					events := map[profile.ID]int{}
					sum := 0
					for _, i := range []profile.Identifier{user("new"), user("old"), anonymous("old")} {
						k := s.knows(i)
						events[k.Profile.ID] = len(k.Timeline)
					}
					for _, n := range events {
						sum += n
					}
					if sum != len(list) {
						t.Errorf("%d events in the timelines, want %d", sum, len(list))
					}
				})
			}
		}
	}
}

// TestAnAliasOfAUserAndADevice names an id by which a person and a device are known: whatever was known before becomes the person, and of
// those that come later the userId.
func TestAnAliasOfAUserAndADevice(t *testing.T) {
	old, device := track("o", "old", "Product Viewed", t0.Add(-time.Hour), ""), browse("d", "old", t0.Add(-2*time.Hour))
	fresh, link := track("n", "new", "Product Viewed", t0, ""), alias("a", "new", "old")
	for name, list := range map[string][]event.Event{
		"all are known":               {old, device, fresh, link},
		"both are, in the other way":  {device, old, link},
		"the device, the user later":  {device, link, old},
		"the device, all others late": {device, fresh, link, old},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			for pass := range 2 {
				for _, e := range list {
					s.live([]events.SQSMessage{envelope(t, "server", e)})
				}
				for _, i := range []profile.Identifier{user("old"), anonymous("old")} {
					if s.load(i).ID != s.load(user("new")).ID {
						t.Errorf("pass %d: %v is somebody else", pass, i)
					}
				}
			}
			if k := s.knows(user("new")); len(k.Timeline) != len(list) {
				t.Errorf("the timeline holds %v", k.Timeline)
			}
		})
	}
}

func permutations(list []event.Event) (all [][]event.Event) {
	if len(list) < 2 {
		return [][]event.Event{list}
	}
	for i := range list {
		rest := slices.Delete(slices.Clone(list), i, i+1)
		for _, p := range permutations(rest) {
			all = append(all, append([]event.Event{list[i]}, p...))
		}
	}
	return all
}

// TestAnAccountNamesItsDeviceLikeSomebody: with the proof of an account of their own, eve has named a device like mei's userId, in an alias or as the device that
// speaks. The shop's alias of mei is of mei alone.
func TestAnAccountNamesItsDeviceLikeSomebody(t *testing.T) {
	for name, e := range map[string]event.Event{
		"as what it was before": alias("e", "eve", "mei"),
		"as what speaks":        {MessageID: "e", Kind: event.Identify, UserID: "eve", AnonymousID: "mei", Timestamp: t0, OriginalTimestamp: t0, ReceivedAt: t0},
	} {
		e.Trust = trust.Person
		s := newShop(t)
		s.settle(envelope(t, "server", track("m", "mei", "x", t0, "")))
		s.settle(envelope(t, "web", e))
		s.settle(envelope(t, "server", track("u", "u", "x", t0, "")))
		s.settle(envelope(t, "server", alias("a", "u", "mei")))
		if u := s.load(user("u")); u.ID != s.load(user("mei")).ID || u.Has(user("eve")) || u.ID == s.load(user("eve")).ID {
			t.Errorf("%s: u is %v", name, u.Identifiers)
		}
	}
}

// TestAnAliasOverTheLimitIsRefusedAloud unites people until a profile holds as many identifiers as one may.
func TestAnAliasOverTheLimitIsRefusedAloud(t *testing.T) {
	s := newShop(t)
	for n := range profile.MaxUnited + 1 {
		s.settle(envelope(t, "server", track(fmt.Sprint("t", n), fmt.Sprint("old", n), "Product Viewed", t0, "")))
		s.settle(envelope(t, "server", alias(fmt.Sprint("a", n), "mei", fmt.Sprint("old", n))))
	}
	mei := s.load(user("mei"))
	if len(mei.Identifiers) != profile.MaxUnited {
		t.Errorf("%d identifiers, want %d", len(mei.Identifiers), profile.MaxUnited)
	}
	for n, together := range map[int]bool{profile.MaxUnited - 2: true, profile.MaxUnited - 1: false, profile.MaxUnited: false} {
		if got := s.load(user(fmt.Sprint("old", n))).ID == mei.ID; got != together {
			t.Errorf("old%d is united: %v, want %v", n, got, together)
		}
	}
}
