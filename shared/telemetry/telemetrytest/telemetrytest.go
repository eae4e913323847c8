// Package telemetrytest reads the metrics that a program writes, for tests.
package telemetrytest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"testing"

	"github.com/userops/userops/shared/telemetry"
)

// Lines are the lines with a metric that are written while do runs, in their order. No two tests of a process may read them at once.
func Lines(t testing.TB, metric string, do func()) (lines []map[string]any) {
	t.Helper()
	var out bytes.Buffer
	before := telemetry.CountTo(&out)
	defer telemetry.CountTo(before)
	do()
	telemetry.CountTo(before)
	for written := bufio.NewScanner(&out); written.Scan(); {
		var line map[string]any
		if json.Unmarshal(written.Bytes(), &line) == nil && line[metric] != nil {
			lines = append(lines, line)
		}
	}
	return lines
}
