package catalog_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

const (
	keyA = "write-key-a"
	keyB = "write-key-b"
)

// sourceShelf is Sources with the Catalog that holds the definitions.
type sourceShelf struct {
	catalog.Sources
	t  *testing.T
	db *dynamotest.DB
}

func newSourceShelf(t *testing.T) sourceShelf {
	db := dynamotest.New(t)
	return sourceShelf{catalog.Sources{DB: db, Table: "Catalog"}, t, db}
}

func (s sourceShelf) save(id source.ID, keys ...string) {
	s.t.Helper()
	if err := s.PutKeys(s.t.Context(), id, keys...); err != nil {
		s.t.Fatal(err)
	}
	s.define(id, keys...)
}

func (s sourceShelf) define(id source.ID, keys ...string) {
	s.t.Helper()
	body, err := json.Marshal(source.Source{ID: id, Kind: source.KindApp, WriteKeys: keys})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := catalog.Catalog(s.Sources).Save(s.t.Context(), definition.Source, string(id), body, nil, dynamotest.By(time.Unix(0, 0))); err != nil {
		s.t.Fatal(err)
	}
}

// want asserts to which source the key leads, none when it is empty.
func (s sourceShelf) want(key string, id source.ID) {
	s.t.Helper()
	found, ok, err := s.ByWriteKey(s.t.Context(), key)
	if err != nil || ok != (id != "") || found.ID != id {
		s.t.Errorf("key %s leads to %q, %v, %v; want %q", key, found.ID, ok, err, id)
	}
}

func TestWriteKeysLeadToTheirSource(t *testing.T) {
	s := newSourceShelf(t)
	s.want(keyA, "")
	if err := s.PutKeys(t.Context(), "web", keyA); err != nil {
		t.Fatal(err)
	}
	s.want(keyA, "") // no definition yet
	s.define("web", keyA, keyB)
	s.want(keyA, "web")
	s.want(keyB, "") // listed, but never put
	s.save("web", keyB)
	s.want(keyA, "") // no longer listed: the definition decides at once
	s.want(keyB, "web")
	if err := s.RemoveKeys(t.Context(), "web", keyA, "never-there"); err != nil {
		t.Fatal(err)
	}
	s.want(keyB, "web")
	if err := catalog.Catalog(s.Sources).Delete(t.Context(), definition.Source, "web", 2, dynamotest.By(time.Unix(0, 0))); err != nil {
		t.Fatal(err)
	}
	s.want(keyB, "")
}

func TestAWriteKeyBelongsToOneSource(t *testing.T) {
	s := newSourceShelf(t)
	s.save("web", keyA)
	if err := s.PutKeys(t.Context(), "app", keyB, keyA); !errors.Is(err, catalog.ErrKeyTaken) {
		t.Errorf("got %v, want ErrKeyTaken", err)
	}
	if err := s.RemoveKeys(t.Context(), "app", keyA); err != nil {
		t.Errorf("removing another's key: %v", err)
	}
	s.want(keyA, "web")
	s.save("web") // lists no key any more; the key's item is left over
	s.save("app", keyA)
	s.want(keyA, "app")
}

func TestPutKeysUnderFaults(t *testing.T) {
	for name, how := range map[string]dynamotest.How{"not persisted": dynamotest.NotPersisted, "persisted": dynamotest.Persisted} {
		t.Run(name, func(t *testing.T) {
			s := newSourceShelf(t)
			s.db.Fail("PutItem", 1, how)
			if err := s.PutKeys(t.Context(), "web", keyA); err == nil {
				t.Fatal("no error")
			}
			s.db.Heal()
			s.save("web", keyA)
			s.want(keyA, "web")
		})
	}
}

func TestByWriteKeyReportsAFailedRead(t *testing.T) {
	s := newSourceShelf(t)
	s.save("web", keyA)
	for nth := 1; nth <= 2; nth++ {
		s.db.Fail("GetItem", nth, dynamotest.NotPersisted)
		if _, ok, err := s.ByWriteKey(t.Context(), keyA); err == nil || ok {
			t.Errorf("read %d broken: %v, %v", nth, ok, err)
		}
		s.db.Heal()
	}
}

// TestKnowsTellsAWriteKey of those that sources have, and the built-in one's, which costs no reading; nor does what can be none.
func TestKnowsTellsAWriteKey(t *testing.T) {
	s := newSourceShelf(t)
	s.save("web", keyA)
	for name, c := range map[string]struct {
		standard, key string
		want          bool
	}{
		"a source's": {"standard-key", keyA, true}, "the built-in one": {"standard-key", "standard-key", true}, "nobody's": {"standard-key", keyB, false},
		"none": {"", "", false}, "too short": {"", "short", false}, "no key's letters": {"", "no key at all", false},
	} {
		if got, err := s.Knows(c.standard)(t.Context(), c.key); err != nil || got != c.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	s.db.Fail("GetItem", 1, dynamotest.NotPersisted)
	if got, err := s.Knows("standard-key")(t.Context(), keyA); err == nil || got {
		t.Errorf("broken: %v, %v", got, err)
	}
	s.db.Heal()
	s.db.Fail("GetItem", 1, dynamotest.NotPersisted)
	for _, key := range []string{"standard-key", "short"} {
		if _, err := s.Knows("standard-key")(t.Context(), key); err != nil {
			t.Errorf("%s was read for: %v", key, err)
		}
	}
}
