package catalog_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// shop is a catalog with two campaigns, of which one cannot be read, and a cache of it whose clock is stepped.
func shop(t *testing.T) (*dynamotest.DB, catalog.Catalog, *catalog.Cache, func()) {
	t.Helper()
	db := dynamotest.New(t)
	db.Define(t, definition.Campaign, "good", `{"name":"G","state":"running"}`, catalogNow)
	db.Define(t, definition.Campaign, "odd", `{"name":7,"state":"paused"}`, catalogNow)
	stored := catalog.Catalog{DB: db, Table: "Catalog"}
	now := catalogNow
	return db, stored, &catalog.Cache{Catalog: stored, Now: func() time.Time { return now }}, func() { now = now.Add(catalog.TTL) }
}

// TestDefinitionsAreReadByType, from the table and from memory alike.
func TestDefinitionsAreReadByType(t *testing.T) {
	db, stored, cache, _ := shop(t)
	for name, from := range map[string]interface {
		catalog.Lister
		catalog.Finder
	}{"table": stored, "memory": cache} {
		all, err := catalog.All(t.Context(), from, definition.Campaigns)
		if err != nil || len(all) != 2 || all[0].Value.Name != "G" || all[0].Err != nil || all[0].Version != 1 || all[1].Err == nil || all[1].Value.ID != "odd" || all[1].Value.State != campaign.Paused {
			t.Errorf("%s: all are %+v, %v", name, all, err)
		}
		if some, err := catalog.Readable(t.Context(), from, definition.Campaigns); err != nil || len(some) != 1 || some[0].ID != "good" {
			t.Errorf("%s: readable are %+v, %v", name, some, err)
		}
		if whole, err := catalog.Whole(t.Context(), from, definition.Campaigns); err == nil || !strings.Contains(err.Error(), "campaign odd") {
			t.Errorf("%s: whole are %+v, %v", name, whole, err)
		}
		if none, err := catalog.Whole(t.Context(), from, definition.Programs); err != nil || len(none) != 0 {
			t.Errorf("%s: programs are %+v, %v", name, none, err)
		}
		if one, ok, err := catalog.Find(t.Context(), from, definition.Campaigns, "good"); err != nil || !ok || one.Value.Name != "G" || one.Version != 1 {
			t.Errorf("%s: found %+v, %v, %v", name, one, ok, err)
		}
		if _, ok, err := catalog.Find(t.Context(), from, definition.Campaigns, "none"); err != nil || ok {
			t.Errorf("%s: one that is not there: %v, %v", name, ok, err)
		}
		if _, ok, err := catalog.Find(t.Context(), from, definition.Campaigns, "odd"); err == nil || ok {
			t.Errorf("%s: one that cannot be read: %v, %v", name, ok, err)
		}
		if s, err := catalog.Setting(t.Context(), from, definition.Messaging); err != nil || len(s.Caps) != 1 || s.KillSwitch {
			t.Errorf("%s: messaging is %+v, %v", name, s, err)
		}
	}
	db.Define(t, definition.Settings, definition.Messaging.ID, `{"killSwitch":true}`, catalogNow)
	if s, err := catalog.Setting(t.Context(), stored, definition.Messaging); err != nil || !s.KillSwitch {
		t.Errorf("messaging is %+v, %v", s, err)
	}
	for _, read := range []func() error{
		func() error { _, err := catalog.All(t.Context(), stored, definition.Campaigns); return err },
		func() error { _, err := catalog.Readable(t.Context(), stored, definition.Campaigns); return err },
		func() error { _, _, err := catalog.Find(t.Context(), stored, definition.Campaigns, "good"); return err },
		func() error { _, err := catalog.Setting(t.Context(), stored, definition.Messaging); return err },
	} {
		db.Fail("GetItem", 1, dynamotest.NotPersisted)
		db.Fail("Query", 1, dynamotest.NotPersisted)
		if read() == nil {
			t.Error("a failure was swallowed")
		}
		db.Heal()
	}
}

// TestMadeOfWholeKinds: what is made of kinds stays until one of them changes. A failure is not what they are.
func TestMadeOfWholeKinds(t *testing.T) {
	db, _, cache, pass := shop(t)
	var made catalog.Made[string]
	times, fail := 0, error(nil)
	names := func(ctx context.Context, from catalog.Lister) (string, error) {
		times++
		campaigns, err := catalog.Readable(ctx, from, definition.Campaigns)
		if err != nil || fail != nil {
			return "", errors.Join(err, fail)
		}
		programs, err := catalog.Whole(ctx, from, definition.Programs)
		return fmt.Sprintf("%d campaigns and %d programs", len(campaigns), len(programs)), err
	}
	is := func(want string, often int) {
		t.Helper()
		got, err := made.Of(t.Context(), cache, names, definition.Campaign, definition.Program)
		if err != nil || got != want || times != often {
			t.Errorf("made %q %d times, %v; want %q %d times", got, times, err, want, often)
		}
	}
	is("1 campaigns and 0 programs", 1)
	is("1 campaigns and 0 programs", 1)
	pass()
	is("1 campaigns and 0 programs", 1)
	db.Define(t, definition.Program, "p", `{"name":"P"}`, catalogNow)
	is("1 campaigns and 0 programs", 1) // for as long as the cache holds it
	pass()
	is("1 campaigns and 1 programs", 2)
	db.Define(t, definition.Campaign, "more", `{"name":"M"}`, catalogNow)
	pass()
	fail = errors.New("away")
	if _, err := made.Of(t.Context(), cache, names, definition.Campaign, definition.Program); !errors.Is(err, fail) {
		t.Errorf("a failure is %v", err)
	}
	fail = nil
	is("2 campaigns and 1 programs", 4)
	for _, operation := range []string{"GetItem", "Query"} {
		db.Define(t, definition.Campaign, "more", `{"name":"`+operation+`"}`, catalogNow)
		pass()
		db.Fail(operation, 1, dynamotest.NotPersisted)
		if got, err := made.Of(t.Context(), cache, names, definition.Campaign, definition.Program); err == nil {
			t.Errorf("without %s it is %q", operation, got)
		}
		db.Heal()
	}
	is("2 campaigns and 1 programs", 5)
}

// TestWhatHasNotChangedIsNotReadAnew: of a kind that is read again the documents of the same version stay.
func TestWhatHasNotChangedIsNotReadAnew(t *testing.T) {
	db, _, cache, pass := shop(t)
	db.Define(t, definition.Campaign, "other", `{"name":"O","variants":[{"id":"a"}]}`, catalogNow)
	db.Define(t, definition.Campaign, "same", `{"name":"S","variants":[{"id":"a"}]}`, catalogNow)
	arms := func() (other, same *campaign.Variant) {
		for id, arm := range map[string]**campaign.Variant{"other": &other, "same": &same} {
			one, ok, err := catalog.Find(t.Context(), cache, definition.Campaigns, id)
			if err != nil || !ok {
				t.Fatal(err)
			}
			*arm = &one.Value.Variants[0]
		}
		return other, same
	}
	other, same := arms()
	db.Define(t, definition.Campaign, "other", `{"name":"O","variants":[{"id":"b"}]}`, catalogNow)
	pass()
	otherNow, sameNow := arms()
	if sameNow != same || otherNow == other || otherNow.ID != "b" {
		t.Errorf("the same is the same: %v, the other another: %v, with the arm %s", sameNow == same, otherNow != other, otherNow.ID)
	}
	for range 2 {
		was, err := cache.Version(t.Context(), definition.Campaign, "other", 1)
		if err != nil || definition.Campaigns.Read(was).Value.Variants[0].ID != "a" {
			t.Errorf("version 1 is %+v, %v", was, err)
		}
	}
}
