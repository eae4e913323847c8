package campaign

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/people/profile"
)

func TestConditionAsksSegments(t *testing.T) {
	shop := profile.Shop{Zone: time.UTC, Currency: "CNY"}
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	buyers := segment.Definition{ID: "buyers", Rule: json.RawMessage(`{"field":"orders.count","op":"gte","value":1}`)}
	buyer, other := &profile.Profile{Orders: profile.Orders{Count: 1}}, &profile.Profile{}
	for _, c := range []struct {
		name, rule    string
		buyer, others bool
	}{
		{"none", ``, true, true},
		{"a field", `{"field":"orders.count","op":"eq","value":0}`, false, true},
		{"another segment", `{"segment":"buyers"}`, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			condition, err := Definition{Condition: json.RawMessage(c.rule)}.CompileCondition([]segment.Definition{buyers})
			if err != nil {
				t.Fatal(err)
			}
			if a, b := condition.Holds(buyer, now, shop), condition.Holds(other, now, shop); a != c.buyer || b != c.others {
				t.Errorf("buyer %v, other %v", a, b)
			}
		})
	}
	_, err := Definition{Condition: json.RawMessage(`{"segment":"gone"}`)}.CompileCondition([]segment.Definition{buyers})
	var faults fault.Faults
	if !errors.As(err, &faults) || !strings.HasPrefix(faults[0].Field, "condition") {
		t.Errorf("a segment that does not exist: %v", err)
	}
}
