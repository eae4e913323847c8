package shop

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/userops/userops/shared/shop/format"
)

// gateway is a stack as far as an import sees it.
type gateway struct {
	mu       sync.Mutex
	events   map[string]int // messageId -> how often it was accepted
	batches  [][]string     // the people of each accepted batch
	calls    int
	queues   []string // answers of GET /v1/queues in turn; the last one stays
	answered int
	// batch answers a call itself and says so, before anything is accepted.
	batch func(call int, ids []string, w http.ResponseWriter) bool
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	key, _, _ := r.BasicAuth()
	switch r.Method + " " + r.URL.Path {
	case "GET /v1/queues":
		if key != "operator" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		at := min(g.answered, len(g.queues)-1)
		g.answered++
		_, _ = io.WriteString(w, g.queues[at])
	case "POST /v1/batch":
		if key != "server" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		g.calls++
		var body struct {
			Batch []struct{ MessageID, UserID string }
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		var ids, people []string
		for _, e := range body.Batch {
			ids, people = append(ids, e.MessageID), append(people, e.UserID)
		}
		if g.batch != nil && g.batch(g.calls, ids, w) {
			return
		}
		for _, id := range ids {
			g.events[id]++
		}
		g.batches = append(g.batches, people)
		_, _ = io.WriteString(w, `{"success":true}`)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

const quiet = `[{"queue":"events","depth":0,"inFlight":0,"delayed":0,"deadLettered":0}]`

// start runs the gateway and a client of it whose waits are noted and take no time.
func start(t *testing.T, g *gateway) (*Client, *[]time.Duration) {
	t.Helper()
	if g.events == nil {
		g.events = map[string]int{}
	}
	if g.queues == nil {
		g.queues = []string{quiet}
	}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	var mu sync.Mutex
	var waits []time.Duration
	return &Client{
		Base: server.URL, ServerKey: "server", OperatorKey: "operator", HTTP: server.Client(), Patience: time.Minute,
		Sleep: func(ctx context.Context, d time.Duration) error {
			mu.Lock()
			defer mu.Unlock()
			waits = append(waits, d)
			return ctx.Err()
		},
	}, &waits
}

// orders writes a file of n orders in cdnow's layout, of people customers in turn.
func orders(t *testing.T, n, people int) string {
	t.Helper()
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "%05d 19970101 1 %d.00\n", i%people, i)
	}
	return file(t, text.String())
}

func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file.txt")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func importing(c *Client, name string) Import {
	return Import{Client: c, Progress: &Progress{Out: io.Discard, Now: time.Now}, File: name, Format: format.CDNOW}
}
