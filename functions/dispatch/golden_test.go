package dispatch

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/userops/userops/shared/functiontest"
)

// TestGoldenInvocations hands over what AWS does, to a shop in which Ann has signed up.
func TestGoldenInvocations(t *testing.T) {
	want := map[string]string{
		"notification":   "[sent]",
		"two-in-one-job": "[sent sent]",
		"twice":          "[sent]",
		"deferred":       "[sent]",
		"expired":        "[skipped expired]",
		"nobody":         "[]",
		"newer-version":  "[sent]",
		"trial":          "[]", // which nobody has asked for
		"not-a-job":      "[]",
	}
	functiontest.Golden(t, "dispatch", want, func(t *testing.T, name string, raw []byte, want string) {
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
		if got := fmt.Sprint(b.decisions()); got != want {
			t.Errorf("decisions %s, want %s", got, want)
		}
	})
}
