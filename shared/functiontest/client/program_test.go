package client

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryListedTestIsThere: the list names tests that there are, each once. One that needs more than Go and is not listed fails by itself.
func TestEveryListedTestIsThere(t *testing.T) {
	seen := map[row]bool{}
	for _, r := range rows() {
		files, err := filepath.Glob(filepath.Join("..", "..", "..", filepath.FromSlash(r.folder), "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		there := false
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			there = there || bytes.Contains(text, []byte("\nfunc "+r.test+"(t *testing.T) {"))
		}
		if !there || seen[r] {
			t.Errorf("%s in %s is there: %v, and stood there before: %v", r.test, r.folder, there, seen[r])
		}
		seen[r] = true
	}
}

// TestWhatIsLeftOutIsSaid: the last words of `make test` are of what it leaves out and who runs that, and those of `make test-clients` of each test that was skipped, and why. No result
// of it comes from Go's cache, in which a skipped test is silent.
func TestWhatIsLeftOutIsSaid(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	recipe := func(target string) (lines []string) {
		found := regexp.MustCompile(`(?m)^` + target + `:.*\n((?:\t.*\n)+)`).FindSubmatch(text)
		if found == nil {
			t.Fatalf("there is no target %s", target)
		}
		return strings.Split(strings.TrimSpace(string(found[1])), "\n")
	}
	test, all := recipe("test"), strings.Join(recipe("test"), "\n")
	if last := test[len(test)-1]; !strings.Contains(all, Variable+"="+None+" GOGC=400 go test -timeout 30m ./...") || !strings.Contains(all, "go test -timeout 30m -skip '$(AGREES)' ./...") || !strings.Contains(last, "left out: ") || !strings.Contains(last, "make test-clients") {
		t.Errorf("make test is\n%s", all)
	}
	test, all = recipe("test-clients"), strings.Join(recipe("test-clients"), "\n")
	if last := test[len(test)-1]; strings.Contains(all, Variable+"=") || strings.Count(all, "go test ") != strings.Count(all, " -count=1 ") || strings.Count(all, SkippedVariable+"=") != 1 || !strings.Contains(last, "skipped") {
		t.Errorf("make test-clients is\n%s", all)
	}
}

// TestWhoSkipsIsHeard: why a test is skipped is a line of the file that is named.
func TestWhoSkipsIsHeard(t *testing.T) {
	file := filepath.Join(t.TempDir(), "skipped")
	t.Setenv(SkippedVariable, file)
	for _, why := range []string{"one", "two"} {
		t.Run(why, func(t *testing.T) { skip(t, "it lacks %s\nof them", why) })
	}
	if text, err := os.ReadFile(file); string(text) != "skipped TestWhoSkipsIsHeard/one: it lacks one of them\nskipped TestWhoSkipsIsHeard/two: it lacks two of them\n" {
		t.Errorf("%q, %v", text, err)
	}
}
