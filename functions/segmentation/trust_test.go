package segmentation

import (
	"slices"
	"testing"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

// TestARunSeesAllThatWasSaid: who is known by public events alone has a life cycle and memberships as others do. Those are marked, and told as such;
// once they are proven the next run says so, once.
func TestARunSeesAllThatWasSaid(t *testing.T) {
	w := newWorld(t, 1, 2, shelf{}.with(definition.Segment, "active", `{"id":"active","name":"A","rule":{"field":"events.page.count","op":"gte","value":1}}`).
		with(definition.Segment, "young", `{"id":"young","name":"Y","rule":{"all":[{"segment":"lifecycle:new"},{"segment":"active"}]}}`))
	seen := func() profile.Memory {
		m := profile.Memory{FirstSeen: w.daysAgo(1), LastSeen: w.daysAgo(1), ShopDays: 1, Counters: map[string]profile.Counter{"page": {Total: 1, Last: w.daysAgo(1)}}}
		m.Active.Add(profile.DayOf(m.FirstSeen))
		return m
	}
	page, both, shop := w.add(&profile.Profile{Unproven: seen()}), w.add(&profile.Profile{Memory: seen(), Unproven: seen()}), w.add(&profile.Profile{Memory: seen()})
	says := func(run string, p *profile.Profile) (told []string) {
		for _, f := range w.told() {
			if f.Run == run && f.ProfileID == p.ID {
				told = append(told, string(f.Kind)+" "+f.Ref+map[bool]string{true: ", unproven"}[f.Unproven])
			}
		}
		slices.Sort(told)
		return told
	}
	run := w.run(job.Segmentation{RunID: "r1"}, 0)
	if run.Outcome == nil || run.Outcome.Segments["young"] != 3 {
		t.Fatalf("%+v", run.Outcome)
	}
	for p, c := range map[*profile.Profile]struct {
		told     []string
		unproven bool
	}{
		page: {[]string{"entered active, unproven", "entered young, unproven"}, true}, both: {[]string{"entered active", "entered young"}, false}, shop: {[]string{"entered active", "entered young"}, false},
	} {
		stored := w.profiles.all[p.ID]
		if told := says("r1", p); !slices.Equal(told, c.told) || stored.Scores.Lifecycle != "new" || stored.Members["young"].Unproven != c.unproven || stored.Members["active"].Unproven != c.unproven {
			t.Errorf("told %q, %+v, %+v; want %+v", told, stored.Members, stored.Scores, c)
		}
	}
	w.profiles.all[page.ID].Memory = seen()
	for run, want := range map[string][]string{"r2": {"proved active", "proved young"}} {
		w.run(job.Segmentation{RunID: run}, 0)
		if told := says(run, page); !slices.Equal(told, want) || w.profiles.all[page.ID].Members["active"].Unproven {
			t.Errorf("%s tells %q, want %q", run, told, want)
		}
	}
	saves := w.profiles.saves[page.ID]
	w.run(job.Segmentation{RunID: "r3"}, 0)
	if told := says("r3", page); len(told) > 0 || w.profiles.saves[page.ID] != saves {
		t.Errorf("a run later: told %q", told)
	}
}
