package httpapi

import (
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
