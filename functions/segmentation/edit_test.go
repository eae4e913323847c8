package segmentation

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

// TestDefinitionsEditedInTheMiddleOfARun edits, deletes and makes segments between collecting and scoring, and between two steps of
// scoring. Their memberships, which projection keeps by the new definitions, stand; all others are brought up to date; the next run
// goes by the new ones.
func TestDefinitionsEditedInTheMiddleOfARun(t *testing.T) {
	rule := func(c shelf, id, rule string) shelf {
		return c.with(definition.Segment, id, fmt.Sprintf(`{"id":%q,"rule":%s}`, id, rule))
	}
	const nobody, everybody = `{"field":"userId","op":"eq","value":"nobody"}`, `{"field":"userId","op":"exists"}`
	// Blanks and signs that are escaped are no edit.
	const spaced = `{ "not": {"field": "userId", "op": "eq", "value": "<nobody> & é"} }`
	before := rule(rule(rule(rule(shelf{}, "edited", nobody), "asks", `{"segment":"edited"}`), "gone", nobody), "same", spaced)
	after := rule(rule(rule(rule(shelf{}, "edited", everybody), "asks", `{"segment":"edited"}`), "made", everybody), "same", spaced)
	after = after.with(definition.Campaign, "started", `{"id":"started","state":"running","trigger":{"enteredSegment":"class8:111"}}`)
	for _, when := range []string{"before scoring", "while scoring"} {
		t.Run(when, func(t *testing.T) {
			w := newWorld(t, 1, 1, before)
			var people []*profile.Profile
			for i := range 3 * changesPerStep {
				p := w.buyer(1+i%90, 500)
				// As projection has it by the new definitions, and as it was by the old one of what is gone.
				p.Members = map[string]profile.Membership{"edited": {}, "asks": {}, "made": {}, "gone": {}, "deleted long ago": {}}
				people = append(people, p)
			}
			w.until(func(run score.Run) bool { return run.Findings != nil })
			if when == "before scoring" {
				w.process.Catalog = after
			} else {
				// As it is: what follows from a step is sent, and then the time has passed.
				w.orchestration.Around = func(send func() error) error {
					if w.Pass(editsHold); len(w.orchestration.Bodies()) == 0 {
						w.process.Catalog = after
					}
					return send()
				}
			}
			w.drain(0)
			byOld := 0
			for _, p := range people {
				switch got := fmt.Sprint(slices.Sorted(maps.Keys(w.profiles.all[p.ID].Members))); got {
				case "[asks edited gone made same]":
				case "[same]":
					byOld++
				default:
					t.Fatalf("%s is in %s", p.ID, got)
				}
			}
			if want := map[string]int{"before scoring": 0, "while scoring": changesPerStep}[when]; byOld != want {
				t.Errorf("%d people were brought to the old definitions, want %d", byOld, want)
			}
			// A campaign that was started meanwhile hears of who enters from then on.
			heard := 0
			for _, f := range w.told() {
				if f.Ref == "class8:111" {
					heard++
				}
			}
			if most := len(people); heard == 0 || heard > most || when == "while scoring" && heard > most-changesPerStep {
				t.Errorf("the campaign that was started heard of %d of %d people", heard, most)
			}
			w.orchestration.Around = nil
			w.run(job.Segmentation{RunID: "next"}, 0)
			for _, p := range people {
				if got := fmt.Sprint(slices.Sorted(maps.Keys(w.profiles.all[p.ID].Members))); got != "[asks edited made same]" {
					t.Fatalf("after the next run %s is in %s", p.ID, got)
				}
			}
		})
	}
}

// TestASegmentThatCannotBeRead is of a newer program: the run passes it over, with whatever asks it. Who is in either stays, and all others are brought up to date.
func TestASegmentThatCannotBeRead(t *testing.T) {
	defined := shelf{}.with(definition.Segment, "odd", `{"id":"odd","name":7,"rule":{"field":"userId","op":"eq","value":"nobody"}}`).
		with(definition.Segment, "asks", `{"id":"asks","rule":{"segment":"odd"}}`).
		with(definition.Segment, "fine", `{"id":"fine","rule":{"field":"userId","op":"exists"}}`).
		with(definition.Campaign, "odd", `{"id":"odd","name":7,"state":"running","trigger":{"enteredSegment":"fine"}}`).
		with(definition.Campaign, "fine", `{"id":"fine","state":"running","trigger":{"enteredSegment":"class8:111"}}`)
	w := newWorld(t, 1, 2, defined)
	p := w.buyer(1, 500)
	p.Members = map[string]profile.Membership{"odd": {}, "asks": {}}
	if run := w.run(job.Segmentation{RunID: "r"}, 0); run.Outcome == nil {
		t.Fatalf("the run does not end: %+v", run)
	}
	if got := fmt.Sprint(slices.Sorted(maps.Keys(w.profiles.all[p.ID].Members))); got != "[asks fine odd]" {
		t.Errorf("the buyer is in %s", got)
	}
	var heard []string
	for _, f := range w.told() {
		heard = append(heard, f.Ref)
	}
	if !slices.Contains(heard, "class8:111") {
		t.Errorf("heard of is %v: a campaign that cannot be read keeps the others from hearing", heard)
	}
}
