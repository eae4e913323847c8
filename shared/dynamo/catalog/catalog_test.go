package catalog_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

var catalogNow = time.Date(2026, 11, 21, 8, 0, 0, 123456789, time.UTC)

func body(text string) json.RawMessage { return json.RawMessage(`{"name":"` + text + `"}`) }

func save(t *testing.T, c catalog.Catalog, id, text string, expected *int) definition.Document {
	t.Helper()
	d, err := c.Save(t.Context(), definition.Segment, id, body(text), expected, dynamotest.By(catalogNow))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestCatalogKeepsEveryVersion(t *testing.T) {
	c := catalog.Catalog{DB: dynamotest.New(t), Table: "Catalog"}
	first, second := save(t, c, "vip", "one", nil), save(t, c, "vip", "two", nil)
	if first.Version != 1 || second.Version != 2 {
		t.Errorf("versions %d and %d, want 1 and 2", first.Version, second.Version)
	}
	got, err := c.Definition(t.Context(), definition.Segment, "vip")
	if err != nil || got.Version != 2 || string(got.Body) != string(body("two")) || !got.UpdatedAt.Equal(catalogNow.Truncate(time.Millisecond)) || got.ID != "vip" || got.Kind != definition.Segment {
		t.Errorf("current is %+v, %v", got, err)
	}
	old, err := c.Version(t.Context(), definition.Segment, "vip", 1)
	if err != nil || old.Version != 1 || string(old.Body) != string(body("one")) {
		t.Errorf("version 1 is %+v, %v", old, err)
	}
	for name, err := range map[string]error{
		"version 3":    errOf(c.Version(t.Context(), definition.Segment, "vip", 3)),
		"other id":     errOf(c.Definition(t.Context(), definition.Segment, "vi")),
		"another kind": errOf(c.Definition(t.Context(), definition.Campaign, "vip")),
	} {
		if !errors.Is(err, dynamo.ErrNotFound) {
			t.Errorf("%s: error is %v, want ErrNotFound", name, err)
		}
	}
}

func errOf(_ definition.Document, err error) error { return err }

func TestCatalogSaveOverAnExpectedVersion(t *testing.T) {
	zero, one, two := 0, 1, 2
	for name, c := range map[string]struct {
		saved    int // versions before
		expected *int
		conflict bool
	}{
		"none expected, none there": {0, &zero, false},
		"none expected, one there":  {1, &zero, true},
		"one expected, none there":  {0, &one, true},
		"one expected, one there":   {1, &one, false},
		"one expected, two there":   {2, &one, true},
		"two expected, one there":   {1, &two, true},
		"two expected, two there":   {2, &two, false},
		"nothing expected":          {2, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			saved := catalog.Catalog{DB: dynamotest.New(t), Table: "Catalog"}
			for range c.saved {
				save(t, saved, "vip", "before", nil)
			}
			d, err := saved.Save(t.Context(), definition.Segment, "vip", body("after"), c.expected, dynamotest.By(catalogNow))
			if c.conflict {
				if !errors.Is(err, dynamo.ErrConflict) {
					t.Errorf("error is %v, want ErrConflict", err)
				}
				return
			}
			if err != nil || d.Version != c.saved+1 {
				t.Errorf("saved %+v, %v; want version %d", d, err, c.saved+1)
			}
		})
	}
}

func TestCatalogVersionsGoOnAfterADeletion(t *testing.T) {
	c := catalog.Catalog{DB: dynamotest.New(t), Table: "Catalog"}
	save(t, c, "vip", "one", nil)
	two := save(t, c, "vip", "two", nil).Version
	by := dynamotest.By(catalogNow)
	if err := c.Delete(t.Context(), definition.Segment, "vip", 1, by); !errors.Is(err, dynamo.ErrConflict) {
		t.Errorf("deleting version 1 of 2: %v, want ErrConflict", err)
	}
	if err := c.Delete(t.Context(), definition.Segment, "vip", two, by); err != nil {
		t.Fatal(err)
	}
	if err := c.Delete(t.Context(), definition.Segment, "vip", two, by); !errors.Is(err, dynamo.ErrNotFound) {
		t.Errorf("deleting again: %v, want ErrNotFound", err)
	}
	zero := 0
	if d := save(t, c, "vip", "three", &zero); d.Version != 3 {
		t.Errorf("version after the deletion is %d, want 3", d.Version)
	}
	if old, err := c.Version(t.Context(), definition.Segment, "vip", 2); err != nil || string(old.Body) != string(body("two")) {
		t.Errorf("version 2 is %+v, %v", old, err)
	}
}

func TestCatalogListsInPages(t *testing.T) {
	c := catalog.Catalog{DB: dynamotest.New(t), Table: "Catalog"}
	for _, id := range []string{"c", "a", "b"} {
		save(t, c, id, id, nil)
	}
	first, next, err := c.List(t.Context(), definition.Segment, 2, "")
	if err != nil || next == "" || ids(first) != "a b" {
		t.Fatalf("first page %s, next %q, %v", ids(first), next, err)
	}
	second, end, err := c.List(t.Context(), definition.Segment, 2, next)
	if err != nil || end != "" || ids(second) != "c" {
		t.Errorf("second page %s, next %q, %v", ids(second), end, err)
	}
	all, err := c.All(t.Context(), definition.Segment)
	if err != nil || ids(all) != "a b c" {
		t.Errorf("all are %s, %v", ids(all), err)
	}
	if none, err := c.All(t.Context(), definition.Program); err != nil || len(none) != 0 {
		t.Errorf("programs are %v, %v", none, err)
	}
	if _, _, err := c.List(t.Context(), definition.Segment, 2, "%"); !errors.Is(err, dynamo.ErrCursor) {
		t.Errorf("error is %v, want ErrCursor", err)
	}
}

func ids(all []definition.Document) string {
	var list []string
	for _, d := range all {
		list = append(list, d.ID)
	}
	return strings.Join(list, " ")
}

func TestCatalogSaveThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		how  dynamotest.How
		want int // the version that stands afterwards
	}{
		"did not happen":          {dynamotest.NotPersisted, 1},
		"only its answer is lost": {dynamotest.Persisted, 2},
	} {
		t.Run(name, func(t *testing.T) {
			db := dynamotest.New(t)
			saved := catalog.Catalog{DB: db, Table: "Catalog"}
			save(t, saved, "vip", "one", nil)
			db.Fail("TransactWriteItems", 1, c.how)
			if _, err := saved.Save(t.Context(), definition.Segment, "vip", body("two"), nil, dynamotest.By(catalogNow)); err == nil {
				t.Fatal("the save that failed gave no error")
			}
			got, err := saved.Definition(t.Context(), definition.Segment, "vip")
			if err != nil || got.Version != c.want {
				t.Errorf("current is %+v, %v; want version %d", got, err, c.want)
			}
			if _, err := saved.Version(t.Context(), definition.Segment, "vip", 2); (err == nil) != (c.want == 2) {
				t.Errorf("version 2: %v; the current item and its copy go together", err)
			}
		})
	}
}

func TestCatalogCacheIsAtMostItsTTLOld(t *testing.T) {
	db := dynamotest.New(t)
	saved := catalog.Catalog{DB: db, Table: "Catalog"}
	now := catalogNow
	cache := &catalog.Cache{Catalog: saved, Now: func() time.Time { return now }}
	ctx := context.Background()
	save(t, saved, "vip", "one", nil)
	seen := func() string {
		d, err := cache.Definition(ctx, definition.Segment, "vip")
		if err != nil {
			return err.Error()
		}
		return string(d.Body)
	}
	if got := seen(); got != string(body("one")) {
		t.Fatalf("first look: %s", got)
	}
	save(t, saved, "vip", "two", nil)
	now = now.Add(catalog.TTL - 1)
	if got := seen(); got != string(body("one")) {
		t.Errorf("just before the TTL: %s, want the cached one", got)
	}
	now = now.Add(1)
	if got := seen(); got != string(body("two")) {
		t.Errorf("at the TTL: %s, want the new one", got)
	}
	if all, err := cache.All(ctx, definition.Segment); err != nil || ids(all) != "vip" {
		t.Errorf("all are %s, %v", ids(all), err)
	}
	if _, err := cache.Definition(ctx, definition.Segment, "nobody"); !errors.Is(err, dynamo.ErrNotFound) {
		t.Errorf("error is %v, want ErrNotFound", err)
	}
	if old, err := cache.Version(ctx, definition.Segment, "vip", 1); err != nil || string(old.Body) != string(body("one")) {
		t.Errorf("version 1 is %+v, %v", old, err)
	}
	if _, err := cache.Version(ctx, definition.Segment, "vip", 9); !errors.Is(err, dynamo.ErrNotFound) {
		t.Errorf("version 9: %v, want ErrNotFound", err)
	}
}
