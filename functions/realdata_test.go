package functions

import (
	"os"
	"path/filepath"
	"testing"
)

// sharedData finds a file of real data beside the project, or skips the test.
func sharedData(t *testing.T, parts ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{"..", "..", "shared", "data"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is not there: real data is no part of the project", filepath.Join(parts...))
	}
	return path
}
