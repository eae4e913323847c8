package console

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/dynamotest"
)

// TestEveryCallCanBeRepeated breaks each write of each call, once so that it did not happen and once so that only the answer was lost, and
// each read. The caller sends the same again until it is answered; what stands then is what one call would have left.
func TestEveryCallCanBeRepeated(t *testing.T) {
	changed := strings.Replace(vip, "VIP", "changed", 1)
	const web, webNow = `{"name":"Web","kind":"browser","writeKeys":["first-key","second-key"]}`, `{"name":"Web","kind":"browser","writeKeys":["second-key","third-key"]}`
	for name, c := range map[string]struct {
		before func(*bench)
		call   func(*bench) *httptest.ResponseRecorder
		answer string // statuses that end the repeating
		stands func(*bench) string
		want   string
	}{
		"make": {call: func(b *bench) *httptest.ResponseRecorder { return b.call("PUT", "/v1/segments/vip", vip) },
			answer: "201 200", stands: standing("segment", "vip"), want: "version 1 of 1"},
		"make, if there is none": {call: func(b *bench) *httptest.ResponseRecorder {
			return b.call("PUT", "/v1/segments/vip", vip, "If-None-Match", "*")
		}, answer: "201 200", stands: standing("segment", "vip"), want: "version 1 of 1"},
		"change": {before: func(b *bench) { b.must(201, "PUT", "/v1/segments/vip", vip) },
			call:   func(b *bench) *httptest.ResponseRecorder { return b.call("PUT", "/v1/segments/vip", changed) },
			answer: "200", stands: standing("segment", "vip"), want: "version 2 of 2"},
		"change what was read": {before: func(b *bench) { b.must(201, "PUT", "/v1/segments/vip", vip) },
			call: func(b *bench) *httptest.ResponseRecorder {
				return b.call("PUT", "/v1/segments/vip", changed, "If-Match", `"1"`)
			}, answer: "200", stands: standing("segment", "vip"), want: "version 2 of 2"},
		"delete": {before: func(b *bench) { b.must(201, "PUT", "/v1/segments/vip", vip) },
			call:   func(b *bench) *httptest.ResponseRecorder { return b.call("DELETE", "/v1/segments/vip", "") },
			answer: "204 404", stands: standing("segment", "vip"), want: "gone"},
		"change keys": {before: func(b *bench) { b.must(201, "PUT", "/v1/sources/web", web) },
			call:   func(b *bench) *httptest.ResponseRecorder { return b.call("PUT", "/v1/sources/web", webNow) },
			answer: "200", stands: owners, want: "first: nobody; second: web; third: web; then app has the first"},
		"delete keys": {before: func(b *bench) { b.must(201, "PUT", "/v1/sources/web", web) },
			call:   func(b *bench) *httptest.ResponseRecorder { return b.call("DELETE", "/v1/sources/web", "") },
			answer: "204 404", stands: owners, want: "first: nobody; second: nobody; third: nobody; then app has the first"},
		"start a run": {call: func(b *bench) *httptest.ResponseRecorder {
			return b.call("POST", "/v1/runs", `{}`, "Idempotency-Key", "k1")
		}, answer: "202", stands: runsAsked, want: "one run"},
		"ask for members": {before: func(b *bench) { b.must(201, "PUT", "/v1/segments/vip", vip) },
			call: func(b *bench) *httptest.ResponseRecorder {
				return b.call("POST", "/v1/segments/vip/members", "", "Idempotency-Key", "k1")
			}, answer: "202", stands: listsAsked, want: "one list, and a reading asked for it"},
		"stop": {call: func(b *bench) *httptest.ResponseRecorder {
			return b.call("POST", "/v1/stop", `{"channel":"email"}`, "Idempotency-Key", "k1")
		}, answer: "201", stands: standing("stop", "channel-email"), want: "version 1 of 1"},
		"stop without a key": {call: func(b *bench) *httptest.ResponseRecorder { return b.call("POST", "/v1/stop", `{}`) },
			answer: "201 200", stands: standing("stop", "everything"), want: "version 1 of 1"},
		"resume": {before: func(b *bench) { b.must(201, "POST", "/v1/stop", `{}`) },
			call: func(b *bench) *httptest.ResponseRecorder {
				return b.call("POST", "/v1/resume", `{}`, "Idempotency-Key", "k1")
			}, answer: "200", stands: func(b *bench) string {
				again := b.must(200, "POST", "/v1/resume", `{}`, "Idempotency-Key", "k1")
				return fmt.Sprint(standing("stop", "everything")(b), ", ", strings.Contains(again, `"resumed":{"id":"run-1"`))
			}, want: "gone, true"},
		"preview": {before: func(b *bench) {
			b.must(201, "PUT", "/v1/segments/vip", vip)
			b.process.Profiles = population{0: {crowd(10, 4)}}
		}, call: func(b *bench) *httptest.ResponseRecorder {
			return b.call("POST", "/v1/segments/vip/preview", "", "Idempotency-Key", "k1")
		}, answer: "200", stands: func(b *bench) string {
			first := b.must(200, "POST", "/v1/segments/vip/preview", "", "Idempotency-Key", "k1")
			b.process.Profiles = population{0: {crowd(10, 9)}}
			return fmt.Sprint(strings.Contains(first, `"matched":4`) && first == b.must(200, "POST", "/v1/segments/vip/preview", "", "Idempotency-Key", "k1"))
		}, want: "true"},
	} {
		trial := func(t *testing.T, operation string, nth int, how dynamotest.How) int {
			b := newBench(t)
			if c.before != nil {
				c.before(b)
			}
			before, lines := b.DB.Calls(operation), len(b.lines())
			if nth > 0 {
				b.DB.Fail(operation, nth, how)
			}
			for range 3 {
				if w := c.call(b); strings.Contains(c.answer, fmt.Sprint(w.Code)) {
					break
				} else if w.Code != 503 {
					t.Fatalf("answered %d %s", w.Code, w.Body)
				}
			}
			calls := b.DB.Calls(operation) - before
			b.DB.Heal()
			if n, want := len(b.lines())-lines, map[bool]int{true: 0, false: 1}[name == "preview"]; n != want {
				t.Errorf("%d lines in the audit log, want %d", n, want)
			}
			if got := c.stands(b); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			return calls
		}
		for _, operation := range []string{dynamotest.AnyWrite, "GetItem", "Query"} {
			for nth := range trial(t, operation, 0, "") {
				for _, how := range []dynamotest.How{dynamotest.NotPersisted, dynamotest.Persisted} {
					t.Run(fmt.Sprintf("%s, %s %d %s", name, operation, nth+1, how), func(t *testing.T) { trial(t, operation, nth+1, how) })
				}
			}
		}
	}
}

// listsAsked tells what lists there are of a segment, and whether a reading is asked for each.
func listsAsked(b *bench) string {
	all, err := b.process.Lists.Of(b.Context(), "vip")
	b.Must(err)
	asked := map[string]bool{}
	for _, j := range b.asked() {
		asked[j.RunID] = true
	}
	if len(all) == 1 && len(asked) == 1 && asked[all[0].ID] {
		return "one list, and a reading asked for it"
	}
	return fmt.Sprintf("%d lists, readings for %v", len(all), asked)
}

// standing tells the current version of a definition and the last one that is kept.
func standing(kind, id string) func(*bench) string {
	return func(b *bench) string {
		d, err := b.Catalog.Definition(b.Context(), kind, id)
		if err != nil {
			return "gone"
		}
		last := d.Version
		for {
			if _, err := b.Catalog.Version(b.Context(), kind, id, last+1); err != nil {
				return fmt.Sprintf("version %d of %d", d.Version, last)
			}
			last++
		}
	}
}

func owners(b *bench) string {
	sources := catalog.Sources(b.Catalog)
	var text []string
	for _, key := range []string{"first", "second", "third"} {
		s, ok, err := sources.ByWriteKey(b.Context(), key+"-key")
		b.Must(err)
		if !ok {
			s.ID = "nobody"
		}
		text = append(text, key+": "+string(s.ID))
	}
	b.must(201, "PUT", "/v1/sources/app", `{"name":"App","kind":"app","writeKeys":["first-key"]}`)
	s, _, err := sources.ByWriteKey(b.Context(), "first-key")
	b.Must(err)
	return strings.Join(text, "; ") + map[bool]string{true: "; then app has the first"}[s.ID == source.ID("app")]
}

// runsAsked tells how many runs were asked for, and that the answer is shown.
func runsAsked(b *bench) string {
	runs := map[string]bool{}
	for _, one := range b.asked() {
		runs[one.RunID] = true
	}
	for id := range runs {
		b.must(200, "GET", "/v1/runs/"+id, "")
	}
	if len(runs) == 1 {
		return "one run"
	}
	return fmt.Sprint(len(runs), " runs")
}

// TestAStaleWriterIsRefused sees that only the very write that stands is taken for a repeated one.
func TestAStaleWriterIsRefused(t *testing.T) {
	b := newBench(t)
	other := func(name string) string { return strings.Replace(vip, "VIP", name, 1) }
	b.must(201, "PUT", "/v1/segments/vip", vip)
	b.must(200, "PUT", "/v1/segments/vip", other("second"))
	b.must(200, "PUT", "/v1/segments/vip", other("second"), "If-Match", `"1"`)
	b.must(412, "PUT", "/v1/segments/vip", other("third"), "If-Match", `"1"`)
	b.must(200, "PUT", "/v1/segments/vip", other("third"))
	b.must(412, "PUT", "/v1/segments/vip", other("third"), "If-Match", `"1"`)
	b.must(412, "PUT", "/v1/segments/vip", vip, "If-None-Match", "*")
	if d, err := b.Catalog.Definition(t.Context(), definition.Segment, "vip"); err != nil || d.Version != 3 {
		t.Errorf("version %d, %v", d.Version, err)
	}
}

// TestARunIsAskedForAgainUntilItHasBegun crashes between remembering the run and sending its job, and after it.
func TestARunIsAskedForAgainUntilItHasBegun(t *testing.T) {
	b := newBench(t)
	b.jobs.Break(fmt.Errorf("the process ends"))
	for range 3 {
		b.must(503, "POST", "/v1/runs", `{"asOf":"2026-11-01"}`, "Idempotency-Key", "k1")
	}
	b.jobs.Heal()
	b.must(202, "POST", "/v1/runs", `{"asOf":"2026-11-01"}`, "Idempotency-Key", "k1")
	b.must(202, "POST", "/v1/runs", `{"asOf":"2026-11-01"}`, "Idempotency-Key", "k1")
	if len(b.asked()) != 2 || b.asked()[0].RunID != b.asked()[1].RunID || b.asked()[0].AsOf != "2026-11-01" {
		t.Errorf("jobs %+v", b.asked())
	}
	_, err := b.process.Runs.Create(t.Context(), score.Run{ID: b.asked()[0].RunID, CreatedAt: b.Now().Add(time.Second)})
	b.Must(err)
	b.must(202, "POST", "/v1/runs", `{"asOf":"2026-11-01"}`, "Idempotency-Key", "k1")
	if len(b.asked()) != 2 {
		t.Error("a run that has begun was asked for once more")
	}
}

func TestQueuesAreShownAllOrNone(t *testing.T) {
	b := newBench(t)
	b.process.Queues = []Queue{{"events", "e", "ed"}, {"settlement", "s", "sd"}}
	depths := gauge{"e": {Waiting: 1, InFlight: 2, Delayed: 3}, "ed": {Waiting: 4, InFlight: 5, Delayed: 6}, "s": {}, "sd": {}}
	b.process.Gauge = depths
	want := `[{"queue":"events","depth":1,"inFlight":2,"delayed":3,"deadLettered":15},{"queue":"settlement","depth":0,"inFlight":0,"delayed":0,"deadLettered":0}]`
	if got := strings.TrimSpace(b.must(200, "GET", "/v1/queues", "")); got != want {
		t.Errorf("queues are %s, want %s", got, want)
	}
	for _, url := range []string{"e", "ed", "s", "sd"} {
		some := gauge{}
		for known, depth := range depths {
			if known != url {
				some[known] = depth
			}
		}
		b.process.Gauge = some
		if got := b.must(503, "GET", "/v1/queues", ""); strings.Contains(got, `"queue"`) {
			t.Errorf("without %s: %s", url, got)
		}
	}
}
