package ingest

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/functiontest/client"
	"github.com/userops/userops/shared/httpapi"
)

// allowedHeaders are those that the gateway lets a page of another origin send, by the template.
func allowedHeaders(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "AllowHeaders: [") // the first is the public API's
	list, _, found := strings.Cut(rest, "]")
	if !found {
		t.Fatal("the template allows no headers")
	}
	return list
}

// gateway is the function behind HTTP, as API Gateway calls it: one request at a time here, with the body in base64.
func (b *bench) gateway() *httptest.Server {
	serve := httpapi.Lambda(b.Handler())
	var one sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodOptions {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.Header().Set("Access-Control-Allow-Headers", allowedHeaders(b))
			w.WriteHeader(http.StatusNoContent)
			return
		}
		one.Lock()
		defer one.Unlock()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			b.Error(err)
		}
		in := request(r.URL.Path, "", base64.StdEncoding.EncodeToString(body))
		in.IsBase64Encoded = true
		in.RequestContext.HTTP.Method, in.RouteKey, in.RawQueryString = r.Method, r.Method+" "+r.URL.Path, r.URL.RawQuery
		for name := range r.Header {
			in.Headers[strings.ToLower(name)] = r.Header.Get(name)
		}
		in.Headers["host"], in.Headers["x-forwarded-proto"] = r.Host, "http"
		out, err := serve(r.Context(), in)
		if err != nil {
			b.Error(err)
		}
		if out.StatusCode != 200 {
			b.Logf("%s %s: %d %s", r.Method, r.URL, out.StatusCode, out.Body)
		}
		for name, value := range out.Headers {
			w.Header().Set(name, value)
		}
		w.Header().Set("Access-Control-Allow-Origin", "*") // the gateway does so, by the template
		w.WriteHeader(out.StatusCode)
		_, _ = io.WriteString(w, out.Body)
	}))
	b.Cleanup(server.Close)
	return server
}

// TestPublicClientsWorkUnchanged lets the two clients for node send one of each call. The queue answers the first request with an
// error although it took the job, as a lost answer would look, so that the client's retry is seen too.
func TestPublicClientsWorkUnchanged(t *testing.T) {
	folder := client.Installed(t)
	b := newBench(t)
	b.Now = time.Now
	b.queue.Fail(1, dynamotest.Persisted)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	script := exec.CommandContext(ctx, "node", "testdata/clients.cjs", folder, b.gateway().URL, defaultKey)
	if out, err := script.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	seen := map[string]int{}            // by messageId
	kinds := map[string][]event.Event{} // by library
	for _, j := range b.jobs() {
		for _, e := range j.Events {
			if seen[e.MessageID]++; seen[e.MessageID] > 1 {
				continue
			}
			library := "rudder"
			if strings.Contains(string(e.Context), "@segment/analytics-node") {
				library = "segment"
			}
			kinds[library] = append(kinds[library], e)
		}
	}
	again := 0
	for _, n := range seen {
		again += n - 1
	}
	if len(seen) != 12 || again != 6 {
		t.Errorf("%d messageIds, %d of them a second time; want 12 and 6", len(seen), again)
	}
	for library, all := range kinds {
		byKind := map[event.Kind]event.Event{}
		for _, e := range all {
			byKind[e.Kind] = e
		}
		if e := byKind[event.Track]; e.Name != "Order Completed" || e.UserID != "u-1" || string(e.Properties) != `{"order_id":"o-1","total":12.3,"note":"你好 \"😀\""}` {
			t.Errorf("%s track: %+v %s", library, e, e.Properties)
		}
		if e := byKind[event.Identify]; e.UserID != "u-1" || string(e.Traits) != `{"email":"zhang@shop.example"}` {
			t.Errorf("%s identify: %+v %s", library, e, e.Traits)
		}
		if e := byKind[event.Page]; e.AnonymousID != "a-1" || e.Name != "Cart" || string(e.Properties) != `{"category":"Shop"}` {
			t.Errorf("%s page: %+v %s", library, e, e.Properties)
		}
		if e := byKind[event.Screen]; e.Name != "Home" {
			t.Errorf("%s screen: %+v", library, e)
		}
		if e := byKind[event.Group]; e.GroupID != "g-1" {
			t.Errorf("%s group: %+v", library, e)
		}
		if e := byKind[event.Alias]; e.PreviousID != "a-1" || e.UserID != "u-1" {
			t.Errorf("%s alias: %+v", library, e)
		}
		for _, e := range all {
			if late := time.Since(e.Timestamp); late < -time.Second || late > 30*time.Second || e.OriginalTimestamp.IsZero() || e.SentAt.IsZero() {
				t.Errorf("%s %s: timestamp %s, original %s, sent %s", library, e.Kind, e.Timestamp, e.OriginalTimestamp, e.SentAt)
			}
		}
	}
}
