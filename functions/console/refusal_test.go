package console

import (
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/refusal"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/refusals"
)

func TestRefusals(t *testing.T) {
	b := newBench(t)
	b.Define("source", "web", `{"name":"Web","kind":"browser"}`)
	const nothing = `{"items":[],"hours":[],"warnings":{"items":[],"hours":[]}}`
	for _, id := range []string{"web", "default", "server"} {
		if got := strings.TrimSpace(b.must(200, "GET", "/v1/sources/"+id+"/refusals", "")); got != nothing {
			t.Errorf("%s: %s", id, got)
		}
	}
	for _, id := range []string{"wbe", "w%20b"} {
		if got := b.must(404, "GET", "/v1/sources/"+id+"/refusals", ""); !strings.Contains(got, "there is no source") {
			t.Errorf("a misspelt name: %s", got)
		}
	}
	store := refusals.Refusals{DB: b.DB, Table: "Refusals", Now: b.Now}
	for i, instance := range []string{"one", "two"} {
		tally := refusal.Tally{Hour: refusal.HourOf(start)}
		for n := range i + 1 {
			tally.Add(refusal.Entry{At: start.Add(time.Duration(10*i-n) * time.Minute), What: "Order Completed", Field: "properties.total", Code: refusal.Amount})
		}
		tally.Add(refusal.Entry{At: start.Add(time.Minute), Code: refusal.Origin})
		tally.Warned.Add(refusal.Entry{At: start.Add(time.Duration(i) * time.Minute), What: "Order Completed", Field: "event", Code: refusal.Name})
		b.Must(store.Put(t.Context(), "web", instance, tally))
	}
	want := `{"items":[` +
		`{"at":"2026-11-21T08:10:00Z","what":"Order Completed","field":"properties.total","reason":"amount"},` +
		`{"at":"2026-11-21T08:09:00Z","what":"Order Completed","field":"properties.total","reason":"amount"},` +
		`{"at":"2026-11-21T08:01:00Z","reason":"origin"},{"at":"2026-11-21T08:01:00Z","reason":"origin"},` +
		`{"at":"2026-11-21T08:00:00Z","what":"Order Completed","field":"properties.total","reason":"amount"}],` +
		`"hours":[{"hour":"2026-11-21T08:00:00Z","counts":{"amount":3,"origin":2}}],` +
		`"warnings":{"items":[{"at":"2026-11-21T08:01:00Z","what":"Order Completed","field":"event","reason":"name"},{"at":"2026-11-21T08:00:00Z","what":"Order Completed","field":"event","reason":"name"}],` +
		`"hours":[{"hour":"2026-11-21T08:00:00Z","counts":{"name":2}}]}}`
	if got := strings.TrimSpace(b.must(200, "GET", "/v1/sources/web/refusals", "")); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if got := strings.TrimSpace(b.must(200, "GET", "/v1/sources/default/refusals", "")); got != nothing {
		t.Errorf("of another source: %s", got)
	}
	b.DB.Fail("Query", 1, dynamotest.NotPersisted)
	b.must(503, "GET", "/v1/sources/web/refusals", "")
	b.DB.Fail("GetItem", 1, dynamotest.NotPersisted)
	b.must(503, "GET", "/v1/sources/web/refusals", "")
}
