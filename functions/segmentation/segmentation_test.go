package segmentation

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/userops/userops/shared/domain/audience/prediction"
	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/runs"
	"github.com/userops/userops/shared/job"
)

// defined has live, scored and mixed segments, one that is broken, and a campaign that listens.
var defined = shelf{}.
	with(definition.Segment, "regulars", `{"id":"regulars","rule":{"field":"orders.count","op":"gte","value":3}}`).
	with(definition.Segment, "recent", `{"id":"recent","rule":{"field":"lastSeen","op":"within","days":14}}`).
	with(definition.Segment, "best", `{"id":"best","rule":{"any":[{"segment":"class8:111"},{"field":"rfm.m","op":"eq","value":5}]}}`).
	with(definition.Segment, "asleep", `{"id":"asleep","rule":{"all":[{"field":"lifecycle","op":"in","value":["dormant","churned"]},{"notSegment":"regulars"}]}}`).
	with(definition.Segment, "half", `{"id":"half","rule":{"percent":{"seed":"s","from":0,"to":50}}}`).
	with(definition.Segment, "broken", `{"id":"broken","rule":{}}`).
	with(definition.Campaign, "back", `{"id":"back","state":"running","trigger":{"enteredSegment":"lifecycle:churned"}}`).
	with(definition.Campaign, "away", `{"id":"away","state":"running","trigger":{"exitedSegment":"class8:111"}}`).
	with(definition.Campaign, "off", `{"id":"off","state":"draft","trigger":{"enteredSegment":"class8:000"}}`)

func anyProfile(w *world, random *rand.Rand) *profile.Profile {
	var p *profile.Profile
	if random.IntN(3) == 0 {
		p = w.visitor(random.IntN(150))
		if random.IntN(2) == 0 {
			p.Counters = map[string]profile.Counter{event.ProductViewed: {Total: 1, Last: p.LastSeen}}
		}
	} else {
		amounts := make([]int64, 1+random.IntN(4))
		for i := range amounts {
			amounts[i] = int64(random.IntN(6)) * 100
		}
		p = w.buyer(random.IntN(150), amounts...)
	}
	if random.IntN(2) == 0 {
		p.Scores = profile.Scores{Run: "before", R: 1 + random.IntN(5), F: 1 + random.IntN(5), M: 1 + random.IntN(5), Class8: score.Classes8()[random.IntN(8)],
			Segment11: score.Lost, Class15: score.Classes15()[random.IntN(15)], Lifecycle: score.Lifecycles()[random.IntN(5)]}
	}
	for _, id := range []string{"regulars", "recent", "best", "asleep", "half", "broken", "deleted"} {
		if random.IntN(3) == 0 {
			if p.Members == nil {
				p.Members = map[string]profile.Membership{}
			}
			p.Members[id] = profile.Membership{Run: "before"}
		}
	}
	taste(p, random)
	return p
}

// recount is the run done at once: no shards, no columns, no queue.
type recount struct {
	scores   map[profile.ID]profile.Scores
	members  map[profile.ID][]string
	told     []string
	changed  int
	findings score.Findings
	segments map[string]int
	// what the run's portrait says, a line a class and a line a move
	portrait []string
}

func (w *world) recount() recount {
	out := recount{scores: map[profile.ID]profile.Scores{}, members: map[profile.ID][]string{},
		findings: score.Findings{Counts: score.Counts{}}, segments: map[string]int{"regulars": 0, "recent": 0, "best": 0, "asleep": 0, "half": 0}}
	asOf := w.process.Shop.Day(w.Now())
	facts := map[profile.ID]score.Facts{}
	var r, f []int32
	var m []int64
	var evidence prediction.Evidence
	var sample prediction.Sample
	for id, p := range w.profiles.all {
		known, ok := score.Observe(p, asOf, score.Scoring{}, w.process.Shop)
		if !ok {
			continue
		}
		facts[id] = known
		out.findings.Profiles++
		out.findings.Counts.AddIntervals(p, asOf, w.process.Shop)
		if known.Buyer() {
			r, f, m = append(r, int32(known.R)), append(f, int32(known.F)), append(m, known.M)
			evidence.Add(known.Buys.Repeats, known.Buys.First, known.Buys.Last)
			one := prediction.Buyer{History: known.Buys.History(), Spent: known.Buys.Mean()}
			binary.LittleEndian.PutUint64(one.Key[:], uint64(len(m))) // in the order of a map: no two recounts take one order
			sample.Add(one)
		}
	}
	out.findings.Model = score.Fit(r, f, m, score.DefaultScoring())
	learned := prediction.Learn(evidence, sample, prediction.DefaultGate)
	out.findings.Predictions = &learned
	for id, known := range facts {
		p := cloneProfile(w.profiles.all[id])
		before := p.Scores
		before.Run = ""
		p.Scores = out.findings.Score(known)
		out.scores[id] = p.Scores
		out.findings.Counts.AddScores(p.Scores)
		changed := p.Scores != before
		// The rules of defined, by hand.
		regular := len(p.Orders.Entries) >= 3 // the orders themselves, not the count of them that the rule asks
		want := map[string]bool{
			"regulars": regular,
			"recent":   known.SinceLast <= 14,
			"best":     p.Scores.Class8 == "111" || p.Scores.M == 5,
			"asleep":   (p.Scores.Lifecycle == "dormant" || p.Scores.Lifecycle == "churned") && !regular,
			"deleted":  false,
		}
		want["half"] = inHalf(p)
		_, want["broken"] = p.Members["broken"]
		for _, segmentID := range slices.Sorted(maps.Keys(want)) {
			_, was := p.Members[segmentID]
			if is := want[segmentID]; is != was {
				changed = true
				out.told = append(out.told, fmt.Sprint(id, map[bool]string{true: " entered ", false: " exited "}[is], segmentID))
			}
			if want[segmentID] {
				out.members[id] = append(out.members[id], segmentID)
				if segmentID != "broken" {
					out.segments[segmentID]++
				}
			}
		}
		out.paint(known, p.Scores, before)
		if p.Scores.Lifecycle == "churned" && before.Lifecycle != "churned" {
			out.told = append(out.told, fmt.Sprint(id, " entered lifecycle:churned"))
		}
		if p.Scores.Class8 != "111" && before.Class8 == "111" {
			out.told = append(out.told, fmt.Sprint(id, " exited class8:111"))
		}
		if changed {
			out.changed++
		}
	}
	slices.Sort(out.told)
	slices.Sort(out.portrait)
	return out
}

// paint notes a line for each class that a buyer is in, and for each move: sums are made where lines are compared.
func (r *recount) paint(f score.Facts, now, before profile.Scores) {
	of := func(s profile.Scores) map[string]string {
		out := map[string]string{"class8": s.Class8, "segment11": s.Segment11, "class15": s.Class15, "lifecycle": s.Lifecycle, "activity": s.Activity, "stage": s.Stage, "alive": s.Alive, "valueDecile": ""}
		if s.ValueDecile > 0 {
			out["valueDecile"] = fmt.Sprint(s.ValueDecile)
		}
		return out
	}
	was := of(before)
	is := of(now)
	for group, class := range is {
		if was[group] != class {
			r.portrait = append(r.portrait, fmt.Sprintf("%s: %q to %q", group, was[group], class))
		}
	}
	is["all"] = "all"
	for group, class := range is {
		if class != "" && f.F > 0 {
			r.portrait = append(r.portrait, fmt.Sprintf("%s %s brings %d of %d", group, class, f.M, f.F))
		}
	}
}

// sums are the lines of a portrait, added up: for a class buyers, orders, net and repeaters, for a move people.
func sums(lines []string) map[string][4]int64 {
	out := map[string][4]int64{}
	for _, line := range lines {
		var group, class string
		var net, orders int64
		if n, _ := fmt.Sscanf(line, "%s %s brings %d of %d", &group, &class, &net, &orders); n == 4 {
			s := out[group+" "+class]
			s[0], s[1], s[2] = s[0]+1, s[1]+orders, s[2]+net
			if orders > 1 {
				s[3]++
			}
			out[group+" "+class] = s
			continue
		}
		s := out[line]
		s[0]++
		out[line] = s
	}
	return out
}

// portrayed is what the run says, in the form of sums.
func portrayed(r runs.RunResult) map[string][4]int64 {
	out := map[string][4]int64{}
	for group, classes := range r.Classes {
		for class, w := range classes {
			out[group+" "+class] = [4]int64{int64(w.Buyers), int64(w.Orders), w.Net, int64(w.Repeaters)}
		}
	}
	for group, moves := range r.Moves {
		for _, m := range moves {
			out[fmt.Sprintf("%s: %q to %q", group, m.From, m.To)] = [4]int64{int64(m.People)}
		}
	}
	return out
}

func inHalf(p *profile.Profile) bool {
	set, _ := segment.Compile([]segment.Definition{{ID: "half", Rule: []byte(`{"percent":{"seed":"s","from":0,"to":50}}`)}})
	return set.Members(p, p.LastSeen, profile.Shop{Zone: p.LastSeen.Location()})["half"]
}

// check holds a finished run against a recount made before it.
func (w *world) check(run score.Run, want recount, versions map[profile.ID]int64) {
	w.Helper()
	if run.Outcome == nil {
		w.Fatalf("the run is not finished: %d collected, %d scored of %d", len(run.Collected), len(run.Scored), run.Shards)
	}
	if !reflect.DeepEqual(*run.Findings, want.findings) {
		w.Fatalf("findings\n got %+v\nwant %+v", *run.Findings, want.findings)
	}
	if run.Changed != want.changed || !reflect.DeepEqual(run.Segments, want.segments) {
		w.Fatalf("%d changed, segments %v, want %d, %v", run.Changed, run.Segments, want.changed, want.segments)
	}
	if got, want := portrayed(w.runs.results[run.ID][run.Shards]), sums(want.portrait); !reflect.DeepEqual(got, want) {
		w.Fatalf("the classes bring, and people moved, as in\n%v\nwant\n%v", got, want)
	}
	w.checkLikeness(run, want)
	written := 0
	for id, p := range w.profiles.all {
		if p.Version != versions[id] {
			written++
			if p.Scores.Run != run.ID {
				w.Fatalf("profile %s was written, and its scores say run %q", id, p.Scores.Run)
			}
		}
		scores := p.Scores
		scores.Run = ""
		if scores != want.scores[id] {
			w.Fatalf("profile %s has %+v, want %+v", id, scores, want.scores[id])
		}
		if got := slices.Sorted(maps.Keys(p.Members)); !slices.Equal(got, want.members[id]) {
			w.Fatalf("profile %s is in %v, want %v", id, got, want.members[id])
		}
		if w.profiles.saves[id] > 1 {
			w.Fatalf("profile %s was written %d times", id, w.profiles.saves[id])
		}
	}
	if written != want.changed {
		w.Fatalf("%d profiles written, want %d", written, want.changed)
	}
	var told []string
	for _, f := range w.told() {
		told = append(told, fmt.Sprintf("%s %s %s", f.ProfileID, f.Kind, f.Ref))
		if f.Run != run.ID || f.Version != versions[f.ProfileID]+1 {
			w.Fatalf("told of %+v, want run %s and version %d", f, run.ID, versions[f.ProfileID]+1)
		}
	}
	slices.Sort(told)
	if !slices.Equal(told, want.told) {
		w.Fatalf("orchestration was told\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(want.told, "\n"))
	}
}

func (w *world) versions() map[profile.ID]int64 {
	out := map[profile.ID]int64{}
	for id, p := range w.profiles.all {
		out[id] = p.Version
	}
	return out
}

// TestAnyShardingGivesTheSame runs random shops in random numbers of shards and pages, handing over at random, with jobs doubled,
// out of order and failing, and holds what comes out against a recount.
func TestAnyShardingGivesTheSame(t *testing.T) {
	fired := 0
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		w := newWorld(t, seed, rapid.IntRange(1, 7).Draw(rt, "shards"), defined)
		w.profiles.page = rapid.IntRange(1, 9).Draw(rt, "page")
		for range rapid.IntRange(0, 40).Draw(rt, "people") {
			anyProfile(w, w.random)
		}
		// Some have the scores already that the run will give them, so that only their memberships change, or nothing.
		for id, scores := range w.recount().scores {
			if w.profiles.all[id].Scores.Run == "" {
				scores.Run = "before"
				w.profiles.all[id].Scores = scores
			}
		}
		late := rapid.SampledFrom([]float64{0, 0.3, 1}).Draw(rt, "late")
		w.process.Late = func(context.Context) bool { return w.random.Float64() < late }
		w.faults.rate = rapid.SampledFrom([]float64{0, 0, 0.05}).Draw(rt, "faults")
		want, versions := w.recount(), w.versions()
		run := w.run(job.Segmentation{RunID: "r"}, rapid.SampledFrom([]float64{0, 0.2}).Draw(rt, "duplicates"))
		fired += w.faults.fired
		w.check(run, want, versions)
	})
	if fired == 0 {
		t.Error("no fault ever fired")
	}
}
