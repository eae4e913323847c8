package gateway

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/userops/userops/shared/standin/lambda"
	"github.com/userops/userops/shared/standin/sam"
)

// stub answers every invocation alike and keeps the last one.
type stub struct {
	answer   string
	err      error
	failed   bool
	function string
	event    map[string]any
	wait     bool
}

func (s *stub) Invoke(ctx context.Context, function string, payload []byte) (lambda.Result, error) {
	s.function = function
	s.event = nil
	if err := json.Unmarshal(payload, &s.event); err != nil {
		return lambda.Result{}, err
	}
	if s.wait {
		<-ctx.Done()
		return lambda.Result{}, ctx.Err()
	}
	r := lambda.Result{Payload: []byte(s.answer)}
	if s.failed {
		r.FunctionError = "Unhandled"
	}
	return r, s.err
}

var now = time.Date(2026, 11, 21, 8, 30, 0, 123e6, time.UTC)

func gate(t *testing.T, s *stub, api sam.API, routes ...sam.Route) *Gateway {
	t.Helper()
	api.LogicalID, api.ID = "Api", "api"
	var functions []sam.Function
	for _, r := range routes {
		r.API = "Api"
		if r.Timeout == 0 {
			r.Timeout = 30 * time.Second
		}
		functions = append(functions, sam.Function{Name: r.Key(), Routes: []sam.Route{r}})
	}
	g, err := New(api, functions, Options{AccountID: "000000000000", Invoker: s, Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func send(g http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return w
}

func TestRouting(t *testing.T) {
	var routes []sam.Route
	for _, key := range []string{
		"ANY /{proxy+}", "GET /pets/{proxy+}", "GET /pets/dog/{id}", "GET /pets/dog/1", "ANY /pets/dog/2", "POST /pets/dog/2",
		"GET /{kind}/list", "GET /{kind}/{proxy+}", "GET /",
	} {
		method, path, _ := strings.Cut(key, " ")
		routes = append(routes, sam.Route{Method: method, Path: path})
	}
	g := gate(t, &stub{answer: "1"}, sam.API{}, routes...)
	for _, c := range []struct {
		request, want string
		parameters    map[string]string
	}{
		{"GET /pets/dog/1", "GET /pets/dog/1", nil},
		{"GET /pets/dog/3", "GET /pets/dog/{id}", map[string]string{"id": "3"}},
		{"GET /pets/dog/2", "ANY /pets/dog/2", nil},
		{"POST /pets/dog/2", "POST /pets/dog/2", nil},
		{"PUT /pets/dog/2", "ANY /pets/dog/2", nil},
		{"POST /pets/dog/1", "ANY /{proxy+}", map[string]string{"proxy": "pets/dog/1"}},
		{"GET /pets/cat/1", "GET /pets/{proxy+}", map[string]string{"proxy": "cat/1"}},
		{"GET /pets/list", "GET /{kind}/list", map[string]string{"kind": "pets"}},
		{"GET /cars/red/x", "GET /{kind}/{proxy+}", map[string]string{"kind": "cars", "proxy": "red/x"}},
		{"GET /", "GET /", nil},
		{"POST /", "", nil},
		{"GET /pets/dog/", "GET /pets/{proxy+}", map[string]string{"proxy": "dog/"}},
		{"GET /pets/", "GET /pets/{proxy+}", map[string]string{"proxy": ""}},
		{"GET /pets", "ANY /{proxy+}", map[string]string{"proxy": "pets"}},
		{"GET /pets/dog/a%20b", "GET /pets/dog/{id}", map[string]string{"id": "a b"}},
		{"GET /pets/dog/a%2Fb", "GET /pets/{proxy+}", map[string]string{"proxy": "dog/a/b"}},
	} {
		method, target, _ := strings.Cut(c.request, " ")
		r := httptest.NewRequest(method, target, nil)
		got, parameters := find(g.routes, method, decodedPath(r))
		key := ""
		if got != nil {
			key = got.key
		}
		if key != c.want || !maps.Equal(parameters, c.parameters) {
			t.Errorf("%s: %q %v, want %q %v", c.request, key, parameters, c.want, c.parameters)
		}
	}
	last := gate(t, &stub{answer: "1"}, sam.API{}, sam.Route{}, sam.Route{Method: "ANY", Path: "/{proxy+}"})
	if r, _ := find(last.routes, "GET", "/"); r == nil || r.key != "$default" {
		t.Errorf("/ went to %+v, want $default", r)
	}
	w := send(gate(t, &stub{}, sam.API{}, sam.Route{Method: "GET", Path: "/a"}), "GET", "/b", "")
	if w.Code != 404 || w.Body.String() != `{"message":"Not Found"}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestEvent(t *testing.T) {
	s := &stub{answer: `{}`}
	g := gate(t, s, sam.API{}, sam.Route{Method: "POST", Path: "/v1/{kind}"})
	send(g, "POST", "http://shop.example:8080/v1/a%20b?x=1&y=%20&x=2&z", `{"é":1}`, "Content-Type", "application/json; charset=utf-8",
		"X-Multi", "1", "X-Multi", "2", "Cookie", "a=1; b=2", "User-Agent", "probe")
	trace, _ := s.event["headers"].(map[string]any)["x-amzn-trace-id"].(string)
	id, _ := s.event["requestContext"].(map[string]any)["requestId"].(string)
	if !strings.HasPrefix(trace, "Root=1-") || len(id) != 16 {
		t.Errorf("trace %q, request id %q", trace, id)
	}
	got, _ := json.Marshal(s.event)
	var want any
	_ = json.Unmarshal([]byte(`{
		"version":"2.0","routeKey":"POST /v1/{kind}","rawPath":"/v1/a b","rawQueryString":"x=1&y=%20&x=2&z","cookies":["a=1","b=2"],
		"headers":{"content-type":"application/json; charset=utf-8","x-multi":"1,2","user-agent":"probe","host":"shop.example:8080","content-length":"8",
			"x-forwarded-for":"192.0.2.1","x-forwarded-port":"8080","x-forwarded-proto":"http","x-amzn-trace-id":"`+trace+`"},
		"queryStringParameters":{"x":"1,2","y":" ","z":""},"pathParameters":{"kind":"a b"},
		"requestContext":{"accountId":"000000000000","apiId":"api","domainName":"shop.example","domainPrefix":"shop","requestId":"`+id+`",
			"http":{"method":"POST","path":"/v1/a b","protocol":"HTTP/1.1","sourceIp":"192.0.2.1","userAgent":"probe"},
			"routeKey":"POST /v1/{kind}","stage":"$default","time":"21/Nov/2026:08:30:00 +0000","timeEpoch":1795249800123},
		"body":"{\"é\":1}","isBase64Encoded":false}`), &want)
	wanted, _ := json.Marshal(want)
	if string(got) != string(wanted) {
		t.Errorf("the event is\n%s, want\n%s", got, wanted)
	}
	if s.function != "POST /v1/{kind}" {
		t.Errorf("it went to %s", s.function)
	}
	s.event = nil
	if w := send(g, "POST", "/v1/x%3Fy", ""); w.Code != http.StatusBadRequest || s.event != nil {
		t.Errorf("a path that the service would cut is answered %d, and the function saw %v", w.Code, s.event)
	}
	send(g, "POST", "/v1/x", "")
	if s.event["rawPath"] != "/v1/x" || s.event["body"] != nil || s.event["queryStringParameters"] != nil || s.event["cookies"] != nil {
		t.Errorf("a bare request is %v", s.event)
	}
}

func TestBodyEncoding(t *testing.T) {
	s := &stub{answer: `{}`}
	g := gate(t, s, sam.API{}, sam.Route{})
	for _, c := range []struct {
		name, kind, encoding, body string
		base64                     bool
	}{
		{"JSON", "application/json", "", "{}", false},
		{"text", "text/csv; charset=utf-8", "", "a,b", false},
		{"XML", "application/xml", "", "<a/>", false},
		{"script", "application/javascript", "", "1", false},
		{"form", "application/x-www-form-urlencoded", "", "a=1", true},
		{"other JSON", "application/vnd.api+json", "", "{}", true},
		{"no type", "", "", "x", true},
		{"bytes", "application/octet-stream", "", "x", true},
		{"zipped JSON", "application/json", "gzip", "x", true},
		{"broken text", "text/plain", "", "\xff", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var header []string
			if c.kind != "" {
				header = append(header, "Content-Type", c.kind)
			}
			if c.encoding != "" {
				header = append(header, "Content-Encoding", c.encoding)
			}
			send(g, "POST", "/", c.body, header...)
			want := c.body
			if c.base64 {
				want = base64.StdEncoding.EncodeToString([]byte(c.body))
			}
			if s.event["body"] != want || s.event["isBase64Encoded"] != c.base64 {
				t.Errorf("body %v, base64 %v; want %q, %v", s.event["body"], s.event["isBase64Encoded"], want, c.base64)
			}
		})
	}
}

func TestResponse(t *testing.T) {
	for _, c := range []struct {
		name, answer, method string
		status               int
		kind, body           string
	}{
		{"whole", `{"statusCode":201,"headers":{"Content-Type":"text/html","x-n":5,"x-b":true},"body":"hi","cookies":["a=1","b=2; Secure"]}`, "GET", 201, "text/html", "hi"},
		{"status as text", `{"statusCode":"202","body":"hi"}`, "GET", 202, "text/plain;charset=UTF-8", "hi"},
		{"no body", `{"statusCode":204}`, "GET", 204, "", ""},
		{"base64", `{"statusCode":200,"body":"aGk=","isBase64Encoded":true}`, "GET", 200, "text/plain;charset=UTF-8", "hi"},
		{"bare object", `{"a":1}`, "GET", 200, "application/json", `{"a":1}`},
		{"bare text", `"hi"`, "GET", 200, "application/json", "hi"},
		{"null", `null`, "GET", 200, "application/json", "null"},
		{"head", `{"statusCode":200,"body":"hi"}`, "HEAD", 200, "text/plain;charset=UTF-8", ""},
		{"bad status", `{"statusCode":"x"}`, "GET", 500, "application/json", `{"message":"Internal Server Error"}`},
		{"status out of range", `{"statusCode":99}`, "GET", 500, "application/json", `{"message":"Internal Server Error"}`},
		{"body not a text", `{"statusCode":200,"body":{"a":1}}`, "GET", 500, "application/json", `{"message":"Internal Server Error"}`},
		{"bad base64", `{"statusCode":200,"body":"*","isBase64Encoded":true}`, "GET", 500, "application/json", `{"message":"Internal Server Error"}`},
		{"not JSON", `hi`, "GET", 500, "application/json", `{"message":"Internal Server Error"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := send(gate(t, &stub{answer: c.answer}, sam.API{}, sam.Route{}), c.method, "/", "")
			if w.Code != c.status || w.Header().Get("Content-Type") != c.kind || w.Body.String() != c.body {
				t.Errorf("%d %q %q, want %d %q %q", w.Code, w.Header().Get("Content-Type"), w.Body, c.status, c.kind, c.body)
			}
			if c.name == "whole" && (!slices.Equal(w.Header()["Set-Cookie"], []string{"a=1", "b=2; Secure"}) || w.Header().Get("X-N") != "5" || w.Header().Get("X-B") != "true") {
				t.Errorf("headers are %v", w.Header())
			}
		})
	}
}

func TestFailures(t *testing.T) {
	for _, c := range []struct {
		name   string
		stub   stub
		status int
		body   string
	}{
		{"function error", stub{failed: true}, 500, "Internal Server Error"},
		{"throttled", stub{err: lambda.ErrThrottled}, 503, "Service Unavailable"},
		{"too large for Lambda", stub{err: lambda.ErrTooLarge}, 413, "Request Entity Too Large"},
		{"no such function", stub{err: lambda.ErrUnknown}, 500, "Internal Server Error"},
		{"stopping", stub{err: errors.New("x")}, 503, "Service Unavailable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := send(gate(t, &c.stub, sam.API{}, sam.Route{}), "GET", "/", "")
			if w.Code != c.status || w.Body.String() != `{"message":"`+c.body+`"}` {
				t.Errorf("%d %s, want %d %s", w.Code, w.Body, c.status, c.body)
			}
		})
	}
	g := gate(t, &stub{answer: "1"}, sam.API{}, sam.Route{})
	if w := send(g, "POST", "/", strings.Repeat("x", MaxRequest)); w.Code != 200 {
		t.Errorf("a request of 10 MB: %d", w.Code)
	}
	if w := send(g, "POST", "/", strings.Repeat("x", MaxRequest+1)); w.Code != 413 {
		t.Errorf("a request over 10 MB: %d", w.Code)
	}
}

func TestIntegrationTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		w := send(gate(t, &stub{wait: true}, sam.API{}, sam.Route{}), "GET", "/", "")
		if w.Code != 503 || time.Since(begin) != 30*time.Second {
			t.Errorf("%d after %v, want 503 after 30s", w.Code, time.Since(begin))
		}
	})
}

func TestThrottling(t *testing.T) {
	clock := now
	api := sam.API{LogicalID: "Api"}
	routes := []sam.Route{
		{API: "Api", Method: "GET", Path: "/a", Timeout: time.Second, Throttling: sam.Throttling{Burst: 2, Rate: 1}},
		{API: "Api", Method: "GET", Path: "/b", Timeout: time.Second},
	}
	g, err := New(api, []sam.Function{{Name: "f", Routes: routes}}, Options{Invoker: &stub{answer: "1"}, Clock: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		after time.Duration
		want  int
	}{{0, 200}, {0, 200}, {0, 429}, {999 * time.Millisecond, 429}, {time.Millisecond, 200}, {0, 429}} {
		clock = clock.Add(step.after)
		if w := send(g, "GET", "/a", ""); w.Code != step.want {
			t.Errorf("step %d: %d %s, want %d", i, w.Code, w.Body, step.want)
		}
	}
	if w := send(g, "GET", "/b", ""); w.Code != 200 {
		t.Errorf("the other route: %d", w.Code)
	}
}

func TestCORS(t *testing.T) {
	list := &sam.CORS{AllowOrigins: []string{"https://a.example", "http://*", "https://c*"}, AllowMethods: []string{"GET", "POST"}, AllowHeaders: []string{"x-a"},
		ExposeHeaders: []string{"x-b"}, MaxAge: time.Minute, AllowCredentials: true}
	any := &sam.CORS{AllowOrigins: []string{"*"}}
	answer := `{"statusCode":200,"headers":{"access-control-allow-origin":"https://evil.example"},"body":"hi"}`
	ask := []string{"Access-Control-Request-Method", "POST"}
	for _, c := range []struct {
		name, method, origin string
		cors                 *sam.CORS
		ask                  []string
		status               int
		allow, methods       string
	}{
		{"preflight", "OPTIONS", "https://a.example", list, ask, 204, "https://a.example", "GET,POST"},
		{"preflight from elsewhere", "OPTIONS", "https://b.example", list, ask, 204, "", ""},
		{"preflight by scheme", "OPTIONS", "http://b.example", list, ask, 204, "http://b.example", "GET,POST"},
		{"a star within a host", "GET", "https://cc.example", list, nil, 200, "", ""},
		{"options that is no preflight", "OPTIONS", "https://a.example", list, nil, 200, "https://a.example", ""},
		{"request", "GET", "https://a.example", list, nil, 200, "https://a.example", ""},
		{"request from elsewhere", "GET", "https://b.example", list, nil, 200, "", ""},
		{"any origin", "GET", "https://b.example", any, nil, 200, "*", ""},
		{"no origin", "GET", "", any, nil, 200, "", ""},
		{"not configured", "GET", "https://b.example", nil, nil, 200, "https://evil.example", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := c.ask
			if c.origin != "" {
				header = append([]string{"Origin", c.origin}, header...)
			}
			w := send(gate(t, &stub{answer: answer}, sam.API{CORS: c.cors}, sam.Route{}), c.method, "/", "", header...)
			if w.Code != c.status || w.Header().Get("Access-Control-Allow-Origin") != c.allow || w.Header().Get("Access-Control-Allow-Methods") != c.methods {
				t.Errorf("%d %v", w.Code, w.Header())
			}
			if c.allow == "https://a.example" && w.Header().Get("Access-Control-Allow-Credentials") != "true" {
				t.Errorf("no credentials: %v", w.Header())
			}
		})
	}
	// The gateway's own refusals carry the headers too, so that a page can read them.
	w := send(gate(t, &stub{failed: true}, sam.API{CORS: any}, sam.Route{}), "GET", "/", "", "Origin", "https://a.example")
	if w.Code != 500 || w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}
