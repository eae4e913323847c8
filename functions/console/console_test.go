package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/dynamo/live"
	"github.com/userops/userops/shared/dynamo/operator"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/refusals"
	"github.com/userops/userops/shared/dynamo/runs"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// operatorHash is the hex SHA-256 of "operator".
const operatorHash = "06e55b633481f7bb072957eabcf110c972e86691c3cfedabe088024bffe42f23"

var start = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// gauge answers fixed depths by queue URL.
type gauge map[string]queue.Depth

func (g gauge) Depth(_ context.Context, url string) (queue.Depth, error) {
	d, ok := g[url]
	if !ok {
		return queue.Depth{}, errors.New("no such queue")
	}
	return d, nil
}

// letters are how many dead letters are kept, by queue.
type letters map[string]int

// Oldest is start, of a queue that has some.
func (l letters) Oldest(_ context.Context, queue string) (time.Time, error) {
	switch n := l[queue]; {
	case n == 0:
		return time.Time{}, nil
	case n < -1:
		return time.Time{}, errors.New("away")
	}
	return start, nil
}

func (l letters) Count(_ context.Context, queue string) (int, error) {
	n := l[queue]
	if n == -1 {
		return 0, errors.New("away")
	}
	return n, nil
}

// population is a table of profiles in shards and pages.
type population map[int][][]*profile.Profile

func (p population) ScanShard(_ context.Context, shard, _ int, _ string, page func(people.ScanPage) error) (string, error) {
	for _, one := range p[shard] {
		if err := page(people.ScanPage{Profiles: one}); err != nil {
			return "", err
		}
	}
	return "", nil
}

// bench is a console with a shop's tables.
type bench struct {
	*functiontest.Shop
	process       *Process
	jobs          *functiontest.Queue
	orchestration *functiontest.Queue
	notifications *functiontest.Queue
	handler       http.Handler
	ids           int
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{Shop: functiontest.Open(t, start), jobs: &functiontest.Queue{}, orchestration: &functiontest.Queue{}, notifications: &functiontest.Queue{}}
	b.process = &Process{
		Auth:      httpapi.Auth{OperatorKeyHash: operatorHash},
		Catalog:   b.Catalog,
		Runs:      runs.Runs{DB: b.DB, Table: "Runs"},
		Lists:     runs.Lists{DB: b.DB, Table: "Runs", Now: b.Now},
		People:    people.Profiles{DB: b.DB, Table: "Profiles"},
		Audit:     operator.Audit{DB: b.DB, Table: "Audit", Now: b.Now},
		Profiles:  population{},
		Gauge:     gauge{},
		Letters:   letters{},
		Refusals:  refusals.Refusals{DB: b.DB, Table: "Refusals", Now: b.Now},
		Live:      live.Live{DB: b.DB, Table: "Live"},
		Results:   outreach.Results{DB: b.DB, Table: "Results"},
		Audiences: outreach.Audiences{DB: b.DB, Table: "Results", Now: b.Now},
		Trials:    outreach.Trials{DB: b.DB, Table: "Results", Now: b.Now},
		Ended:     catalog.EndedStops{DB: b.DB, Table: "Catalog", Now: b.Now},
		Jobs:      b.jobs,
		JobsLater: b.jobs,

		Orchestration: b.orchestration,
		Notifications: b.notifications,
		Shop:          profile.Shop{Zone: time.UTC, Currency: money.Currency("CNY")},
		Now:           b.Now,
		NewRunID:      func() string { b.ids++; return fmt.Sprintf("run-%d", b.ids) },
	}
	b.handler = b.process.Handler()
	return b
}

// asked are the jobs of segmentation that were sent so far.
func (b *bench) asked() []job.Segmentation { return functiontest.Jobs[job.Segmentation](b, b.jobs) }

// call makes a request with the operator key; headers are names and values in turn.
func (b *bench) call(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	return functiontest.Call(b, b.handler, method, path, body, append([]string{"Authorization", "Bearer operator"}, headers...)...)
}

// must makes a call that has to be answered with a status.
func (b *bench) must(status int, method, path, body string, headers ...string) string {
	b.Helper()
	w := b.call(method, path, body, headers...)
	if w.Code != status {
		b.Fatalf("%s %s: %d %s, want %d", method, path, w.Code, w.Body, status)
	}
	return w.Body.String()
}

// errorsOf are the faults of a problem: "field reason" in their order.
func errorsOf(t *testing.T, body string) string {
	t.Helper()
	var p struct {
		Errors []httpapi.FieldError `json:"errors"`
	}
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	var all []string
	for _, e := range p.Errors {
		all = append(all, e.Field+" "+e.Reason)
	}
	return strings.Join(all, "; ")
}

func TestEveryRouteNeedsTheOperatorKey(t *testing.T) {
	b := newBench(t)
	routes := []string{"POST /v1/segments/x/preview", "POST /v1/campaigns/x/preview", "POST /v1/programs/x/preview", "POST /v1/runs", "GET /v1/runs", "GET /v1/runs/x", "GET /v1/queues", "GET /v1/live", "GET /v1/sources/x/refusals", "GET /v1/campaigns/x/results", "POST /v1/segments/x/members", "GET /v1/segments/x/members", "GET /v1/lists/x", "GET /v1/lists/x/members"}
	for plural := range documents {
		routes = append(routes, "GET /v1/"+plural, "GET /v1/"+plural+"/x", "PUT /v1/"+plural+"/x", "DELETE /v1/"+plural+"/x")
	}
	for _, route := range routes {
		method, path, _ := strings.Cut(route, " ")
		for name, key := range map[string][]string{"no key": nil, "another key": {"Authorization", "Bearer server"}} {
			if w := functiontest.Call(t, b.handler, method, path, "", key...); w.Code != http.StatusUnauthorized {
				t.Errorf("%s with %s: %d, want 401", route, name, w.Code)
			}
		}
	}
	if b.DB.Calls(dynamotest.AnyWrite) != 0 || len(b.asked()) != 0 {
		t.Error("a refused call had an effect")
	}
}

func TestQueues(t *testing.T) {
	b := newBench(t)
	b.process.Queues = []Queue{{"events", "e", "ed"}, {"settlement", "s", "sd"}}
	b.process.Gauge = gauge{"e": {Waiting: 5, InFlight: 4, Delayed: 3}, "ed": {Waiting: 2, InFlight: 1, Delayed: 0}, "s": {Waiting: 0, InFlight: 0, Delayed: 0}, "sd": {Waiting: 0, InFlight: 0, Delayed: 0}}
	b.process.Letters = letters{"events": 40}
	want := `[{"queue":"events","depth":5,"inFlight":4,"delayed":3,"oldestDead":"` + start.UTC().Format(time.RFC3339) + `","deadLettered":43},{"queue":"settlement","depth":0,"inFlight":0,"delayed":0,"deadLettered":0}]`
	if got := strings.TrimSpace(b.must(200, "GET", "/v1/queues", "")); got != want {
		t.Errorf("queues are %s\nwant %s", got, want)
	}
	b.process.Gauge = gauge{"e": {Waiting: 5, InFlight: 4, Delayed: 3}, "ed": {Waiting: 2, InFlight: 1, Delayed: 0}, "s": {Waiting: 0, InFlight: 0, Delayed: 0}}
	b.must(503, "GET", "/v1/queues", "")
	b.process.Gauge.(gauge)["sd"] = queue.Depth{}
	b.must(200, "GET", "/v1/queues", "")
	for _, away := range []int{-1, -2} {
		b.process.Letters = letters{"settlement": away}
		b.must(503, "GET", "/v1/queues", "")
	}
}

func TestSettingsListTheQueuesByTheirNames(t *testing.T) {
	s := Settings{EventsQueue: "1", EventsDead: "2", SegmentationQueue: "3", SegmentationDead: "4", OrchestrationQueue: "5",
		OrchestrationDead: "6", SettlementQueue: "7", SettlementDead: "8", NotificationsQueue: "9", NotificationsDead: "10", ArchiveQueue: "11", ArchiveDead: "12",
		ReportingQueue: "13", ReportingDead: "14"}
	want := "[{events 1 2} {segmentation 3 4} {orchestration 5 6} {settlement 7 8} {notifications 9 10} {archive 11 12} {reporting 13 14}]"
	if got := fmt.Sprint(s.Queues()); got != want {
		t.Errorf("queues are %s, want %s", got, want)
	}
}
