package ingest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/httpapi"
)

// TestSourceConfig: a write key is told that its source is enabled, whichever way it comes, and nothing beside the key itself; nobody else is told anything.
func TestSourceConfig(t *testing.T) {
	b := newBench(t)
	b.sources["app-key-1"] = source.Source{ID: "secret-name", Name: "Secret name", Kind: source.KindApp}
	b.sources["web-key-1"] = source.Source{ID: "web", Kind: source.KindBrowser, AllowedOrigins: []string{"https://shop.example"}}
	b.sources["off-key-1"] = source.Source{ID: "off", Disabled: true}
	ask := func(method, path, query, key string, headers ...string) (int, string) {
		in := request(path, "", "", headers...)
		in.RequestContext.HTTP.Method, in.RouteKey, in.RawQueryString = method, method+" "+path, query
		if key != "" {
			in.Headers["authorization"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(key+":"))
		}
		out, err := httpapi.Lambda(b.Handler())(t.Context(), in)
		b.Must(err)
		return out.StatusCode, out.Body
	}
	get := func(path, query, key string, headers ...string) (int, string) {
		return ask(http.MethodGet, path, query, key, headers...)
	}
	for name, c := range map[string]struct {
		path, query, key string
		headers          []string
		want             int
	}{
		"header":         {"/sourceConfig/", "p=npm&v=3.34.1&writeKey=app-key-1", "app-key-1", nil, 200},
		"header alone":   {"/sourceConfig", "p=android", "app-key-1", nil, 200},
		"query":          {"/sourceConfig/", "writeKey=app-key-1", "", nil, 200},
		"its origin":     {"/sourceConfig/", "", "web-key-1", []string{"origin", "https://shop.example"}, 200},
		"another origin": {"/sourceConfig/", "", "web-key-1", []string{"origin", "https://other.example"}, 403},
		"no key":         {"/sourceConfig/", "", "", nil, 401},
		"unknown key":    {"/sourceConfig/", "", "nobodys-key", nil, 401},
		"server key":     {"/sourceConfig/", "", serverKey, nil, 403},
		"disabled":       {"/sourceConfig/", "", "off-key-1", nil, 403},
		"another path":   {"/sourceConfig/more", "", "app-key-1", nil, 404},
	} {
		status, body := get(c.path, c.query, c.key, c.headers...)
		if status != c.want {
			t.Errorf("%s: %d %s, want %d", name, status, body, c.want)
		}
		if head, _ := ask(http.MethodHead, c.path, c.query, c.key, c.headers...); head != c.want {
			t.Errorf("%s: HEAD %d, want %d", name, head, c.want)
		}
		if strings.Contains(strings.ToLower(body), "secret") {
			t.Errorf("%s: tells %s", name, body)
		}
		if status != 200 {
			continue
		}
		var got struct {
			Source struct {
				ID, WriteKey string
				Enabled      bool
				Destinations []any
				Config       struct {
					StatsCollection struct{ Errors, Metrics struct{ Enabled *bool } }
				}
			}
		}
		b.Must(json.Unmarshal([]byte(body), &got))
		stats := got.Source.Config.StatsCollection
		key := "app-key-1"
		if name == "its origin" {
			key = "web-key-1"
		}
		if s := got.Source; s.ID != key || s.WriteKey != key || !s.Enabled || s.Destinations == nil || len(s.Destinations) != 0 ||
			stats.Errors.Enabled == nil || *stats.Errors.Enabled || stats.Metrics.Enabled == nil || *stats.Metrics.Enabled {
			t.Errorf("%s: %s", name, body)
		}
	}
	b.down = errors.New("no catalog")
	if status, _ := get("/sourceConfig/", "", "another-key"); status != 503 {
		t.Errorf("no catalog: %d", status)
	}
}

// TestBeaconsKeyStandsInTheQuery: a beacon has no header for its key. The server key is not taken from an address, nor from a page at all.
func TestBeaconsKeyStandsInTheQuery(t *testing.T) {
	for name, c := range map[string]struct {
		query, key string
		want       int
	}{
		"query":              {"writeKey=" + defaultKey, "", 200},
		"header":             {"", defaultKey, 200},
		"header comes first": {"writeKey=nobodys-key", defaultKey, 200},
		"none":               {"", "", 401},
		"unknown":            {"writeKey=nobodys-key", "", 401},
		"server key, query":  {"writeKey=" + serverKey, "", 403},
		"server key, header": {"", serverKey, 403},
	} {
		b := newBench(t)
		in := request("/beacon/v1/batch", c.key, `{"batch":[`+track+`]}`, "content-type", "text/plain")
		in.RawQueryString = c.query
		out, err := httpapi.Lambda(b.Handler())(t.Context(), in)
		b.Must(err)
		if queued := len(b.jobs()); out.StatusCode != c.want || (queued == 1) != (c.want == 200) {
			t.Errorf("%s: %d %s, %d jobs; want %d", name, out.StatusCode, out.Body, queued, c.want)
		}
	}
	// No other call takes a key from its address.
	b := newBench(t)
	in := request("/v1/batch", "", `{"batch":[`+track+`]}`)
	in.RawQueryString = "writeKey=" + defaultKey
	if out, err := httpapi.Lambda(b.Handler())(t.Context(), in); err != nil || out.StatusCode != 401 {
		t.Errorf("/v1/batch by the query: %d %v", out.StatusCode, err)
	}
}
