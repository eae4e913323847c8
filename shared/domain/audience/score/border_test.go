package score

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/userops/userops/shared/domain/fault"
)

// TestScoringBordersExactlyAtAndOneOver does the same for the settings of a run.
func TestScoringBordersExactlyAtAndOneOver(t *testing.T) {
	for name, with := range map[string]func(int) Scoring{
		"windowDays": func(n int) Scoring { return Scoring{WindowDays: n} }, "engagedDays": func(n int) Scoring { return Scoring{EngagedDays: n} },
		"newDays": func(n int) Scoring { return Scoring{NewDays: n} }, "quietDays": func(n int) Scoring { return Scoring{QuietDays: n} },
		"coolingDays": func(n int) Scoring { return Scoring{CoolingDays: n, ActiveDays: 1} },
	} {
		for n, want := range map[int]string{0: "", 3650: "", 3651: name, -1: name} {
			var faults fault.Faults
			_ = errors.As(with(n).Validate(), &faults)
			if got := fmt.Sprint(faults.Err() != nil && faults[0].Field == name); got != fmt.Sprint(want != "") {
				t.Errorf("%s of %d: %v", name, n, faults)
			}
		}
	}
	for cooling, want := range map[int]bool{30: false, 31: true} {
		if err := (Scoring{ActiveDays: 30, CoolingDays: cooling}).Validate(); (err == nil) != want {
			t.Errorf("cooling up to %d, active up to 30: %v", cooling, err)
		}
	}
	for m, want := range map[int64]bool{0: true, -1: false} {
		for i, lines := range []BusinessLines{{R: m}, {F: m}, {M: m}} {
			if err := (Scoring{Class8: Business, Lines: &lines}).Validate(); (err == nil) != want {
				t.Errorf("line %d of %d: %v", i, m, err)
			}
		}
	}
}

// TestLinesOfTheBusiness are the means where it has drawn none.
func TestLinesOfTheBusiness(t *testing.T) {
	r, f, m := []int32{1, 3}, []int32{2, 4}, []int64{10, 30}
	if got := Fit(r, f, m, Scoring{Class8: Business}); !reflect.DeepEqual(got.Lines, got.Means) {
		t.Errorf("lines %+v, means %+v", got.Lines, got.Means)
	}
	drawn := Fit(r, f, m, Scoring{Class8: Business, Lines: &BusinessLines{R: 7, F: 8, M: 9}})
	if want := (Lines{R: Line{7, 1}, F: Line{8, 1}, M: Line{9, 1}}); drawn.Lines != want {
		t.Errorf("lines %+v, want %+v", drawn.Lines, want)
	}
}
