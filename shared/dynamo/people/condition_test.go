package people_test

import (
	"context"
	"errors"
	"testing"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/people"
)

// The tests of this file let something happen between what a writer has read and its write. Each names a part of a condition that nothing else asks.

// TestNobodyElseIsErased: under a key of the person somebody stands by now who was not merged.
func TestNobodyElseIsErased(t *testing.T) {
	s := people.Profiles{DB: dynamotest.New(t), Table: "Profiles"}
	device := profile.Identifier{Kind: profile.AnonymousID, Value: "phone"}
	seen := profile.Memory{FirstSeen: midday, LastSeen: midday}
	p := &profile.Profile{ID: mei.ID(), Identifiers: []profile.Identifier{mei, device}, Memory: seen}
	other := &profile.Profile{ID: device.ID(), Identifiers: []profile.Identifier{device}, Memory: seen}
	for _, one := range []*profile.Profile{p, other} {
		if err := s.Save(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Erase(t.Context(), p, midday, p.TombstoneVersion(midday)); !errors.Is(err, dynamo.ErrConflict) {
		t.Errorf("erased: %v", err)
	}
	for _, id := range []profile.ID{p.ID, other.ID} {
		if got, err := s.Resolve(context.Background(), id); err != nil || got == nil || got.ID != id {
			t.Errorf("under %s stands %+v, %v", id, got, err)
		}
	}
}

// TestStands: a profile stands as long as nobody has written it, made it part of another one or erased it.
func TestStands(t *testing.T) {
	for name, c := range map[string]struct {
		change func(s people.Profiles, p, other *profile.Profile) error
		want   bool
	}{
		"nothing":   {func(people.Profiles, *profile.Profile, *profile.Profile) error { return nil }, true},
		"another's": {func(s people.Profiles, _, other *profile.Profile) error { return s.Save(t.Context(), other) }, true},
		"saved":     {func(s people.Profiles, p, _ *profile.Profile) error { return s.Save(t.Context(), p) }, false},
		"part of another": {func(s people.Profiles, p, other *profile.Profile) error {
			return s.Merge(t.Context(), other, p, people.Pack{})
		}, false},
		"erased": {func(s people.Profiles, p, _ *profile.Profile) error {
			return s.Erase(t.Context(), p, midday, p.TombstoneVersion(midday))
		}, false},
	} {
		db := dynamotest.New(t)
		s := people.Profiles{DB: db, Table: "Profiles", History: people.Timeline{DB: db, Table: "Timeline"}}
		seen := profile.Memory{FirstSeen: midday, LastSeen: midday}
		p := &profile.Profile{ID: mei.ID(), Identifiers: []profile.Identifier{mei}, Memory: seen}
		bob := profile.Identifier{Kind: profile.UserID, Value: "bob"}
		other := &profile.Profile{ID: bob.ID(), Identifiers: []profile.Identifier{bob}, Memory: seen}
		for _, one := range []*profile.Profile{p, other} {
			if err := s.Save(t.Context(), one); err != nil {
				t.Fatal(err)
			}
		}
		read, err := s.Resolve(t.Context(), p.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.change(s, p, other); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := s.Stands(t.Context(), read); err != nil || got != c.want {
			t.Errorf("%s: it stands: %v, %v", name, got, err)
		}
		db.Fail("GetItem", 1, dynamotest.NotPersisted)
		if _, err := s.Stands(t.Context(), read); !errors.Is(err, dynamotest.ErrInjected) {
			t.Errorf("%s, and the read fails: %v", name, err)
		}
	}
}
