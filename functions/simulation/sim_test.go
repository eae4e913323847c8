package simulation

import (
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"github.com/userops/userops/shared/telemetry"
)

var (
	seedsFlag = flag.Int("seeds", 0, "how many seeds are run")
	firstFlag = flag.Uint64("first", 1, "the first seed")
	seedFlag  = flag.Uint64("seed", 0, "one seed alone, with its story")
	outFlag   = flag.String("out", "", "where the report is written")
	twiceFlag = flag.Bool("twice", false, "run each seed a second time, which must be the same to the last line")
	childFlag = flag.String("child", "", "where a child writes what came of its seed")
	storyFlag = flag.Bool("story", false, "tell everything that happens")
	leftFlag  = flag.String("left", "", "a file that says what is left of the seed; its outcome tells what struck and what was played")
)

func hashed(key string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(key))) }

// outcome is what came of a seed.
type outcome struct {
	Seed       uint64        `json:"seed"`
	Events     int           `json:"events"`
	Operations int           `json:"operations"`
	Seconds    float64       `json:"seconds"`
	Virtual    string        `json:"virtual"`
	Faults     map[fault]int `json:"faults"`
	Coverage   coverage      `json:"coverage"`
	Violations []violation   `json:"violations,omitempty"`
	Sendings   int           `json:"sendings"`
	Load       hottest       `json:"load"`
	Profiles   int           `json:"profiles"`
	Trace      string        `json:"trace"` // a hash of everything that happened: the same in every replay

	Struck []string `json:"struck,omitempty"` // single faults
	Acts   []played `json:"acts,omitempty"`
	Said   []string `json:"said,omitempty"` // ids of events
	Story  []string `json:"story,omitempty"`
}

// played is a scene that was.
type played struct {
	Number int    `json:"number"`
	Scene  string `json:"scene"`
	Person int    `json:"person"`
}

// TestSeed runs one seed in this process.
func TestSeed(t *testing.T) {
	if *childFlag == "" && *seedFlag == 0 || *shrinkFlag != 0 {
		t.Skip("run by TestSimulation")
	}
	seed := *seedFlag
	cryptotest.SetGlobalRandom(t, seed)
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // see tidy
	output, err := os.Create(filepath.Join(t.TempDir(), "output"))
	check(err)
	before := telemetry.CountTo(output)
	var lines []string
	var out outcome
	synctest.Test(t, func(t *testing.T) {
		begun := realNow()
		w := newWorld(seed)
		w.output = output.Name()
		w.story = func(line string) {
			if *storyFlag {
				lines = append(lines, line)
			}
			w.trace = hash(w.trace, line)
		}
		if *leftFlag != "" {
			readRemainder(*leftFlag).pare(w)
		}
		go w.tidy()
		w.live()
		out = outcome{Seed: seed, Events: len(w.model.said), Operations: w.operations, Virtual: time.Since(w.begun).Round(time.Second).String(),
			Faults: w.fires, Coverage: w.coverage, Violations: w.violations, Sendings: len(w.sendings), Load: w.load.hottest(), Profiles: w.profiles, Trace: fmt.Sprintf("%016x", w.trace)}
		if *leftFlag != "" {
			out.Struck, out.Acts, out.Said = w.struck, w.played, w.model.ownIDs()
		}
		w.close()
		out.Seconds = realNow() - begun
	})
	telemetry.CountTo(before)
	check(output.Close())
	if *childFlag != "" {
		out.Story = lines
		body, err := json.Marshal(out)
		check(err)
		check(os.WriteFile(*childFlag, body, 0o644))
		return
	}
	for _, line := range lines {
		fmt.Println(line)
	}
	for _, v := range out.Violations {
		t.Errorf("%s %s %s: %s", v.At, v.Invariant, v.Who, v.What)
	}
	t.Logf("seed %d: %d events, %d operations, %.1f s, %s virtual, trace %s", seed, out.Events, out.Operations, out.Seconds, out.Virtual, out.Trace)
}

// tidy collects garbage while everybody waits. At any other time the collector comes between goroutines that could run at the same
// instant, and they run in another order than in the next replay.
func (w *world) tidy() {
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	kept := uint64(0)
	for ; !w.stopped; w.sleep(time.Second) {
		synctest.Wait()
		if metrics.Read(heap); heap[0].Value.Uint64() > kept+garbage {
			runtime.GC()
			metrics.Read(heap)
			kept = heap[0].Value.Uint64()
		}
	}
}

// garbage is how many bytes of it are let lie.
const garbage = 256 << 20

// live is a seed from beginning to end.
func (w *world) live() {
	d := dice{hash(w.seed, "live")}
	w.horizon = one(&d, 40*time.Minute, time.Hour, 2*time.Hour, 4*time.Hour, 12*time.Hour)
	if d.happens(0.06) {
		w.horizon = time.Duration(d.between(2, 9)) * 24 * time.Hour
	}
	w.schedules()
	w.open(&d)
	w.regulars()
	w.archivist()
	c := newCast(w.seed)
	w.play(c, plan(w.seed, c, w.horizon))
	if lateRedrive(w.seed) {
		w.drowsy = true
		w.sleep(time.Duration(d.between(15, 17)) * 24 * time.Hour)
		w.drowsy = false
	}
	for range 2 {
		w.sleep(30 * time.Minute)
		w.redrive()
	}
	w.faults.none = true // from here on everything must come to rest
	w.tell("-- no more faults")
	if !w.rest(w.patience()) {
		w.violate(queuesDrain, "", "after %s without faults there is still work: %s", w.patience(), w.backlog())
		return
	}
	w.redrive()
	if !w.rest(w.patience()) {
		w.violate(queuesDrain, "", "after the dead letters there is still work: %s", w.backlog())
	}
	if !w.outlast() {
		w.violate(queuesDrain, "", "after all time that a report waits for its order there is still work: %s", w.backlog())
	}
	w.archivesAgain()
	w.judge()
}

// lateRedrive says whether dead letters of a seed lie for weeks before somebody sends them again. It takes as long as ten others.
func lateRedrive(seed uint64) bool { return seed%20 == 10 }

// judge makes a last run and asks every invariant.
func (w *world) judge() {
	d := dice{hash(w.seed, "last")}
	w.load.over = true
	status, body := w.ask(&d, "POST", "/v1/runs", operatorKey, "{}")
	var started struct{ RunID string }
	if status == 202 {
		check(json.Unmarshal(body, &started))
	} else {
		w.surprise("POST runs: %d %s", status, body)
	}
	w.rest(w.patience())
	status, body = w.ask(&d, "GET", "/v1/runs/"+started.RunID, operatorKey, "")
	var run lastRun
	if status == 200 {
		check(json.Unmarshal(body, &run))
	}
	if run.State != "finished" {
		w.violate(runsFinish, "", "run %s is %q at rest (%d)", started.RunID, run.State, status)
	}
	s := w.model.read()
	s.run = run
	w.profiles = len(s.profiles)
	strangers := s.strangers()
	if there := s.seenBy(run.AsOf) + len(strangers); run.State == "finished" && run.Profiles != there {
		w.violate(returnedIsAPerson, "", "the last run saw %d people, %d have a profile", run.Profiles, there)
	}
	if early := w.model.earlyRefunds() + len(w.outlasted); len(strangers) > early {
		w.violate(noGhosts, "", "%d profiles are of nobody whom anything was said of (%d refunds came before their orders): %v", len(strangers), early, strangers)
	}
	for _, row := range invariants {
		row.check(w, s, func(who, format string, args ...any) { w.violate(row.name, who, format, args...) })
	}
	if damaged(w.seed) {
		w.damage(s)
	}
}

func (w *world) backlog() string {
	var parts []string
	for _, q := range w.template.Queues {
		if n := w.depth(q); n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", q.LogicalID, n))
		}
	}
	return strings.Join(append(parts, fmt.Sprintf("due %d (%s), invocations %d, later %d", len(w.due()), w.waiting(), w.running, w.later)), ", ")
}

// TestSimulation runs seeds, each in a process of its own, and writes what came out.
func TestSimulation(t *testing.T) {
	if *childFlag != "" || *seedFlag != 0 {
		t.Skip("a single seed")
	}
	n := *seedsFlag
	if n == 0 {
		t.Skip("make sim SEEDS=n")
	}
	report := newReport(t, n)
	todo := make(chan uint64)
	var workers sync.WaitGroup
	var mu sync.Mutex
	folder := t.TempDir()
	for range runtime.NumCPU() {
		workers.Go(func() {
			for seed := range todo {
				o, fault := child(folder, seed)
				if *twiceFlag && fault == nil {
					again, _ := child(folder, seed)
					if again.Trace != o.Trace {
						fault = fmt.Errorf("a second run was another: trace %s, then %s", o.Trace, again.Trace)
					}
				}
				mu.Lock()
				report.add(seed, o, fault)
				mu.Unlock()
			}
		})
	}
	for i := range n {
		todo <- *firstFlag + uint64(i)
	}
	close(todo)
	workers.Wait()
	report.finish()
}

// child runs a seed in a process with one processor, so that the seed alone decides what comes first.
func child(folder string, seed uint64, more ...string) (outcome, error) {
	check(os.MkdirAll(folder, 0o755))
	file := filepath.Join(folder, fmt.Sprintf("%d.json", seed))
	self, err := os.Executable()
	check(err)
	c := exec.Command(self, append(more, "-test.run=^TestSeed$", "-test.timeout=20m", fmt.Sprintf("-seed=%d", seed), "-child="+file)...)
	c.Env = append(os.Environ(), "GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1")
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		c.Env = append(c.Env, "TMPDIR=/dev/shm")
	}
	text, err := c.CombinedOutput()
	var o outcome
	if body, e := os.ReadFile(file); e == nil && err == nil {
		return o, json.Unmarshal(body, &o)
	}
	lines := strings.Split(string(text), "\n")
	lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "{") })
	return o, fmt.Errorf("%w: %s", err, strings.Join(lines[:min(len(lines), 60)], "\n"))
}

// patience is how long everything may take to come to rest: a night and a day, and until the last message has come again.
func (w *world) patience() time.Duration { return 40*time.Hour + w.horizon }
