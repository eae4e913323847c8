package catalog_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

func TestWhatIsSavedWhileADefinitionGoes(t *testing.T) {
	db := dynamotest.New(t)
	c := catalog.Catalog{DB: db, Table: "Catalog"}
	gone := func(version int) func() {
		return func() {
			if err := c.Delete(t.Context(), definition.Segment, "vip", version, dynamotest.By(catalogNow.Add(time.Second))); err != nil {
				t.Fatal(err)
			}
		}
	}
	one := 1
	save(t, c, "vip", "one", nil)
	db.Interrupt("TransactWriteItems", 1, gone(1))
	if _, err := c.Save(t.Context(), definition.Segment, "vip", body("over one"), &one, dynamotest.By(catalogNow)); !errors.Is(err, dynamo.ErrConflict) {
		t.Errorf("saved over what is gone: %v", err)
	}
	if err := errOf(c.Definition(t.Context(), definition.Segment, "vip")); !errors.Is(err, dynamo.ErrNotFound) {
		t.Errorf("it is back: %v", err)
	}
	// Somebody saves the next version and deletes it. It stays what it was; this one is the version after it.
	db.Interrupt("TransactWriteItems", 1, func() {
		save(t, c, "vip", "theirs", nil)
		gone(2)()
	})
	if got := save(t, c, "vip", "mine", nil); got.Version != 3 {
		t.Errorf("saved as version %d", got.Version)
	}
	if got, err := c.Version(t.Context(), definition.Segment, "vip", 2); err != nil || string(got.Body) != string(body("theirs")) {
		t.Errorf("version 2 is %s, %v", got.Body, err)
	}
}

// TestALeftoverThatSomebodyElseTakes: of two sources that take over a key which no definition lists, one has it.
func TestALeftoverThatSomebodyElseTakes(t *testing.T) {
	s := newSourceShelf(t)
	s.save("web", keyA)
	s.save("web")
	s.db.Interrupt("PutItem", 2, func() {
		if err := s.PutKeys(t.Context(), "till", keyA); err != nil {
			t.Fatal(err)
		}
	})
	if err := s.PutKeys(t.Context(), "app", keyA); !errors.Is(err, dynamo.ErrConflict) {
		t.Errorf("both have it: %v", err)
	}
	s.define("till", keyA)
	s.want(keyA, "till")
}

// TestTwoSecretsAtOnce: neither is lost without anybody knowing.
func TestTwoSecretsAtOnce(t *testing.T) {
	for name, had := range map[string][]string{"none before": nil, "one before": {"before"}} {
		s := newSourceShelf(t)
		store := func(id source.ID, secret string) error {
			return s.PutHookSecret(t.Context(), id, secret, dynamotest.By(catalogNow))
		}
		for _, secret := range had {
			if err := store("web", secret); err != nil {
				t.Fatal(err)
			}
		}
		s.db.Interrupt("TransactWriteItems", 1, func() {
			if err := s.PutHookSecret(t.Context(), "web", "theirs", dynamotest.By(catalogNow.Add(time.Second))); err != nil {
				t.Fatal(err)
			}
		})
		if err := s.PutHookSecret(t.Context(), "web", "mine", dynamotest.By(catalogNow.Add(time.Minute))); !errors.Is(err, dynamo.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
		if got, err := s.HookSecrets(t.Context(), "web"); err != nil || !slices.Equal(got, append([]string{"theirs"}, had...)) {
			t.Errorf("%s: the secrets are %q, %v", name, got, err)
		}
	}
}
