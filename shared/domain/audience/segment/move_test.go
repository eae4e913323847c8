package segment

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
)

// TestMoves has every way in which a membership may stand and be found: in it or not, told as unproven or not, now in it or not, and by what is
// proven alone as well or not.
func TestMoves(t *testing.T) {
	before, now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		stood        string // "", "proven", "unproven"
		is, isProven bool
		kind         profile.FollowKind // empty: nothing is told
		unproven     bool               // of what is told
		stands       string
		since        time.Time
	}{
		{"", false, false, "", false, "", time.Time{}},
		{"", false, true, "", false, "", time.Time{}}, // only what is proven alone would do: public events say otherwise
		{"", true, true, profile.FollowEntered, false, "proven", now},
		{"", true, false, profile.FollowEntered, true, "unproven", now},
		{"proven", true, true, "", false, "proven", before},
		{"proven", true, false, profile.FollowUnproved, false, "unproven", before},
		{"proven", false, false, profile.FollowExited, false, "", time.Time{}},
		{"proven", false, true, profile.FollowExited, true, "", time.Time{}},
		{"unproven", true, true, profile.FollowProved, false, "proven", before},
		{"unproven", true, false, "", false, "unproven", before},
		{"unproven", false, false, profile.FollowExited, true, "", time.Time{}},
		{"unproven", false, true, profile.FollowExited, true, "", time.Time{}},
	} {
		name := fmt.Sprintf("%q, now %v, proven %v", c.stood, c.is, c.isProven)
		p := &profile.Profile{}
		if c.stood != "" {
			p.Members = map[string]profile.Membership{"s": {Since: before, Run: "old", Unproven: c.stood == "unproven"}}
		}
		members, proven := map[ID]bool{"s": c.is}, map[ID]bool{"s": c.isProven}
		if (&Set{}).Differs(p, members, proven) != (c.kind != "") {
			t.Errorf("%s: Differs says otherwise", name)
		}
		got := (&Set{}).Diff(p, members, proven, now, "r1")
		var want []profile.Follow
		if c.kind != "" {
			want = []profile.Follow{{Kind: c.kind, Ref: "s", At: now, Run: "r1", Unproven: c.unproven}}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: told %+v, want %+v", name, got, want)
		}
		m, stands := p.Members["s"]
		run := "old"
		if c.since.Equal(now) {
			run = "r1"
		}
		if stands != (c.stands != "") || stands && (m != profile.Membership{Since: c.since, Run: run, Unproven: c.stands == "unproven"}) {
			t.Errorf("%s: stands as %+v, %v", name, m, stands)
		}
		if (&Set{}).Differs(p, members, proven) {
			t.Errorf("%s: it differs after it was brought there", name)
		}
		// Where what is proven makes no difference, nothing is unproven.
		p.Members = nil
		if follows := (&Set{}).Diff(p, map[ID]bool{"s": true}, nil, now, ""); len(follows) != 1 || follows[0].Unproven || p.Members["s"].Unproven {
			t.Errorf("nothing is unproven: %+v, %+v", follows, p.Members)
		}
	}
}

// TestCheckOfAFaultyDefinitionNamesUnknownSegmentsToo, but not those that are there, nor itself.
func TestCheckOfAFaultyDefinitionNamesUnknownSegmentsToo(t *testing.T) {
	d := Definition{ID: "mine", Name: "Mine", Rule: json.RawMessage(`{"all":[{"segment":"there"},{"segment":"none"},{"notSegment":"mine"},{"field":"tags","op":"exists","value":1}]}`)}
	err := Check(d, []Definition{{ID: "there", Rule: json.RawMessage(`{"field":"tags","op":"exists"}`)}})
	if err == nil || !strings.Contains(err.Error(), "rule.all[3].value is neither true nor false") || !strings.Contains(err.Error(), "rule.all[1].segment none is not a segment") ||
		strings.Contains(err.Error(), "there is not") || strings.Contains(err.Error(), "mine is not") {
		t.Error(err)
	}
}

// TestOneConditionTooManyIsOneFault, however many there are.
func TestOneConditionTooManyIsOneFault(t *testing.T) {
	rule := `{"any":[` + strings.TrimSuffix(strings.Repeat(`{"field":"none","op":"exists"},`, 300), ",") + `]}`
	err := Definition{ID: "s", Name: "S", Rule: json.RawMessage(rule)}.Validate()
	if err == nil || strings.Count(err.Error(), "one condition too many") != 1 || strings.Contains(err.Error(), "any[199].field") || !strings.Contains(err.Error(), "any[198].field") {
		t.Errorf("%.300v", err)
	}
}
