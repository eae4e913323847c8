package orchestration

import (
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/functiontest"
)

// TestGoldenInvocations hands over what AWS does, to a shop with one campaign on each kind of trigger.
func TestGoldenInvocations(t *testing.T) {
	type wanted struct {
		body  string
		asked int  // notifications
		fails bool // the invocation answers an error
	}
	want := map[string]wanted{
		"event":              {body: onEvent, asked: 1},
		"event-twice":        {body: onEvent, asked: 1},
		"entered-and-exited": {body: onEntered, asked: 1},
		"audience":           {body: toAll, asked: 1},
		"reentry":            {body: onEvent},
		"newer-version":      {body: onEvent, asked: 1},
		"not-a-job":          {body: onEvent},
		"minute":             {body: toAll},
		"neither":            {body: onEvent, fails: true},
	}
	functiontest.Golden(t, "orchestration", want, func(t *testing.T, name string, raw []byte, want wanted) {
		b := start(t, want.body)
		b.change(func(p *profile.Profile) { join(p) })
		answer, err := b.process.Handle(t.Context(), raw)
		if (err != nil) != want.fails {
			t.Errorf("answers %v, %v", answer, err)
		}
		if batch, ok := answer.(events.SQSEventResponse); ok && (len(batch.BatchItemFailures) > 0) != (name == "not-a-job") {
			t.Errorf("%d records come again", len(batch.BatchItemFailures))
		}
		b.expect(want.asked)
	})
}
