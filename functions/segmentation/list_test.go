package segmentation

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/search"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
)

// TestWhoIsNotListedIsAskedFor: each whose mark does not fit, once, whoever buys, and nobody by a run that only reports.
func TestWhoIsNotListedIsAskedFor(t *testing.T) {
	for _, past := range []bool{false, true} {
		w := newWorld(t, 1, 2, nil)
		w.process.List = "new"
		want := map[profile.ID]int{}
		for n := range 12 {
			p := w.buyer(n, int64(500+n))
			switch n % 4 {
			case 0: // nothing is known by which to list them
				continue
			case 1: // listed as they are, or in a list that was there before
				p.Traits = profile.Traits{"name": {Value: fmt.Sprint("Mei ", n)}}
				if p.Listed = search.Of(p).Mark("new"); n%8 == 1 {
					continue
				}
				p.Listed = search.Of(p).Mark("old")
			case 2:
				p.Listed = profile.Relist
			case 3:
				p.Traits = profile.Traits{"name": {Value: fmt.Sprint("Mei ", n)}}
			}
			want[p.ID] = 1
		}
		plan := job.Segmentation{RunID: "r"}
		if past {
			plan.AsOf, want = w.Now().Add(-48*time.Hour).Format(time.DateOnly), map[profile.ID]int{}
		}
		w.run(plan, 0)
		got := map[profile.ID]int{}
		for _, j := range functiontest.Jobs[job.Events](t, w.events) {
			if j.Command.Kind != job.CommandList {
				t.Errorf("a command %s", j.Command.Kind)
			}
			got[j.Command.ProfileID]++
		}
		if !maps.Equal(got, want) {
			t.Errorf("past %v: asked for %v, want %v", past, got, want)
		}
	}
}

// TestANightListsABoundedNumber of each part.
func TestANightListsABoundedNumber(t *testing.T) {
	w := newWorld(t, 1, 1, nil)
	w.profiles.page = 500
	for n := range maxUnlisted + 10 {
		w.buyer(n, 500).Listed = profile.Relist
	}
	w.run(job.Segmentation{RunID: "r"}, 0)
	if n := len(functiontest.Jobs[job.Events](t, w.events)); n != maxUnlisted {
		t.Errorf("%d are asked for, want %d", n, maxUnlisted)
	}
}
