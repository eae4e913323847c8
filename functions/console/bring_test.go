package console

import (
	"strings"
	"testing"
)

func TestPreviewOfAProgram(t *testing.T) {
	b := newBench(t)
	b.must(404, "POST", "/v1/programs/p/preview", `{}`)
	b.must(201, "PUT", "/v1/programs/p", program) // 5 points for the advocate
	const usual = `{"friend":5,"nth":5,"rewards":{"advocate":[{"points":5}]},"sum":{"advocate":[{"points":25}]}}],"cost":[{"points":25}],"budget":[]}`
	draft := func(old, new string) string {
		return `{"friends":2,"program":` + strings.Replace(program, old, new, 1) + `}`
	}
	for name, c := range map[string]struct {
		body   string
		status int
		want   string
	}{
		"the saved one":  {``, 200, usual},
		"an empty body":  {`{}`, 200, usual},
		"one friend":     {`{"friends":1}`, 200, `{"program":"p","friends":[{"friend":1,"nth":1,"rewards":{"advocate":[{"points":5}]},"sum":{"advocate":[{"points":5}]}}],"cost":[{"points":5}],"budget":[]}`},
		"a draft":        {draft(`{"points":5}`, `{"points":7}`), 200, `"cost":[{"points":14}]`},
		"one as shown":   {draft(`{`, `{"id":"p","version":3,"updatedAt":"2026-11-21T08:00:00Z","updatedBy":{"name":"ann"},`), 200, `"cost":[{"points":10}]`},
		"a small budget": {draft(`"hold"`, `"budget":[{"points":9}],"hold"`), 200, `{"friend":2,"rewards":{},"sum":{"advocate":[{"points":5}]},"refused":"budgetSpent"}],"cost":[{"points":5}],"budget":[{"limit":{"points":9},"cost":{"points":10},"advocates":0}]`},
		"nobody":         {`{"friends":0}`, 422, `"field":"friends","reason":"must be from 1 to 500"`},
		"too many":       {`{"friends":501}`, 422, `"field":"friends"`},
		"a bad draft":    {draft(`"14d"`, `"soon"`), 422, `"field":"program.hold"`},
		"another field":  {`{"friend":1}`, 400, `"field":"friend"`},
	} {
		if got := b.must(c.status, "POST", "/v1/programs/p/preview", c.body); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	first := b.must(200, "POST", "/v1/programs/p/preview", "", "Idempotency-Key", "k1")
	b.must(200, "PUT", "/v1/programs/p", strings.Replace(program, `{"points":5}`, `{"points":6}`, 1))
	if again := b.must(200, "POST", "/v1/programs/p/preview", "", "Idempotency-Key", "k1"); again != first {
		t.Errorf("the same call is answered %s, before %s", again, first)
	}
	if w := b.call("GET", "/v1/programs/p/versions", ""); strings.Count(w.Body.String(), `"version"`) != 2 {
		t.Errorf("a preview saves nothing: %s", w.Body)
	}
}
