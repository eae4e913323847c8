package people_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/search"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/dynamo/people"
)

func person(n int, version int64) *profile.Profile {
	i := profile.Identifier{Kind: profile.UserID, Value: fmt.Sprint("u", n)}
	return &profile.Profile{ID: i.ID(), Version: version, Identifiers: []profile.Identifier{i}}
}

// named are the terms of a name without characters.
func named(names ...string) []search.Term {
	return search.Facts{Names: names}.Terms(nil)
}

// entries are the keys of the table, but those of the people.
func entries(t *testing.T, db *dynamotest.DB) (all []string) {
	db.Each(t, "Search", func(i map[string]types.AttributeValue) {
		if pk := dynamo.TextOf(i, "pk"); !strings.HasPrefix(pk, "p#") {
			all = append(all, dynamo.TextOf(i, "sk"))
		}
	})
	slices.Sort(all)
	return all
}

// TestListing: what is new is written, what is no longer so is deleted, and what is so already costs no write. Each write is broken both ways.
func TestListing(t *testing.T) {
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		db := dynamotest.New(t)
		s := people.Search{DB: db, Table: "Search"}
		p := person(1, 3)
		for round, name := range []string{"Ann Lee", "Ann Lee", "Ann Li", ""} {
			terms := named(name)
			if name == "" {
				terms = nil
			}
			before := db.Calls(dynamotest.AnyWrite)
			if round != 1 {
				db.Fail("TransactWriteItems", 1, how)
				if err := s.List(t.Context(), p, terms); err == nil {
					t.Fatalf("%s: a write that failed is no error", name)
				}
				db.Heal()
			}
			if err := s.List(t.Context(), p, terms); err != nil {
				t.Fatal(err)
			}
			if round == 1 && db.Calls(dynamotest.AnyWrite) != before {
				t.Error("listing somebody again wrote something")
			}
			var want []string
			for _, term := range terms {
				want = append(want, term.Text+"#"+string(p.ID))
			}
			slices.Sort(want)
			if got := entries(t, db); !slices.Equal(got, want) {
				t.Errorf("as %q: %v, want %v", name, got, want)
			}
		}
		if standing, err := s.Standing(t.Context(), []profile.ID{p.ID}); err != nil || len(standing) > 0 {
			t.Errorf("who is listed under nothing is %v, %v", standing, err)
		}
	}
}

// TestOneOfTwoListingsIsLost: what was read is what is replaced.
func TestOneOfTwoListingsIsLost(t *testing.T) {
	db := dynamotest.New(t)
	s := people.Search{DB: db, Table: "Search"}
	p := person(1, 3)
	db.Interrupt("TransactWriteItems", 1, func() {
		if err := s.List(context.Background(), person(1, 4), named("Bea")); err != nil {
			t.Error(err)
		}
	})
	if err := s.List(t.Context(), p, named("Ann")); !errors.Is(err, dynamo.ErrConflict) {
		t.Errorf("the other listing is answered %v", err)
	}
	if got := entries(t, db); len(got) != 1 || !strings.HasPrefix(got[0], "bea#") {
		t.Errorf("listed are %v", got)
	}
}

// TestWipeOfListings: what was listed before the tombstones goes, what was listed since stays.
func TestWipeOfListings(t *testing.T) {
	db := dynamotest.New(t)
	s := people.Search{DB: db, Table: "Search"}
	before, after := person(1, 3), person(2, 900)
	for _, p := range []*profile.Profile{before, after} {
		if err := s.List(t.Context(), p, named("Ann Lee")); err != nil {
			t.Fatal(err)
		}
	}
	for _, g := range []people.Gone{{Key: after.ID, Version: 800, Back: true}, {Key: before.ID, Version: 800, Back: true}, {Key: before.ID, Version: 800}} {
		if _, next, err := s.Wipe(t.Context(), g, ""); err != nil || next != "" {
			t.Fatal(next, err)
		}
	}
	if got := entries(t, db); len(got) != 2 || !strings.HasSuffix(got[0], string(after.ID)) {
		t.Errorf("listed are %v", got)
	}
	if found, _, err := s.Wipe(t.Context(), people.Gone{Key: after.ID, Version: 1000}, ""); err != nil || found != 1 || len(entries(t, db)) != 0 {
		t.Errorf("found %d, %v; listed are %v", found, err, entries(t, db))
	}
}

// all asks a question page by page, so many at a time.
func all(t *testing.T, s people.Search, q search.Question, most int) (ids []profile.ID, pages int) {
	t.Helper()
	for cursor := ""; ; {
		hits, next, err := s.Find(t.Context(), q, cursor, most)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hits {
			ids = append(ids, h.ID)
		}
		if pages++; len(hits) > most || pages > 1000 {
			t.Fatalf("page %d has %d hits", pages, len(hits))
		}
		if cursor = next; next == "" {
			return ids, pages
		}
	}
}

// TestPagesAreAllOfThem holds every page of several questions to a count of who has the name.
func TestPagesAreAllOfThem(t *testing.T) {
	db := dynamotest.New(t)
	s := people.Search{DB: db, Table: "Search"}
	want := map[string][]profile.ID{}
	for n := range 250 {
		names := []string{fmt.Sprintf("Wang %03d", n)}
		if n%5 == 0 {
			names = append(names, fmt.Sprintf("Wang Ann%03d", n))
		}
		p := person(n, 1)
		if err := s.List(t.Context(), p, named(names...)); err != nil {
			t.Fatal(err)
		}
		want["wang"] = append(want["wang"], p.ID)
		if n%5 == 0 {
			want["ann wang"] = append(want["ann wang"], p.ID)
			want["wang ann"] = append(want["wang ann"], p.ID)
		}
		if n == 30 {
			want["ann030"] = []profile.ID{p.ID}
		}
	}
	want["zhang"] = nil
	for ask, ids := range want {
		q, _ := search.ByName(ask)
		slices.Sort(ids)
		for _, most := range []int{3, people.MaxHits} {
			got, pages := all(t, s, q, most)
			slices.Sort(got)
			got = slices.Compact(got)
			if !slices.Equal(got, ids) {
				t.Errorf("%s, %d at a time: %d people on %d pages, want %d", ask, most, len(got), pages, len(ids))
			}
		}
	}
}

// TestAPageReadsLittle: as many queries as there are shards, whoever has the name, and none that reads all of them.
func TestAPageReadsLittle(t *testing.T) {
	db := dynamotest.New(t)
	s := people.Search{DB: db, Table: "Search"}
	for n := range 120 {
		if err := s.List(t.Context(), person(n, 1), named("Wang")); err != nil {
			t.Fatal(err)
		}
	}
	before := db.Calls("Query")
	q, _ := search.ByName("wang")
	if hits, next, err := s.Find(t.Context(), q, "", people.MaxHits); err != nil || len(hits) != 20 || next == "" {
		t.Errorf("%d hits, next %q, %v", len(hits), next, err)
	} else if cursor, _ := dynamo.SortKeyOf(next, ""); strings.Contains(cursor, "wang") {
		t.Errorf("the cursor %s tells a name", cursor)
	}
	if n := db.Calls("Query") - before; n != key.SearchShards {
		t.Errorf("%d queries", n)
	}
}

func TestForeignCursorsOfASearch(t *testing.T) {
	s := people.Search{DB: dynamotest.New(t), Table: "Search"}
	if err := s.List(t.Context(), person(1, 1), named("Wang")); err != nil {
		t.Fatal(err)
	}
	id := string(person(1, 1).ID)
	q, _ := search.ByName("wang")
	for _, text := range []string{"x", "w#", "e#", "w#0#" + id[1:], "w#1#" + id, "w#-1#" + id, "e#0#" + id, "w#x#" + id, "v#0#" + id, "w#0#" + string(person(2, 1).ID)} {
		if _, _, err := s.Find(t.Context(), q, dynamo.CursorAfter(text), people.MaxHits); !errors.Is(err, dynamo.ErrCursor) {
			t.Errorf("%q is answered %v", text, err)
		}
	}
	if hits, next, err := s.Find(t.Context(), q, dynamo.CursorAfter("w#0#"+id), people.MaxHits); err != nil || next != "" || len(hits) != 0 {
		t.Errorf("behind the last there is %v, %q, %v", hits, next, err)
	}
}
