package fault

import (
	"errors"
	"reflect"
	"testing"
)

func TestErrIsNilOnlyWithoutFaults(t *testing.T) {
	var none Faults
	if err := none.Err(); err != nil {
		t.Errorf("Err of no faults = %v, want nil", err)
	}
	var some Faults
	some.Add("name", "is empty")
	some.Addf("days", "is %d, at most %d", 31, 30)
	some.Add("", "is not an object")
	err := some.Err()
	if err == nil {
		t.Fatal("Err of three faults = nil")
	}
	if want := "name is empty; days is 31, at most 30; is not an object"; err.Error() != want {
		t.Errorf("Error = %q, want %q", err, want)
	}
	var found Faults
	if !errors.As(err, &found) || len(found) != 3 {
		t.Errorf("errors.As found %v", found)
	}
}

func TestUnder(t *testing.T) {
	for name, c := range map[string]struct{ prefix, field, want string }{
		"a field below an object":   {"rule", "days", "rule.days"},
		"an index below a list":     {"rule.all", "[2].days", "rule.all[2].days"},
		"the part as a whole":       {"rule", "", "rule"},
		"no prefix changes nothing": {"", "days", "days"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Faults{{Field: c.field, Reason: "is wrong"}}.Under(c.prefix)
			if want := (Faults{{Field: c.want, Reason: "is wrong"}}); !reflect.DeepEqual(got, want) {
				t.Errorf("Under = %v, want %v", got, want)
			}
		})
	}
}
