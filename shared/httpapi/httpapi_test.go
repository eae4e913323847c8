package httpapi

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/operator/access"
)

func gateway(method, path string) events.APIGatewayV2HTTPRequest {
	var in events.APIGatewayV2HTTPRequest
	in.RawPath = path
	in.RequestContext.HTTP.Method = method
	in.RequestContext.RequestID = "req-1"
	in.RequestContext.Stage = "$default"
	in.RequestContext.HTTP.SourceIP = "203.0.113.9"
	in.Headers = map[string]string{"host": "shop.example"}
	return in
}

func call(t *testing.T, h http.Handler, in events.APIGatewayV2HTTPRequest) events.APIGatewayV2HTTPResponse {
	t.Helper()
	out, err := Lambda(h)(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestLambdaHandsTheRequestOver(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/things/{id}/parts", func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		c, _ := r.Cookie("b")
		JSON(w, 201, map[string]any{"id": r.PathValue("id"), "body": string(b), "q": r.URL.Query()["q"], "cookie": c.Value,
			"header": r.Header.Get("X-One"), "remote": r.RemoteAddr, "host": r.Host, "request": RequestID(r.Context()), "length": r.ContentLength})
	})
	in := gateway("POST", "/v1/things/a b/c%/parts")
	in.RouteKey = "POST /v1/things/{id}/parts"
	in.PathParameters = map[string]string{"id": "a b/c%"}
	in.RawQueryString = "q=1&q=%E4%BD%A0"
	in.Cookies = []string{"a=1", "b=2"}
	in.Headers["x-one"] = "1,2"
	in.Body, in.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte("\x00\xffraw")), true
	out := call(t, mux, in)
	var got map[string]any
	if err := json.Unmarshal([]byte(out.Body), &got); err != nil {
		t.Fatalf("%d %s", out.StatusCode, out.Body)
	}
	want := map[string]any{"id": "a b/c%", "body": "\x00\ufffdraw", "q": []any{"1", "你"}, "cookie": "2", "header": "1,2",
		"remote": "203.0.113.9:0", "host": "shop.example", "request": "req-1", "length": 5.0}
	if out.StatusCode != 201 || !reflect.DeepEqual(got, want) {
		t.Errorf("got %d %v, want %v", out.StatusCode, got, want)
	}
}

func TestLambdaPaths(t *testing.T) {
	for name, tc := range map[string]struct {
		raw, stage, route string
		params            map[string]string
		want              string
	}{
		"no parameters":      {"/v1/x/list", "$default", "GET /v1/x/list", nil, "list"},
		"a stage in front":   {"/prod/v1/x/a", "prod", "GET /v1/x/{id}", map[string]string{"id": "a"}, "one a"},
		"a default route":    {"/v1/x/a", "$default", "$default", nil, "one a"},
		"an id of dots":      {"/v1/x/..", "$default", "GET /v1/x/{id}", map[string]string{"id": ".."}, "one .."},
		"an id with a slash": {"/v1/x/a/b", "$default", "GET /v1/x/{id}", map[string]string{"id": "a/b"}, "one a/b"},
		"an escaped percent": {"/v1/x/a%2Fb", "$default", "GET /v1/x/{id}", map[string]string{"id": "a%2Fb"}, "one a%2Fb"},
		"a colon":            {"/v1/x/anonymous:1", "$default", "GET /v1/x/{id}", map[string]string{"id": "anonymous:1"}, "one anonymous:1"},
	} {
		t.Run(name, func(t *testing.T) {
			mux := http.NewServeMux()
			mux.HandleFunc("GET /v1/x/list", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "list") })
			mux.HandleFunc("GET /v1/x/{id}", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "one "+r.PathValue("id")) })
			in := gateway("GET", tc.raw)
			in.RouteKey, in.PathParameters, in.RequestContext.Stage = tc.route, tc.params, tc.stage
			if out := call(t, mux, in); out.StatusCode != 200 || out.Body != tc.want {
				t.Errorf("got %d %s, want %s", out.StatusCode, out.Body, tc.want)
			}
		})
	}
}

func TestLambdaAnswers(t *testing.T) {
	for name, tc := range map[string]struct {
		h      http.HandlerFunc
		status int
		body   string
		base64 bool
	}{
		"nothing written": {func(http.ResponseWriter, *http.Request) {}, 200, "", false},
		"bytes": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte{0xff, 0xfe}) }, 200,
			base64.StdEncoding.EncodeToString([]byte{0xff, 0xfe}), true},
		"first status wins": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(202); w.WriteHeader(500) }, 202, "", false},
		"a panic": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Half", "1")
			_, _ = io.WriteString(w, "half an answer")
			panic("secret")
		}, 500, `{"type":"about:blank","title":"Internal Server Error","status":500,"instance":"/requests/req-1"}` + "\n", false},
		"an answer at the limit": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, MaxAnswer)) }, 200,
			string(make([]byte, MaxAnswer)), false},
		"an answer over the limit": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, MaxAnswer+1)) }, 500,
			`{"type":"/problems/answer-too-large","title":"Answer too large","status":500,"detail":"ask for a smaller page","instance":"/requests/req-1"}` + "\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			out := call(t, tc.h, gateway("GET", "/"))
			if out.StatusCode != tc.status || out.Body != tc.body || out.IsBase64Encoded != tc.base64 {
				t.Errorf("got %d %.200q (base64 %v)", out.StatusCode, out.Body, out.IsBase64Encoded)
			}
			if out.Headers["x-half"] != "" {
				t.Error("a header of the abandoned answer is left")
			}
		})
	}
}

func TestLambdaTurnsTheMuxsOwnAnswersIntoProblems(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/track", func(http.ResponseWriter, *http.Request) {})
	for path, status := range map[string]int{"/v1/none": 404, "/v1/track": 405} {
		out := call(t, mux, gateway("GET", path))
		if out.StatusCode != status || out.Headers["content-type"] != "application/problem+json" || !strings.Contains(out.Body, `"title":"`+http.StatusText(status)) {
			t.Errorf("%s: got %d %v %s", path, out.StatusCode, out.Headers, out.Body)
		}
		if status == 405 && out.Headers["allow"] != "POST" {
			t.Errorf("405 allows %q", out.Headers["allow"])
		}
	}
}

func TestLambdaCookiesAndBadBase64(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
		http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
	})
	if out := call(t, h, gateway("GET", "/")); !reflect.DeepEqual(out.Cookies, []string{"a=1", "b=2"}) {
		t.Errorf("cookies %v", out.Cookies)
	}
	in := gateway("POST", "/")
	in.Body, in.IsBase64Encoded = "!", true
	if out := call(t, h, in); out.StatusCode != 400 {
		t.Errorf("bad base64: %d", out.StatusCode)
	}
}

func TestProblem(t *testing.T) {
	w := httptest.NewRecorder()
	place := 0
	Problem(w, 400, "Bad batch", "one is bad", FieldError{&place, "event", "is <missing>"}, FieldError{Field: "type", Reason: "is unknown"})
	want := `{"type":"/problems/bad-batch","title":"Bad batch","status":400,"detail":"one is bad","errors":[` +
		`{"index":0,"field":"event","reason":"is <missing>"},{"field":"type","reason":"is unknown"}]}` + "\n"
	if w.Code != 400 || w.Body.String() != want || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestKeyReused(t *testing.T) {
	w := httptest.NewRecorder()
	KeyReused(w)
	want := `{"type":"/problems/idempotency-key-reused","title":"Idempotency-Key reused","status":422,"errors":[{"field":"Idempotency-Key","reason":"was used with another body"}]}` + "\n"
	if w.Code != 422 || w.Body.String() != want {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestInvalidAndFailed(t *testing.T) {
	w := httptest.NewRecorder()
	Invalid(w, "Bad source", fault.Faults{{Field: "kind", Reason: "is unknown"}})
	if w.Code != 422 || !strings.Contains(w.Body.String(), `"errors":[{"field":"kind","reason":"is unknown"}]`) {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	w = httptest.NewRecorder()
	Failed(w, httptest.NewRequest("GET", "/", nil), errors.New("hidden cause"))
	if w.Code != 503 || w.Header().Get("Retry-After") != "1" || strings.Contains(w.Body.String(), "hidden") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// TestTwoOperatorKeys: each of the two is an owner's, and the audit log tells by its key which one it was.
func TestTwoOperatorKeys(t *testing.T) {
	sum := func(key string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(key))) }
	a := Auth{OperatorKeyHash: sum("new") + "," + strings.ToUpper(sum("old"))}
	for key, opens := range map[string]bool{"new": true, "old": true, "older": false, "": false} {
		r := httptest.NewRequest("GET", "/", nil)
		r.SetBasicAuth(key, "")
		want := access.Caller{}
		if opens {
			want = access.Caller{Name: "operator key", Role: access.Owner, Key: sum(key)[:8]}
		}
		if caller, err := a.caller(r); caller.by != want || (err == nil) != opens {
			t.Errorf("%q: %+v, %v", key, caller, err)
		}
	}
}

// TestTwoServerKeys: while the shop changes over, the present key and the one before open the same.
func TestTwoServerKeys(t *testing.T) {
	sum := func(key string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(key))) }
	a := Auth{ServerKeyHash: sum("new") + "," + strings.ToUpper(sum("old"))}
	for key, want := range map[string]bool{"new": true, "old": true, "older": false, "": false, "new,old": false} {
		r := httptest.NewRequest("GET", "/", nil)
		r.SetBasicAuth(key, "")
		caller, err := a.caller(r)
		if a.Server(r) != want || (err == nil) != want || want && caller.by.Role != access.ServerKey {
			t.Errorf("%q: %v, %+v, %v", key, a.Server(r), caller, err)
		}
	}
	if Matches("", sum("")+","+sum("")) || Matches("x", ",") || Matches("x", "") {
		t.Error("nothing opens something")
	}
}

func TestReadBodyLimit(t *testing.T) {
	for _, known := range []bool{true, false} {
		for n, ok := range map[int]bool{0: true, 1: true, 100: true, 101: false} {
			r := httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat("x", n)))
			if !known {
				r.ContentLength = -1
			}
			b, err := ReadBody(r, 100)
			if (err == nil) != ok || ok && len(b) != n || !ok && !errors.Is(err, ErrBodyTooLarge) {
				t.Errorf("%d bytes, length known %v: got %d bytes, %v", n, known, len(b), err)
			}
		}
	}
}

func TestReadJSON(t *testing.T) {
	for name, tc := range map[string]struct {
		body   string
		status int
		want   string
	}{
		"fits":               {`{"n":1}`, 200, ""},
		"spaces after":       {"{\"n\":1} \n", 200, ""},
		"not JSON":           {`{"n":`, 400, "the body is not valid JSON: it ends too early at byte 5"},
		"empty":              {``, 400, "the body is empty"},
		"at a place":         {`{"n":]}`, 400, "the body is not valid JSON: invalid character ']' looking for beginning of value at byte 5"},
		"two faults":         {`{"n":"x","m":1}`, 400, `"errors":[{"field":"m","reason":"is not known here"},{"field":"n","reason":"is a JSON string, which does not fit"}]`},
		"two values":         {`{"n":1}{}`, 400, "more follows"},
		"wrong type":         {`{"n":"x"}`, 400, `{"field":"n","reason":"is a JSON string, which does not fit"}`},
		"unknown field":      {`{"m":1}`, 400, `{"field":"m","reason":"is not known here"}`},
		"a name twice":       {`{"n":2,"n":1}`, 400, `"errors":[{"field":"n","reason":"is there twice"}]}`},
		"over the limit":     {`{"n":1}` + strings.Repeat(" ", 94), 413, "at most 100 bytes"},
		"just at the limit":  {`{"n":1}` + strings.Repeat(" ", 93), 200, ""},
		"a number too large": {`{"n":1e99}`, 400, "which does not fit"},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			var v struct {
				N int `json:"n"`
			}
			ok := ReadJSON(w, httptest.NewRequest("POST", "/", strings.NewReader(tc.body)), 100, &v)
			if ok != (tc.status == 200) || w.Code != tc.status || !strings.Contains(w.Body.String(), tc.want) || ok && v.N != 1 {
				t.Errorf("got %v %d %s", ok, w.Code, w.Body)
			}
		})
	}
}

func TestParsePage(t *testing.T) {
	for query, want := range map[string]Page{"": {20, ""}, "?limit=1": {1, ""}, "?limit=100&cursor=a%2Bb": {100, "a+b"},
		"?limit=0": {}, "?limit=101": {}, "?limit=x": {}} {
		w := httptest.NewRecorder()
		got, ok := ParsePage(w, httptest.NewRequest("GET", "/"+query, nil), 20, 100)
		if got != want || ok != (want.Limit > 0) || ok != (w.Code == 200) {
			t.Errorf("%q: got %v %v %d", query, got, ok, w.Code)
		}
	}
}

func TestListWithoutItemsIsAnArray(t *testing.T) {
	for want, list := range map[string]List[int]{`{"items":[]}`: {}, `{"items":[1],"next":"c"}`: {Items: []int{1}, Next: "c"}} {
		if got, err := json.Marshal(list); err != nil || string(got) != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
}

// TestLongParameters holds what stands in a path below what a key may have: beyond it is the caller's fault, and no handler hears of it.
func TestLongParameters(t *testing.T) {
	for n, status := range map[int]int{MaxParameter: 200, MaxParameter + 1: 400, 5000: 400} {
		asked := 0
		mux := http.NewServeMux()
		mux.HandleFunc("GET /v1/x/{id}", func(w http.ResponseWriter, _ *http.Request) { asked++; JSON(w, 200, 1) })
		id := strings.Repeat("x", n)
		in := gateway("GET", "/v1/x/"+id)
		in.RouteKey, in.PathParameters = "GET /v1/x/{id}", map[string]string{"id": id}
		if out := call(t, mux, in); out.StatusCode != status || asked != 1 && status == 200 || asked != 0 && status == 400 || strings.Contains(out.Body, id) {
			t.Errorf("%d bytes: %d, asked %d times", n, out.StatusCode, asked)
		}
	}
}
