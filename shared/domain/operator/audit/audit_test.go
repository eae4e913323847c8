package audit

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/operator/access"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// TestALineIsForgotten after thirteen months: a question asks for nothing that may be gone.
func TestALineIsForgotten(t *testing.T) {
	if got := (Line{At: noon}).Until(); got != time.Date(2027, 12, 21, 12, 0, 0, 0, time.UTC) {
		t.Errorf("a line of %v is kept until %v", noon, got)
	}
	if got := Oldest(noon); got != time.Date(2025, 10, 21, 12, 0, 0, 0, time.UTC) {
		t.Errorf("at %v the oldest line is of %v", noon, got)
	}
}

// TestLines are the ids and the fields by which the lines of a change, and of other acts, are known. The ids are stored.
func TestLines(t *testing.T) {
	begun := Line{At: noon, By: access.Caller{Name: "Ann", Role: access.Owner, Key: "0a0a0a0a"}, From: "192.0.2.1", Reason: "asked for"}
	of := func(change func(*Line)) Line {
		l := begun
		change(&l)
		return l
	}
	for name, c := range map[string]struct{ got, want Line }{
		"a first version": {begun.Changed("segment", "vip", 0, 1), of(func(l *Line) {
			l.ID, l.Action, l.Kind, l.Of, l.After = "save#segment#vip#1", Save, "segment", "vip", 1
		})},
		"a later one": {begun.Changed("segment", "vip", 1, 2), of(func(l *Line) {
			l.ID, l.Action, l.Kind, l.Of, l.Before, l.After = "save#segment#vip#2", Save, "segment", "vip", 1, 2
		})},
		"a deletion": {begun.Changed("campaign", "spring", 7, 0), of(func(l *Line) {
			l.ID, l.Action, l.Kind, l.Of, l.Before = "delete#campaign#spring#7", Delete, "campaign", "spring", 7
		})},
		"an erasure": {begun.Done(Erase, KindProfile, "PROFILE", "ID"), of(func(l *Line) {
			l.ID, l.Action, l.Kind, l.Of = "erase#ID", Erase, KindProfile, "PROFILE"
		})},
		"a run": {begun.Done(Start, KindRun, "R1", "R1"), of(func(l *Line) { l.ID, l.Action, l.Kind, l.Of = "start#R1", Start, KindRun, "R1" })},
	} {
		got, err := json.Marshal(c.got)
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(c.want)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestWants asks for one line in each way in which it is meant, and in each in which it is not.
func TestWants(t *testing.T) {
	line := Line{At: noon, By: access.Caller{Name: "Ann"}, Action: Reveal, Kind: KindProfile, Of: "PROFILE", Asked: "KEY"}
	for name, c := range map[string]struct {
		q    Query
		want bool
	}{
		"everything":             {Query{}, true},
		"by the operator":        {Query{Operator: "Ann"}, true},
		"by another":             {Query{Operator: "Bob"}, false},
		"of the kind":            {Query{Kind: KindProfile}, true},
		"of another kind":        {Query{Kind: KindRun}, false},
		"of the person":          {Query{Of: "PROFILE"}, true},
		"as they were asked for": {Query{Of: "KEY"}, true},
		"of another person":      {Query{Of: "OTHER"}, false},
		"the act":                {Query{Action: Reveal}, true},
		"another act":            {Query{Action: Export}, false},
		"from then on":           {Query{From: noon}, true},
		"from later on":          {Query{From: noon.Add(1)}, false},
		"until after it":         {Query{To: noon.Add(1)}, true},
		"until it":               {Query{To: noon}, false},
		"all of it":              {Query{Operator: "Ann", Kind: KindProfile, Of: "KEY", Action: Reveal, From: noon.Add(-1), To: noon.Add(1)}, true},
		"all but one":            {Query{Operator: "Ann", Kind: KindProfile, Of: "KEY", Action: Save, From: noon.Add(-1), To: noon.Add(1)}, false},
	} {
		if got := c.q.Wants(line); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	// Who was not asked for by another key is not found by an empty one.
	if (Query{Of: "KEY"}).Wants(Line{Of: "PROFILE"}) {
		t.Error("found by a key that nobody named")
	}
}
