package console

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/definition"
)

// TestWhatWasSavedBeforeItWasRefusedCanBeStopped saves documents past the checks, as a version did that did not have them. They can be
// changed elsewhere, above all be stopped, and not be saved under another id or get another fault.
func TestWhatWasSavedBeforeItWasRefusedCanBeStopped(t *testing.T) {
	const long = `{"performed":{"event":"Signed In","atLeast":13,"withinDays":30}}`
	const half = `{"field":"signIns.last30","op":"gte","value":12.5}`
	b := newBench(t)
	b.must(201, "PUT", "/v1/segments/vip", vip)
	b.must(201, "PUT", "/v1/templates/welcome", welcome)
	for plural, c := range map[string]struct{ kind, stored, changed, worse string }{
		"segments": {definition.Segment, `{"id":"old","name":"A","rule":` + half + `}`, `{"name":"B","rule":` + half + `}`, `{"name":"B","rule":{"not":` + half + `}}`},
		"campaigns": {definition.Campaign, strings.Replace(thanks, `{`, `{"id":"old","condition":`+long+`,`, 1),
			strings.Replace(strings.Replace(thanks, "running", "paused", 1), `{`, `{"condition":`+long+`,`, 1),
			strings.Replace(strings.Replace(thanks, "vip", "gone", 1), `{`, `{"condition":`+long+`,`, 1)},
		"templates": {definition.Template, strings.Replace(welcome, "profile.name", "profile.name | upcase: 1", 1), strings.Replace(strings.Replace(welcome, "profile.name", "profile.name | upcase: 1", 1), `"Hello"`, `"Hi"`, 1),
			strings.Replace(welcome, "profile.name", "profile.name | upcase: 1, 2", 1)},
	} {
		b.Define(c.kind, "old", c.stored)
		b.must(422, "PUT", "/v1/"+plural+"/new", c.changed)
		b.must(422, "PUT", "/v1/"+plural+"/old", c.worse)
		b.must(200, "PUT", "/v1/"+plural+"/old", c.changed)
	}
}

// TestIDsOfBeforeTheyHadOneRule: what was saved under an id that no kind takes any more is changed as before, and a new one is refused.
func TestIDsOfBeforeTheyHadOneRule(t *testing.T) {
	const program = `{"name":"Spring","state":"%s","hold":"0s","attributionWindow":"30d","rewards":{"friend":[{"points":1}]}}`
	b := newBench(t)
	for plural, c := range map[string]struct{ kind, id, stored, changed string }{
		"programs":  {definition.Program, "spring.2026", fmt.Sprintf(program, "running"), fmt.Sprintf(program, "paused")},
		"templates": {definition.Template, "hello you", welcome, strings.Replace(welcome, `"Hello"`, `"Hi"`, 1)},
	} {
		stored := fmt.Sprintf(`{"id":%q,%s`, c.id, c.stored[1:])
		b.Define(c.kind, c.id, stored)
		path := "/v1/" + plural + "/" + url.PathEscape(c.id)
		b.must(200, "PUT", path, c.changed)
		if got := b.must(422, "PUT", path+".", c.changed); !strings.Contains(got, `"must be 1 to 64 of a-z, A-Z, 0-9, - and _"`) {
			t.Errorf("%s: %s", path, got)
		}
	}
}
