package ingest

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/secret"
)

const (
	defaultKey = "default-key"
	serverKey  = "server-key"
)

// bench is a Process with all that is around it in memory.
type bench struct {
	*Process
	functiontest.Bench
	queue       *functiontest.Queue
	hookSecrets map[source.ID][]string
	sources     map[string]source.Source // by key
	reads       int                      // of sources
	down        error                    // what reading a source answers
	secretsDown error                    // what reading its hook secrets answers
}

func newBench(t *testing.T) *bench {
	b := &bench{Bench: functiontest.At(t, time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)), queue: &functiontest.Queue{}, sources: map[string]source.Source{}}
	assigned := 0
	b.Process = &Process{
		Secrets: secret.Fixed(nil),
		Auth:    httpapi.Auth{ServerKeyHash: source.KeyHash(serverKey)}, Sources: b, Queue: b.queue, DefaultKey: defaultKey, Currency: "CNY",
		Now:   b.Clock.Now,
		NewID: func() string { assigned++; return fmt.Sprintf("assigned-%d", assigned) },
	}
	t.Cleanup(b.knowEveryReason)
	return b
}

func (b *bench) HookSecrets(_ context.Context, id source.ID) ([]string, error) {
	b.reads++
	return b.hookSecrets[id], cmp.Or(b.secretsDown, b.down)
}

func (b *bench) ByWriteKey(_ context.Context, key string) (source.Source, bool, error) {
	b.reads++
	s, ok := b.sources[key]
	return s, ok && b.down == nil, b.down
}

func (b *bench) Source(_ context.Context, id source.ID) (source.Source, bool, error) {
	b.reads++
	for _, s := range b.sources {
		if s.ID == id && b.down == nil {
			return s, true, nil
		}
	}
	return source.Source{}, false, b.down
}

// jobs is what is on the queue.
func (b *bench) jobs() []job.Events {
	b.Helper()
	for i, body := range b.queue.Bodies() {
		if len(body) > queue.MaxBytes {
			b.Errorf("message %d has %d bytes", i, len(body))
		}
	}
	return functiontest.Jobs[job.Events](b, b.queue)
}

// answer is what a client hears.
type answer struct {
	status int
	header map[string]string
	Title  string
	Detail string
	Errors []httpapi.FieldError

	Success  bool
	Warnings []httpapi.FieldError
}

func (a answer) faults() string { return told(a.Errors) }

func told(faults []httpapi.FieldError) string {
	var all []string
	for _, e := range faults {
		place := "-"
		if e.Index != nil {
			place = fmt.Sprint(*e.Index)
		}
		all = append(all, place+" "+e.Field+" "+e.Reason)
	}
	return strings.Join(all, "; ")
}

func (b *bench) do(in events.APIGatewayV2HTTPRequest) answer {
	b.Helper()
	out, err := httpapi.Lambda(b.Handler())(b.Context(), in)
	b.Must(err)
	a := answer{status: out.StatusCode, header: out.Headers}
	if err := json.Unmarshal([]byte(out.Body), &a); err != nil {
		b.Fatalf("answer %q: %v", out.Body, err)
	}
	if want := map[bool]string{true: "application/json", false: "application/problem+json"}[a.status < 400]; out.Headers["content-type"] != want {
		b.Errorf("status %d has the content type %s", a.status, out.Headers["content-type"])
	}
	if a.status < 400 != a.Success {
		b.Errorf("status %d with success %v", a.status, a.Success)
	}
	return a
}

// post sends a body as a client with the key does; headers are names and values in turn.
func (b *bench) post(path, key, body string, headers ...string) answer {
	b.Helper()
	return b.do(request(path, key, body, headers...))
}

func request(path, key, body string, headers ...string) events.APIGatewayV2HTTPRequest {
	in := events.APIGatewayV2HTTPRequest{RawPath: path, RouteKey: "POST " + path, Body: body, Headers: map[string]string{"host": "events.shop.example"}}
	in.RequestContext.HTTP.Method = http.MethodPost
	in.RequestContext.Stage = "$default"
	if key != "" {
		in.Headers["authorization"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(key+":"))
	}
	for i := 0; i < len(headers); i += 2 {
		in.Headers[headers[i]] = headers[i+1]
	}
	return in
}

const track = `{"type":"track","event":"Product Viewed","userId":"u-1","messageId":"m-1"}`

func TestEveryRoute(t *testing.T) {
	for path, want := range map[string]string{"track": "track", "t": "track", "identify": "identify", "i": "identify", "page": "page", "p": "page",
		"screen": "screen", "s": "screen", "group": "group", "g": "group", "alias": "alias", "a": "alias", "batch": "page", "b": "page", "import": "page"} {
		b := newBench(t)
		body := `{"userId":"u","previousId":"p","groupId":"g","event":"e","messageId":"m"}`
		if want == "page" && path != "page" && path != "p" {
			body = `{"batch":[{"type":"page","userId":"u"}]}`
		}
		if a := b.post("/v1/"+path, defaultKey, body); a.status != 200 {
			t.Errorf("%s: %+v", path, a)
			continue
		}
		j := b.jobs()
		if len(j) != 1 || len(j[0].Events) != 1 || string(j[0].Events[0].Kind) != want || j[0].Source != "default" || !j[0].NoMoney {
			t.Errorf("%s: queued %+v", path, j)
		}
	}
	b := newBench(t)
	if a := b.post("/v1/m", "", `{"series":[]}`); a.status != 200 || len(b.queue.Bodies()) != 0 {
		t.Errorf("metrics: %+v, %d sent", a, len(b.queue.Bodies()))
	}
}

func TestVerdicts(t *testing.T) {
	good := `{"type":"page","userId":"u"}`
	for name, tc := range map[string]struct {
		path, body, key string
		status          int
		faults          string
		queued          int
	}{
		"a bad single event":      {"track", `{"userId":"u"}`, defaultKey, 400, "0 event is missing", 0},
		"one bad of three":        {"batch", `{"batch":[` + good + `,{"type":"track","userId":"u"},` + good + `]}`, defaultKey, 200, "1 event is missing", 2},
		"all bad":                 {"batch", `{"batch":[{"type":"x","userId":"u"},9]}`, defaultKey, 400, "0 type is not track, identify, page, screen, group or alias; 1  is not an object", 0},
		"none at all":             {"batch", `{"batch":[]}`, defaultKey, 200, "", 0},
		"not JSON":                {"batch", `{"batch":[` + good + `,{"type":]}`, defaultKey, 400, "1  is not valid JSON: unexpected character at byte 47", 0},
		"no batch":                {"batch", `{}`, defaultKey, 400, "- batch is not an array of events", 0},
		"2,501 events":            {"batch", `{"batch":[` + strings.Repeat("{},", 2500) + `{}]}`, defaultKey, 400, "2500 batch has more than 2500 events", 0},
		"an event of 33 KB":       {"batch", `{"batch":[` + good + `,{"type":"page","userId":"u","properties":{"p":"` + strings.Repeat("x", 33<<10) + `"}}]}`, defaultKey, 200, "1  has 33842 bytes, more than 32768", 1},
		"the server's of 33 KB":   {"batch", `{"batch":[` + good + `,{"type":"page","userId":"u","properties":{"p":"` + strings.Repeat("x", 33<<10) + `"}}]}`, serverKey, 200, "", 2},
		"the server's of 257 KB":  {"batch", `{"batch":[` + good + `,{"type":"page","userId":"u","properties":{"p":"` + strings.Repeat("x", 257<<10) + `"}}]}`, serverKey, 200, "1  has 263218 bytes, more than 262144", 1},
		"not for this source":     {"track", track, "app-key-1", 403, "0 event is not one that the source may send", 0},
		"partly for this source":  {"batch", `{"batch":[` + track + `,` + good + `]}`, "app-key-1", 200, "0 event is not one that the source may send", 1},
		"a call not allowed":      {"batch", `{"batch":[{"type":"identify","userId":"u"}]}`, "app-key-1", 403, "0 type is not one that the source may send", 0},
		"bad and not allowed":     {"batch", `{"batch":[{"type":"identify","userId":"u"},{}]}`, "app-key-1", 400, "0 type is not one that the source may send; 1 type is not track, identify, page, screen, group or alias", 0},
		"hostile depth":           {"track", strings.Repeat(`{"a":`, 100_000), defaultKey, 400, "0  nests deeper than 512 levels", 0},
		"nobody's event":          {"track", `{"event":"X","userId":"undefined","anonymousId":"00000000-0000-0000-0000-000000000000"}`, defaultKey, 400, "0 userId and anonymousId are missing or mean nobody; one is required", 0},
		"an unknown path is 404":  {"nothing", good, defaultKey, 404, "", 0},
		"bad even without a key":  {"track", `{`, "", 400, "0  is not valid JSON: a key is missing at byte 1", 0},
		"good but without a key":  {"batch", `{"batch":[` + good + `]}`, "", 401, "", 0},
		"trailing garbage":        {"track", track + "x", defaultKey, 400, "-  is not valid JSON: more follows at byte 74", 0},
		"a noncharacter in a key": {"track", `{"event":"X","userId":"u","properties":{"` + "\uFFFE" + `":1}}`, defaultKey, 200, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.sources["app-key-1"] = source.Source{ID: "app", Kind: source.KindApp, AllowedEvents: []string{"page"}}
			a := b.post("/v1/"+tc.path, tc.key, tc.body)
			if a.status != tc.status || a.faults() != tc.faults {
				t.Errorf("got %d %q, want %d %q", a.status, a.faults(), tc.status, tc.faults)
			}
			n := 0
			for _, j := range b.jobs() {
				n += len(j.Events)
			}
			if n != tc.queued {
				t.Errorf("%d events queued, want %d", n, tc.queued)
			}
		})
	}
}

func TestOrdersThatCannotBeRead(t *testing.T) {
	for name, tc := range map[string]struct{ event, properties, faults string }{
		"readable":       {"Order Completed", `{"order_id":"o","total":1}`, ""},
		"no order_id":    {"Order Completed", `{"total":1}`, "0 properties.order_id is missing or longer than 128 bytes"},
		"no properties":  {"Order Refunded", `null`, "0 properties.order_id is missing or longer than 128 bytes"},
		"total a word":   {"Order Updated", `{"order_id":"o","total":"much"}`, "0 properties.total is not a decimal amount within range"},
		"currency wrong": {"Order Placed", `{"order_id":"o","total":1,"currency":"yuan"}`, "0 properties.currency is not an ISO 4217 code of three letters"},
		"wrong type":     {"Order Placed", `{"order_id":"o","products":{}}`, "0 properties.products is not a list"},
		"no currency":    {"Order Placed", `{"order_id":"o","total":1,"currency":"RMB"}`, "0 properties.currency is not a currency of ISO 4217, such as CNY"},
		"less than none": {"Order Completed", `{"order_id":"o","total":-5}`, "0 properties.total is negative"},
		"another event":  {"Product Viewed", `{"total":"much"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			body := `{"userId":"u","event":"` + tc.event + `","properties":` + tc.properties + `}`
			if a := b.post("/v1/track", serverKey, body); a.faults() != tc.faults || (a.status == 200) != (tc.faults == "") || a.status > 400 {
				t.Errorf("from the server: %d %q, want %q", a.status, a.faults(), tc.faults)
			}
			faults := tc.faults
			if strings.Contains(faults, "order_id") {
				faults = "" // it is only shown
			}
			if a := b.post("/v1/track", defaultKey, body); a.faults() != faults || (a.status == 200) != (faults == "") {
				t.Errorf("from a browser: %d %q, want %q", a.status, a.faults(), faults)
			}
		})
	}
}

func TestABrokenQueueIs503(t *testing.T) {
	for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
		t.Run(string(how), func(t *testing.T) {
			b := newBench(t)
			b.queue.Fail(1, how)
			body := `{"batch":[` + track + `,{"type":"page","userId":"u"}]}`
			if a := b.post("/v1/batch", defaultKey, body); a.status != 503 || a.header["retry-after"] == "" {
				t.Fatalf("got %+v", a)
			}
			if a := b.post("/v1/batch", defaultKey, body); a.status != 200 {
				t.Fatalf("the retry: %+v", a)
			}
			// What makes the retry harmless is that the client's messageId comes again; one that ingest assigned does not.
			ids := map[string]int{}
			for _, j := range b.jobs() {
				for _, e := range j.Events {
					ids[e.MessageID]++
				}
			}
			attempts := len(b.queue.Bodies())
			if ids["m-1"] != attempts || ids["assigned-2"] != 1 || len(ids) != 1+attempts {
				t.Errorf("on the queue: %v", ids)
			}
		})
	}
}

func TestRate(t *testing.T) {
	b := newBench(t)
	b.sources["app-key-1"] = source.Source{ID: "app", Kind: source.KindApp, RatePerSecond: 2, Burst: 3}
	status := func() int { return b.post("/v1/track", "app-key-1", track).status }
	for i, want := range []int{200, 200, 200, 429} {
		if got := status(); got != want {
			t.Fatalf("call %d: %d, want %d", i, got, want)
		}
	}
	b.Pass(499 * time.Millisecond)
	if got := status(); got != 429 {
		t.Errorf("a millisecond early: %d", got)
	}
	b.Pass(time.Millisecond)
	if got := status(); got != 200 {
		t.Errorf("with one token: %d", got)
	}
	b.Pass(time.Hour)
	items := strings.TrimSuffix(strings.Repeat(track+",", 11), ",")
	if a := b.post("/v1/batch", "app-key-1", `{"batch":[`+items+`]}`); a.status != 200 {
		t.Errorf("a batch above the burst: %+v", a)
	}
	a := b.post("/v1/track", "app-key-1", track)
	if a.status != 429 || a.header["retry-after"] != "5" { // 8 in debt, one to have, 2 a second: 4.5 s
		t.Errorf("in debt: %d, retry after %s", a.status, a.header["retry-after"])
	}
	if a := b.post("/v1/track", serverKey, track); a.status != 200 {
		t.Errorf("another source: %d", a.status)
	}
}

func TestRateLeavesRefusedEventsFree(t *testing.T) {
	b := newBench(t)
	b.sources["app-key-1"] = source.Source{ID: "app", Kind: source.KindApp, RatePerSecond: 1}
	for range 5 {
		if a := b.post("/v1/track", "app-key-1", `{}`); a.status != 400 {
			t.Fatalf("got %d", a.status)
		}
	}
	if a := b.post("/v1/track", "app-key-1", track); a.status != 200 {
		t.Errorf("got %d", a.status)
	}
}

func TestProjectSettings(t *testing.T) {
	b := newBench(t)
	get := func(key string, headers ...string) (int, map[string]any) {
		in := request("/v1/projects/"+key+"/settings", "", "", headers...)
		in.RequestContext.HTTP.Method = http.MethodGet
		in.RouteKey, in.PathParameters = "GET /v1/projects/{writeKey}/settings", map[string]string{"writeKey": key}
		out, err := httpapi.Lambda(b.Handler())(t.Context(), in)
		b.Must(err)
		var body map[string]any
		b.Must(json.Unmarshal([]byte(out.Body), &body))
		return out.StatusCode, body
	}
	status, body := get(defaultKey)
	if status != 200 {
		t.Fatalf("got %d %v", status, body)
	}
	own := body["integrations"].(map[string]any)["Segment.io"].(map[string]any)
	if own["apiKey"] != defaultKey || own["apiHost"] != "events.shop.example/v1" {
		t.Errorf("got %v", own)
	}
	// The clients take the protocol as it stands, so nothing but these two may ever stand there.
	for came, want := range map[string]string{"https": "https", "http": "http", "": "https", "javascript": "https"} {
		_, body := get(defaultKey, "x-forwarded-proto", came)
		if got := body["integrations"].(map[string]any)["Segment.io"].(map[string]any)["protocol"]; got != want {
			t.Errorf("asked by %q: events go by %v, want %s", came, got, want)
		}
	}
	if status, _ := get("unknown-key"); status != 404 {
		t.Errorf("unknown key: %d", status)
	}
	b.down = errors.New("no catalog")
	if status, _ := get("another-key"); status != 503 {
		t.Errorf("no catalog: %d", status)
	}
}
