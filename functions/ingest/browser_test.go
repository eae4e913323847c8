package ingest

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/functiontest/client"
	"github.com/userops/userops/shared/secret"
)

// TestBrowserClientsWorkUnchanged opens pages with the public browser clients in a real browser. The page and the events have different origins, as in a
// shop.
func TestBrowserClientsWorkUnchanged(t *testing.T) {
	const rudder = "@rudderstack/analytics-js/dist/npm/modern/bundled/umd"
	folder := client.Installed(t)
	chromium := client.Chromium(t)
	for name, c := range map[string]struct {
		page, options, script string
		events                int
	}{
		"segment":             {"browser.html", "", "@segment/analytics-next/dist/umd", 6},
		"rudderstack":         {"rudder.html", "", rudder, 5},
		"rudderstack, beacon": {"rudder.html", ", useBeacon: true, beaconQueueOptions: { maxItems: 5 }", rudder, 5},
	} {
		t.Run(name, func(t *testing.T) {
			got := opened(t, chromium, filepath.Join("testdata", c.page), c.options, filepath.Join(folder, "node_modules", filepath.FromSlash(c.script)), c.events)
			viewed := got["track Product Viewed"]
			if string(viewed.Properties) != `{"product_id":"p1","name":"龙井 \"one\""}` || viewed.AnonymousID == "" || len(viewed.Context) < 100 {
				t.Errorf("track: %+v %s", viewed, viewed.Properties)
			}
			if e := got["track Beaconed"]; name == "segment" && e.AnonymousID != "beacon-1" {
				t.Errorf("beacon: %+v", e)
			}
			if e := got["page Home"]; !strings.Contains(string(e.Properties), `"category":"Shop"`) || e.AnonymousID != viewed.AnonymousID {
				t.Errorf("page: %+v %s", e, e.Properties)
			}
			// The one gives traits as such, the other in the context.
			if e := got["identify"]; e.UserID != "mei" || !strings.Contains(string(e.Traits)+string(e.Context), `{"name":"Mei"}`) || e.Trust != trust.Person || e.AnonymousID != viewed.AnonymousID {
				t.Errorf("identify: %+v %s", e, e.Traits)
			}
			if e := got["group"]; e.GroupID != "g-1" || e.UserID != "mei" {
				t.Errorf("group: %+v", e)
			}
			if e := got["alias"]; e.UserID != "mei" || e.PreviousID != "old-mei" {
				t.Errorf("alias: %+v", e)
			}
		})
	}
}

// opened are the events that a page sends, by kind and name, once there are as many as it should send.
func opened(t *testing.T, chromium, file, options, scripts string, events int) map[string]event.Event {
	t.Helper()
	b := newBench(t)
	b.Now, b.Secrets = time.Now, secret.Fixed(map[string]string{secret.UserHash: hashSecret})
	came := make(chan struct{}, 100) // one for each request that brings events
	b.queue.Around = func(send func() error) error {
		defer func() { came <- struct{}{} }()
		return send()
	}
	gateway := b.gateway()
	text, err := os.ReadFile(file)
	b.Must(err)
	page := strings.NewReplacer("{{address}}", strings.TrimPrefix(gateway.URL, "http://"), "{{options}}", options, "{{key}}", defaultKey, "{{hash}}", proof.UserHash(hashSecret, "mei")).Replace(string(text))
	mux := http.NewServeMux()
	mux.Handle("GET /umd/", http.StripPrefix("/umd/", http.FileServer(http.Dir(scripts))))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(page))
	})
	shop := httptest.NewServer(mux)
	defer shop.Close()

	client.Browse(t, chromium, shop.URL+"/")
	late := time.After(5 * time.Minute)
	got := map[string]event.Event{}
	for len(got) < events {
		select {
		case <-came:
		case <-late:
			t.Fatalf("%d of %d events came", len(got), events)
		}
		for _, j := range b.jobs() {
			if j.Source != "default" || !j.NoMoney {
				t.Errorf("a job of the source %s", j.Source)
			}
			for _, e := range j.Events {
				got[strings.TrimSpace(string(e.Kind)+" "+e.Name)] = e
			}
		}
	}
	return got
}
