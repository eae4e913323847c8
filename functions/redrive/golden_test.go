package redrive

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGoldenEvents hands over what AWS does, as `sam local invoke -e` would.
func TestGoldenEvents(t *testing.T) {
	const folder = "../../events/redrive"
	want := map[string]string{ // a part of the answer or of the error
		"letter":        `{"batchItemFailures":null}`,
		"no-letter":     `{"itemIdentifier":"059f36b4-87a3-44ab-83d2-661975830001"}`,
		"redrive":       `{"queue":"events","sent":0,"left":false}`,
		"unknown-queue": `no queue "everything" has dead letters; there are events, segmentation, orchestration, settlement, notifications`,
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
			b := newBench(t)
			b.Queues[0].Dead = "EventsDeadLetters"
			out, err := b.Handle(context.Background(), raw)
			text, _ := json.Marshal(out)
			if err != nil {
				text = []byte(err.Error())
			}
			if want[name] == "" || !strings.Contains(string(text), want[name]) {
				t.Errorf("%s, want %s", text, want[name])
			}
		})
	}
}
