package dynamodb

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

// clock is a time that only tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) step(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func openEngine(t testing.TB, o Options) *Engine {
	t.Helper()
	e, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// send gives the status and the body of an answer.
func send(e *Engine, action, body string) (int, string) {
	target := targetDynamo + action
	if streamOperations[action] != nil {
		target = targetStreams + action
	}
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", target)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20260301/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// exchangeCase is one request and what must come back: JSON that equals the answer, or "!Code" or "!Code: message", the message
// being the whole of it. An empty want only asks for success.
type exchangeCase struct{ action, body, want string }

func (c exchangeCase) run(t *testing.T, e *Engine) {
	t.Helper()
	status, got := send(e, c.action, c.body)
	if want, isError := strings.CutPrefix(c.want, "!"); isError {
		code, message := errorOf(got)
		wantCode, wantMessage, exact := strings.Cut(want, ": ")
		if status == 200 || code != wantCode || exact && message != wantMessage {
			t.Errorf("%s %s\n got %d %s\nwant %s", c.action, c.body, status, got, want)
		}
		return
	}
	if status != 200 {
		t.Errorf("%s %s\n got %d %s\nwant success", c.action, c.body, status, got)
		return
	}
	if c.want != "" && !sameJSON(t, got, c.want) {
		t.Errorf("%s %s\n got %s\nwant %s", c.action, c.body, got, c.want)
	}
}

func runAll(t *testing.T, e *Engine, cases []exchangeCase) {
	t.Helper()
	for _, c := range cases {
		c.run(t, e)
	}
}

func errorOf(body string) (code, message string) {
	var f struct {
		Type    string `json:"__type"`
		Message string
	}
	_ = json.Unmarshal([]byte(body), &f)
	_, code, _ = strings.Cut(f.Type, "#")
	return code, f.Message
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Fatalf("%v in %s", err, a)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return reflect.DeepEqual(x, y)
}

// table builds a CreateTable request from key names like "pk:S sk:N", indexes like "gsi g:S n:N ALL".
func tableBody(name, keys string, indexes ...string) string {
	defs := map[string]string{}
	schema := func(parts []string) []map[string]string {
		var out []map[string]string
		for i, p := range parts {
			n, kind, _ := strings.Cut(p, ":")
			defs[n] = kind
			out = append(out, map[string]string{"AttributeName": n, "KeyType": []string{"HASH", "RANGE"}[i]})
		}
		return out
	}
	in := map[string]any{"TableName": name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": schema(strings.Fields(keys))}
	var global, local []any
	for _, x := range indexes {
		f := strings.Fields(x)
		projection := map[string]any{"ProjectionType": f[len(f)-1]}
		if attrs, ok := strings.CutPrefix(f[len(f)-1], "INCLUDE="); ok {
			projection = map[string]any{"ProjectionType": "INCLUDE", "NonKeyAttributes": strings.Split(attrs, ",")}
		}
		def := map[string]any{"IndexName": f[0], "KeySchema": schema(f[1 : len(f)-1]), "Projection": projection}
		if strings.HasPrefix(f[0], "lsi") {
			local = append(local, def)
		} else {
			global = append(global, def)
		}
	}
	if global != nil {
		in["GlobalSecondaryIndexes"] = global
	}
	if local != nil {
		in["LocalSecondaryIndexes"] = local
	}
	var list []map[string]string
	for n, kind := range defs {
		list = append(list, map[string]string{"AttributeName": n, "AttributeType": kind})
	}
	in["AttributeDefinitions"] = list
	text, _ := json.Marshal(in)
	return string(text)
}

func create(t testing.TB, e *Engine, body string) {
	t.Helper()
	if status, got := send(e, "CreateTable", body); status != 200 {
		t.Fatalf("CreateTable %s: %s", body, got)
	}
}

func put(t testing.TB, e *Engine, table, item string) {
	t.Helper()
	if status, got := send(e, "PutItem", fmt.Sprintf(`{"TableName":%q,"Item":%s}`, table, item)); status != 200 {
		t.Fatalf("PutItem %s: %s", item, got)
	}
}

// query gives the value of one attribute of each item found, and the rest of the answer.
func query(t *testing.T, e *Engine, action, body, attr string) (values []string, answer map[string]any) {
	t.Helper()
	status, got := send(e, action, body)
	if status != 200 {
		t.Fatalf("%s %s: %s", action, body, got)
	}
	if err := json.Unmarshal([]byte(got), &answer); err != nil {
		t.Fatal(err)
	}
	items, _ := answer["Items"].([]any)
	values = []string{}
	for _, it := range items {
		v, _ := it.(map[string]any)[attr].(map[string]any)
		for _, x := range v {
			values = append(values, fmt.Sprint(x))
		}
	}
	return values, answer
}
