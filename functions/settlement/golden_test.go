package settlement

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/reward/referral"
)

// TestGoldenInvocations hands over what AWS does, to a shop in which somebody's order qualifies.
func TestGoldenInvocations(t *testing.T) {
	const folder = "../../events/settlement"
	want := map[string]struct {
		state referral.State
		fails bool // the invocation answers an error
	}{
		"order":         {state: referral.Settled},
		"order-twice":   {state: referral.Settled},
		"order-unknown": {state: referral.Claimed},
		"newer-version": {state: referral.Settled},
		"not-a-job":     {state: referral.Claimed},
		"minute":        {state: referral.Claimed},
		"neither":       {state: referral.Claimed, fails: true},
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
			b := start(t, atOnce)
			b.claim("ann", "bea")
			b.paid("o1", "ann", 100)
			answer, err := b.process.Handle(t.Context(), raw)
			if (err != nil) != want[name].fails {
				t.Errorf("answers %v, %v", answer, err)
			}
			if batch, ok := answer.(events.SQSEventResponse); ok && (len(batch.BatchItemFailures) > 0) != (name == "not-a-job") {
				t.Errorf("%d records come again", len(batch.BatchItemFailures))
			}
			b.state("ann", want[name].state, "")
		})
	}
}
