package projection

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// TestNewEventsAreNotLookedUp counts the queries for a day of an active person: marks tell new events from old ones without a look.
func TestNewEventsAreNotLookedUp(t *testing.T) {
	s := newShop(t)
	p := s.worker()
	const n = 400
	for i := range n {
		at := t0.Add(time.Duration(i) * 3 * time.Minute)
		deliver(t, p, envelope(t, "web", sent(fmt.Sprint(i), at, time.Time{}, time.Time{}))) // such as always had to be looked up
	}
	// Of 65,536 marks 400 are taken at the end: one new event in 160 has one of them, and half as many on the way.
	if got := s.DB.Calls("Query"); got > 8 {
		t.Errorf("%d queries for %d new events", got, n)
	}
	if got := s.load(user("mei")).Counters["Product Viewed"].Total; got != n {
		t.Errorf("%d views are counted, want %d", got, n)
	}
}

// fades gives an event that has faded, since others came three and six days after it, and the worker that took them.
func (s *shop) fades(t *testing.T) (*Process, event.Event) {
	t.Helper()
	p := s.worker()
	old := sent("old", t0, t0, t0)
	deliver(t, p, envelope(t, "web", old))
	for _, days := range []int{3, 6} {
		at := t0.AddDate(0, 0, days)
		deliver(t, p, envelope(t, "web", sent(fmt.Sprint(days), at, at, at)))
	}
	return p, old
}

// TestTheLookUpHasAnEnd lets the store refuse to read on: what could not be looked for counts as new and is told, and nothing comes back.
func TestTheLookUpHasAnEnd(t *testing.T) {
	s := newShop(t)
	_, old := s.fades(t)
	p := s.worker()
	p.Timeline = tired{p.Timeline}
	told := counted(t, "duplicate_unsettled", func() {
		if again := deliver(t, p, envelope(t, "web", old)); len(again) > 0 {
			t.Error("the job came back")
		}
	})
	if told[""] != 1 {
		t.Errorf("told of %d events, want 1", told[""])
	}
	if got := s.load(user("mei")).Counters["Product Viewed"].Total; got != 4 {
		t.Errorf("%d views are counted, want 4: what is not known to be a duplicate counts", got)
	}
}

// tired is a timeline in which more stands than may be read.
type tired struct{ Timeline }

func (tired) Around(context.Context, profile.ID, profile.Day, profile.Day, *int, func(event.Hash) bool) error {
	return dynamo.ErrTooMuch
}

// TestALookUpThatFailsComesBack breaks the reading: what is not known is not decided.
func TestALookUpThatFailsComesBack(t *testing.T) {
	s := newShop(t)
	p, old := s.fades(t)
	s.DB.Fail("Query", 1, dynamotest.NotPersisted)
	if again := deliver(t, p, envelope(t, "web", old)); len(again) != 1 {
		t.Error("the job did not come back")
	}
	deliver(t, p, envelope(t, "web", old))
	if got := s.load(user("mei")).Counters["Product Viewed"].Total; got != 3 {
		t.Errorf("%d views are counted, want 3", got)
	}
}

// frugal notes how many pages may be read.
type frugal struct {
	Timeline
	pages *[]int
}

// TestHowMuchIsRead: little where nothing speaks for a duplicate, much where something does.
func TestHowMuchIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		faded   profile.Faded
		horizon time.Time
		want    []int
	}{
		"nothing faded":       {profile.Faded{At: t0.AddDate(0, 0, -9), Days: profile.Stretch{From: 1, Days: 1}}, time.Time{}, nil},
		"too many have faded": {profile.Faded{At: t0, Days: profile.Around(profile.DayOf(t0)), Full: true}, time.Time{}, []int{briefPages}},
		"one with its mark":   {profile.Faded{At: t0, Days: profile.Around(profile.DayOf(t0)), Marks: []profile.HashMark{profile.HashMark(event.Fingerprint("web", "m"))}}, time.Time{}, []int{lookUpPages}},
		"until the horizon":   {profile.Faded{At: t0, Days: profile.Around(profile.DayOf(t0)), Full: true}, t0, []int{lookUpPages}},
		"just behind it":      {profile.Faded{At: t0, Days: profile.Around(profile.DayOf(t0)), Full: true}, t0.Add(-time.Nanosecond), []int{briefPages}},
	} {
		s := newShop(t)
		p := s.worker()
		var pages []int
		p.Timeline = frugal{p.Timeline, &pages}
		b := newBatch(p, 1)
		who := &profile.Profile{ID: user("mei").ID(), Window: profile.Window{Horizon: c.horizon, Faded: []profile.Faded{c.faded}}}
		fresh, err := b.newEvents(t.Context(), who, []incoming{{event: sent("m", t0, t0, t0), source: "web", hash: event.Fingerprint("web", "m")}})
		if err != nil || len(fresh) != 1 {
			t.Fatalf("%s: %d are new, %v", name, len(fresh), err)
		}
		if !slices.Equal(pages, c.want) {
			t.Errorf("%s: may read %v pages, want %v", name, pages, c.want)
		}
	}
}

func (f frugal) Around(ctx context.Context, id profile.ID, from, to profile.Day, pages *int, each func(event.Hash) bool) error {
	*f.pages = append(*f.pages, *pages)
	return f.Timeline.Around(ctx, id, from, to, pages, each)
}
