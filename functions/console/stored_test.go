package console

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// TestWhatWasSavedBeforeItWasRefusedCanBeStopped saves documents past the checks, as a version did that did not have them. They can be
// changed elsewhere, above all be stopped, and not be saved under another id or get another fault.
func TestWhatWasSavedBeforeItWasRefusedCanBeStopped(t *testing.T) {
	const long = `{"performed":{"event":"Signed In","atLeast":13,"withinDays":30}}`
	b := newBench(t)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	b.must(201, "PUT", "/v1/templates/welcome", welcome)
	for plural, c := range map[string]struct{ kind, stored, changed, worse string }{
		"segments": {catalog.KindSegment, `{"id":"old","name":"A","rule":` + long + `}`, `{"name":"B","rule":` + long + `}`, `{"name":"B","rule":{"not":` + long + `}}`},
		"campaigns": {catalog.KindCampaign, strings.Replace(thanks, `{`, `{"id":"old","condition":`+long+`,`, 1),
			strings.Replace(strings.Replace(thanks, "running", "paused", 1), `{`, `{"condition":`+long+`,`, 1),
			strings.Replace(strings.Replace(thanks, "vip", "gone", 1), `{`, `{"condition":`+long+`,`, 1)},
		"templates": {catalog.KindTemplate, strings.Replace(welcome, "profile.name", "profile.name | upcase: 1", 1), strings.Replace(strings.Replace(welcome, "profile.name", "profile.name | upcase: 1", 1), `"Hello"`, `"Hi"`, 1),
			strings.Replace(welcome, "profile.name", "profile.name | upcase: 1, 2", 1)},
	} {
		if _, err := b.Catalog.Save(t.Context(), c.kind, "old", json.RawMessage(c.stored), nil, dynamotest.By(b.Now())); err != nil {
			t.Fatal(err)
		}
		b.must(422, "PUT", "/v1/"+plural+"/new", c.changed)
		b.must(422, "PUT", "/v1/"+plural+"/old", c.worse)
		b.must(200, "PUT", "/v1/"+plural+"/old", c.changed)
	}
}
