// Command sim builds the simulation and runs it: make sim SEEDS=n, make sim SEED=n. It replaces a few lines of Go's own runtime, and
// for a mutant one of the product's, by an overlay made under build/sim. The surprising thing: it is the runtime that must be
// changed, since Go walks maps and chooses among ready channels at random, and no seed could be played again otherwise.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// shared is a folder in memory where there is one.
func shared() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return os.TempDir()
}

// change is one text in a file that is another in the overlay. It must be there exactly once.
type change struct{ file, old, new string }

// runtimeChanges take chance out of Go's runtime.
var runtimeChanges = []change{
	{"runtime/rand.go", "seed[i%len(seed)] ^= c\n", "seed[i%len(seed)] ^= c&0 + 7\n"},
	{"runtime/rand.go", "//go:nosplit\n//go:linkname rand\nfunc rand() uint64 {\n", "//go:nosplit\n//go:linkname rand\nfunc rand() uint64 {\n" +
		"\tif globalRand.init {\n\t\tsequence += 0x9e3779b97f4a7c15\n\t\tx := sequence\n\t\tx = (x ^ x>>30) * 0xbf58476d1ce4e5b9\n" +
		"\t\tx = (x ^ x>>27) * 0x94d049bb133111eb\n\t\treturn x ^ x>>31\n\t}\n"},
	{"runtime/rand.go", "var readRandomFailed bool\n", "var readRandomFailed bool\n\nvar sequence uint64\n"},
	{"runtime/rand.go", "mp.cheaprand = rand()", "mp.cheaprand = 1"},
	{"runtime/rand.go", "func maps_rand() uint64 {\n\treturn rand()", "func maps_rand() uint64 {\n\treturn 0x9e3779b97f4a7c15"},
	{"runtime/rand.go", "func rand32() uint32 {\n\treturn uint32(rand())", "func rand32() uint32 {\n\treturn 0x9e3779b9"},
	// A lock may be held while a call is under way: who waits for it waits for virtual time.
	{"runtime/runtime2.go", "waitReasonSyncCondWait:          true,\n", "waitReasonSyncCondWait:          true,\n\twaitReasonSyncMutexLock: true,\n" +
		"\twaitReasonSyncRWMutexRLock: true,\n\twaitReasonSyncRWMutexLock: true,\n"},
	{"internal/sync/mutex.go", "\tstarvationThresholdNs = 1e6\n", "\tstarvationThresholdNs = 1e18\n"}, // nobody waits longer for a lock by the machine's clock
	{"runtime/select.go", "j := cheaprandn(uint32(norder + 1))", "j := uint32(norder)"},
	{"runtime/time.go", "t.rand = cheaprand()", "t.rand = 0"},
	// Random names of temporary folders are drawn from the same numbers as the ids of messages, again and again while another seed's has the name.
	{"os/tempfile.go", "uint64(uint32(runtime_rand()))", "temporary()"},
	{"os/tempfile.go", "func nextRandom() string {\n", "var temporaries uint64\n\nfunc temporary() uint64 {\n\ttemporaries++\n\treturn uint64(Getpid())<<20 + temporaries\n}\n\n" +
		"func nextRandom() string {\n"},
	// Who runs after whom is not for the machine's load to decide: nobody is interrupted after ten milliseconds or within a system call of a seed's
	// process, and no goroutine is taken from the far end of the queue every 61st time.
	{"runtime/proc.go", "func retake(now int64) uint32 {\n", "func retake(now int64) uint32 {\n\tif debug.asyncpreemptoff != 0 {\n\t\treturn 0\n\t}\n"},
	{"runtime/proc.go", "if pp.schedtick%61 == 0 && !sched.runq.empty() {", "if pp.schedtick%61 == 0 && !sched.runq.empty() && debug.asyncpreemptoff == 0 {"},
}

// goSource is where Go's own packages are.
func goSource() (string, error) {
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("asking for GOROOT: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(goroot)), "src"), nil
}

// overlayOf writes changed copies of files below root, and the overlay that names them beside those that it has already.
func overlayOf(work, root string, changes []change, replace map[string]string) (string, error) {
	texts := map[string]string{}
	for _, c := range changes {
		text, known := texts[c.file]
		if !known {
			body, err := os.ReadFile(filepath.Join(root, c.file))
			if err != nil {
				return "", err
			}
			text = string(body)
		}
		if n := strings.Count(text, c.old); n != 1 {
			return "", fmt.Errorf("%s: %q is there %d times, not once", c.file, c.old, n)
		}
		texts[c.file] = strings.Replace(text, c.old, c.new, 1)
	}
	return layOver(work, root, texts, replace)
}

// layOver writes files that are to stand for those below root, and the overlay that names them beside those that it has already.
func layOver(work, root string, texts, replace map[string]string) (string, error) {
	for file, text := range texts {
		copied := filepath.Join(work, strings.ReplaceAll(file, "/", "_")+".txt") // no Go file, or it would be built with the project
		if err := os.WriteFile(copied, []byte(text), 0o644); err != nil {
			return "", err
		}
		replace[filepath.Join(root, file)] = copied
	}
	body, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(work, "overlay.json")
	return file, os.WriteFile(file, body, 0o644)
}
