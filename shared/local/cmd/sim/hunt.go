package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// seedRun is what came of one seed.
type seedRun struct {
	Operations int        `json:"operations"`
	Violations []breaking `json:"violations,omitempty"`
	failed     string     // the seed did not come to its end
}

// breaking is a promise that a seed saw broken.
type breaking struct {
	Invariant string `json:"invariant"`
	Who       string `json:"who,omitempty"`
	What      string `json:"what"`
}

func (r seedRun) breaks(invariant string) bool {
	for _, v := range r.Violations {
		if v.Invariant == invariant {
			return true
		}
	}
	return false
}

// subject is a simulation of the product, as it is or with a fault, and what its seeds have shown. A seed shows the same every time: what is
// known of the same program is kept in a file, so that a hunt that was broken off goes on, and the sound product is asked once.
type subject struct {
	root, work, binary string
	planted            string // the fault that is awake in it; none in the product as it is
	kept               string // the file

	mu    sync.Mutex
	shown map[uint64]seedRun
}

// subjectOf is a built simulation in which a fault is awake, or none.
func subjectOf(root, work, binary, planted string) (*subject, error) {
	s := &subject{root: root, work: work, binary: binary, planted: planted, shown: map[uint64]seedRun{}}
	id, err := identity(binary, filepath.Join(root, "template.yaml"))
	if err != nil {
		return nil, err
	}
	s.kept = filepath.Join(work, "shown", id, cmp.Or(planted, "sound")+".json")
	body, err := os.ReadFile(s.kept)
	if errors.Is(err, os.ErrNotExist) {
		return s, os.MkdirAll(filepath.Dir(s.kept), 0o755)
	}
	if err == nil {
		err = json.Unmarshal(body, &s.shown)
	}
	return s, err
}

// identity is a hash of files.
func identity(files ...string) (string, error) {
	h := sha256.New()
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		h.Write(body)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:12]), nil
}

// play runs seeds at once and answers what they show, in their order.
func (s *subject) play(seeds []uint64) []seedRun {
	runs := make([]seedRun, len(seeds))
	var all sync.WaitGroup
	for i, seed := range seeds {
		all.Go(func() { runs[i] = s.seed(seed) })
	}
	all.Wait()
	return runs
}

// atOnce is how many seeds run at the same time.
func atOnce() int { return runtime.GOMAXPROCS(0) }

func (s *subject) seed(seed uint64) seedRun {
	s.mu.Lock()
	r, known := s.shown[seed]
	s.mu.Unlock()
	if known {
		return r
	}
	r = s.run(seed)
	if r.failed != "" {
		return r // a busy machine may have been the reason
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shown[seed] = r
	if err := write(s.kept, s.shown); err != nil {
		fmt.Println(err)
	}
	return r
}

// run runs one seed in a process of its own. A mutant may never end: ten minutes are many times what a seed takes.
func (s *subject) run(seed uint64) (r seedRun) {
	file := filepath.Join(s.work, fmt.Sprintf("seed%d.json", seed))
	defer os.Remove(file)
	c := exec.Command(s.binary, "-test.run=^TestSeed$", "-test.timeout=10m", fmt.Sprintf("-seed=%d", seed), "-child="+file)
	c.Dir = filepath.Join(s.root, "functions", "simulation")
	c.Env = append(os.Environ(), plantedVariable+"="+s.planted, "GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1", "TMPDIR="+shared())
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

func write(file string, what any) error {
	body, err := json.MarshalIndent(what, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(body, '\n'), 0o644)
}
