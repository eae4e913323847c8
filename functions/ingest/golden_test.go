package ingest

import (
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/functiontest"
)

// TestGoldenRequests hands over what the gateway does, as `sam local invoke -e` would, with the demo keys.
func TestGoldenRequests(t *testing.T) {
	type wanted struct {
		status int
		answer string // a part of it
		queued int
	}
	want := map[string]wanted{
		"track": {200, `{"success":true,"warnings":[{"index":0,"field":"event","reason":"moves no money, since the source may not: send it with the server key, or give the source \"money\": true"}]}`, 1},
		"doubtful": {200, `"errors":[{"index":3,"field":"properties.total","reason":"is negative"}],"warnings":[` +
			`{"index":0,"field":"timestamp","reason":"has no zone and is read in the shop's, Asia/Shanghai: end it in Z or +08:00"},` +
			`{"index":0,"field":"event","reason":"moves no money, since the source may not: send it with the server key, or give the source \"money\": true"},` +
			`{"index":0,"field":"properties.total","reason":"is missing, and so are revenue, subtotal and prices of all products: the order counts with nothing until a report says what it came to"},` +
			`{"index":1,"field":"event","reason":"is no standard name: did you mean \"Order Completed\"? It counts as an event of your own, and no order is booked"},` +
			`{"index":2,"field":"traits.email","reason":"is no e-mail address: it is kept as a trait, and nobody is written to or known by it"},` +
			`{"index":2,"field":"traits.birthday","reason":"is no date such as 1990-05-31: it is kept as a trait, and no birthday"}]`, 3},
		"identify":          {200, `{"success":true}`, 1},
		"alias":             {200, `{"success":true}`, 1},
		"batch":             {200, `{"success":true}`, 3},
		"beacon":            {200, `{"success":true}`, 1},
		"rudder-beacon":     {200, `{"success":true}`, 1},
		"source-config":     {200, `{"source":{"config":{"statsCollection":{"errors":{"enabled":false},"metrics":{"enabled":false}}},"destinations":[],"enabled":true,"id":"demo-write-key"`, 0},
		"gzip":              {200, `{"success":true}`, 1},
		"server-key":        {200, `{"success":true}`, 1},
		"settings":          {200, `"apiHost":"127.0.0.1:8080/v1"`, 0},
		"one-bad":           {200, `"errors":[{"index":1,"field":"event","reason":"is missing"},{"index":2,"field":"userId","reason":"and anonymousId are missing or mean nobody; one is required"}]`, 1},
		"bad-json":          {400, `"reason":"is not valid JSON: a key is missing at byte 44"`, 0},
		"over-limit":        {400, `"field":"messageId","reason":"has more than 100 characters"`, 0},
		"duplicate-key":     {400, `"field":"properties","reason":"has the key \"total\" twice"`, 0},
		"huge-number":       {400, `"field":"properties","reason":"has a number that is out of range"`, 0},
		"deep":              {400, `"field":"properties","reason":"nests deeper than 32 levels"`, 0},
		"not-utf8":          {400, `"field":"userId","reason":"has bytes that are not UTF-8"`, 0},
		"nobody":            {400, `"field":"userId"`, 0},
		"no-key":            {401, `"title":"Unauthorized"`, 0},
		"shopify-order":     {200, `{"success":true}`, 2},
		"shopify-refund":    {200, `{"success":true}`, 1},
		"woocommerce-order": {200, `{"success":true}`, 2},
		"unknown-key":       {401, `"detail":"the key is not known: a write key or the server key is needed here"`, 0},
	}
	functiontest.Golden(t, "ingest", want, func(t *testing.T, name string, raw []byte, want wanted) {
		b := newBench(t)
		b.Zone = shanghai(t)
		b.DefaultKey, b.Auth.ServerKeyHash = "demo-write-key", source.KeyHash("demo-server-key")
		b.sources["shop-key-1"] = source.Source{ID: "shop", Kind: source.KindServer, HookSecret: "demo-hook-secret"}
		out := functiontest.Ask(t, b.Handler(), raw)
		if out.StatusCode != want.status || !strings.Contains(out.Body, want.answer) {
			t.Errorf("got %d %s, want %d with %s", out.StatusCode, out.Body, want.status, want.answer)
		}
		queued := 0
		for _, j := range b.jobs() {
			queued += len(j.Events)
		}
		if queued != want.queued {
			t.Errorf("%d events queued, want %d", queued, want.queued)
		}
	})
}
