package profile

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
)

// TestWhatIsToldIsNoActivity folds what somebody does and what is told of them in any sequence, and in two halves that become one: what is seen of them is what they have done alone.
func TestWhatIsToldIsNoActivity(t *testing.T) {
	noon := time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)
	at := func(days int) time.Time { return noon.AddDate(0, 0, days) }
	named := func(name string, days int) event.Event {
		return event.Event{Kind: event.Track, Name: name, UserID: "mei", Timestamp: at(days), ReceivedAt: at(days), Context: []byte(fmt.Sprintf(`{"campaign":{"name":%q},"os":{"name":"x"}}`, name))}
	}
	told := []event.Event{named("Notification Sent", -40), named("Notification Sent", 3), named(event.OrderRefunded, 5), named("Invite Accepted", -50)}
	did := []event.Event{named("Product Viewed", -9), named("Notification Opened", -2)}
	for _, c := range []struct {
		name        string
		events      []event.Event
		first, last int
		days        int
		touch       string
	}{
		{"all", append(append([]event.Event{}, told...), did...), -9, -2, 2, "Product Viewed"},
		{"told alone", told, -50, 5, 0, ""},
		{"done alone", did, -9, -2, 2, "Product Viewed"},
	} {
		for seed := range uint64(20) {
			events := append([]event.Event{}, c.events...)
			random := rand.New(rand.NewPCG(seed, 1))
			random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
			var whole, other Profile
			for i := range events {
				into := &whole
				if seed%2 == 1 && i >= len(events)/2 {
					into = &other
				}
				into.Fold(&events[i], Shop{Zone: time.UTC, Currency: "CNY"})
			}
			if seed%2 == 1 {
				whole.Memory.Absorb(&other.Memory)
			}
			if !whole.FirstSeen.Equal(at(c.first)) || !whole.LastSeen.Equal(at(c.last)) || whole.Active.Count(0) != c.days || whole.Touch["first"].Campaign != c.touch {
				t.Fatalf("%s, seed %d: seen from %s to %s on %d days, by %q", c.name, seed, whole.FirstSeen, whole.LastSeen, whole.Active.Count(0), whole.Touch["first"].Campaign)
			}
			total := int64(0)
			for _, n := range whole.Counters {
				total += n.Total
			}
			if total != int64(len(c.events)) {
				t.Fatalf("%s: %d events are counted of %d", c.name, total, len(c.events))
			}
			if c.days == 0 && (len(whole.Hours) > 0 || whole.Client != (Client{})) {
				t.Fatalf("%s: active in %v with %+v", c.name, whole.Hours, whole.Client)
			}
		}
	}
}

// TestToldIsDocumented holds the list of docs/events.md, in both languages, to what is told.
func TestToldIsDocumented(t *testing.T) {
	for path, begins := range map[string]string{"../../../../docs/events.md": "make nobody active:\n", "../../../../docs/zh/events.md": "不算本人活跃：\n"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, list, found := strings.Cut(string(text), begins)
		list, _, ended := strings.Cut(list, ".\n")
		if !found || !ended {
			t.Fatalf("%s lists nothing", path)
		}
		names := strings.Split(list, ", ")
		for _, name := range names {
			if !Told(&event.Event{Kind: event.Track, Name: name}) {
				t.Errorf("%s: %s is activity", path, name)
			}
		}
		for name := range passive {
			if own := []string{event.SegmentEntered, event.SegmentExited, event.ProfilesMerged, event.TagsChanged, event.ListChanged, "Notification Bounced", "Notification Failed"}; slices.Contains(own, name) == slices.Contains(names, name) {
				t.Errorf("%s: %s", path, name)
			}
		}
	}
}
