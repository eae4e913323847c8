package console

import (
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// TestHookSecretsAreWriteOnly follows a source through all that may be sent. After each step: what is answered, what stands in the table, and by what
// the shop system may sign.
func TestHookSecretsAreWriteOnly(t *testing.T) {
	b := newBench(t)
	const first, second, third = "first-hook-secret", "second-hook-secret", "third-hook-secret"
	for _, step := range []struct {
		method, body string
		status       int
		set          bool
		secrets      string
	}{
		{"PUT", `{"name":"S","kind":"server"}`, 201, false, ""},
		{"PUT", `{"name":"S","kind":"server","hookSecretSet":true}`, 422, false, ""},
		{"PUT", `{"name":"S","kind":"server","hookSecret":"short"}`, 422, false, ""},
		{"PUT", `{"name":"S","kind":"server","hookSecret":"` + first + `"}`, 200, true, first},
		{"PUT", `{"name":"S","kind":"server","hookSecret":"` + first + `"}`, 200, true, first}, // again
		{"PUT", `{"name":"T","kind":"server","hookSecretSet":true}`, 200, true, first},         // as it was read
		{"PUT", `{"name":"T","kind":"server","hookSecretSet":true,"hookSecret":"` + second + `"}`, 200, true, second + " " + first},
		{"PUT", `{"name":"T","kind":"server","hookSecret":"` + third + `"}`, 200, true, third + " " + second},
		{"PUT", `{"name":"T","kind":"server"}`, 200, false, ""},
		{"PUT", `{"name":"T","kind":"server","hookSecret":"` + second + `"}`, 200, true, second}, // nothing of old comes back
		{"DELETE", "", 204, false, ""},
	} {
		w := b.call(step.method, "/v1/sources/s", step.body)
		shown := w.Body.String() + b.call("GET", "/v1/sources/s", "").Body.String() + b.call("GET", "/v1/sources", "").Body.String()
		if w.Code != step.status || strings.Contains(shown, "-hook-secret") || strings.Contains(shown, `"hookSecretSet":true`) != step.set {
			t.Errorf("%s %s: %d, shown %s", step.method, step.body, w.Code, shown)
		}
		have, err := catalog.Sources(b.Catalog).HookSecrets(t.Context(), "s")
		if got := strings.Join(have, " "); err != nil || got != step.secrets {
			t.Errorf("%s %s: by %q, %v; want %q", step.method, step.body, got, err, step.secrets)
		}
	}
	for version := 1; version < 10; version++ {
		if d, err := b.Catalog.Version(t.Context(), definition.Source, "s", version); err == nil && strings.Contains(string(d.Body), "-hook-secret") {
			t.Errorf("version %d holds %s", version, d.Body)
		}
	}
}

// TestAWithdrawnHookSecretStaysSo ends a leaked secret as the documentation says, by a call of which any one write fails: sent again it is answered as done,
// and neither the same nor another secret brings the leaked one back.
func TestAWithdrawnHookSecretStaysSo(t *testing.T) {
	const leaked, present, other = "leaked-hook-secret", "present-hook-secret", "other-hook-secret"
	body := func(secret string) string {
		return `{"name":"S","kind":"server","writeKeys":[],"hookSecret":"` + secret + `"}`
	}
	for _, end := range []string{"PUT", "DELETE"} {
		for _, secret := range []string{present, other} {
			for _, operation := range []string{"DeleteItem", "TransactWriteItems"} {
				for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
					b := newBench(t)
					b.must(201, "PUT", "/v1/sources/s", body(leaked))
					b.must(200, "PUT", "/v1/sources/s", body(present))
					b.DB.Fail(operation, 1, how)
					for range 2 { // the second time there may be nothing left to do
						if w := b.call(end, "/v1/sources/s", map[string]string{"PUT": `{"name":"S","kind":"server","writeKeys":[]}`}[end]); w.Code != 503 && w.Code > 204 && w.Code != 404 {
							t.Fatalf("%s: %d %s", end, w.Code, w.Body)
						}
						b.DB.Heal()
					}
					for range 2 {
						if w := b.call("PUT", "/v1/sources/s", body(secret)); w.Code > 201 {
							t.Fatalf("%d %s", w.Code, w.Body)
						}
						have, err := catalog.Sources(b.Catalog).HookSecrets(t.Context(), "s")
						if got := strings.Join(have, " "); err != nil || got != secret {
							t.Errorf("%s, %s %v: signed by %q, %v; want %q", end, operation, how, got, err, secret)
						}
					}
				}
			}
		}
	}
}

// TestHookSecretsOfOlderVersions: what was saved with its secret shows none, and the next save moves it.
func TestHookSecretsOfOlderVersions(t *testing.T) {
	b := newBench(t)
	b.Define(definition.Source, "s", `{"hookSecret":"former-secret","id":"s","kind":"server","name":"S"}`)
	if shown := b.must(200, "GET", "/v1/sources/s", ""); strings.Contains(shown, "former-secret") || !strings.Contains(shown, `"hookSecretSet":true`) {
		t.Errorf("shown %s", shown)
	}
	b.must(200, "PUT", "/v1/sources/s", `{"name":"T","kind":"server","hookSecretSet":true}`)
	for _, path := range []string{"", "/s", "/s/versions", "/s/versions/1", "/s/versions/2"} {
		if shown := b.must(200, "GET", "/v1/sources"+path, ""); strings.Contains(shown, "former-secret") || strings.Contains(shown, `"hookSecret"`) {
			t.Errorf("%s shows %s", path, shown)
		}
	}
	have, err := catalog.Sources(b.Catalog).HookSecrets(t.Context(), "s")
	if err != nil || strings.Join(have, " ") != "former-secret" {
		t.Errorf("by %q, %v", have, err)
	}
	if d, err := b.Catalog.Definition(t.Context(), definition.Source, "s"); err != nil || strings.Contains(string(d.Body), "former-secret") {
		t.Errorf("%s, %v", d.Body, err)
	}
}
