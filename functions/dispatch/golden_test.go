package dispatch

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// TestGoldenInvocations hands over what AWS does, to a shop in which Ann has signed up.
func TestGoldenInvocations(t *testing.T) {
	const folder = "../../events/dispatch"
	want := map[string]string{
		"notification":   "[sent]",
		"two-in-one-job": "[sent sent]",
		"twice":          "[sent]",
		"deferred":       "[sent]",
		"expired":        "[skipped expired]",
		"nobody":         "[]",
		"newer-version":  "[sent]",
		"not-a-job":      "[]",
	}
	files, err := filepath.Glob(folder + "/*.json")
	if err != nil || len(files) != len(want) {
		t.Errorf("%d files in %s, %d expected", len(files), folder, len(want))
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			b := start(t, welcome)
			b.signUp(b.ask("s1"))
			var batch events.SQSEvent
			if err := json.Unmarshal(raw, &batch); err != nil {
				t.Fatal(err)
			}
			answer, err := b.process.Handle(t.Context(), batch)
			if err != nil || (len(answer.BatchItemFailures) > 0) != (name == "not-a-job") {
				t.Errorf("answers %v, %v", answer, err)
			}
			if got := fmt.Sprint(b.decisions()); got != want[name] {
				t.Errorf("decisions %s, want %s", got, want[name])
			}
		})
	}
}
