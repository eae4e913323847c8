//go:build unix

package functions

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/pages"
	"github.com/userops/userops/functions/pages/view"
)

// BenchmarkPages visits every page of the console that can be linked to, one after the other, over a shop of 100,000 people of whom one in ten has bought, and tells how long they take, the slowest of them by itself,
// and the weight of the heaviest as it is before it is packed. Somebody who looks is one: pages are not asked side by side.
func BenchmarkPages(b *testing.B) {
	const (
		people, looks = 100_000, 20
		between       = 40 * time.Millisecond // the throttle lets fifty a second through, of a route's calls too
	)
	m := newBench(b, false, 4)
	m.put("/v1/segments/buyers", `{"name":"Buyers","rule":{"field":"orders.count","op":"gte","value":1}}`)
	m.put("/v1/templates/warm", `{"name":"Warm","channel":"email","locales":{"default":{"subject":"Hi","text":"Hello {{ unsubscribeUrl }}","html":"<p>Hello {{ profile.name }} <a href=\"{{ unsubscribeUrl }}\">stop</a></p>"}}}`)
	m.put("/v1/campaigns/thanks", `{"name":"Thanks","state":"running","channel":"email","templateId":"warm","trigger":{"event":{"name":"Order Completed"}}}`)
	m.put("/v1/programs/invite", `{"name":"Invite","state":"running","attributionWindow":"30d","rewards":{"advocate":[{"points":100}],"friend":[{"points":70}]}}`)
	m.put("/v1/settings/messaging", `{}`)
	m.fill(people)
	m.run(people)
	var list struct{ ListID string }
	m.ask(http.MethodPost, "/v1/segments/buyers/members", &list)
	m.idle() // it is made a minute later
	look := m.visitor()
	at := m.links(look)
	for range b.N {
		var all []time.Duration
		var slowest, weight float64
		of := map[string]string{}
		for _, path := range at {
			var took []time.Duration
			for range looks {
				began := time.Now()
				body := look(path)
				took = append(took, time.Since(began))
				time.Sleep(between - time.Since(began))
				if kb := float64(len(body)) / 1024; kb > weight {
					weight, of["weight"] = kb, path
				}
			}
			if ms := percentile(took, 95); ms > slowest {
				slowest, of["time"] = ms, path
			}
			all = append(all, took...)
		}
		b.Logf("%d pages; the slowest is %s, the heaviest %s", len(at), of["time"], of["weight"])
		report(b, map[string]float64{"pages.p95_ms": percentile(all, 95), "pages.slowest_p95_ms": slowest, "pages.kb_max": weight})
	}
}

// fill gives the shop people, of whom one in ten has bought, a portion after the other: a stack that is busy is not waited for without end.
func (m *bench) fill(people int) {
	m.b.Helper()
	const portion = 5000
	c, now := newCrowd(5), time.Now()
	var events []string
	var requests []request
	for i := 1; i <= people; i++ {
		d := c.device(fmt.Sprintf("user-%08d", i))
		c.clock = now.Add(-10 * pause)
		if events = append(events, c.identify(d)); i%10 == 0 {
			events = append(events, c.order(d, now.AddDate(0, 0, -1-i%300)))
		}
		if len(events) >= 50 || i == people {
			requests, events = append(requests, batch(events)), nil
		}
		if i%portion == 0 || i == people {
			m.post(8, serverKey, requests)
			m.idle()
			requests = nil
		}
	}
}

// visitor signs in to the console, and gives what looks at a page of it.
func (m *bench) visitor() func(path string) string {
	m.b.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		m.b.Fatal(err)
	}
	browser := http.Client{Jar: jar, Transport: m.client.Transport}
	base := m.stack.Addresses().Gateway
	read := func(answer *http.Response, err error) string {
		m.b.Helper()
		if err != nil {
			m.b.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK || strings.Contains(string(body), `id="key"`) {
			m.b.Fatalf("%s: %d %s %v", answer.Request.URL, answer.StatusCode, body, err)
		}
		return string(body)
	}
	read(browser.PostForm(base+"/console/sign-in", url.Values{"key": {operatorKey}}))
	return func(path string) string { m.b.Helper(); return read(browser.Get(base + path)) }
}

// links are the pages that can be linked to, each of something that there is.
func (m *bench) links(look func(string) string) (all []string) {
	m.b.Helper()
	_, rest, found := strings.Cut(look("/console/people?q=user-00000009"), `/console/person?id=`)
	person, _, ended := strings.Cut(rest, `"`)
	if !found || !ended {
		m.b.Fatal("nobody is found")
	}
	_, rest, _ = strings.Cut(look("/console/runs"), "/console/runs/show?id=")
	run, _, _ := strings.Cut(rest, `"`)
	ids := map[string]string{"segments": "buyers", "templates": "warm", "campaigns": "thanks", "programs": "invite", "person": person, "runs": run, "settings": "messaging", "sources": "default"}
	for _, r := range pages.Rows() {
		first, _, below := strings.Cut(r.Path, "/")
		switch {
		case r.Method != http.MethodGet:
		case r.Path == "people":
			all = append(all, r.Address()+"?q=user-00000009", r.Address())
		case r.Path == "queues/letters":
			all = append(all, r.Address()+"?queue=events")
		case r.Path == "call":
			all = append(all, r.Address()+"?path=/v1/stops")
		case r.Path == "segments/members":
			all = append(all, r.Address()+"?segment=buyers")
		case r.Path == "refusals/show", first == "sources" && below, r.Path == "templates/mail", r.Path == "reports/people", r.Path == "reports/csv", r.Path == "segments/file":
			// of a source that was saved, or an answer; and neither a mail nor a file is a page
		case first == "reports":
			all = append(all, r.Address()) // how long a question takes is not for the page to say
		case below || r.Path == "person":
			all = append(all, view.Link(r.Path, "id", ids[first]))
		default:
			all = append(all, r.Address())
		}
	}
	return all
}

// percentile is how many milliseconds so many of a hundred take at most.
func percentile(took []time.Duration, n int) float64 {
	slices.Sort(took)
	return float64(took[(len(took)*n+99)/100-1].Microseconds()) / 1e3
}
