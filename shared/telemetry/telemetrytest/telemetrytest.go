// Package telemetrytest reads the metrics that a program writes, for tests.
package telemetrytest

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Lines are the lines with a metric that are written while do runs, in their order. Metrics are lines of JSON on the standard output, so no two
// tests of a process may read them at once.
func Lines(t testing.TB, metric string, do func()) (lines []map[string]any) {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	before := os.Stdout
	os.Stdout = file
	defer func() { os.Stdout = before }()
	do()
	os.Stdout = before
	if _, err := file.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	for written := bufio.NewScanner(file); written.Scan(); {
		var line map[string]any
		if json.Unmarshal(written.Bytes(), &line) == nil && line[metric] != nil {
			lines = append(lines, line)
		}
	}
	return lines
}
