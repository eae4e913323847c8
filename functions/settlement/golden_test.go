package settlement

import (
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/functiontest"
)

// TestGoldenInvocations hands over what AWS does, to a shop in which somebody's order qualifies.
func TestGoldenInvocations(t *testing.T) {
	type wanted struct {
		state referral.State
		fails bool // the invocation answers an error
	}
	want := map[string]wanted{
		"order":         {state: referral.Settled},
		"order-twice":   {state: referral.Settled},
		"order-unknown": {state: referral.Claimed},
		"newer-version": {state: referral.Settled},
		"not-a-job":     {state: referral.Claimed},
		"minute":        {state: referral.Claimed},
		"neither":       {state: referral.Claimed, fails: true},
	}
	functiontest.Golden(t, "settlement", want, func(t *testing.T, name string, raw []byte, want wanted) {
		b := start(t, atOnce)
		b.claim("ann", "bea")
		b.paid("o1", "ann", 100)
		answer, err := b.process.Handle(t.Context(), raw)
		if (err != nil) != want.fails {
			t.Errorf("answers %v, %v", answer, err)
		}
		if batch, ok := answer.(events.SQSEventResponse); ok && (len(batch.BatchItemFailures) > 0) != (name == "not-a-job") {
			t.Errorf("%d records come again", len(batch.BatchItemFailures))
		}
		b.state("ann", want.state, "")
	})
}
