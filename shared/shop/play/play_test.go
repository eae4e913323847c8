package play

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/userops/userops/shared/shop"
)

// stack is as much of a stack as the play meets: it keeps events and definitions and settles at once.
type stack struct {
	mu          sync.Mutex
	events      map[string]time.Time // messageId -> timestamp
	repeated    int                  // events that came again with the same timestamp
	changed     []string             // and those whose timestamp was another
	sources     map[string]int       // events by key
	definitions map[string]string
	claims      map[string]string // friend -> code
	polls       int               // of runs that are still going on
	firstSeen   time.Time
	inbox       bool
	asked       map[string]int // questions by kind
	opened      []string
	never       bool // the archive does not come to an end
}

func newStack() *stack {
	return &stack{events: map[string]time.Time{}, sources: map[string]int{}, definitions: map[string]string{}, claims: map[string]string{}, inbox: true, asked: map[string]int{}}
}

var claimedAt = now.Add(25 * time.Minute)

func (s *stack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	key, _, _ := r.BasicAuth()
	switch path := r.URL.Path; {
	case path == "/v1/queues":
		_, _ = io.WriteString(w, `[{"queue":"events","depth":0}]`)
	case r.Method == "PUT":
		s.definitions[path] = string(body)
		_, _ = io.WriteString(w, `{}`)
	case path == "/v1/batch":
		s.take(key, body)
		_, _ = io.WriteString(w, `{"success":true}`)
	case path == "/v1/profiles/"+first:
		if s.firstSeen.IsZero() {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = fmt.Fprintf(w, `{"firstSeen":%q}`, s.firstSeen.Format(time.RFC3339))
	case path == "/v1/referrals/codes":
		var in struct{ UserID string }
		_ = json.Unmarshal(body, &in)
		_, _ = fmt.Fprintf(w, `{"code":"CODE-%s"}`, in.UserID)
	case path == "/v1/referrals/claims":
		var in struct{ UserID, Code string }
		_ = json.Unmarshal(body, &in)
		switch {
		case !strings.HasPrefix(in.UserID, "demo-friend-"):
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = io.WriteString(w, `{"title":"Claim refused","errors":[{"field":"userId","reason":"self_referral"}]}`)
		case s.claims[in.UserID] != "":
			w.WriteHeader(http.StatusConflict)
		default:
			s.claims[in.UserID] = in.Code
			w.WriteHeader(http.StatusCreated)
		}
	case strings.HasPrefix(path, "/v1/referrals/"):
		state := "claimed"
		who := strings.TrimPrefix(path, "/v1/referrals/")
		if _, bought := s.events[who+"-order"]; bought {
			state = "settled"
		}
		if _, back := s.events[who+"-refund"]; back {
			state = "reversed"
		}
		_, _ = fmt.Fprintf(w, `{"asFriend":[{"programId":"other","state":"claimed"},{"programId":%q,"state":%q,"claimedAt":%q}]}`, programID, state, claimedAt.Format(time.RFC3339))
	case r.Method == "POST" && path == "/v1/runs":
		s.polls = 2
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, `{"runId":"r1"}`)
	case path == "/v1/runs/r1":
		if s.polls--; s.polls > 0 {
			_, _ = io.WriteString(w, `{"runId":"r1","state":"planned"}`)
			return
		}
		_, _ = io.WriteString(w, `{"runId":"r1","asOf":"2026-11-21","state":"finished","profiles":317,"changed":300,
			"counts":{"class8":{"111":40,"000":80},"segment11":{"champions":30},"lifecycle":{"active":100}},"segments":{"demo-open-cart":12}}`)
	case path == "/local/inbox.json" && s.inbox:
		_, _ = io.WriteString(w, `[{"to":"a@demo.example","subject":"Welcome"},{"to":"b@demo.example","subject":"好久不见"},{"to":"c@demo.example","subject":"好久不见"},{"to":"x@else.example"}]`)
	case strings.HasSuffix(path, "/decisions"):
		_, _ = io.WriteString(w, `{"items":[{"campaignId":"demo-champions","outcome":"sent"}]}`)
	case path == "/v1/reports/ask":
		_, _ = io.WriteString(w, s.report(body))
	case path == "/v1/reports/funnel":
		_, _ = io.WriteString(w, `{"id":"funnel","state":"done","answer":{"rows":[{"step":1,"event":"Product Viewed","reached":300,"dropped":68,"share":1},{"step":2,"event":"Product Added","reached":232,"dropped":24,"share":0.7733}]}}`)
	case path == "/v1/reports/funnel/people":
		q := r.URL.Query()
		s.opened = append(s.opened, q.Get("cell")+" "+q.Get("reason")+" "+q.Get("limit")+" "+q.Get("cursor"))
		_, _ = io.WriteString(w, map[string]string{
			"":   `{"items":[{"profileId":"p_1","userId":"demo-218"},{"profileId":"p_2"}],"next":"p2"}`,
			"p2": `{"items":[],"next":"p3"}`,
			"p3": `{"items":[{"profileId":"p_3","userId":"demo-225"}]}`,
		}[q.Get("cursor")])
	case path == "/v1/people" && r.URL.Query().Get("q") == "name:wang":
		_, _ = io.WriteString(w, `{"items":[{"name":"王**","proof":"shop"}],"next":"x"}`)
	case strings.HasSuffix(path, "/leaderboard"):
		_, _ = io.WriteString(w, `{"items":[{"rank":1,"name":"王*","settled":3}]}`)
	case strings.HasSuffix(path, "/ledger"):
		_, _ = io.WriteString(w, `{"balance":[{"points":2500}],"entries":[{"kind":"accrual","amount":{"points":1500}}]}`)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// report answers a question. The archive has what was sent only the second time somebody asks, and the funnel takes a moment.
func (s *stack) report(body []byte) string {
	var in struct {
		Definition struct{ Kind string }
	}
	_ = json.Unmarshal(body, &in)
	switch s.asked[in.Definition.Kind]++; in.Definition.Kind {
	case "count":
		n := 0
		for _, source := range clientSources {
			n += s.sources[source.key]
		}
		if s.asked["count"] == 1 || s.never {
			n--
		}
		return fmt.Sprintf(`{"id":"count","state":"done","answer":{"rows":[{"period":"2026-11","event":"sent","events":1},{"period":"","event":"sent","events":%d}]}}`, n)
	case "funnel":
		return `{"id":"funnel","state":"working"}`
	}
	return `{"id":"retention","state":"done","answer":{"rows":[],"mean":[{"after":1,"size":164,"back":88,"share":0.5366}]}}`
}

func (s *stack) take(key string, body []byte) {
	var batch struct {
		Batch []struct {
			MessageID string
			Timestamp time.Time
		}
	}
	_ = json.Unmarshal(body, &batch)
	for _, e := range batch.Batch {
		s.sources[key]++
		before, known := s.events[e.MessageID]
		switch {
		case !known:
			s.events[e.MessageID] = e.Timestamp
		case before.Equal(e.Timestamp):
			s.repeated++
		default:
			s.changed = append(s.changed, e.MessageID)
		}
	}
}

// perform plays once at a time of the clock and returns what was printed.
func perform(t *testing.T, s http.Handler, at time.Time) (string, error) {
	t.Helper()
	server := httptest.NewServer(s)
	defer server.Close()
	var out bytes.Buffer
	p := &Play{
		Client: &shop.Client{Base: server.URL, ServerKey: "server", OperatorKey: "operator", HTTP: server.Client(),
			Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }},
		Progress: &shop.Progress{Out: io.Discard, Now: time.Now}, Out: &out, Seed: Seed, Now: func() time.Time { return at },
	}
	err := p.Perform(t.Context())
	return out.String(), err
}

func TestAPerformance(t *testing.T) {
	s := newStack()
	out, err := perform(t, s, now.Add(17*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Run r1 as of 2026-11-21: 317 profiles, 300 changed.", "111                    40 ############             重要价值 key value",
		"demo-open-cart         12  Something in the cart", "Local inbox: 3 notifications\n    2  好久不见\n    1  Welcome",
		"Called wang: 1 and more\n  王**                  says shop", "Leaderboard of demo-invite\n  1. 王*           3 friends", "Ledger of demo-001: balance 2500 points\n  accrual      1500 points",
		"demo-friend-01 came by demo-001: settled", "demo-friend-07 came by demo-031: reversed",
		"refused: an advocate claims the own code: 422 Claim refused; userId self_referral",
		"  1. Product Viewed  300 people  100 %\n  2. Product Added   232 people   77 %\n  24 of them put something into the cart and did not buy; some of those:\n     demo-218\n     p_2\n     demo-225\n\n",
		"  month 1  88 of 164  54 %\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("what was printed lacks %q:\n%s", want, out)
		}
	}
	if want := []string{`{"figure":"dropped","step":2} make demo 5 `, `{"figure":"dropped","step":2} make demo 3 p2`, `{"figure":"dropped","step":2} make demo 3 p3`}; !slices.Equal(s.opened, want) || s.asked["count"] != 2 {
		t.Errorf("people were asked for by %q, and the archive was asked %d times what it has", s.opened, s.asked["count"])
	}
	if len(s.claims) != 7 || s.claims["demo-friend-01"] != "CODE-demo-001" {
		t.Errorf("claims are %v", s.claims)
	}
	if at := s.events["demo-friend-01-order"]; !at.Equal(claimedAt.Add(time.Second)) {
		t.Errorf("a friend buys at %s, want a second after the claim", at)
	}
	for _, source := range clientSources {
		if s.sources[source.key] == 0 {
			t.Errorf("nothing came with the key of %s", source.id)
		}
	}
	if len(s.definitions) != len(definitions())+2 { // the tags of somebody, and a list
		t.Errorf("%d definitions were saved, want %d", len(s.definitions), len(definitions())+2)
	}
}

func TestASecondPerformanceSendsTheSame(t *testing.T) {
	s := newStack()
	if _, err := perform(t, s, now); err != nil {
		t.Fatal(err)
	}
	sent := len(s.events)
	for id, at := range s.events {
		if strings.HasPrefix(id, first+"-") && (s.firstSeen.IsZero() || at.Before(s.firstSeen)) {
			s.firstSeen = at
		}
	}
	out, err := perform(t, s, now.AddDate(0, 0, 9))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.events) != sent || s.repeated != sent || len(s.changed) != 0 {
		t.Errorf("%d events, then %d; %d came again, %d of them at another time", sent, len(s.events), s.repeated, len(s.changed))
	}
	if !strings.Contains(out, "The play was on before, at 2026-11-21 08:00:00") {
		t.Errorf("the second performance does not say so:\n%s", out)
	}
}

// TestAnArchiveThatTakesLong is told, and does not end the play.
func TestAnArchiveThatTakesLong(t *testing.T) {
	s := newStack()
	s.never = true
	out, err := perform(t, s, now)
	if err != nil || !strings.Contains(out, "events so far: ask for funnel and retention in an hour") || !strings.Contains(out, "Look around:") || s.asked["count"] != maxAsks || s.asked["funnel"] > 0 {
		t.Errorf("%v, asked %v:\n%s", err, s.asked, out)
	}
}

func TestAPerformanceWithoutALocalInbox(t *testing.T) {
	s := newStack()
	s.inbox = false
	if out, err := perform(t, s, now); err != nil || !strings.Contains(out, "This stack has no local inbox") {
		t.Errorf("%v:\n%s", err, out)
	}
}

func TestNoStackIsOneLine(t *testing.T) {
	p := &Play{Client: &shop.Client{Base: "http://127.0.0.1:1", HTTP: http.DefaultClient}, Progress: &shop.Progress{Out: io.Discard, Now: time.Now}, Out: io.Discard}
	err := p.Perform(t.Context())
	if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "start it with `make run`") {
		t.Errorf("error is %v", err)
	}
}

func TestARefusedEventStopsThePlay(t *testing.T) {
	refuse := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/v1/queues":
			_, _ = io.WriteString(w, `[]`)
		case r.Method == "PUT":
			_, _ = io.WriteString(w, `{}`)
		case r.URL.Path == "/v1/batch":
			_, _ = io.WriteString(w, `{"success":true,"errors":[{"index":0,"field":"event","reason":"is not one that the source may send"}]}`)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	})
	if _, err := perform(t, refuse, now); err == nil || !strings.Contains(err.Error(), "event is not one that the source may send") {
		t.Errorf("error is %v", err)
	}
}
