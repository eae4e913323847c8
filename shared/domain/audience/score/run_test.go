package score

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/people/profile"
)

// TestIDsOfRuns has the characters on both sides of each range that may be in one.
func TestIDsOfRuns(t *testing.T) {
	for id, want := range map[string]bool{
		"a": true, "z": true, "A": true, "Z": true, "0": true, "9": true, "-": true, "_": true, ".": true, ":": true, "2026-11-21.nightly_A:1": true,
		"": false, "`": false, "{": false, "@": false, "[": false, "/": false, ";": false, "#": false, " ": false, "a b": false, "é": false,
		strings.Repeat("x", 64): true, strings.Repeat("x", 65): false,
	} {
		if got := ValidRunID(id); got != want {
			t.Errorf("%q: %v", id, got)
		}
	}
}

// TestCountsOfScores: who has not bought is in the classes of everybody, and in none of buyers.
func TestCountsOfScores(t *testing.T) {
	c := Counts{}
	c.AddScores(profile.Scores{R: 1, F: 5, M: 3, Class8: "a8", Segment11: "a11", Class15: "a15", Lifecycle: "new"})
	c.AddScores(profile.Scores{R: 1, F: 4, M: 3, Class8: "b8", Segment11: "a11", Class15: "a15", Lifecycle: "new"})
	c.AddScores(profile.Scores{Class15: "b15", Lifecycle: "silent"})
	want := Counts{"r": {"1": 2}, "f": {"5": 1, "4": 1}, "m": {"3": 2}, "class8": {"a8": 1, "b8": 1}, "segment11": {"a11": 2}, "class15": {"a15": 2, "b15": 1}, "lifecycle": {"new": 2, "silent": 1}}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("counted %v", c)
	}
	c.Add("r", "1", 0)
	c.Add("empty", "", 3)
	c.Merge(Counts{"r": {"1": 1, "2": 4}})
	want["r"] = map[string]int{"1": 3, "2": 4}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("with others %v", c)
	}
}

// TestDatesAsText: what is no date leaves the date as it was.
func TestDatesAsText(t *testing.T) {
	var d Date
	if err := json.Unmarshal([]byte(`"1970-01-03"`), &d); err != nil || d != 2 {
		t.Errorf("%v, %v", d, err)
	}
	if err := json.Unmarshal([]byte(`"1970-13-03"`), &d); err == nil || d != 2 {
		t.Errorf("%v, %v", d, err)
	}
	if text, err := json.Marshal(d); err != nil || string(text) != `"1970-01-03"` {
		t.Errorf("written %s, %v", text, err)
	}
}

func TestShardSet(t *testing.T) {
	s := ShardSet{3, 5}
	text, err := s.MarshalJSON()
	if !s.Has(3) || !s.Has(5) || s.Has(4) || ShardSet(nil).Has(0) || string(text) != "2" || err != nil {
		t.Errorf("%v has 3 %v, 5 %v, 4 %v, and is written as %s, %v", []int(s), s.Has(3), s.Has(5), s.Has(4), text, err)
	}
}
