package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
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
			r.Violations = append(r.Violations, struct {
				Invariant string `json:"invariant"`
				Who       string `json:"who"`
				What      string `json:"what"`
			}{Invariant: i})
		}
		return r
	}
	h := &hunt{sound: map[uint64]seedRun{1: run("", "capsHold"), 2: run(""), 3: run("it hangs")}}
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
		if ok := h.noticed(&got, c.seed, c.run); ok != c.ok || got != c.want {
			t.Errorf("%s: %+v, %t", name, got, ok)
		}
	}
}
