package shared

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

type dependency struct {
	Path, Version string
	Time          time.Time
	Indirect      bool
}

// own are modules of this repository.
const own = "github.com/userops/userops/"

// required are the modules that the product and its stand-ins ask for. What one of the two asks for by itself is nobody's companion.
func required(t *testing.T) []dependency {
	t.Helper()
	all := map[string]dependency{}
	for _, file := range []string{"go.mod", "shared/standin/go.mod"} {
		var asked struct{ Require []dependency }
		decode(t, &asked, "mod", "edit", "-json", file)
		for _, m := range asked.Require {
			known, twice := all[m.Path]
			if twice && known.Version != m.Version {
				t.Errorf("%s is %s and %s", m.Path, known.Version, m.Version)
			}
			m.Indirect = m.Indirect && (!twice || known.Indirect)
			all[m.Path] = m
		}
	}
	maps.DeleteFunc(all, func(path string, _ dependency) bool { return strings.HasPrefix(path, own) })
	return slices.Collect(maps.Values(all))
}

// TestDependencies holds docs/DEPENDENCIES.md to go.mod: each module with its version, those of our choice with their age, where they run, and a reason.
func TestDependencies(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "DEPENDENCIES.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) < 3 || !strings.Contains(cells[0], ".") {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows[cells[0]] = cells
	}
	var direct []string
	for _, m := range required(t) {
		row := rows[m.Path]
		delete(rows, m.Path)
		switch {
		case row == nil:
			t.Errorf("%s has no row", m.Path)
		case row[1] != m.Version:
			t.Errorf("%s is %s in go.mod and %s in its row", m.Path, m.Version, row[1])
		case m.Indirect && (len(row) != 3 || row[2] == ""):
			t.Errorf("%s: what brings it along is not said: %q", m.Path, row)
		case !m.Indirect && (len(row) != 5 || len(row[4]) < 15):
			t.Errorf("%s: there is no reason: %q", m.Path, row)
		case !m.Indirect:
			direct = append(direct, m.Path)
			var full dependency
			decode(t, &full, "list", "-m", "-json", m.Path)
			if of := full.Time.UTC().Format(time.DateOnly); row[2] != of {
				t.Errorf("%s is of %s, and of %s in its row", m.Path, of, row[2])
			}
			rows[" "+m.Path] = row
		}
	}
	deployed, local := linked(t, "./functions/*/bootstrap"), linked(t, "./shared/local/cmd/*", "./shared/shop/cmd/*")
	for _, path := range direct {
		row := rows[" "+path]
		delete(rows, " "+path)
		runs := "tests"
		if local[path] {
			runs = "one machine"
		}
		if deployed[path] {
			runs = "functions"
		}
		if row[3] != runs {
			t.Errorf("%s runs in %s, and in %s by its row", path, runs, row[3])
		}
	}
	for path := range rows {
		t.Errorf("%s is not in go.mod", path)
	}
}

// linked are the modules that programs are made of.
func linked(t *testing.T, patterns ...string) map[string]bool {
	t.Helper()
	var folders []string
	for _, pattern := range patterns {
		found, err := filepath.Glob(filepath.Join("..", pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %d folders, %v", pattern, len(found), err)
		}
		for _, folder := range found {
			folders = append(folders, "./"+strings.TrimPrefix(filepath.ToSlash(folder), "../"))
		}
	}
	out := run(t, append([]string{"list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}"}, folders...)...)
	all := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		all[strings.TrimSpace(line)] = true
	}
	return all
}

func decode(t *testing.T, into any, args ...string) {
	t.Helper()
	if err := json.Unmarshal(run(t, args...), into); err != nil {
		t.Fatalf("go %v: %v", args, err)
	}
}

func run(t *testing.T, args ...string) []byte {
	t.Helper()
	c := exec.Command("go", args...)
	c.Dir = ".."
	var complaint bytes.Buffer
	c.Stderr = &complaint
	out, err := c.Output()
	if err != nil {
		t.Fatalf("go %v: %v\n%s", args, err, complaint.String())
	}
	return out
}
