package console

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/userops/userops/shared/httpapi"
)

// TestNoInputIsAnOutage asks every route for ids, cursors, versions and keys of any length and kind: what cannot be is a 4xx, never a 5xx.
func TestNoInputIsAnOutage(t *testing.T) {
	b := newBench(t)
	for _, x := range []string{"a", strings.Repeat("x", 300), strings.Repeat("x", 2000), strings.Repeat("界", 290), "a\x00b", "\xff\xfe", "#", "a#b", "..", ".", "%00", "eyJwayI6IngifQ", strings.Repeat("A", 4000)} {
		escaped := url.PathEscape(x)
		if strings.Trim(x, ".") == "" {
			escaped = strings.ReplaceAll(x, ".", "%2E")
		}
		for plural := range documents {
			try := func(method, path, body string, headers ...string) {
				t.Helper()
				w := b.call(method, path, body, headers...)
				if w.Code >= 500 {
					t.Errorf("%s %.90q %.90q %.90q: %d %s", method, path, body, headers, w.Code, w.Body)
				}
			}
			at := "/v1/" + plural
			try("GET", at+"?cursor="+url.QueryEscape(x), "")
			try("GET", at+"?limit="+url.QueryEscape(x), "")
			try("GET", "/v1/runs?cursor="+url.QueryEscape(x), "")
			if len(x) <= httpapi.MaxParameter { // longer ones do not get past the adapter
				try("GET", at+"/"+escaped, "")
				try("DELETE", at+"/"+escaped, "", "If-Match", x)
				try("GET", "/v1/runs/"+escaped, "")
				for _, body := range []string{`{}`, `{"name":"n","kind":"browser","rule":{},"channel":"email","locales":{},"state":"draft"}`, `{"id":"other"}`, `{"version":-1}`, `[]`, `null`, x} {
					try("PUT", at+"/"+escaped, body, "If-Match", x)
				}
			}
			if utf8.ValidString(x) {
				try("POST", "/v1/runs", `{"shards":1,"asOf":"`+strings.ReplaceAll(x, "\x00", "")+`"}`, "Idempotency-Key", x)
				try("POST", "/v1/segments/none/preview", `{"rule":{"field":"`+strings.ReplaceAll(x, "\x00", "")+`"}}`, "Idempotency-Key", x)
			}
		}
	}
}
