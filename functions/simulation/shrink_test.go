package simulation

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

var (
	shrinkFlag = flag.Int("shrink", 0, "at most how many replays may look for what a broken promise needs")
	breaksFlag = flag.String("breaks", "", "the invariant to shrink for; the first that is broken if empty")
)

// remainder is what a replay has of a seed. The zero value is all of it.
type remainder struct {
	Faults  []string `json:"faults"`            // single faults, nil for all
	Scenes  []int    `json:"scenes"`            // acts by number, nil for all
	Without []string `json:"without,omitempty"` // events that are not sent
}

// pare leaves everything else out of a world.
func (r remainder) pare(w *world) {
	if r.Faults != nil {
		w.faults.only = map[string]bool{}
		for _, f := range r.Faults {
			w.faults.only[f] = true
		}
	}
	w.scenes = r.Scenes
	for _, id := range r.Without {
		w.without[id] = true
	}
}

func readRemainder(file string) (r remainder) {
	body, err := os.ReadFile(file)
	check(err)
	check(json.Unmarshal(body, &r))
	return r
}

// shrinking looks for the least of a seed that still breaks a promise in the same way.
type shrinking struct {
	t       *testing.T
	seed    uint64
	folder  string
	target  violation
	left    remainder
	last    outcome // of what is left
	replays int
	most    int
}

// TestShrink replays a seed that breaks a promise, and drops what it does not need: kinds of faults, single faults, people, scenes,
// events. What is kept still breaks the same invariant with the same words for the same person.
func TestShrink(t *testing.T) {
	if *shrinkFlag == 0 {
		t.Skip("make sim SEED=n SHRINK=1")
	}
	s := &shrinking{t: t, seed: *seedFlag, folder: t.TempDir(), most: *shrinkFlag}
	if !s.begin() {
		return
	}
	whole := s.last
	s.kinds()
	s.singles(len(s.last.Struck) / 8)
	s.people()
	s.scenes(len(s.last.Acts) / 16) // with less going on, fewer faults strike
	s.singles(1)
	s.scenes(1)
	s.events()
	s.left.Scenes = s.last.numbers()
	if s.left.Faults == nil {
		s.left.Faults = s.last.Struck
	}
	s.tell(whole)
}

// begin plays the whole seed twice, which must be the same, and finds what is to be kept.
func (s *shrinking) begin() bool {
	both := s.try(remainder{}, remainder{})
	s.last = both[0]
	if both[0].Trace != both[1].Trace {
		s.t.Errorf("seed %d is not repeatable: traces %s and %s", s.seed, both[0].Trace, both[1].Trace)
		return false
	}
	for _, v := range s.last.Violations {
		if *breaksFlag == "" || v.Invariant == invariant(*breaksFlag) {
			s.target = v
			return true
		}
	}
	s.t.Errorf("seed %d breaks no promise%s", s.seed, strings.TrimSuffix(" by the name of "+*breaksFlag, " by the name of "))
	return false
}

// shows says whether an outcome breaks the same promise for the same cause.
func (s *shrinking) shows(o outcome) bool {
	return slices.ContainsFunc(o.Violations, func(v violation) bool {
		return v.Invariant == s.target.Invariant && v.Cause == s.target.Cause && v.Who == s.target.Who
	})
}

// try plays candidates beside each other, each in a process of its own. One that does not end shows nothing.
func (s *shrinking) try(candidates ...remainder) []outcome {
	outcomes := make([]outcome, len(candidates))
	var all sync.WaitGroup
	for i, c := range candidates {
		s.replays++
		file := filepath.Join(s.folder, fmt.Sprintf("left%d.json", i))
		body, err := json.Marshal(c)
		check(err)
		check(os.WriteFile(file, body, 0o644))
		all.Go(func() {
			outcomes[i], _ = child(filepath.Join(s.folder, fmt.Sprint(i)), s.seed, "-left="+file, "-story")
		})
	}
	all.Wait()
	return outcomes
}

// reduce drops items, all and halves first and ever smaller parts down to the least, as long as the rest shows the same. with makes a
// candidate of what is kept.
func reduce[T any](s *shrinking, items []T, least int, with func(kept []T) remainder) {
	for size := len(items); size >= max(least, 1); size /= 2 {
		for from := 0; from < len(items) && s.replays < s.most; {
			var kept [][]T
			var candidates []remainder
			for at := from; at < len(items) && len(kept) < runtime.NumCPU(); at += size {
				rest := slices.Concat(items[:at], items[min(at+size, len(items)):])
				kept, candidates = append(kept, rest), append(candidates, with(rest))
			}
			found := slices.IndexFunc(s.try(candidates...), func(o outcome) bool {
				if s.shows(o) {
					s.last = o
					return true
				}
				return false
			})
			if found < 0 {
				from += size * len(kept)
				continue
			}
			items, s.left = kept[found], candidates[found]
			fmt.Printf("%d replays: %d faults, %d scenes and %d events are left\n", s.replays, len(s.last.Struck), len(s.last.Acts), len(s.last.Said))
			from += size * found
		}
	}
}

func (s *shrinking) kinds() {
	byKind := map[fault][]string{}
	for _, one := range s.last.Struck {
		byKind[kindOf(one)] = append(byKind[kindOf(one)], one)
	}
	reduce(s, slices.Sorted(maps.Keys(byKind)), 1, func(kept []fault) remainder {
		r := s.left
		r.Faults = []string{}
		for _, kind := range kept {
			r.Faults = append(r.Faults, byKind[kind]...)
		}
		return r
	})
}

func (s *shrinking) singles(least int) {
	reduce(s, s.last.Struck, least, func(kept []string) remainder {
		r := s.left
		r.Faults = append([]string{}, kept...)
		return r
	})
}

// numbers are the acts that were played.
func (o outcome) numbers() []int {
	list := []int{}
	for _, a := range o.Acts {
		list = append(list, a.Number)
	}
	return list
}

// people drops all scenes of a person at once.
func (s *shrinking) people() {
	byPerson := map[int][]int{}
	for _, a := range s.last.Acts {
		byPerson[a.Person] = append(byPerson[a.Person], a.Number)
	}
	reduce(s, slices.Sorted(maps.Keys(byPerson)), 1, func(kept []int) remainder {
		r := s.left
		r.Scenes = []int{}
		for _, person := range kept {
			r.Scenes = append(r.Scenes, byPerson[person]...)
		}
		return r
	})
}

func (s *shrinking) scenes(least int) {
	reduce(s, s.last.numbers(), least, func(kept []int) remainder {
		r := s.left
		r.Scenes = append([]int{}, kept...)
		return r
	})
}

// events drops what was sent, one by one.
func (s *shrinking) events() {
	before := s.left.Without
	sent := s.last.Said
	reduce(s, sent, 1, func(kept []string) remainder {
		r := s.left
		r.Without = slices.Clone(before)
		for _, id := range sent {
			if !slices.Contains(kept, id) {
				r.Without = append(r.Without, id)
			}
		}
		return r
	})
}

// tell prints what is left, and keeps it for another replay.
func (s *shrinking) tell(whole outcome) {
	v := s.target
	fmt.Printf("seed %d breaks %s (%s): %s\n", s.seed, v.Invariant, v.Who, v.What)
	fmt.Printf("%d replays. Of %d faults, %d scenes and %d events it needs %d, %d and %d:\n", s.replays,
		len(whole.Struck), len(whole.Acts), len(whole.Said), len(s.last.Struck), len(s.last.Acts), len(s.last.Said))
	for _, one := range s.last.Struck {
		fmt.Println("  fault:", one)
	}
	for _, a := range s.last.Acts {
		fmt.Printf("  scene: %d %s (person %d)\n", a.Number, a.Scene, a.Person)
	}
	fmt.Println()
	for _, line := range tale(s.last.Story, v.Who) {
		fmt.Println(line)
	}
	if *outFlag == "" {
		return
	}
	body, err := json.MarshalIndent(s.left, "", "  ")
	check(err)
	check(os.WriteFile(*outFlag, append(body, '\n'), 0o644))
	fmt.Printf("\nmake sim SEED=%d LEFT=%s plays that again and tells everything\n", s.seed, filepath.Base(filepath.Dir(*outFlag))+"/"+filepath.Base(*outFlag))
}

// tale leaves what tells nothing out of a story: what operators began with, sweeps that find nothing, what is logged as usual, and of the
// time without faults everything but what concerns somebody.
func tale(lines []string, who string) []string {
	_, key, _ := strings.Cut(who, "profile:")
	dull := []string{"#floor", `"level":"INFO"`, `{"_aws"`}
	var told []string
	begun, calm := false, false
	for _, line := range lines {
		begun, calm = begun || strings.Contains(line, " -- "), calm || strings.Contains(line, " -- no more faults")
		hush := slices.ContainsFunc(dull, func(part string) bool { return strings.Contains(line, part) }) || calm && (key == "" || !strings.Contains(line, key))
		if begun && !hush || strings.Contains(line, " VIOLATION ") {
			told = append(told, fmt.Sprintf("%.300s", line))
		}
	}
	return told
}
