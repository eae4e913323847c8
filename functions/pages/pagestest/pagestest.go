// Package pagestest is the bench of the console's pages: all of them in a shop of functiontest, before the API that they call, console and member, in the same program. It is for tests of pages and their
// screens alone. The surprising thing: a test looks at pages as a browser does, with cookies, and writes what they show by the API or the shop's stores.
package pagestest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/console"
	"github.com/userops/userops/functions/member"
	"github.com/userops/userops/functions/pages"
	"github.com/userops/userops/functions/pages/text"
	"github.com/userops/userops/functions/pages/view"
	"github.com/userops/userops/functions/redrive"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/secret"
)

// Host is the name under which the pages are reached.
const Host = "shop.example"

// Noon is when a bench starts: 20:00 in Shanghai.
var Noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// Gauge answers how full queues are, by their names.
type Gauge map[string]queue.Depth

// Depth is that of the queue whose address is its name.
func (g Gauge) Depth(_ context.Context, url string) (queue.Depth, error) { return g[url], nil }

// Bench is the pages with a shop and its API.
type Bench struct {
	*functiontest.Shop
	Pages   *pages.Process
	Console *console.Process
	Member  *member.Process
	Redrive *redrive.Process
	Jobs    *functiontest.Queue // of segmentation
	Events  *functiontest.Queue // of projection
	Again   *functiontest.Queue // what redrive sends again, of every queue
	Gauge   Gauge
	Values  map[string]string // of secrets
	Asked   *Asked
	// Break answers the calls of the pages where it is set, nil for those that are answered as usual.
	Break func(r *http.Request) *http.Response

	handler, console, member, redrive, asked http.Handler
}

// Key is the key of the operator of a role, who is called as the role is.
func Key(role access.Role) string { return "key-of-" + string(role) }

// Start makes a bench at Noon with an operator of each role.
func Start(t *testing.T) *Bench {
	t.Helper()
	b := &Bench{Shop: functiontest.Open(t, Noon), Jobs: &functiontest.Queue{}, Events: &functiontest.Queue{}, Again: &functiontest.Queue{}, Gauge: Gauge{}, Values: map[string]string{secret.Session: "session secret", secret.UserHash: "user secret"}}
	var keys access.Keys
	for _, role := range access.Roles() {
		keys = append(keys, access.Key{Name: "the " + string(role), Role: role, Hash: fmt.Sprintf("%x", sha256.Sum256([]byte(Key(role))))})
	}
	zone, err := time.LoadLocation("Asia/Shanghai")
	b.Must(err)
	n := 0
	id := func() string { n++; return fmt.Sprint("id-", n) }
	b.Console = console.New(console.Settings{
		CatalogTable: "Catalog", RunsTable: "Runs", ProfilesTable: "Profiles", LettersTable: "DeadLetters", AuditTable: "Audit", RefusalsTable: "Refusals", ResultsTable: "Results", LiveTable: "Live",
		EventsQueue: "events", SegmentationQueue: "segmentation", OrchestrationQueue: "orchestration", SettlementQueue: "settlement", NotificationsQueue: "notifications", ArchiveQueue: "archive", ReportingQueue: "reporting",
		EventsDead: "events-dead", SegmentationDead: "segmentation-dead", OrchestrationDead: "orchestration-dead", SettlementDead: "settlement-dead", NotificationsDead: "notifications-dead", ArchiveDead: "archive-dead", ReportingDead: "reporting-dead",
		OperatorKeys: keys, Zone: zone, Currency: money.Currency("CNY"),
	}, b.DB, nil, b.Now)
	b.Console.Gauge, b.Console.Jobs, b.Console.JobsLater, b.Console.NewRunID = b.Gauge, b.Jobs, b.Jobs, id
	b.Member = member.New(member.Settings{
		ProfilesTable: "Profiles", TimelineTable: "Timeline", DeliveriesTable: "Deliveries", LedgerTable: "Ledger", ReferralsTable: "Referrals", CatalogTable: "Catalog", DueTable: "Due", RunsTable: "Runs", AuditTable: "Audit", SearchTable: "Search",
		OperatorKeys: keys,
	}, b.DB, nil, b.Now)
	b.Member.Events, b.Member.NewID = b.Events, id
	b.Redrive = redrive.New(redrive.Settings{Table: "DeadLetters", AuditTable: "Audit", CatalogTable: "Catalog", OperatorKeys: keys}, b.DB, nil, b.Now)
	b.Redrive.NewID = id
	b.Asked = openArchive(b.Shop, keys, zone)
	b.Asked.NewID = id
	for i := range b.Redrive.Queues {
		b.Redrive.Queues[i].Jobs = b.Again
	}
	b.Pages = pages.New(pages.Settings{SessionsTable: "Sessions", OperatorKeys: keys, ShopName: "Tea & Co", Zone: zone, Currency: money.Currency("CNY")}, b.DB, b.Now)
	b.Pages.API = func(*http.Request) string { return "http://api.example" }
	b.Pages.HTTP = &http.Client{Transport: within{b}}
	b.Pages.Door.NewID = id
	b.Trust()
	return b
}

// Trust lets everybody read the secrets of now, and the keys of now.
func (b *Bench) Trust() {
	secrets := secret.Fixed(b.Values)
	b.Console.Auth.Passes, b.Member.Auth.Passes, b.Redrive.Auth.Passes, b.Asked.Auth.Passes, b.Pages.Door.Secrets = secrets, secrets, secrets, secrets, secrets
	b.handler, b.console, b.member, b.redrive, b.asked = b.Pages.Handler(), b.Console.Handler(), b.Member.Handler(), b.Redrive.Handler(), b.Asked.Handler()
}

// Secret is the client's secret at an issuer.
func (b *Bench) Secret(ctx context.Context) (string, error) {
	return secret.Fixed(b.Values).Value(ctx, secret.Client)
}

// Dismiss takes the keys of a role away.
func (b *Bench) Dismiss(role access.Role) {
	for _, auth := range []*httpapi.Auth{&b.Console.Auth, &b.Member.Auth, &b.Redrive.Auth, &b.Asked.Auth, &b.Pages.Door.Auth} {
		var left access.Keys
		for _, k := range auth.Operators {
			if k.Role != role {
				left = append(left, k)
			}
		}
		auth.Operators = left
	}
	b.Trust()
}

// within answers the pages' calls by the functions that the API has.
type within struct{ b *Bench }

func (w within) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if w.b.Break != nil {
		if answer := w.b.Break(r); answer != nil {
			return answer, nil
		}
	}
	return w.b.Through(r)
}

// Through answers a call as the functions that the API has.
func (b *Bench) Through(r *http.Request) (*http.Response, error) {
	handler := b.console
	member := []string{"/v1/people", "/v1/profiles/", "/v1/referrals/", "/v1/consents/", "/v1/tags"}
	if r.Method == http.MethodPut {
		member = append(member, "/v1/lists/")
	}
	for _, of := range member {
		if strings.HasPrefix(r.URL.Path, of) || strings.HasSuffix(r.URL.Path, "/leaderboard") {
			handler = b.member
		}
	}
	if strings.HasPrefix(r.URL.Path, "/v1/queues/") {
		handler = b.redrive
	}
	if strings.HasPrefix(r.URL.Path, "/v1/reports/") {
		handler = b.asked
	}
	in := r.Clone(r.Context())
	in.RemoteAddr = "203.0.113.9:1" // the pages' own
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, in)
	return answer.Result(), nil
}

// Put saves a definition by the API, as an owner.
func (b *Bench) Put(path, body string) {
	b.Helper()
	w := functiontest.Call(b, b.console, http.MethodPut, path, body, "Authorization", "Bearer "+Key(access.Owner))
	if w.Code != http.StatusCreated && w.Code != http.StatusOK {
		b.Fatalf("PUT %s: %d %s", path, w.Code, w.Body)
	}
}

// Browser is one that somebody looks at the pages with. It keeps cookies and follows nothing.
type Browser struct {
	b       *Bench
	Cookies map[string]string
	// Address is where it is, and Headers what it sends with each request.
	Address string
	Headers http.Header
}

// Browser is a new one, of nobody, in a language.
func (b *Bench) Browser(lang text.Lang) *Browser {
	return &Browser{b: b, Cookies: map[string]string{"userops-language": string(lang)}, Address: "198.51.100.7", Headers: http.Header{}}
}

// As is a browser in which the operator of a role has signed in.
func (b *Bench) As(role access.Role, lang text.Lang) *Browser {
	b.Helper()
	browser := b.Browser(lang)
	if w := browser.Post("/console/sign-in", "key", Key(role)); w.Code != http.StatusSeeOther {
		b.Fatalf("signing in as %s: %d %s", role, w.Code, w.Body)
	}
	return browser
}

// Get asks for a page.
func (f *Browser) Get(path string) *httptest.ResponseRecorder {
	return f.send(httptest.NewRequestWithContext(f.b.Context(), http.MethodGet, "https://"+Host+path, nil))
}

// Post sends a form, of names and values in turn, as a page of ours does.
func (f *Browser) Post(path string, fields ...string) *httptest.ResponseRecorder {
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	r := httptest.NewRequestWithContext(f.b.Context(), http.MethodPost, "https://"+Host+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return f.send(r)
}

func (f *Browser) send(r *http.Request) *httptest.ResponseRecorder {
	f.b.Helper()
	r.RemoteAddr = f.Address + ":4711"
	for name, values := range f.Headers {
		r.Header[name] = values
	}
	for name, value := range f.Cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	f.b.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if f.Cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(f.Cookies, c.Name)
		}
	}
	return w
}

// Page is a page that has to be there, as it is written.
func (f *Browser) Page(path string) string {
	f.b.Helper()
	w := f.Get(path)
	if w.Code != http.StatusOK {
		f.b.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

// Pages are the rows that are pages, not what forms do.
func Pages() (all []view.Row) {
	for _, r := range pages.Rows() {
		if r.Method == http.MethodGet {
			all = append(all, r)
		}
	}
	return all
}
