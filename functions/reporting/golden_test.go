package reporting

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/userops/userops/shared/functiontest"
)

// TestGoldenEvents hands over what AWS does, as `sam local invoke -e` would.
func TestGoldenEvents(t *testing.T) {
	want := map[string]string{ // a part of the answer or of the error
		"shard":             `{"batchItemFailures":null}`,
		"not-a-job":         `{"itemIdentifier":"059f36b4-87a3-44ab-83d2-661975830000"}`,
		"no-batch":          `it is neither a batch nor a request`,
		"post-ask":          `\"kind\":\"count\",\"mode\":\"exact\",\"state\":\"working\",\"version\":1,`,
		"post-ask-faults":   `[{\"field\":\"mode\",\"reason\":\"is not sample or exact\"},{\"field\":\"definition.steps\",\"reason\":\"are not 2 to 20\"}]`,
		"get-report":        `"statusCode":404`,
		"get-report-nobody": `"statusCode":401`,
		"get-people":        `"statusCode":404`,
	}
	functiontest.Golden(t, "reporting", want, func(t *testing.T, name string, raw []byte, want string) {
		b := newBench(t)
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
