package functions

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReliabilityNamesWhatThereIs: a promise whose test was renamed or taken away must not stand as tested. Names in the last column of
// docs/RELIABILITY.md are tests, files of tests, or invariants of the simulation.
func TestReliabilityNamesWhatThereIs(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "RELIABILITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	defined := regexp.MustCompile(`(?m)^func (Test\w+)\(|invariant = "(\w+)"`)
	for _, top := range []string{".", filepath.Join("..", "shared")} {
		err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			there[d.Name()] = true
			source, err := os.ReadFile(path)
			for _, m := range defined.FindAllStringSubmatch(string(source), -1) {
				there[m[1]+m[2]] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	named := regexp.MustCompile("`([^`]+)`")
	rows := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 5 || strings.HasPrefix(cells[1], "---") || strings.TrimSpace(cells[1]) == "promised" {
			continue
		}
		rows++
		names := named.FindAllStringSubmatch(cells[3], -1)
		if len(names) == 0 {
			t.Errorf("a promise names no test: %s", cells[1])
		}
		for _, m := range names {
			if name := m[1]; !there[name] && !strings.HasPrefix(name, "make ") && name != "testdata" {
				t.Errorf("%s is no test and no invariant; it is named beside: %s", name, cells[1])
			}
		}
	}
	if rows < 20 {
		t.Errorf("%d promises found", rows)
	}
}
