package httpapi

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// FuzzRequest makes a request of what the gateway hands over, and gives it to a router: an error, or a request whose parameter, query and body are what was sent, and that reaches the
// route of its key whatever the parameter holds.
func FuzzRequest(f *testing.F) {
	for _, c := range []struct{ id, raw, query, body string }{
		{"ann", "/v1/profiles/ann", "limit=5", ""}, {"..", "/v1/profiles/..", "", "x"}, {"a/b", "/v1/profiles/a/b", "a=%", "eA=="}, {"a?b#c", "", "", "="}, {"%2e%2e", "/%2e", "", ""}, {"é\x00", "//v1", "", ""}, {"", "", "", ""},
	} {
		f.Add(c.id, c.raw, c.query, c.body, false)
		f.Add(c.id, c.raw, c.query, c.body, true)
	}
	f.Fuzz(func(t *testing.T, id, raw, query, body string, coded bool) {
		in := events.APIGatewayV2HTTPRequest{RouteKey: "GET /v1/profiles/{id}", RawPath: raw, RawQueryString: query, PathParameters: map[string]string{"id": id}, Body: body, IsBase64Encoded: coded}
		in.RequestContext.HTTP.Method = http.MethodGet
		r, err := request(t.Context(), &in)
		if err != nil {
			if r != nil || err.Error() == "" {
				t.Fatalf("%q: %v, %v", id, r, err)
			}
			return
		}
		text, err := io.ReadAll(r.Body)
		if err != nil || !coded && string(text) != body || r.ContentLength != int64(len(text)) || r.URL.RawQuery != query {
			t.Fatalf("%q?%s arrives as %q?%s, %v", body, query, text, r.URL.RawQuery, err)
		}
		if id == "" {
			return // the gateway routes no empty segment
		}
		mux := new(Router)
		got, reached := "", false
		mux.HandleFunc("GET /v1/profiles/{id}", func(_ http.ResponseWriter, r *http.Request) { got, reached = r.PathValue("id"), true })
		mux.ServeHTTP(httptest.NewRecorder(), r)
		if !reached || got != id {
			t.Fatalf("%q arrives: %v, as %q (%s)", id, reached, got, r.URL.EscapedPath())
		}
	})
}

// FuzzPage reads any query as a page: a limit within bounds, or 400.
func FuzzPage(f *testing.F) {
	for _, query := range []string{"", "limit=5&cursor=x", "limit=0", "limit=501", "limit=+5", "limit=5.0", "limit=&cursor=", "limit=1&limit=x", "%zz"} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		w := httptest.NewRecorder()
		page, ok := ParsePage(w, &http.Request{URL: &url.URL{Path: "/", RawQuery: query}}, 50, 500)
		if ok != (w.Code == http.StatusOK && w.Body.Len() == 0) || !ok && (w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "limit")) {
			t.Fatalf("%q is taken: %v, and answered %d %s", query, ok, w.Code, w.Body)
		}
		if ok && (page.Limit < 1 || page.Limit > 500) {
			t.Fatalf("%q asks for %d", query, page.Limit)
		}
	})
}

// FuzzKey reads any text as the header Authorization, and any as the hashes of keys: a key opens what holds its hash, and nothing else does.
func FuzzKey(f *testing.F) {
	for _, header := range []string{"", "Basic ZGVtbzo=", "Basic ZGVtbw==", "bearer  demo ", "Bearer", "Basic Ojo=", "basic ZGVtbzp4OnkK", "demo", "Bearer\tdemo"} {
		f.Add(header, "demo", hex.EncodeToString(make([]byte, 32)))
	}
	f.Fuzz(func(t *testing.T, header, key, hashes string) {
		asks := func(header string) string { return Key(&http.Request{Header: http.Header{"Authorization": {header}}}) }
		hash := func(key string) string {
			sum := sha256.Sum256([]byte(key))
			return hex.EncodeToString(sum[:])
		}
		if got := asks("Basic " + base64.StdEncoding.EncodeToString([]byte(key+":"))); got != strings.SplitN(key+":", ":", 2)[0] {
			t.Fatalf("the user %q is %q", key, got)
		}
		if got := asks("bEaReR " + key); got != strings.TrimSpace(key) {
			t.Fatalf("the token %q is %q", key, got)
		}
		got := asks(header)
		if scheme := strings.ToLower(header); got != "" && !strings.HasPrefix(scheme, "basic ") && !strings.HasPrefix(scheme, "bearer ") {
			t.Fatalf("%q is the key %q", header, got)
		}
		want := got != "" && strings.Contains(","+strings.ToLower(hashes)+",", hash(got))
		if opens := Matches(got, hashes); opens && !want || Matches(got, hashes+", "+strings.ToUpper(hash(got))) != (got != "") {
			t.Fatalf("the key %q opens %q: %v", got, hashes, opens)
		}
	})
}
