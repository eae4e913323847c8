package due_test

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestALookTakesNothingAway reads what waits, of the past that nobody has done and of the minute that comes, and Ready finds it as it was.
func TestALookTakesNothingAway(t *testing.T) {
	d := newDuty(t)
	look := func() (all []string) {
		t.Helper()
		entries, err := d.Due.Look(t.Context(), "settlement")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			all = append(all, e.ID+string(e.Body))
		}
		slices.Sort(all)
		return all
	}
	if got := look(); len(got) > 0 {
		t.Errorf("before there was anything: %q", got)
	}
	var want []string
	for n := range 60 { // more than a page of Ready, in all shards of a minute
		d.put(t, d.now, fmt.Sprintf("a%02d", n))
		want = append(want, fmt.Sprintf("a%02d!", n))
	}
	d.put(t, d.now.Add(time.Hour), "later")
	if got := look(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	d.now = d.now.Add(25 * time.Minute) // the owner was away
	d.put(t, d.now.Add(30*time.Second), "b")
	want = append(want, "b!")
	if got := look(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	d.now = d.now.Add(time.Minute)
	done := d.look(t, "settlement", nil)
	slices.Sort(done)
	if got := look(); !slices.Equal(done, want) || len(got) > 0 {
		t.Errorf("done is %q, left %q", done, got)
	}
	d.now = d.now.Add(3 * time.Hour)
	if got := look(); !slices.Equal(got, []string{"later!"}) {
		t.Errorf("what came due since is %q", got)
	}
}
