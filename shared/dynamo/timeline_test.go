package dynamo_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/event"
	"github.com/userops/userops/shared/domain/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

var midday = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func packed(id string, at time.Time) dynamo.PackedEvent {
	return dynamo.PackedEvent{Source: "web", Event: event.Event{MessageID: id, Kind: event.Page, Timestamp: at, ReceivedAt: at}}
}

func TestTimelinePages(t *testing.T) {
	ctx := context.Background()
	now := midday
	s := dynamo.Timeline{DB: dynamotest.New(t), Table: "Timeline", Now: func() time.Time { return now }}
	for day := range 3 {
		for version := range 2 {
			at := midday.AddDate(0, 0, day).Add(time.Duration(-version) * time.Hour)
			id := []profile.ID{"p", "q"}[version]
			if err := s.Write(ctx, dynamo.Pack{Profile: id, Day: profile.DayOf(at), Version: int64(version), Events: []dynamo.PackedEvent{packed(fmt.Sprintf("late%d%d", day, version), at.Add(time.Minute)), packed(fmt.Sprintf("early%d%d", day, version), at)}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	// The same event in a second pack, as a recovery may leave it.
	if err := s.Write(ctx, dynamo.Pack{Profile: "p", Day: profile.DayOf(midday), Version: 0, Part: "r1", Events: []dynamo.PackedEvent{packed("early00", midday)}}); err != nil {
		t.Fatal(err)
	}
	var got []string
	cursor, pages := "", 0
	for {
		list, next, err := s.Events(ctx, []profile.ID{"p", "q"}, 1, cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			got = append(got, e.MessageID)
		}
		if pages++; next == "" {
			break
		}
		cursor = next
	}
	want := "late20 early20 late21 early21 late10 early10 late11 early11 late00 early00 late01 early01"
	if strings.Join(got, " ") != want || pages != 4 {
		t.Errorf("%d pages: %s\nwant %s", pages, strings.Join(got, " "), want)
	}
	if _, _, err := s.Events(ctx, []profile.ID{"p"}, 1, "?"); !errors.Is(err, dynamo.ErrCursor) {
		t.Errorf("an odd cursor: %v", err)
	}
	for _, c := range []struct {
		now  time.Time
		left int
	}{{midday.AddDate(0, dynamo.TimelineMonths, 0), 6 + 1}, {midday.AddDate(0, dynamo.TimelineMonths, 0).Add(time.Minute), 4}} {
		now = c.now
		if list, _, err := s.Events(ctx, []profile.ID{"p"}, 100, ""); err != nil || len(list) != c.left-c.left%2 {
			t.Errorf("at %v: %d events, %v; want %d", c.now, len(list), err, c.left-c.left%2)
		}
	}
}

func TestAPackOverTheLimitIsSplit(t *testing.T) {
	ctx := context.Background()
	s := dynamo.Timeline{DB: dynamotest.New(t), Table: "Timeline", Now: func() time.Time { return midday }}
	var events []dynamo.PackedEvent
	for i := range 40 {
		e := packed(fmt.Sprint(i), midday.Add(time.Duration(i)*time.Second))
		e.Event.Properties = noise(uint64(i), 24<<10)
		events = append(events, e)
	}
	if err := s.Write(ctx, dynamo.Pack{Profile: "p", Day: profile.DayOf(midday), Version: 3, Events: slices.Clone(events)}); err != nil {
		t.Fatal(err)
	}
	written, err := s.Written(ctx, "p", 3, []profile.Day{profile.DayOf(midday)})
	if err != nil || len(written) != len(events) {
		t.Errorf("%d hashes, %v; want %d", len(written), err, len(events))
	}
	if e, err := s.Event(ctx, "p", profile.DayOf(midday), 3, "39"); err != nil || string(e.Event.Properties) != string(events[39].Event.Properties) {
		t.Errorf("the last event: %v", err)
	}
	if _, err := s.Event(ctx, "p", profile.DayOf(midday), 3, "40"); !errors.Is(err, dynamo.ErrNotFound) {
		t.Errorf("an event that is not there: %v", err)
	}
}

// noise is a JSON text of n bytes that does not compress.
func noise(seed uint64, n int) []byte {
	b := []byte{'"'}
	for x := seed*2654435761 + 1; len(b) < n; {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b = append(b, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[x%64])
	}
	return append(b, '"')
}
