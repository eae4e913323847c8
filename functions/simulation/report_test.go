package simulation

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// report is build/sim.json.
type report struct {
	t     *testing.T
	begun time.Time

	Seeds               int                  `json:"seeds"`
	First               uint64               `json:"first"`
	Events              int                  `json:"events"`
	Operations          int                  `json:"operations"`
	Seconds             float64              `json:"seconds"`
	OperationsPerSecond float64              `json:"operationsPerSecond"`
	Notifications       int                  `json:"notifications"`
	Profiles            int                  `json:"profiles"`
	Previous            bool                 `json:"previousVersionBeside"`
	Faults              map[fault]int        `json:"faults"`
	NeverFired          []fault              `json:"neverFired"`
	Interleavings       interleavings        `json:"interleavings"`
	Load                hottest              `json:"load"`
	Violations          map[invariant]*broke `json:"violations"`
	Failed              map[uint64]string    `json:"failed,omitempty"` // seeds that did not come to an end, or to another when they were run twice
	coverage            coverage
}

type interleavings struct {
	Seen    int      `json:"seen"`
	Crashed int      `json:"crashed"`
	Never   []string `json:"neverCrashed"`
}

// broke is an invariant that was broken, with where to look.
type broke struct {
	Times   int      `json:"times"`
	Seeds   []uint64 `json:"seeds"`
	Example string   `json:"example"`
	Replay  string   `json:"replay"`
}

func newReport(t *testing.T, n int) *report {
	r := &report{t: t, begun: time.Now(), Seeds: n, First: *firstFlag, Faults: map[fault]int{}, Violations: map[invariant]*broke{}, Failed: map[uint64]string{}, Previous: havePrevious}
	r.coverage.init()
	return r
}

func (r *report) add(seed uint64, o outcome, fault error) {
	if fault != nil {
		r.Failed[seed] = fault.Error()
		r.t.Errorf("seed %d: %v", seed, fault)
		return
	}
	r.Events += o.Events
	r.Operations += o.Operations
	r.Notifications += o.Sendings
	r.Profiles += o.Profiles
	for f, n := range o.Faults {
		r.Faults[f] += n
	}
	r.Load = r.Load.and(o.Load)
	for pair, n := range o.Coverage.Seen {
		r.coverage.Seen[pair] += n
	}
	for pair, n := range o.Coverage.Crashed {
		r.coverage.Crashed[pair] += n
	}
	for _, v := range o.Violations {
		b := r.Violations[v.Invariant]
		if b == nil {
			b = &broke{Example: v.Who + ": " + v.What, Replay: fmt.Sprintf("make sim SEED=%d", seed)}
			r.Violations[v.Invariant] = b
		}
		b.Times++
		if !slices.Contains(b.Seeds, seed) {
			b.Seeds = append(b.Seeds, seed)
		}
	}
	fmt.Printf("seed %d: %d events, %d operations, %.1f s, %s, %d violations\n", seed, o.Events, o.Operations, o.Seconds, o.Virtual, len(o.Violations))
}

func (r *report) finish() {
	r.Seconds = time.Since(r.begun).Seconds()
	r.OperationsPerSecond = float64(r.Operations) / r.Seconds
	r.NeverFired = []fault{}
	for _, f := range allFaults() {
		if f == previous && !havePrevious {
			continue
		}
		r.Faults[f] += 0                             // a kind that never fired is in the list as well
		if r.Faults[f] == 0 && f != failedQuestion { // which follows from others, in few seeds
			r.NeverFired = append(r.NeverFired, f)
		}
		fmt.Printf("%7d %s\n", r.Faults[f], f)
	}
	for _, pair := range slices.Sorted(maps.Keys(r.coverage.Seen)) {
		r.Interleavings.Seen++
		if r.coverage.Crashed[pair] > 0 {
			r.Interleavings.Crashed++
		} else {
			r.Interleavings.Never = append(r.Interleavings.Never, pair)
		}
	}
	for _, b := range r.Violations {
		slices.Sort(b.Seeds)
	}
	if len(r.NeverFired) > 0 && r.Seeds >= 10 {
		r.t.Errorf("the run is void: never fired: %q", r.NeverFired)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Violations)) {
		b := r.Violations[name]
		r.t.Errorf("%s broken %d times in %d seeds, such as: %s\n\t%s", name, b.Times, len(b.Seeds), b.Example, b.Replay)
	}
	fmt.Printf("%d seeds, %d events, %d operations, %.0f a second, %d pairs of effects crashed of %d\n", r.Seeds, r.Events, r.Operations,
		r.OperationsPerSecond, r.Interleavings.Crashed, r.Interleavings.Seen)
	if *outFlag == "" {
		return
	}
	path := *outFlag
	if !filepath.IsAbs(path) {
		path = filepath.Join("..", "..", path)
	}
	body, err := json.MarshalIndent(r, "", "  ")
	check(err)
	check(os.MkdirAll(filepath.Dir(path), 0o755))
	check(os.WriteFile(path, append(body, '\n'), 0o644))
}
