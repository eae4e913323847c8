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

func main() {
	seeds := flag.Int("seeds", 0, "how many seeds; with -mutants beside those that are known to notice, less than none asks the named tests alone")
	first := flag.Uint64("first", 1, "the first of them")
	seed := flag.Uint64("seed", 0, "one seed alone, with its story")
	out := flag.String("out", "build/sim.json", "where the report is written")
	base := flag.String("base", "", "a commit whose functions are driven in place of these")
	previous := flag.String("previous", "", "a commit whose functions take a part of the invocations")
	twice := flag.Bool("twice", false, "run each seed a second time, which must be the same to the last line")
	planted := flag.Bool("mutants", false, "plant the faults of the tables, and tell what notices each")
	only := flag.String("only", "", "of the planted faults, those whose name has one of these texts, which commas part")
	keep := flag.Bool("record", false, "write the seed that notices a planted fault into its row")
	flag.Parse()
	root, err := os.Getwd()
	work := filepath.Join(root, "build", "sim")
	switch {
	case err != nil:
	case *planted:
		err = (&hunt{root: root, work: work, first: *first, seeds: *seeds, record: *keep}).plantAll(*only)
	default:
		err = run(root, work, *seeds, *first, *seed, *twice, *out, *base, *previous)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(root, work string, seeds int, first, seed uint64, twice bool, out, base, previous string) (err error) {
	if err := os.MkdirAll(work, 0o755); err != nil {
		return err
	}
	tree := root
	if base != "" {
		if tree, err = baseTree(root, work, base); err != nil {
			return err
		}
	}
	overlay, err := deterministic(work)
	if err != nil {
		return err
	}
	args := []string{"test", "-c", "-overlay", overlay, "-o", filepath.Join(work, "sim.test")}
	if previous != "" {
		more, err := previousTree(root, work, previous, overlay)
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
	test := exec.Command(filepath.Join(work, "sim.test"), "-test.run=^TestSimulation$", "-test.timeout=6h",
		fmt.Sprintf("-seeds=%d", seeds), fmt.Sprintf("-first=%d", first), fmt.Sprintf("-twice=%t", twice), "-out="+filepath.Join(root, out))
	if seed != 0 {
		test = exec.Command(filepath.Join(work, "sim.test"), "-test.run=^TestSeed$", "-test.timeout=30m", fmt.Sprintf("-seed=%d", seed), "-story")
		test.Env = append(os.Environ(), "GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1", "TMPDIR="+shared())
	}
	test.Dir, test.Stdout, test.Stderr = filepath.Join(tree, "functions", "simulation"), os.Stdout, os.Stderr
	return test.Run()
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

// deterministic writes an overlay of the runtime.
func deterministic(work string) (string, error) {
	source, err := goSource()
	if err != nil {
		return "", err
	}
	return overlayOf(work, source, runtimeChanges, map[string]string{})
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
