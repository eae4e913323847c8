package orchestration

import (
	"fmt"
	"testing"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/people"
)

// TestOneDecisionThroughAMerge hears a follow, merges the person into another and hears it again: as it was, and as the one who took the
// person in tells it. It is one entry, so it has one decision.
func TestOneDecisionThroughAMerge(t *testing.T) {
	b := start(t, with(onEvent, `"condition":{"field":"orders.count","op":"gte","value":1}`))
	follow := b.signUp(1)
	b.heard(follow)
	bob := b.Person("bob", func(*profile.Profile) {})
	told := follow
	told.ProfileID, told.Part = bob.ID, b.ann.ID
	bob.Absorb(b.ann)
	b.Must(people.Profiles{DB: b.DB, Table: "Profiles"}.Merge(t.Context(), bob, b.ann, people.Pack{}))
	b.heard(follow, told)
	if got := fmt.Sprint(b.decisions(bob)); got != "[notEligible: condition]" {
		t.Errorf("decisions %s", got)
	}
}
