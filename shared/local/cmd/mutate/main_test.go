package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestWhatDoesNotCompileIsNotNoticed(t *testing.T) {
	for _, c := range []struct {
		code   int
		output string
		want   int
	}{
		{0, "ok  	x	0.1s", 0},
		{1, "--- FAIL: TestX\nFAIL	x	0.1s", 1},
		{1, "./x.go:2:23: cannot use\nFAIL	x [build failed]", notViable},
		{1, "FAIL	. [setup failed]", notViable},
		{3, "[build failed]", 3},
	} {
		if got := code(c.code, c.output); got != c.want {
			t.Errorf("%d %q is %d, want %d", c.code, c.output, got, c.want)
		}
	}
}

func TestTestsRunAnew(t *testing.T) {
	if got := testArguments([]string{"test", "-failfast", "x"}); !slices.Equal(got, []string{"test", "-count=1", "-vet=off", "-failfast", "x"}) {
		t.Errorf("got %v", got)
	}
	if got := testArguments([]string{"mod", "download"}); !slices.Equal(got, []string{"mod", "download"}) {
		t.Errorf("got %v", got)
	}
}

func TestAFileIsCoveredAsAWhole(t *testing.T) {
	got := string(wholeFiles([]byte("mode: set\nm/a.go:1.2,3.4 1 0\nm/a.go:5.2,6.4 1 1\nm/a.go:7.2,8.4 1 1\nm/b.go:1.2,3.4 2 0\n")))
	if want := "mode: set\nm/a.go:1.1,1000000.1 1 1\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOutcome(t *testing.T) {
	module := t.TempDir()
	if err := os.MkdirAll(filepath.Join(module, "p"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(module, "p", "x.go"), []byte("one\n\ttwo\nthree\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal([]byte(`{"files":[{"file_name":"x.go","mutations":[
		{"type":"A","status":"KILLED","line":1},{"type":"A","status":"KILLED","line":1},{"type":"A","status":"TIMED OUT","line":2},
		{"type":"B","status":"LIVED","line":2},{"type":"A","status":"LIVED","line":2},{"type":"A","status":"NOT COVERED","line":3},
		{"type":"A","status":"NOT VIABLE","line":3},{"type":"A","status":"SKIPPED","line":3}]},
		{"file_name":"below/y.go","mutations":[{"type":"A","status":"LIVED","line":99}]}]}`), &r); err != nil {
		t.Fatal(err)
	}
	got, err := r.outcome(module, "p", map[change]bool{{File: "p/x.go", Kind: "A", Code: "two"}: true})
	if err != nil {
		t.Fatal(err)
	}
	if got.Noticed != 2 || got.Hung != 1 || got.NotCompiled != 1 || got.Equivalent != 1 ||
		!slices.Equal(got.Lived, []change{{"p/x.go", 2, "B", "two"}}) || !slices.Equal(got.NotCovered, []change{{"p/x.go", 3, "A", "three"}}) {
		t.Errorf("got %+v", got)
	}
	if got.share() != 60 { // three of five
		t.Errorf("share %g", got.share())
	}
	if err := judge([]outcome{got}, 60); err != nil {
		t.Error(err)
	}
	if err := judge([]outcome{got}, 60.1); err == nil || !strings.Contains(err.Error(), "p (60.0%)") {
		t.Errorf("below: %v", err)
	}
	r.Files[0].Mutations[0].Status = "PUZZLED"
	if _, err := r.outcome(module, "p", nil); err == nil {
		t.Error("a word of gremlins that nobody knows passes")
	}
}

func TestEquivalent(t *testing.T) {
	if _, err := readEquivalent("equivalent.txt"); err != nil {
		t.Error(err)
	}
	file := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(file, []byte("# why\n\na/b.go\tKIND\tx < y\tboth are the same\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := readEquivalent(file)
	if err != nil || len(got) != 1 || !got[change{File: "a/b.go", Kind: "KIND", Code: "x < y"}] {
		t.Errorf("%v %v", got, err)
	}
	if err := os.WriteFile(file, []byte("a/b.go\tKIND\tx < y\t\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := readEquivalent(file); err == nil {
		t.Error("a change without a reason passes")
	}
}
