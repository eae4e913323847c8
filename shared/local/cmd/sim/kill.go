package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// hunt runs planted faults through the simulation, one after the other, each until the first seed that notices.
type hunt struct {
	root, work string
	first      uint64
	seeds      int
	sound      map[uint64]seedRun // what the seeds show of the product as it is
}

// seedRun is what came of one seed.
type seedRun struct {
	Operations int `json:"operations"`
	Violations []struct {
		Invariant string `json:"invariant"`
		Who       string `json:"who"`
		What      string `json:"what"`
	} `json:"violations"`
	failed string // the seed did not come to its end
}

// kill is what became of a mutant.
type kill struct {
	Mutant     string `json:"mutant"`
	Promise    string `json:"promise,omitempty"`
	Plants     string `json:"plants"`
	Invariant  string `json:"invariant,omitempty"`
	Seed       uint64 `json:"seed,omitempty"`
	Operations int    `json:"operations,omitempty"` // of all seeds up to that one
	Example    string `json:"example,omitempty"`
	Elsewhere  bool   `json:"elsewhere,omitempty"` // the sound product breaks that invariant too, at other seeds
	Test       string `json:"test,omitempty"`
	Survived   bool   `json:"survived,omitempty"`
}

func (k kill) String() string {
	switch {
	case k.Survived:
		return "SURVIVED"
	case k.Test != "":
		return "test " + k.Test
	case k.Elsewhere:
		return fmt.Sprintf("%s at seed %d after %d operations (broken elsewhere without it)", k.Invariant, k.Seed, k.Operations)
	}
	return fmt.Sprintf("%s at seed %d after %d operations", k.Invariant, k.Seed, k.Operations)
}

// plantAll plants each fault whose name has one of the texts, which commas part; all if there is none. Less than no seeds asks the named
// tests alone. It is an error if one is not noticed.
func plantAll(only string, seeds int, first uint64) error {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	work := filepath.Join(root, "build", "sim")
	if err := os.MkdirAll(work, 0o755); err != nil {
		return err
	}
	all, err := mutants(root)
	if err != nil {
		return err
	}
	h := &hunt{root: root, work: work, seeds: cmp.Or(seeds, 30), first: first, sound: map[uint64]seedRun{}}
	if err := h.baseline(); err != nil {
		return err
	}
	var kills []kill
	for _, m := range all {
		if !slices.ContainsFunc(strings.Split(only, ","), func(text string) bool { return strings.Contains(m.Name, text) }) {
			continue
		}
		k, err := h.plant(m)
		if err != nil {
			fmt.Printf("%s: %v\n", m.Name, err)
			k.Survived = true // whatever kept it from being asked about
		}
		fmt.Printf("%-36s | %-52s | %s\n", m.Name, m.Promise, k)
		kills = append(kills, k)
		if err := write(filepath.Join(root, "build", "mutants.json"), kills); err != nil {
			return err
		}
	}
	return h.sum(kills)
}

// baseline runs the seeds on the product as it is: what they show there tells nothing about a mutant.
func (h *hunt) baseline() error {
	if h.seeds < 0 {
		return nil
	}
	binary, err := h.build(nil, "sound")
	if err != nil {
		return err
	}
	broken := 0
	for from := 0; from < h.seeds; from += runtime.NumCPU() {
		for seed, r := range h.together(binary, from) {
			h.sound[seed] = r
			broken += len(r.Violations)
		}
	}
	fmt.Printf("%d seeds without a planted fault: %d violations\n", h.seeds, broken)
	return nil
}

// plant looks for the first seed that notices, and asks the named test if none does.
func (h *hunt) plant(m mutant) (kill, error) {
	k := kill{Mutant: m.Name, Promise: m.Promise, Plants: m.Plants}
	operations, binary := 0, ""
	if h.seeds > 0 {
		var err error
		if binary, err = h.build([]change{m.change()}, "mutant"); err != nil {
			return k, err
		}
	}
	for from := 0; from < h.seeds; from += runtime.NumCPU() {
		runs := h.together(binary, from)
		for i := range uint64(runtime.NumCPU()) {
			seed := h.first + uint64(from) + i
			operations += runs[seed].Operations
			if h.noticed(&k, seed, runs[seed]) {
				k.Operations = operations
				return k, nil
			}
		}
	}
	noticed, err := h.test(m)
	k.Test, k.Survived = m.By.Package+" "+m.By.Run, !noticed
	return k, err
}

// noticed tells whether a seed shows something that it does not show of the sound product.
func (h *hunt) noticed(k *kill, seed uint64, r seedRun) bool {
	sound := h.sound[seed]
	if r.failed != "" && sound.failed == "" {
		k.Invariant, k.Seed, k.Example = "the seed's end", seed, r.failed
		return true
	}
	found := false
	for _, v := range r.Violations {
		if sound.breaks(v.Invariant) {
			continue
		}
		elsewhere := false
		for _, s := range h.sound {
			elsewhere = elsewhere || s.breaks(v.Invariant)
		}
		if found && (elsewhere || !k.Elsewhere) {
			continue // the first is told, of those that nothing else breaks if there is one
		}
		found = true
		k.Invariant, k.Seed, k.Example, k.Elsewhere = v.Invariant, seed, strings.TrimSpace(v.Who+" "+v.What), elsewhere
	}
	return found
}

func (r seedRun) breaks(invariant string) bool {
	for _, v := range r.Violations {
		if v.Invariant == invariant {
			return true
		}
	}
	return false
}

// build makes the simulation's test binary with the product changed.
func (h *hunt) build(changes []change, name string) (string, error) {
	overlay, err := h.overlay(changes, name, runtimeChanges)
	if err != nil {
		return "", err
	}
	binary := filepath.Join(h.work, name+".test")
	c := exec.Command("nice", "go", "test", "-c", "-overlay", overlay, "-o", binary, "./functions/simulation")
	c.Dir = h.root
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building: %w: %s", err, out)
	}
	return binary, nil
}

// overlay has its files in a folder of its own: of the runtime's changes and the product's.
func (h *hunt) overlay(changes []change, name string, runtimeToo []change) (string, error) {
	folder := filepath.Join(h.work, name)
	if err := os.RemoveAll(folder); err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	replace := map[string]string{}
	if len(runtimeToo) > 0 {
		source, err := goSource()
		if err != nil {
			return "", err
		}
		if _, err := overlayOf(folder, source, runtimeToo, replace); err != nil {
			return "", err
		}
	}
	return overlayOf(folder, h.root, changes, replace)
}

// together runs as many seeds as there are processors.
func (h *hunt) together(binary string, from int) map[uint64]seedRun {
	runs := map[uint64]seedRun{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := from; i < min(from+runtime.NumCPU(), h.seeds); i++ {
		seed := h.first + uint64(i)
		all.Go(func() {
			r := h.seed(binary, seed)
			mu.Lock()
			defer mu.Unlock()
			runs[seed] = r
		})
	}
	all.Wait()
	return runs
}

// seed runs one seed in a process of its own. A mutant may never end: ten minutes are many times what a seed takes.
func (h *hunt) seed(binary string, seed uint64) (r seedRun) {
	file := filepath.Join(h.work, fmt.Sprintf("seed%d.json", seed))
	defer os.Remove(file)
	c := exec.Command("nice", binary, "-test.run=^TestSeed$", "-test.timeout=10m", fmt.Sprintf("-seed=%d", seed), "-child="+file)
	c.Dir = filepath.Join(h.root, "functions", "simulation")
	c.Env = append(os.Environ(), "GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1", "GOGC=200", "TMPDIR="+shared())
	out, err := c.CombinedOutput()
	body, unread := os.ReadFile(file)
	if err := errors.Join(err, unread); err != nil {
		r.failed = fmt.Sprintf("%v: %s", err, firstLines(out))
		return r
	}
	if err := json.Unmarshal(body, &r); err != nil {
		r.failed = err.Error()
	}
	return r
}

// firstLines of an output, without what the functions log.
func firstLines(out []byte) string {
	var told []string
	for line := range bytes.Lines(out) {
		if len(told) < 8 && !bytes.HasPrefix(line, []byte("{")) {
			told = append(told, string(bytes.TrimSpace(line)))
		}
	}
	return strings.Join(told, "; ")
}

// test asks the test that a mutant names. What does not build has noticed nothing.
func (h *hunt) test(m mutant) (bool, error) {
	overlay, err := h.overlay([]change{m.change()}, "mutant", nil)
	if err != nil {
		return false, err
	}
	c := exec.Command("nice", "go", "test", "-overlay", overlay, "-run", m.By.Run, m.By.Package)
	c.Dir = h.root
	out, err := c.CombinedOutput()
	if bytes.Contains(out, []byte("[build failed]")) || bytes.Contains(out, []byte("no tests to run")) {
		return false, fmt.Errorf("%s %s: %s", m.By.Package, m.By.Run, firstLines(out))
	}
	return err != nil, nil
}

// sum tells how many were noticed, here and in the report of the simulation.
func (h *hunt) sum(kills []kill) error {
	total := map[string]int{"planted": len(kills)}
	for _, k := range kills {
		switch {
		case k.Survived:
			total["survived"]++
		case k.Test != "":
			total["killedByTests"]++
		default:
			total["killedBySimulation"]++
		}
	}
	fmt.Printf("%d mutants: %d killed by the simulation, %d by a named test, %d survived\n", total["planted"], total["killedBySimulation"], total["killedByTests"], total["survived"])
	file := filepath.Join(h.root, "build", "sim.json")
	report := map[string]any{}
	if body, err := os.ReadFile(file); err == nil {
		if err := json.Unmarshal(body, &report); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	report["mutants"] = total
	if err := write(file, report); err != nil {
		return err
	}
	if total["survived"] > 0 {
		return errors.New("not every mutant is noticed")
	}
	return nil
}

func write(file string, what any) error {
	body, err := json.MarshalIndent(what, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(body, '\n'), 0o644)
}
