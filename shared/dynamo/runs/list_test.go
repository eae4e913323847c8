package runs_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/listing"
	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/runs"
)

// lists is a store of lists with a clock.
type lists struct {
	runs.Lists
	db *dynamotest.DB
	at time.Time
	t  *testing.T
}

func newLists(t *testing.T) *lists {
	l := &lists{db: dynamotest.New(t), at: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), t: t}
	l.Lists = runs.Lists{DB: l.db, Table: "Runs", Now: func() time.Time { return l.at }}
	return l
}

// ask asks for a list of a segment, whose id is of the present second.
func (l *lists) ask(name string, of segment.ID) listing.List {
	l.t.Helper()
	one := listing.List{ID: listing.ID(l.at.Format("20060102T150405-") + name), AskedAt: l.at, SegmentID: of}
	if err := l.Ask(context.Background(), one); err != nil {
		l.t.Fatal(err)
	}
	return one
}

func (l *lists) waiting(scan string) (names []string) {
	l.t.Helper()
	all, err := l.Waiting(context.Background(), scan)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, one := range all {
		names = append(names, one.ID[len(one.ID)-1:])
	}
	return names
}

func id(n int) profile.ID {
	return profile.Identifier{Kind: profile.UserID, Value: fmt.Sprint("u-", n)}.ID()
}

func TestAListGoesThroughItsStates(t *testing.T) {
	ctx := context.Background()
	l := newLists(t)
	if _, err := l.Load(ctx, "made:none"); !errors.Is(err, dynamo.ErrNotFound) {
		t.Errorf("loading what is not there: %v", err)
	}
	a := l.ask("a", "vip")
	if err := l.Ask(ctx, a); !errors.Is(err, dynamo.ErrConflict) {
		t.Errorf("asking for it again: %v", err)
	}
	state := func(want listing.State, read, members int) listing.List {
		t.Helper()
		got, err := l.Load(ctx, a.ID)
		if err != nil || got.State != want || got.Read != read || got.Members != members || got.SegmentID != "vip" || !got.AskedAt.Equal(a.AskedAt) || !got.Until.Equal(a.AskedAt.Add(7*24*time.Hour)) {
			t.Fatalf("the list is %+v, %v, want %s with %d of %d shards", got, err, want, members, read)
		}
		return got
	}
	state(listing.Waiting, 0, 0)
	begun := a.AskedAt.Add(time.Minute)
	l.at = begun
	for range 2 {
		if err := l.Take(ctx, a.ID, "scan-1", 2); err != nil {
			t.Fatal(err)
		}
		l.at = l.at.Add(time.Second)
	}
	if err := l.Take(ctx, a.ID, "scan-2", 2); !errors.Is(err, dynamo.ErrConflict) {
		t.Errorf("another scan takes it: %v", err)
	}
	if err := l.Take(ctx, "made:none", "scan-1", 2); !errors.Is(err, dynamo.ErrConflict) {
		t.Errorf("taking what is not there: %v", err)
	}
	if got := state(listing.Reading, 0, 0); !got.BegunAt.Equal(begun) || got.Scan != "scan-1" || got.Shards != 2 {
		t.Errorf("begun as %+v", got)
	}
	for _, c := range []struct{ shard, members int }{{1, 5}, {1, 9}} {
		if err := l.Done(ctx, a.ID, c.shard, c.members); err != nil {
			t.Fatal(err)
		}
	}
	if got := state(listing.Reading, 1, 5); !got.Done[1] || got.Done[0] || !got.ReadyAt.IsZero() {
		t.Errorf("read are %v", got.Done)
	}
	l.at = begun.Add(time.Hour)
	if err := l.Done(ctx, a.ID, 0, 2); err != nil {
		t.Fatal(err)
	}
	if got := state(listing.Ready, 2, 7); !got.ReadyAt.Equal(l.at) {
		t.Errorf("ready at %v", got.ReadyAt)
	}
	if err := l.Done(ctx, "made:none", 0, 2); err != nil {
		t.Errorf("a shard of a list that is gone: %v", err)
	}
	if _, err := l.Load(ctx, "made:none"); !errors.Is(err, dynamo.ErrNotFound) {
		t.Errorf("a shard has made a list: %v", err)
	}
	l.at = a.AskedAt.Add(7 * 24 * time.Hour)
	if _, err := l.Load(ctx, a.ID); !errors.Is(err, dynamo.ErrNotFound) {
		t.Errorf("a list after its life: %v", err)
	}
}

// TestWhichListsWait: those that no scan has, and of a scan those that it has and has not read.
func TestWhichListsWait(t *testing.T) {
	ctx := context.Background()
	l := newLists(t)
	l.ask("o", "vip")
	l.at = l.at.Add(24*time.Hour + time.Second)
	var all []listing.List
	for _, name := range []string{"a", "b", "c", "d"} {
		all = append(all, l.ask(name, "vip"))
		l.at = l.at.Add(time.Second)
	}
	for i, scan := range []string{"", "mine", "other", "mine"} {
		if scan != "" {
			if err := l.Take(ctx, all[i].ID, scan, 1); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := l.Done(ctx, all[3].ID, 0, 1); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(l.waiting("mine"), l.waiting("new")); got != "[a b] [a]" {
		t.Errorf("waiting are %s", got)
	}
	l.ask("t", "tea")
	of, err := l.Of(ctx, "vip")
	var names []string
	for _, one := range of {
		names = append(names, one.ID[len(one.ID)-1:])
	}
	if err != nil || fmt.Sprint(names) != "[d c b a o]" {
		t.Errorf("lists of the segment are %v, %v", names, err)
	}
}

// TestPartsOfAListAreWrittenOnce: who comes second is told what stands.
func TestPartsOfAListAreWrittenOnce(t *testing.T) {
	ctx := context.Background()
	l := newLists(t)
	a := l.ask("a", "vip")
	first := runs.ListPart{Shard: 1, Number: 2, Members: []profile.ID{id(1), id(2)}, Total: 9, Next: "p#x"}
	if got, err := l.SavePart(ctx, a, first); err != nil || fmt.Sprint(got) != fmt.Sprint(first) {
		t.Fatalf("saved %+v, %v", got, err)
	}
	if got, err := l.SavePart(ctx, a, runs.ListPart{Shard: 1, Number: 2, Members: []profile.ID{id(3)}, Total: 8, Next: "p#y"}); err != nil || fmt.Sprint(got) != fmt.Sprint(first) {
		t.Errorf("the second time %+v, %v, want the first", got, err)
	}
	if _, err := l.Part(ctx, a.ID, 1, 3); !errors.Is(err, dynamo.ErrNotFound) {
		t.Errorf("a part that was not saved: %v", err)
	}
	for _, bad := range []profile.ID{"short", "!!", ""} {
		if _, err := l.SavePart(ctx, a, runs.ListPart{Members: []profile.ID{bad, id(1)}}); err == nil && bad != "" {
			t.Errorf("%q is packed", bad)
		}
	}
}

// TestMembersArePaged over shards and parts, some of them empty, by pages of every size: each member once, in order.
func TestMembersArePaged(t *testing.T) {
	ctx := context.Background()
	l := newLists(t)
	a := l.ask("a", "vip")
	a.Shards = 4
	sizes := [][]int{{3, 0, 2}, {0}, {1, 4}, {0, 0}}
	var want []profile.ID
	for shard, parts := range sizes {
		total := 0
		for number, n := range parts {
			part := runs.ListPart{Shard: shard, Number: number, Next: "p#more"}
			if number == len(parts)-1 {
				part.Next = ""
			}
			for range n {
				part.Members = append(part.Members, id(len(want)))
				want = append(want, id(len(want)))
			}
			total += n
			part.Total = total
			if _, err := l.SavePart(ctx, a, part); err != nil {
				t.Fatal(err)
			}
		}
	}
	for most := 1; most <= len(want)+1; most++ {
		var got []profile.ID
		cursor := ""
		for pages := 0; ; pages++ {
			at, err := runs.ParsePlace(cursor, a.Shards)
			if err != nil {
				t.Fatal(err)
			}
			ids, next, end, err := l.Members(ctx, a, at, most)
			if err != nil || len(ids) > most || pages > 20 {
				t.Fatalf("pages of %d: %d, %v", most, len(ids), err)
			}
			if got = append(got, ids...); end {
				break
			}
			cursor = next.String()
		}
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d: %v, want %v", most, got, want)
		}
	}
	for _, bad := range []string{"x", "1", "1.2", "-1.0.0", "4.0.0", "01.0.0", "0.0.0 ", "0.-1.0", "0.0.-1", "99999999999999999999.0.0"} {
		if _, err := runs.ParsePlace(bad, 4); !errors.Is(err, dynamo.ErrCursor) {
			t.Errorf("cursor %q: %v", bad, err)
		}
	}
	for _, at := range []runs.Place{{0, 9, 0}, {0, 0, 4}} {
		if _, _, _, err := l.Members(ctx, a, at, 5); !errors.Is(err, dynamo.ErrCursor) {
			t.Errorf("behind %s: %v", at, err)
		}
	}
}

// TestWritesOfAListMayComeAgain: each write, broken both ways and made again, leaves what one leaves.
func TestWritesOfAListMayComeAgain(t *testing.T) {
	ctx := context.Background()
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		for name, write := range map[string]func(*lists, listing.List) error{
			"take": func(l *lists, a listing.List) error { return l.Take(ctx, a.ID, "scan", 1) },
			"part": func(l *lists, a listing.List) error {
				got, err := l.SavePart(ctx, a, runs.ListPart{Members: []profile.ID{id(1)}, Total: 1})
				if err == nil && (got.Total != 1 || got.Next != "") {
					t.Errorf("the part stands as %+v", got)
				}
				return err
			},
			"done": func(l *lists, a listing.List) error { return l.Done(ctx, a.ID, 0, 1) },
		} {
			l := newLists(t)
			a := l.ask("a", "vip")
			if name == "done" {
				if err := l.Take(ctx, a.ID, "scan", 1); err != nil {
					t.Fatal(err)
				}
			}
			l.db.Fail(dynamotest.AnyWrite, 1, how)
			if err := write(l, a); !errors.Is(err, dynamotest.ErrInjected) {
				t.Errorf("%s %s: %v", name, how, err)
			}
			if err := write(l, a); err != nil {
				t.Errorf("%s again after %s: %v", name, how, err)
			}
			got, err := l.Load(ctx, a.ID)
			if want := map[string]listing.State{"take": listing.Reading, "part": listing.Waiting, "done": listing.Ready}[name]; err != nil || got.State != want {
				t.Errorf("%s %s: %+v, %v", name, how, got, err)
			}
		}
	}
}
