package orchestration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/people/profile"
)

// TestGoldenInvocations hands over what AWS does, to a shop with one campaign on each kind of trigger.
func TestGoldenInvocations(t *testing.T) {
	const folder = "../../events/orchestration"
	want := map[string]struct {
		body  string
		asked int  // notifications
		fails bool // the invocation answers an error
	}{
		"event":              {body: onEvent, asked: 1},
		"event-twice":        {body: onEvent, asked: 1},
		"entered-and-exited": {body: onEntered, asked: 1},
		"audience":           {body: toAll, asked: 1},
		"newer-version":      {body: onEvent, asked: 1},
		"not-a-job":          {body: onEvent},
		"minute":             {body: toAll},
		"neither":            {body: onEvent, fails: true},
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
			b := start(t, want[name].body)
			b.change(func(p *profile.Profile) { join(p) })
			answer, err := b.process.Handle(t.Context(), raw)
			if (err != nil) != want[name].fails {
				t.Errorf("answers %v, %v", answer, err)
			}
			if batch, ok := answer.(events.SQSEventResponse); ok && (len(batch.BatchItemFailures) > 0) != (name == "not-a-job") {
				t.Errorf("%d records come again", len(batch.BatchItemFailures))
			}
			b.expect(want[name].asked)
		})
	}
}
