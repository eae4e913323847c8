package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// hunt plants faults one after the other, each until the first seed that notices.
type hunt struct {
	root, work string
	first      uint64
	seeds      int // how many are tried beside those that are known to notice; less than none: the named tests alone are asked
	record     bool

	bed   *bed
	built map[string]string // binaries with the bed, by package
	sound *subject          // the product as it is, when it was asked
	whole map[string]error  // what named tests say of the product as it is
}

// kill is what became of a mutant.
type kill struct {
	Mutant     string   `json:"mutant"`
	Promise    string   `json:"promise,omitempty"`
	Plants     string   `json:"plants"`
	Invariant  string   `json:"invariant,omitempty"`
	Seed       uint64   `json:"seed,omitempty"`
	Operations int      `json:"operations,omitempty"` // of all seeds up to that one
	Example    string   `json:"example,omitempty"`
	Elsewhere  bool     `json:"elsewhere,omitempty"` // the sound product breaks that invariant too, at other seeds
	Test       string   `json:"test,omitempty"`
	Unseen     []uint64 `json:"unseen,omitempty"` // seeds of the row that notice it no more
	Survived   bool     `json:"survived,omitempty"`
}

func (k kill) String() string {
	var told string
	switch {
	case k.Survived:
		told = "SURVIVED"
	case k.Test != "":
		told = "test " + k.Test
	default:
		told = fmt.Sprintf("%s at seed %d after %d operations", k.Invariant, k.Seed, k.Operations)
	}
	if k.Elsewhere {
		told += " (broken elsewhere without it)"
	}
	if len(k.Unseen) > 0 {
		told += fmt.Sprintf(" (no more at %d)", k.Unseen)
	}
	return told
}

// plantAll plants each fault whose name has one of the texts, which commas part; all if there is none. It is an error if one is not noticed.
func (h *hunt) plantAll(only string) error {
	if err := os.MkdirAll(h.work, 0o755); err != nil {
		return err
	}
	all, err := mutants(h.root)
	if err != nil {
		return err
	}
	if h.bed, err = sow(h.root, all); err != nil {
		return err
	}
	h.built, h.whole = map[string]string{}, map[string]error{}
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
		if err := write(filepath.Join(h.root, "build", "mutants.json"), kills); err != nil {
			return err
		}
	}
	return h.sum(kills)
}

// order is in which order the seeds are tried: those that are known to notice come first.
func (h *hunt) order(m mutant) []uint64 {
	if h.seeds < 0 {
		return nil
	}
	seeds := slices.Clone(m.Seeds)
	for i := range uint64(h.seeds) {
		if seed := h.first + i; !slices.Contains(seeds, seed) {
			seeds = append(seeds, seed)
		}
	}
	return seeds
}

// plant looks for the first seed that notices, and asks the named test if none does.
func (h *hunt) plant(m mutant) (kill, error) {
	k := kill{Mutant: m.Name, Promise: m.Promise, Plants: m.Plants}
	seeds := h.order(m)
	if len(seeds) > 0 {
		planted, err := h.subject(m)
		if err != nil {
			return k, err
		}
		for some := range slices.Chunk(seeds, atOnce()) {
			for i, r := range planted.play(some) {
				if k.Seed != 0 {
					break
				}
				k.Operations += r.Operations
				sound, err := h.soundly(some[i], r)
				if err != nil {
					return k, err
				}
				if !noticed(&k, some[i], r, sound, h.sound) && slices.Contains(m.Seeds, some[i]) {
					k.Unseen = append(k.Unseen, some[i])
				}
			}
			if k.Seed != 0 {
				return k, h.remember(m, k)
			}
		}
		k.Operations = 0
	}
	killed, err := h.test(m)
	k.Test, k.Survived = m.By.Package+" "+m.By.Run, !killed
	return k, errors.Join(err, h.remember(m, k))
}

// remember writes the seed that noticed into the mutant's row, and takes those away that do no more.
func (h *hunt) remember(m mutant, k kill) error {
	if !h.record || h.seeds < 0 {
		return nil
	}
	if k.Seed == 0 {
		return record(h.root, m.Name, nil)
	}
	return record(h.root, m.Name, []uint64{k.Seed})
}

// soundly is what a seed shows of the product as it is. It is not asked where the mutant showed nothing.
func (h *hunt) soundly(seed uint64, r seedRun) (seedRun, error) {
	if r.failed == "" && len(r.Violations) == 0 {
		return seedRun{}, nil
	}
	if h.sound == nil {
		binary, err := h.build(simulation)
		if err != nil {
			return seedRun{}, err
		}
		if h.sound, err = subjectOf(h.root, h.work, binary, ""); err != nil {
			return seedRun{}, err
		}
	}
	return h.sound.seed(seed), nil
}

const simulation = "./functions/simulation"

// subject is the simulation with a mutant awake.
func (h *hunt) subject(m mutant) (*subject, error) {
	binary, err := h.withFault(m, simulation)
	if err != nil {
		return nil, err
	}
	return subjectOf(h.root, h.work, binary, m.Name)
}

// withFault is a package's test binary that has a mutant in it: the one of all, or one of its own.
func (h *hunt) withFault(m mutant, pkg string) (binary string, err error) {
	if h.bed.asleep[m.Name] {
		return h.build(pkg)
	}
	return h.compile(pkg, "alone", func(folder string, replace map[string]string) (string, error) {
		return overlayOf(folder, h.root, []change{m.change()}, replace)
	})
}

// build is a package's test binary with all faults asleep in it.
func (h *hunt) build(pkg string) (binary string, err error) {
	if h.built[pkg] == "" {
		h.built[pkg], err = h.compile(pkg, "planted", func(folder string, replace map[string]string) (string, error) {
			return layOver(folder, h.root, h.bed.texts, replace)
		})
	}
	return h.built[pkg], err
}

// compile makes a package's test binary with an overlay: for the simulation, with the runtime's changes.
func (h *hunt) compile(pkg, name string, lay func(folder string, replace map[string]string) (string, error)) (binary string, err error) {
	folder := filepath.Join(h.work, name, strings.ReplaceAll(strings.TrimPrefix(pkg, "./"), "/", "_"))
	if err := os.RemoveAll(folder); err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	replace := map[string]string{}
	if pkg == simulation {
		source, err := goSource()
		if err != nil {
			return "", err
		}
		if _, err := overlayOf(folder, source, runtimeChanges, replace); err != nil {
			return "", err
		}
	}
	overlay, err := lay(folder, replace)
	if err != nil {
		return "", err
	}
	binary = filepath.Join(folder, "package.test")
	// Without paths other folders can use what was built in this one, and without what a debugger wants linking takes half the time.
	c := exec.Command("go", "test", "-c", "-trimpath", "-ldflags=-w", "-overlay", overlay, "-o", binary, pkg)
	c.Dir = h.root
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w: %s", pkg, err, out)
	}
	return binary, nil
}

// noticed tells whether a seed shows something that it does not show of the sound product.
func noticed(k *kill, seed uint64, r, sound seedRun, all *subject) bool {
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
		for _, s := range all.shown {
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

// test asks the test that a mutant names, which must have nothing to say without it.
func (h *hunt) test(m mutant) (killed bool, err error) {
	binary, err := h.withFault(m, m.By.Package)
	if err != nil {
		return false, err
	}
	sound, err := h.build(m.By.Package)
	if err != nil {
		return false, err
	}
	named := m.By.Package + " " + m.By.Run
	if _, asked := h.whole[named]; !asked {
		h.whole[named] = h.ask(sound, m, "")
	}
	if err := h.whole[named]; err != nil {
		return false, fmt.Errorf("without the fault: %w", err)
	}
	err = h.ask(binary, m, m.Name)
	if errors.Is(err, errNoTest) {
		return false, err
	}
	return err != nil, nil
}

var errNoTest = errors.New("no tests to run")

// ask runs the named test with a fault awake, or with none.
func (h *hunt) ask(binary string, m mutant, planted string) error {
	c := exec.Command(binary, "-test.run", m.By.Run, "-test.timeout=10m")
	c.Dir = filepath.Join(h.root, m.By.Package)
	c.Env = append(os.Environ(), plantedVariable+"="+planted)
	out, err := c.CombinedOutput()
	switch {
	case bytes.Contains(out, []byte(errNoTest.Error())):
		return fmt.Errorf("%s %s: %w", m.By.Package, m.By.Run, errNoTest)
	case err != nil:
		return fmt.Errorf("%s %s: %w: %s", m.By.Package, m.By.Run, err, firstLines(out))
	}
	return nil
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
