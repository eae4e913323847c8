package segment

import (
	"testing"

	"github.com/userops/userops/shared/domain/people/profile"
)

// TestStoredRulesAreAsked gives rules that were saved before they were refused. They are asked as they were then; what a profile does not remember of an event is the archive's to say since.
func TestStoredRulesAreAsked(t *testing.T) {
	shop := shopOf(t)
	now := at(t, "2026-11-21T04:00:00Z")
	long := Definition{ID: "often", Name: "often", Rule: []byte(`{"performed":{"event":"Signed In","atLeast":13,"withinDays":30}}`)}
	asks := Definition{ID: "asks", Name: "asks", Rule: []byte(`{"segment":"often"}`)}
	fax := Definition{ID: "fax", Name: "fax", Rule: []byte(`{"field":"consent.fax","op":"exists","value":false}`)}
	hour := Definition{ID: "hour", Name: "hour", Rule: []byte(`{"not":{"field":"active.hours.24","op":"gt","value":0}}`)}
	field := Definition{ID: "field", Name: "field", Rule: []byte(`{"field":"signIns.last30","op":"gte","value":12.5}`)}
	for _, refused := range []Definition{field, fax, hour} {
		if Check(refused, nil) == nil || refused.Validate() == nil {
			t.Errorf("%s can be saved anew", refused.ID)
		}
		if err := Stands(refused, nil); err != nil {
			t.Errorf("%s does not stand: %v", refused.ID, err)
		}
	}
	if err := Check(asks, []Definition{long}); err != nil {
		t.Errorf("a rule that asks a stored one: %v", err)
	}
	young := &profile.Profile{Memory: profile.Memory{FirstSeen: now}, Members: map[string]profile.Membership{"often": {}}}
	set, faults := Compile([]Definition{long, asks, field, fax, hour})
	if len(faults) > 0 {
		t.Fatalf("left out: %v", faults)
	}
	if got := set.Members(young, now, shop); !got["often"] || !got["asks"] || !got["fax"] {
		t.Errorf("the young one is in %v", got)
	}
	young.Members = nil
	if got := set.Members(young, now, shop); got["often"] || got["asks"] {
		t.Errorf("who is in none is in %v", got)
	}
}
