package client

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Variable keeps tests that need more than Go from running where it is None, as `make test` sets it. Without it they run if what they need is there.
const (
	Variable = "CLIENTS"
	None     = "none"
)

// listed are the tests that need more than Go, each with its package: `make test-clients` runs them.
//
//go:embed tests.txt
var listed string

// SkippedVariable names the file that hears of each skipped test and why, which `make test-clients` shows at its end.
const SkippedVariable = "SKIPPED"

// skip skips a test that lacks something, never in silence.
func skip(t *testing.T, format string, arguments ...any) {
	t.Helper()
	if name := os.Getenv(SkippedVariable); name != "" {
		file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err == nil {
			_, err = fmt.Fprintf(file, "skipped %s: %s\n", t.Name(), strings.ReplaceAll(fmt.Sprintf(format, arguments...), "\n", " "))
			err = errors.Join(err, file.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Skipf(format, arguments...)
}

// others are the other names that a program may have.
var others = map[string][]string{"chromium": {"chromium-browser", "google-chrome"}}

// Needs says that a test needs more than Go. It stands in tests.txt, or fails: else nobody would run it.
func Needs(t *testing.T) {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	test, _, _ := strings.Cut(t.Name(), "/")
	if !slices.ContainsFunc(rows(), func(r row) bool { return r.test == test && strings.HasSuffix(filepath.ToSlash(folder), r.folder) }) {
		t.Fatalf("%s needs more than Go and is not in shared/functiontest/client/tests.txt, by which make test-clients runs it", test)
	}
	if os.Getenv(Variable) == None {
		t.Skip("it needs more than Go: make test-clients")
	}
}

// Program is the path of a program that a test needs. The test is skipped where there is none.
func Program(t *testing.T, name string) string {
	t.Helper()
	Needs(t)
	for _, name := range append([]string{name}, others[name]...) {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	skip(t, "%s is not installed", name)
	return ""
}

// row is a test that needs more than Go: the folder of its package from the root on, with a slash before it, and its name.
type row struct{ folder, test string }

func rows() (all []row) {
	for line := range strings.Lines(listed) {
		folder, test, _ := strings.Cut(strings.TrimSpace(line), " ")
		all = append(all, row{strings.TrimPrefix(folder, "."), test})
	}
	return all
}
