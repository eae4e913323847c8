// Command sim builds the simulation and runs it: make sim SEEDS=n, make sim SEED=n. It replaces a few lines of Go's own runtime, and
// for a mutant one of the product's, by an overlay made under build/sim. The surprising thing: it is the runtime that must be
// changed, since Go walks maps and chooses among ready channels at random, and no seed could be played again otherwise.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// order is what is to be run.
type order struct {
	root, work     string
	seeds          int
	first, seed    uint64
	twice          bool
	out            string
	base, previous string // commits
	mutant         string // a planted fault
	shrink         int    // replays
	breaks, left   string
}

func main() {
	var o order
	flag.IntVar(&o.seeds, "seeds", 0, "how many seeds; with -mutants beside those that are known to notice, less than none asks the named tests alone")
	flag.Uint64Var(&o.first, "first", 1, "the first of them")
	flag.Uint64Var(&o.seed, "seed", 0, "one seed alone, with its story")
	flag.StringVar(&o.out, "out", "build/sim.json", "where the report is written")
	flag.StringVar(&o.base, "base", "", "a commit whose functions are driven in place of these")
	flag.StringVar(&o.previous, "previous", "", "a commit whose functions take a part of the invocations")
	flag.BoolVar(&o.twice, "twice", false, "run each seed a second time, which must be the same to the last line")
	flag.StringVar(&o.mutant, "mutant", "", "a planted fault that the functions have")
	flag.IntVar(&o.shrink, "shrink", 0, "at most how many replays of the seed may look for what its broken promise needs")
	flag.StringVar(&o.breaks, "breaks", "", "the invariant to shrink for; the first that is broken if empty")
	flag.StringVar(&o.left, "left", "", "what is left of the seed, as shrinking wrote it")
	planted := flag.Bool("mutants", false, "plant the faults of the tables, and tell what notices each")
	only := flag.String("only", "", "of the planted faults, those whose name has one of these texts, which commas part")
	keep := flag.Bool("record", false, "write the seed that notices a planted fault into its row")
	flag.Parse()
	var err error
	o.root, err = os.Getwd()
	o.work = filepath.Join(o.root, "build", "sim")
	switch {
	case err != nil:
	case *planted:
		err = (&hunt{root: o.root, work: o.work, first: o.first, seeds: o.seeds, record: *keep}).plantAll(*only)
	default:
		err = o.run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (o order) run() (err error) {
	if err := os.MkdirAll(o.work, 0o755); err != nil {
		return err
	}
	tree := o.root
	if o.base != "" {
		if tree, err = baseTree(o.root, o.work, o.base); err != nil {
			return err
		}
	}
	overlay, err := o.overlay(tree)
	if err != nil {
		return err
	}
	binary := filepath.Join(o.work, "sim.test")
	args := []string{"test", "-c", "-overlay", overlay, "-o", binary}
	if o.previous != "" {
		more, err := previousTree(o.root, o.work, o.previous, overlay)
		if err != nil {
			return err
		}
		args = append(args, more...)
	}
	build := exec.Command("go", append(args, "./functions/simulation")...)
	build.Dir, build.Stdout, build.Stderr = tree, os.Stdout, os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building the simulation: %w", err)
	}
	test := o.test(binary)
	test.Dir, test.Stdout, test.Stderr = filepath.Join(tree, "functions", "simulation"), os.Stdout, os.Stderr
	return test.Run()
}

// test is the simulation's program with what it is asked for.
func (o order) test(binary string) *exec.Cmd {
	seed := fmt.Sprintf("-seed=%d", o.seed)
	switch {
	case o.seed == 0:
		return exec.Command(binary, "-test.run=^TestSimulation$", "-test.timeout=6h",
			fmt.Sprintf("-seeds=%d", o.seeds), fmt.Sprintf("-first=%d", o.first), fmt.Sprintf("-twice=%t", o.twice), "-out="+filepath.Join(o.root, o.out))
	case o.shrink != 0:
		return exec.Command(binary, "-test.run=^TestShrink$", "-test.timeout=2h", seed, fmt.Sprintf("-shrink=%d", o.shrink), "-breaks="+o.breaks,
			"-out="+filepath.Join(o.root, "build", "shrunk.json"))
	}
	one := exec.Command(binary, "-test.run=^TestSeed$", "-test.timeout=30m", seed, "-story")
	if o.left != "" {
		one.Args = append(one.Args, "-left="+filepath.Join(o.root, o.left))
	}
	one.Env = append(os.Environ(), "GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1", "TMPDIR="+shared())
	return one
}

// overlay is of the runtime, and of the planted fault if there is to be one.
func (o order) overlay(tree string) (string, error) {
	source, err := goSource()
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	overlay, err := overlayOf(o.work, source, runtimeChanges, replace)
	if o.mutant == "" || err != nil {
		return overlay, err
	}
	all, err := mutants(tree)
	if err != nil {
		return "", err
	}
	for _, m := range all {
		if m.Name == o.mutant {
			return overlayOf(o.work, tree, []change{m.change()}, replace)
		}
	}
	return "", fmt.Errorf("no planted fault has the name %q", o.mutant)
}
