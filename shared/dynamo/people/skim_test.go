package people

import (
	"bytes"
	"errors"
	"testing"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/packed"
)

// TestSkimmedPeopleAreThemselves reads people one after the other into one profile, each after each, and holds it against a new one: nothing of who was read before is left, and nothing is lacking but the record of commits.
func TestSkimmedPeopleAreThemselves(t *testing.T) {
	all := []*profile.Profile{newestProfile(), fullProfile(), erasedProfile(), takenOffProfile(), trustedProfile(), firstProfile(), {ID: "empty"}}
	store := Profiles{Months: TimelineMonths}
	for _, before := range all {
		for _, p := range all {
			var again profile.Profile
			for _, one := range []*profile.Profile{before, p} {
				again.Reuse(one.ID)
				if err := readInto(&again, store.item(one), skim); err != nil {
					t.Fatal(err)
				}
			}
			want, err := readProfile(p.ID, store.item(p))
			if err != nil {
				t.Fatal(err)
			}
			if len(want.Outbox) == 0 {
				want.Window = profile.Window{}
			}
			got, _ := packSections(&again)
			whole, _ := packSections(want)
			if !bytes.Equal(got, whole) || again.ID != want.ID || again.Version != want.Version {
				t.Errorf("%s read after %s:\n%+v\nwant\n%+v", p.ID, before.ID, again, want)
			}
		}
	}
}

// TestWhoWasSkimmedIsNotSaved, since the record of commits would be lost.
func TestWhoWasSkimmedIsNotSaved(t *testing.T) {
	store := Profiles{DB: dynamotest.New(t), Table: "Profiles", Months: TimelineMonths, Skim: true}
	mei := profile.Identifier{Kind: profile.UserID, Value: "mei"}
	p := &profile.Profile{ID: mei.ID(), Identifiers: []profile.Identifier{mei}, Memory: profile.Memory{FirstSeen: packed.Epoch, LastSeen: packed.Epoch},
		Window: profile.Window{Commits: []profile.Commit{{Version: 1, At: packed.Epoch, Hashes: []event.Hash{5}}}}}
	if err := store.Save(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	seen := 0
	_, err := store.ScanShard(t.Context(), 0, 1, "", func(page ScanPage) error {
		for _, one := range page.Profiles {
			seen++
			if err := store.Save(t.Context(), one); !errors.Is(err, dynamo.ErrConflict) {
				t.Errorf("who was skimmed is saved: %v", err)
			}
		}
		return nil
	})
	if err != nil || seen != 1 {
		t.Errorf("%d people, %v", seen, err)
	}
	if p, err := store.Load(t.Context(), p.ID); err != nil || len(p.Window.Commits) != 1 {
		t.Errorf("%+v, %v", p, err)
	}
}
