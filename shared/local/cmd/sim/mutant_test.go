package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../../../.."

// promises are the faults that were found when the simulation was made, by how the list of them began. Each is planted at least once.
var promises = []string{
	"Erasure and return: Poison merge", "Erasure and return: Returned people are invisible", "Erasure and return: A redelivered erase command",
	"Erasure and return: Erased data comes back", "Erasure and return: A pack written after both wipes", "Erasure and return: A long history is never erased",
	"Erasure and return: Versions begin anew", "Erasure and return: Erasure leaves marks",
	"Duplicates: A client's retry counts twice", "Duplicates: The WooCommerce hook", "Duplicates: Two sources with one messageId",
	"Duplicates: A message that was retried with another userId",
	"Consent, guards, kill switch: An unsubscribe is ignored", "Consent, guards, kill switch: Kill switch, pause, caps", "Consent, guards, kill switch: A trait",
	"Campaigns: One minute's waits", "Campaigns: Slow providers", "Campaigns: Audiences of oncePerPerson", "Campaigns: Pausing for two minutes",
	"Campaigns: One notification twice", "Campaigns: Dispatch uses the campaign",
	"Rewards: One person rewarded twice", "Rewards: A ladder step is paid again", "Rewards: Settle can reach 114 actions", "Rewards: domain/referral.Qualified",
	"Rewards: Settlement drops follows",
	"Poison, size, scale: A constant anonymousId", "Poison, size, scale: A \"guest\" userId", "Poison, size, scale: Items over 400 KB",
	"Poison, size, scale: A new standard event name", "Poison, size, scale: An hour without Catalog", "Poison, size, scale: MaximumConcurrency",
	"Poison, size, scale: A run's day, week and month", "Poison, size, scale: Seven real invoices",
}

// TestNoMutantRots sees to it that every planted fault still has a place, that what it makes of the file is Go, and that the test which is to
// notice it is there.
func TestNoMutantRots(t *testing.T) {
	all, err := mutants(root)
	if err != nil {
		t.Fatal(err)
	}
	names, planted := map[string]bool{}, map[string]bool{}
	for _, m := range all {
		if names[m.Name] || m.Name == "" || m.Plants == "" {
			t.Errorf("%q has no name of its own, or does not say what it plants", m.Name)
		}
		names[m.Name], planted[m.Promise] = true, true
		if m.Promise != "" && !slices.Contains(promises, m.Promise) {
			t.Errorf("%s: no fault %q was found", m.Name, m.Promise)
		}
		body, err := os.ReadFile(filepath.Join(root, m.File))
		if err != nil {
			t.Error(err)
			continue
		}
		if n := strings.Count(string(body), m.Old); n != 1 {
			t.Errorf("%s: the text is %d times in %s, not once", m.Name, n, m.File)
			continue
		}
		changed := strings.Replace(string(body), m.Old, m.New, 1)
		if _, err := parser.ParseFile(token.NewFileSet(), m.File, changed, parser.SkipObjectResolution); err != nil {
			t.Errorf("%s: what it makes is no Go: %v", m.Name, err)
		}
		for _, name := range strings.Split(strings.Trim(m.By.Run, "^()$"), "|") {
			if !hasTest(t, m.By.Package, name) {
				t.Errorf("%s: %s has no test %s", m.Name, m.By.Package, name)
			}
		}
	}
	for _, promise := range promises {
		if !planted[promise] {
			t.Errorf("no mutant plants %q", promise)
		}
	}
	if len(all) < 40 {
		t.Errorf("%d mutants", len(all))
	}
}

func hasTest(t *testing.T, folder, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`(?m)^func ` + regexp.QuoteMeta(name) + `\(`)
	return slices.ContainsFunc(files, func(file string) bool {
		body, err := os.ReadFile(file)
		return err == nil && declared.Match(body)
	})
}

// TestKills compares what a seed shows of a mutant with what the seeds show of the product.
func TestKills(t *testing.T) {
	run := func(failed string, invariants ...string) (r seedRun) {
		r.failed = failed
		for _, i := range invariants {
			r.Violations = append(r.Violations, breaking{Invariant: i})
		}
		return r
	}
	sound := &subject{shown: map[uint64]seedRun{1: run("", "capsHold"), 2: run(""), 3: run("it hangs")}}
	for name, c := range map[string]struct {
		seed uint64
		run  seedRun
		want kill
		ok   bool
	}{
		"nothing":                    {2, run(""), kill{}, false},
		"what it shows anyway":       {1, run("", "capsHold"), kill{}, false},
		"something new":              {1, run("", "capsHold", "budgetHolds"), kill{Invariant: "budgetHolds", Seed: 1}, true},
		"known from another seed":    {2, run("", "capsHold"), kill{Invariant: "capsHold", Seed: 2, Elsewhere: true}, true},
		"new beside known":           {2, run("", "capsHold", "budgetHolds"), kill{Invariant: "budgetHolds", Seed: 2}, true},
		"it does not end":            {2, run("panic"), kill{Invariant: "the seed's end", Seed: 2, Example: "panic"}, true},
		"it does not end either way": {3, run("panic"), kill{}, false},
	} {
		var got kill
		if ok := noticed(&got, c.seed, c.run, sound.shown[c.seed], sound); ok != c.ok || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %t", name, got, ok)
		}
	}
}

// TestSeedsThatNoticeComeFirst holds the order of a hunt.
func TestSeedsThatNoticeComeFirst(t *testing.T) {
	m := mutant{Seeds: []uint64{17, 3}}
	for name, c := range map[string]struct {
		h    hunt
		want []uint64
	}{
		"known ones alone":     {hunt{first: 1}, []uint64{17, 3}},
		"others after them":    {hunt{first: 2, seeds: 3}, []uint64{17, 3, 2, 4}},
		"the named test alone": {hunt{first: 1, seeds: -1}, nil},
	} {
		if got := c.h.order(m); !slices.Equal(got, c.want) {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// TestRecord writes seeds into one row, and changes nothing else of the tables.
func TestRecord(t *testing.T) {
	folder := t.TempDir()
	if err := os.CopyFS(filepath.Join(folder, mutantFolder), os.DirFS(filepath.Join(root, mutantFolder))); err != nil {
		t.Fatal(err)
	}
	texts := func(root string) (all []string) {
		files, err := tables(root)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, string(body))
		}
		return all
	}
	all, err := mutants(folder)
	if err != nil {
		t.Fatal(err)
	}
	chosen := all[len(all)/2]
	for _, seeds := range [][]uint64{{4711, 12}, chosen.Seeds} {
		if err := record(folder, chosen.Name, seeds); err != nil {
			t.Fatal(err)
		}
		now, err := mutants(folder)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(all)
		want[len(all)/2].Seeds = seeds
		if !reflect.DeepEqual(now, want) {
			t.Errorf("recording %d for %s: the tables are others", seeds, chosen.Name)
		}
	}
	if !slices.Equal(texts(folder), texts(root)) {
		t.Error("what was recorded and taken back has changed the tables' text")
	}
}

// TestWhatASeedHasShownIsKept holds that a program that is the same again is not run again, and another one is.
func TestWhatASeedHasShownIsKept(t *testing.T) {
	folder := t.TempDir()
	s := &subject{kept: filepath.Join(folder, "shown.json"), shown: map[uint64]seedRun{7: {Operations: 3, Violations: []breaking{{"capsHold", "profile:x", "4 on a day"}}}}}
	if got := s.play([]uint64{7})[0]; !reflect.DeepEqual(got, s.shown[7]) { // there is no program that could be run
		t.Errorf("%+v", got)
	}
	if got := s.play([]uint64{8})[0]; got.failed == "" || len(s.shown) != 1 {
		t.Errorf("%+v and %d kept: a failure is not kept", got, len(s.shown))
	}
	one, other := filepath.Join(folder, "one"), filepath.Join(folder, "other")
	for file, text := range map[string]string{one: "a", other: "b"} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	a, err := identity(one, one)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := identity(one, other); err != nil || a == b {
		t.Errorf("%s and %s, %v", a, b, err)
	}
}
