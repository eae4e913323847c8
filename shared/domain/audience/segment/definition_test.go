package segment

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/slug"
)

func TestDefinitionValidate(t *testing.T) {
	rule := json.RawMessage(`{"field":"tags","op":"exists"}`)
	for id, ok := range map[ID]bool{"a": true, "big-spenders_2": true, "": false, "-a": true, "A": true, "class8:111": false,
		ID(strings.Repeat("a", 64)): true, ID(strings.Repeat("a", 65)): false, "a b": false} {
		if err := (Definition{ID: id, Rule: rule}).Validate(); (err == nil) != ok {
			t.Errorf("id %q: %v", id, err)
		}
	}
	if err := (Definition{ID: "a", Name: strings.Repeat("名", 201), Rule: rule}).Validate(); err == nil || err.Error() != "name has 201 characters, at most 200" {
		t.Errorf("a long name: %v", err)
	}
}

// TestBoundsOfADefinition asks each bound at its last good value and one beyond.
func TestBoundsOfADefinition(t *testing.T) {
	const one = `{"field":"tags","op":"exists"}`
	text := func(n int) string { return strings.Repeat("x", n) }
	for field, bound := range map[string]struct {
		most int
		with func(string) Definition
	}{
		"id":          {slug.Most, func(s string) Definition { return Definition{ID: ID(s), Rule: json.RawMessage(one)} }},
		"name":        {maxNameLength, func(s string) Definition { return Definition{ID: "s", Name: s, Rule: json.RawMessage(one)} }},
		"description": {maxDescriptionLength, func(s string) Definition { return Definition{ID: "s", Description: s, Rule: json.RawMessage(one)} }},
	} {
		if err := bound.with(text(bound.most)).Validate(); err != nil {
			t.Errorf("%s of %d: %v", field, bound.most, err)
		}
		var faults fault.Faults
		if err := bound.with(text(bound.most + 1)).Validate(); !errors.As(err, &faults) || len(faults) != 1 || faults[0].Field != field {
			t.Errorf("%s of %d: %v", field, bound.most+1, err)
		}
	}
}
