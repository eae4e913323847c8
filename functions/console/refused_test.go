package console

import (
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/refusal"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/refusals"
)

// TestRefusedOfEverySource by day: the sides of each span of hours, every source, built in or not, and no key.
func TestRefusedOfEverySource(t *testing.T) {
	b := newBench(t)
	b.Define("source", "web", `{"name":"Web","kind":"browser","writeKeys":["secret-key-of-web"]}`)
	b.Define("source", "old", `{"name":"Old","kind":"server","disabled":true}`)
	store := refusals.Refusals{DB: b.DB, Table: "Refusals", Now: b.Now}
	hour := refusal.HourOf(start)
	for _, c := range []struct {
		of    source.ID
		hours int // ago
		n     int
	}{{"web", 0, 1}, {"web", 23, 2}, {"web", 24, 4}, {"web", 47, 8}, {"web", 48, 16}, {"web", 167, 32}, {source.Default, 5, 64}} {
		tally := refusal.Tally{Hour: hour.Add(-time.Duration(c.hours) * time.Hour)}
		for range c.n {
			tally.Add(refusal.Entry{At: tally.Hour, Code: refusal.Amount})
		}
		tally.Warned.Add(refusal.Entry{At: tally.Hour, Code: refusal.Name})
		b.Must(store.Put(t.Context(), c.of, "one", tally))
	}
	const none = `{"day":0,"dayBefore":0,"week":0}`
	want := `{"items":[{"source":"default","refused":{"day":64,"dayBefore":0,"week":64},"warned":{"day":1,"dayBefore":0,"week":1}},` +
		`{"source":"server","refused":` + none + `,"warned":` + none + `},` +
		`{"source":"old","name":"Old","kind":"server","disabled":true,"refused":` + none + `,"warned":` + none + `},` +
		`{"source":"web","name":"Web","kind":"browser","refused":{"day":3,"dayBefore":12,"week":63},"warned":{"day":2,"dayBefore":2,"week":6}}]}`
	if got := strings.TrimSpace(b.must(200, "GET", "/v1/refusals", "")); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	for nth := 1; nth <= 5; nth++ { // the definitions, and what was refused of four sources
		b.DB.Fail("Query", nth, dynamotest.NotPersisted)
		b.must(503, "GET", "/v1/refusals", "")
		b.DB.Heal()
	}
	b.Define("source", "torn", `{"name":5}`)
	b.must(503, "GET", "/v1/refusals", "")
}
