package redrive

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/userops/userops/shared/functiontest"
)

// TestGoldenEvents hands over what AWS does, as `sam local invoke -e` would.
func TestGoldenEvents(t *testing.T) {
	want := map[string]string{ // a part of the answer or of the error
		"letter":             `{"batchItemFailures":null}`,
		"no-letter":          `{"itemIdentifier":"059f36b4-87a3-44ab-83d2-661975830001"}`,
		"redrive":            `{"queue":"events","sent":0,"left":false}`,
		"get-letters":        `"statusCode":200,"headers":{"cache-control":"no-store","content-type":"application/json"},"multiValueHeaders":null,"body":"{\"items\":[]}\n"`,
		"get-letters-nobody": `"statusCode":401`,
		"post-redrive":       `\"queue\":\"events\",\"before\":\"2026-11-29T12:00:00Z\",\"sent\":0,\"left\":false}`,
		"unknown-queue":      `no queue "everything" has dead letters; there are events, segmentation, orchestration, settlement, notifications, archive, reporting`,
	}
	functiontest.Golden(t, "redrive", want, func(t *testing.T, name string, raw []byte, want string) {
		b := newBench(t)
		b.process.Queues[0].Dead = "EventsDeadLetters"
		b.process.Auth.OperatorKeyHash = "4a7c449d22a99026fac16a47621ff68792ff589f72334ea3950ce186a5615e9a" // of the operator key of `make run`
		out, err := b.process.Handle(b.Context(), raw)
		text, _ := json.Marshal(out)
		if err != nil {
			text = []byte(err.Error())
		}
		if want == "" || !strings.Contains(string(text), want) {
			t.Errorf("%s, want %s", text, want)
		}
	})
}
