package people_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
)

var midday = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func packed(id string, at time.Time) people.PackedEvent {
	return people.PackedEvent{Source: "web", Event: event.Event{MessageID: id, Kind: event.Page, Timestamp: at, ReceivedAt: at}}
}

func TestTimelinePages(t *testing.T) {
	ctx := context.Background()
	now := midday
	s := people.Timeline{DB: dynamotest.New(t), Table: "Timeline", Now: func() time.Time { return now }}
	for day := range 3 {
		for version := range 2 {
			at := midday.AddDate(0, 0, day).Add(time.Duration(-version) * time.Hour)
			id := []profile.ID{"p", "q"}[version]
			if err := s.Write(ctx, people.Pack{Profile: id, Day: profile.DayOf(at), Version: int64(version), Events: []people.PackedEvent{packed(fmt.Sprintf("late%d%d", day, version), at.Add(time.Minute)), packed(fmt.Sprintf("early%d%d", day, version), at)}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	// The same event in a second pack, as a recovery may leave it.
	if err := s.Write(ctx, people.Pack{Profile: "p", Day: profile.DayOf(midday), Version: 0, Part: "r1", Events: []people.PackedEvent{packed("early00", midday)}}); err != nil {
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
	if strings.Join(got, " ") != want || pages != 13 {
		t.Errorf("%d pages: %s\nwant %s", pages, strings.Join(got, " "), want)
	}
	if _, _, err := s.Events(ctx, []profile.ID{"p"}, 1, "?"); !errors.Is(err, dynamo.ErrCursor) {
		t.Errorf("an odd cursor: %v", err)
	}
	for _, c := range []struct {
		now  time.Time
		left int
	}{{midday.AddDate(0, people.TimelineMonths, 0), 6 + 1}, {midday.AddDate(0, people.TimelineMonths, 0).Add(time.Minute), 4}} {
		now = c.now
		if list, _, err := s.Events(ctx, []profile.ID{"p"}, 100, ""); err != nil || len(list) != c.left-c.left%2 {
			t.Errorf("at %v: %d events, %v; want %d", c.now, len(list), err, c.left-c.left%2)
		}
	}
}

func TestTimelineMonthsAreASetting(t *testing.T) {
	ctx := context.Background()
	now := midday
	s := people.Timeline{DB: dynamotest.New(t), Table: "Timeline", Now: func() time.Time { return now }, Months: 2}
	late := packed("late", midday.AddDate(0, -5, 0))
	late.Event.ReceivedAt = midday
	for i, e := range []people.PackedEvent{late, packed("old", midday.AddDate(0, -1, 0)), packed("today", midday)} {
		if err := s.Write(ctx, people.Pack{Profile: "p", Day: profile.DayOf(e.Event.Timestamp), Version: int64(i), Events: []people.PackedEvent{e}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		now  time.Time
		want string
	}{
		{midday.AddDate(0, 1, 0).Add(-time.Second), "today old late"},
		{midday.AddDate(0, 1, 0), "today late"},
		{midday.AddDate(0, 2, 0).Add(-time.Second), "today late"},
		{midday.AddDate(0, 2, 0), ""},
	} {
		now = c.now
		list, _, err := s.Events(ctx, []profile.ID{"p"}, 10, "")
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, e := range list {
			ids = append(ids, e.MessageID)
		}
		if got := strings.Join(ids, " "); got != c.want {
			t.Errorf("at %v: %q, want %q", c.now, got, c.want)
		}
	}
}

// TestALargeDayGoesInPages lists a day of 24 MB, in packs of two ids, with a part of it given twice.
func TestALargeDayGoesInPages(t *testing.T) {
	ctx := context.Background()
	s := people.Timeline{DB: dynamotest.New(t), Table: "Timeline", Now: func() time.Time { return midday }}
	const packs, each = 80, 10
	day := midday.Truncate(24 * time.Hour)
	for n := range packs {
		p := people.Pack{Profile: []profile.ID{"p", "q"}[n%2], Day: profile.DayOf(day), Version: int64(n)}
		for i := range each {
			e := packed(fmt.Sprintf("%03d|%d", n, i), day.Add(time.Duration(n*each+i)*time.Second))
			e.Event.Properties = []byte(`{"text":"` + strings.Repeat("x", 30<<10) + `"}`)
			p.Events = append(p.Events, e)
		}
		if err := s.Write(ctx, p); err != nil {
			t.Fatal(err)
		}
		if n == packs-1 {
			p.Part, p.Events = "r1", p.Events[3:5]
			if err := s.Write(ctx, p); err != nil {
				t.Fatal(err)
			}
		}
	}
	before := packed("before", day.Add(-time.Hour))
	if err := s.Write(ctx, people.Pack{Profile: "p", Day: profile.DayOf(before.Event.Timestamp), Version: 999, Events: []people.PackedEvent{before}}); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	cursor, pages, inOrder := "", 0, 0
	for {
		list, next, err := s.Events(ctx, []profile.ID{"p", "q"}, 500, cursor)
		if err != nil {
			t.Fatal(err)
		}
		size := 0
		for i, e := range list {
			seen[e.MessageID]++
			size += len(e.Properties)
			if i > 0 && !e.Timestamp.After(list[i-1].Timestamp) {
				inOrder++
			}
		}
		if size > 4<<20 {
			t.Errorf("page %d has %d bytes", pages, size)
		}
		if pages++; next == "" {
			break
		}
		if pages > 50 {
			t.Fatal("the list does not end")
		}
		cursor = next
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s came %d times", id, n)
		}
	}
	// The day is read in two runs; within each the events are in order, and so are all but one neighbours.
	if len(seen) != packs*each+1 || pages < 8 || inOrder < len(seen)-pages-1 {
		t.Errorf("%d events on %d pages, %d in order", len(seen), pages, inOrder)
	}
}

// TestAMessageOfTwoIdsIsListedTwice lists, one a page, a message that stands under two ids, which both counted it.
func TestAMessageOfTwoIdsIsListedTwice(t *testing.T) {
	s := people.Timeline{DB: dynamotest.New(t), Table: "Timeline", Now: func() time.Time { return midday }}
	for _, id := range []profile.ID{"p", "q"} {
		if err := s.Write(t.Context(), people.Pack{Profile: id, Day: profile.DayOf(midday), Version: 1, Events: []people.PackedEvent{packed("m", midday), packed("only "+string(id), midday)}}); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
		list, next, err := s.Events(t.Context(), []profile.ID{"p", "q"}, 1, cursor)
		if err != nil || pages > 9 {
			t.Fatal(pages, err)
		}
		for _, e := range list {
			got = append(got, e.MessageID)
		}
		cursor = next
	}
	if want := []string{"m", "m", "only p", "only q"}; !slices.Equal(got, want) {
		t.Errorf("listed %v, want %v", got, want)
	}
}

func TestCursorsOfEvents(t *testing.T) {
	s := people.Timeline{DB: dynamotest.New(t), Table: "Timeline", Now: func() time.Time { return midday }}
	cursor := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for name, c := range map[string]struct {
		cursor string
		good   bool
	}{
		"none":                      {"", true},
		"before a day":              {cursor("20260301"), true},
		"within a day":              {cursor("20260301|p|20260301#000000000007|1772366400000000000|ff|m|1"), true},
		"of another id":             {cursor("20260301|p|20260301#000000000007|1772366400000000000|ff.q|m|1"), true},
		"at the beginning of a run": {cursor("20260301|p|20260301#000000000007||0|"), true},
		"not base64":                {"?", false},
		"a short day":               {cursor("2026"), false},
		"too few parts":             {cursor("20260301|p"), false},
		"a pack of another day":     {cursor("20260301|p|20260302#000000000007||0|"), false},
		"a time of letters":         {cursor("20260301|p||x|0|"), false},
		"a hash of other letters":   {cursor("20260301|p|||xyz|"), false},
		"a day of letters":          {cursor("yesterda"), false},
		"a day of no letters":       {cursor("2026030\xff"), false},
		"a pack of no letters":      {cursor("20260301|p|20260301#\xff||0|"), false},
	} {
		if _, _, err := s.Events(t.Context(), []profile.ID{"p"}, 1, c.cursor); (err == nil) != c.good || err != nil && !errors.Is(err, dynamo.ErrCursor) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAPackOverTheLimitIsSplit(t *testing.T) {
	ctx := context.Background()
	s := people.Timeline{DB: dynamotest.New(t), Table: "Timeline", Now: func() time.Time { return midday }}
	var events []people.PackedEvent
	for i := range 40 {
		e := packed(fmt.Sprint(i), midday.Add(time.Duration(i)*time.Second))
		e.Event.Properties = noise(uint64(i), 24<<10)
		events = append(events, e)
	}
	if err := s.Write(ctx, people.Pack{Profile: "p", Day: profile.DayOf(midday), Version: 3, Events: slices.Clone(events)}); err != nil {
		t.Fatal(err)
	}
	written, err := s.Written(ctx, "p", 3, []profile.Day{profile.DayOf(midday)})
	if err != nil || len(written) != len(events) {
		t.Errorf("%d hashes, %v; want %d", len(written), err, len(events))
	}
	ref := func(id string) people.EventRef {
		return people.EventRef{Profile: "p", Day: profile.DayOf(midday), Version: 3, MessageID: id}
	}
	if e, err := s.Event(ctx, ref("39")); err != nil || string(e.Event.Properties) != string(events[39].Event.Properties) {
		t.Errorf("the last event: %v", err)
	}
	if _, err := s.Event(ctx, ref("40")); !errors.Is(err, dynamo.ErrNotFound) {
		t.Errorf("an event that is not there: %v", err)
	}
}

// reluctant leaves everything undone so many times.
type reluctant struct {
	*dynamotest.DB
	times int
}

func (r *reluctant) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	if r.times--; r.times >= 0 {
		return &dynamodb.BatchWriteItemOutput{UnprocessedItems: in.RequestItems}, nil
	}
	return r.DB.BatchWriteItem(ctx, in, o...)
}

// TestPacksOfManyPeople writes more packs than one call takes, also where the service leaves some of them undone; where it does nothing for
// long that is a fault.
func TestPacksOfManyPeople(t *testing.T) {
	const n = 60
	// Compressors are made once a process, and must not be a bubble's.
	warm := people.Timeline{DB: dynamotest.New(t), Table: "Timeline"}
	err := warm.Write(t.Context(), people.Pack{Profile: "p", Day: profile.DayOf(midday), Version: 1, Events: []people.PackedEvent{packed("x", midday)}})
	if _, unread := warm.Packed(t.Context(), "p", profile.DayOf(midday), 1); err != nil || unread != nil {
		t.Fatal(err, unread)
	}
	for name, c := range map[string]struct {
		open  func(*dynamotest.DB) dynamo.API
		calls int
		fails bool
	}{
		"at once":                   {func(db *dynamotest.DB) dynamo.API { return db }, 3, false},
		"one by one":                {func(db *dynamotest.DB) dynamo.API { return halting{db} }, n, false},
		"after seven rounds":        {func(db *dynamotest.DB) dynamo.API { return &reluctant{db, 7} }, 3, false},
		"not within eight in a row": {func(db *dynamotest.DB) dynamo.API { return &reluctant{db, 8} }, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db := dynamotest.New(t)
				s := people.Timeline{DB: c.open(db), Table: "Timeline"}
				var packs []people.Pack
				for i := range n {
					packs = append(packs, people.Pack{Profile: profile.ID(fmt.Sprint("p", i)), Day: profile.DayOf(midday), Version: 1, Events: []people.PackedEvent{packed(fmt.Sprint(i), midday)}})
				}
				err := s.Write(t.Context(), packs...)
				if (err != nil) != c.fails || db.Calls("BatchWriteItem") != c.calls {
					t.Fatalf("%v with %d calls, want %d and a fault %v", err, db.Calls("BatchWriteItem"), c.calls, c.fails)
				}
				for i, p := range packs {
					got, err := s.Packed(t.Context(), p.Profile, p.Day, p.Version)
					if c.fails {
						continue
					}
					if err != nil || len(got) != 1 || got[0].Event.MessageID != fmt.Sprint(i) {
						t.Errorf("%s: %v %v", p.Profile, got, err)
					}
				}
			})
		})
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

func TestAroundReadsNoMoreThanItMay(t *testing.T) {
	ctx := t.Context()
	s := people.Timeline{DB: dynamotest.New(t), Table: "Timeline", Now: func() time.Time { return midday }}
	day := profile.DayOf(midday)
	const packs = 12 // of some 200 KB: five fit into a page of 1 MB
	hash := func(version int) event.Hash { return event.Fingerprint("web", fmt.Sprint(version)) }
	for version := range packs {
		e := packed(fmt.Sprint(version), midday.AddDate(0, 0, version%3-1))
		e.Source = "web"
		e.Event.Properties = noise(uint64(version), 270<<10)
		if err := s.Write(ctx, people.Pack{Profile: "p", Day: day + profile.Day(version%3) - 1, Version: int64(version), Events: []people.PackedEvent{e}}); err != nil {
			t.Fatal(err)
		}
	}
	read := func(from, to profile.Day, pages int, until event.Hash) (found []event.Hash, left int, err error) {
		err = s.Around(ctx, "p", from, to, &pages, func(h event.Hash) bool {
			found = append(found, h)
			return h != until
		})
		return found, pages, err
	}
	all, left, err := read(day-1, day+1, 64, 0)
	if err != nil || len(all) != packs || left >= 63 || all[0] != hash(11) || all[packs-1] != hash(0) {
		t.Fatalf("%d hashes, %d pages left, %v: want all %d, the newest day and commit first", len(all), left, err, packs)
	}
	need := 64 - left
	if found, left, err := read(day-1, day+1, need, 0); err != nil || len(found) != packs || left != 0 {
		t.Errorf("with just enough pages: %d hashes, %d pages left, %v", len(found), left, err)
	}
	if found, left, err := read(day-1, day+1, need-1, 0); !errors.Is(err, dynamo.ErrTooMuch) || len(found) == 0 || len(found) == packs || left != 0 {
		t.Errorf("with one page less: %d hashes, %d pages left, %v", len(found), left, err)
	}
	if found, _, err := read(day-1, day+1, 64, hash(8)); err != nil || found[len(found)-1] != hash(8) || len(found) != 2 {
		t.Errorf("until the second: %d hashes, %v", len(found), err)
	}
	if found, _, err := read(day, day, 64, 0); err != nil || len(found) != packs/3 {
		t.Errorf("of one day: %d hashes, %v", len(found), err)
	}
}
