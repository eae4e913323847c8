package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/idempotency"
)

// till counts what was sold. Its memory is beside the count: a sale and its answer are one write, as in a transaction. Each write and reading can be broken,
// and meanwhile runs once before the next write, as another call would.
type till struct {
	answers               map[string]idempotency.Answer
	sold, reads, jobs     int
	lost, unheard, unread bool // the next write is not persisted, or persisted without an answer; the next reading fails
	meanwhile             func()
	now                   time.Time
}

var errAway = errors.New("the table is away")

func (s *till) Recall(_ context.Context, scope, key string, now time.Time) (idempotency.Answer, bool, error) {
	s.reads++
	if s.unread {
		s.unread = false
		return idempotency.Answer{}, false, errAway
	}
	a, found := s.answers[scope+"#"+key]
	return a, found && now.Before(a.At.Add(idempotency.Life)), nil
}

func (s *till) Remember(_ context.Context, a idempotency.Answer) error { return s.write(&a, 0) }

func (s *till) write(a *idempotency.Answer, sold int) error {
	if before := s.meanwhile; before != nil {
		s.meanwhile = nil
		before()
	}
	if s.lost {
		s.lost = false
		return errAway
	}
	if a != nil {
		if was, found := s.answers[a.Scope+"#"+a.Key]; found && a.At.Before(was.At.Add(idempotency.Life)) {
			return fmt.Errorf("selling: %w", idempotency.ErrAnswered)
		}
		s.answers[a.Scope+"#"+a.Key] = *a
	}
	s.sold += sold
	if s.unheard {
		s.unheard = false
		return errAway
	}
	return nil
}

// judge reads who buys what: "ann tea" sells tea, "ann nothing" is refused, "ann count" is a question, "ann later" is refused for now, and "ann" is no request.
func (s *till) judge(w http.ResponseWriter, _ *http.Request, body []byte) *Act {
	who, what, ok := strings.Cut(string(body), " ")
	if !ok {
		Problem(w, http.StatusBadRequest, "Malformed request", "")
		return nil
	}
	act := &Act{
		Scope: "sales#" + who,
		Do: func(ctx context.Context, call Call) (Reply, error) {
			switch what {
			case "nothing":
				return Render(ctx, func(w http.ResponseWriter) { Problem(w, http.StatusConflict, "Sold out", "") }), nil
			case "count":
				return Replied(ctx, http.StatusOK, s.sold), nil
			case "later":
				return Render(ctx, func(w http.ResponseWriter) { Problem(w, http.StatusNotFound, "", "") }).Passing(), nil
			}
			return call.Commit(Replied(ctx, http.StatusCreated, what), func(beside *idempotency.Answer) error { return s.write(beside, 1) })
		},
		Then: func(_ context.Context, header http.Header, body []byte) error {
			s.jobs++
			if s.jobs == 1 && what == "parcel" {
				return errAway
			}
			header.Set("Location", strings.TrimSpace(string(body)))
			return nil
		},
	}
	if strings.HasPrefix(what, "pack") || what == "nothing" || what == "later" {
		act.Then, act.Report = nil, func(_ context.Context, body []byte) (any, error) {
			if s.jobs++; s.jobs == 2 {
				return nil, errAway
			}
			return fmt.Sprintf("%s, part %d", strings.Trim(string(body), "\"\n"), s.jobs), nil
		}
	}
	return act
}

type shop struct {
	*testing.T
	*till
	router *Router
}

func opened(t *testing.T) *shop {
	s := &till{answers: map[string]idempotency.Answer{}, now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	router := new(Router)
	router.HandlePost("POST /v1/sales", Once{Memory: s, Now: func() time.Time { return s.now }}.Post(20, s.judge))
	return &shop{t, s, router}
}

// buy sends a request; key is nil for none.
func (s *shop) buy(body string, key ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/v1/sales", strings.NewReader(body))
	for _, k := range key {
		r.Header.Set("Idempotency-Key", k)
	}
	w := httptest.NewRecorder()
	s.router.ServeHTTP(w, r)
	return w
}

// want is what a call is answered and how much is sold by then.
func (s *shop) want(w *httptest.ResponseRecorder, status int, body string, sold int) {
	s.Helper()
	if w.Code != status || body != "" && w.Body.String() != body || s.sold != sold {
		s.Errorf("answered %d %s, and %d are sold; want %d %s, and %d", w.Code, w.Body, s.sold, status, body, sold)
	}
}

func TestAKeySellsOnce(t *testing.T) {
	s := opened(t)
	const tea = "\"tea\"\n"
	first := s.buy("ann tea", "k")
	s.want(first, 201, tea, 1)
	again := s.buy("ann tea", "k")
	s.want(again, 201, tea, 1)
	for _, name := range []string{"Content-Type", "Cache-Control", "Location"} {
		if a, b := first.Header().Get(name), again.Header().Get(name); a != b || a == "" {
			t.Errorf("%s is %q, then %q", name, a, b)
		}
	}
	s.want(s.buy("ann cup", "k"), 422, `{"type":"/problems/idempotency-key-reused","title":"Idempotency-Key reused","status":422,"errors":[{"field":"Idempotency-Key","reason":"was used with another body"}]}`+"\n", 1)
	s.want(s.buy("bob tea", "k"), 201, tea, 2) // a key is its caller's
	s.want(s.buy("ann tea", "l"), 201, tea, 3)
	s.now = s.now.Add(idempotency.Life - time.Nanosecond)
	s.want(s.buy("ann tea", "k"), 201, tea, 3)
	s.now = s.now.Add(time.Nanosecond)
	s.want(s.buy("ann tea", "k"), 201, tea, 4)
}

// TestAReportGoesOn with work that one call cannot do: it is what is answered, and the effect stays one.
func TestAReportGoesOn(t *testing.T) {
	s := opened(t)
	s.want(s.buy("ann pack", "k"), 201, "\"pack, part 1\"\n", 1)
	s.want(s.buy("ann pack", "k"), 503, "", 1)
	s.want(s.buy("ann pack", "k"), 201, "\"pack, part 3\"\n", 1)
	s.want(s.buy("ann nothing", "l"), 409, "", 1)
	s.want(s.buy("ann later", "m"), 404, "", 1)
	if s.jobs != 3 {
		t.Errorf("%d reports: who was refused has work done", s.jobs)
	}
}

func TestWithoutAKeyNothingIsRemembered(t *testing.T) {
	s := opened(t)
	for sold := range 3 {
		s.want(s.buy("ann tea"), 201, "", sold+1)
	}
	s.want(s.buy("ann nothing"), 409, "", 3)
	if len(s.answers) != 0 || s.reads != 0 {
		t.Errorf("%d answers are remembered, and %d were looked for", len(s.answers), s.reads)
	}
}

// TestRefusalsAreAnswersToo, if something was looked at for them; what passes is asked anew.
func TestRefusalsAreAnswersToo(t *testing.T) {
	s := opened(t)
	refusal := s.buy("ann nothing", "k")
	again := s.buy("ann nothing", "k")
	s.want(again, 409, refusal.Body.String(), 0)
	if got := again.Header().Get("Content-Type"); got != "application/problem+json" || got != refusal.Header().Get("Content-Type") {
		t.Errorf("the second refusal is %s", got)
	}
	s.want(s.buy("ann count", "l"), 200, "0\n", 0)
	s.want(s.buy("ann tea", "m"), 201, "", 1)
	s.want(s.buy("ann count", "l"), 200, "0\n", 1)
	jobs := s.jobs
	s.want(s.buy("ann later", "n"), 404, "", 1)
	if s.jobs != jobs {
		t.Error("something follows from what passes")
	}
	s.want(s.buy("ann tea", "n"), 201, "", 2) // another body: the key was not used
	s.want(s.buy("ann", "o"), 400, "", 2)
	s.want(s.buy("ann tea", "o"), 201, "", 3)
}

// TestTheAnswerIsLost breaks the write of the effect and its answer both ways, and the reading before it. The caller sends the same until it is answered.
func TestTheAnswerIsLost(t *testing.T) {
	for name, broken := range map[string]func(*till){
		"not persisted": func(s *till) { s.lost = true }, "persisted": func(s *till) { s.unheard = true }, "not read": func(s *till) { s.unread = true },
	} {
		for _, body := range []string{"ann tea", "ann nothing"} {
			s := opened(t)
			broken(s.till)
			first := s.buy(body, "k")
			if s.sold != map[bool]int{true: 1}[name == "persisted" && body == "ann tea"] || first.Header().Get("Retry-After") == "" {
				t.Errorf("%s, %s: %d are sold, %v", name, body, s.sold, first.Header())
			}
			s.want(first, 503, "", s.sold)
			second := s.buy(body, "k")
			s.want(s.buy(body, "k"), second.Code, second.Body.String(), map[string]int{"ann tea": 1}[body])
			if second.Code != map[string]int{"ann tea": 201, "ann nothing": 409}[body] {
				t.Errorf("%s, %s: then %d %s", name, body, second.Code, second.Body)
			}
		}
	}
}

// TestTheFirstCallIsStillRunning has another call with the key come in between, of the same body or of another.
func TestTheFirstCallIsStillRunning(t *testing.T) {
	for _, body := range []string{"ann tea", "ann nothing"} {
		for _, theirs := range []string{body, "ann cups"} {
			s := opened(t)
			var other *httptest.ResponseRecorder
			s.meanwhile = func() { other = s.buy(theirs, "k") }
			ours := s.buy(body, "k")
			if theirs == body {
				s.want(ours, other.Code, other.Body.String(), map[string]int{"ann tea": 1}[body])
				continue
			}
			s.want(other, 201, "\"cups\"\n", 1)
			s.want(ours, 422, "", 1)
		}
	}
}

// TestAKeyThatIsAlwaysBeingUsed is given up after the second time: the caller may come again.
func TestAKeyThatIsAlwaysBeingUsed(t *testing.T) {
	s := opened(t)
	tries := 0
	act := &Act{Scope: "x", Do: func(context.Context, Call) (Reply, error) { tries++; return Reply{}, idempotency.ErrAnswered }}
	w := httptest.NewRecorder()
	Once{Memory: s.till, Now: time.Now}.Post(9, func(http.ResponseWriter, *http.Request, []byte) *Act { return act }).serve(w, httptest.NewRequest("POST", "/", nil))
	if w.Code != 503 || tries != 2 {
		t.Errorf("answered %d after %d tries", w.Code, tries)
	}
}

// TestWhatFollowsIsDoneBeforeEveryAnswer: a first call that ended before it is made good by the next, which sells nothing.
func TestWhatFollowsIsDoneBeforeEveryAnswer(t *testing.T) {
	s := opened(t)
	first := s.buy("ann parcel", "k")
	if s.want(first, 503, "", 1); first.Header().Get("Location") != "" {
		t.Errorf("a failure has the location %s", first.Header().Get("Location"))
	}
	s.want(s.buy("ann parcel", "k"), 201, "\"parcel\"\n", 1)
	s.want(s.buy("ann parcel", "k"), 201, "\"parcel\"\n", 1)
	if s.jobs != 3 {
		t.Errorf("what follows was done %d times for 3 calls", s.jobs)
	}
}

func TestBoundsOfAPost(t *testing.T) {
	for name, c := range map[string]struct {
		body, key string
		status    int
		part      string
	}{
		"a key of 255 bytes":  {"ann tea", strings.Repeat("k", 255), 201, ""},
		"a key of 256 bytes":  {"ann tea", strings.Repeat("k", 256), 400, `"errors":[{"field":"Idempotency-Key","reason":"is over 255 bytes"}]`},
		"a body of 20 bytes":  {"ann " + strings.Repeat("t", 16), "k", 201, ""},
		"a body of 21 bytes":  {"ann " + strings.Repeat("t", 17), "k", 413, "at most 20 bytes"},
		"both, and no caller": {"ann", strings.Repeat("k", 256), 400, `"field":"Idempotency-Key"`},
	} {
		s := opened(t)
		w := s.buy(c.body, c.key)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.part) || s.sold != map[int]int{201: 1}[c.status] {
			t.Errorf("%s: %d %s, %d sold", name, w.Code, w.Body, s.sold)
		}
	}
}

// TestAPostIsGuarded: a guard stands before the layer, which looks for no answer of whom it turns away, and the router lists the route.
func TestAPostIsGuarded(t *testing.T) {
	s := opened(t)
	router := new(Router)
	router.HandleFunc("GET /v1/sales", nothingHere)
	router.HandlePost("POST /v1/track", Once{Memory: s.till, Now: time.Now}.Post(20, s.judge), auth().Require)
	for key, status := range map[string]int{"server": 201, "ann": 403, "": 401} {
		r := httptest.NewRequest("POST", "/v1/track", strings.NewReader("ann tea"))
		r.SetBasicAuth(key, "")
		r.Header.Set("Idempotency-Key", "k")
		w := httptest.NewRecorder()
		if router.ServeHTTP(w, r); w.Code != status {
			t.Errorf("with the key %q: %d, want %d", key, w.Code, status)
		}
	}
	if s.reads != 1 || !slices.Equal(router.Once(), []string{"POST /v1/track"}) || !slices.Equal(router.Patterns(), []string{"GET /v1/sales", "POST /v1/track"}) {
		t.Errorf("%d readings, routes %v of %v", s.reads, router.Once(), router.Patterns())
	}
}

func nothingHere(http.ResponseWriter, *http.Request) {}
