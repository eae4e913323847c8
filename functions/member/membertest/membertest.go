// Package membertest is the bench of member's tests: the whole function in a shop of functiontest, with the queue of events that it sends to. It
// is for tests of member and its resources alone. The surprising thing: it asks by HTTP, as callers do, and what a test finds in the way of a
// request (people, programs, orders) it writes by the stores.
package membertest

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/userops/userops/functions/member"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/functiontest"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/secret"
)

const (
	// ServerKey is the key of the shop's back end.
	ServerKey = "demo-server-key"
	// serverKeyHash is the hex SHA-256 of ServerKey.
	serverKeyHash = "4aaad75cfe474cab35c759f361fb66dceccdd857abb9b5a948e54a3b86fab74a"
	// Secret is of userHashes and of the links in mails.
	Secret = "shop secret"
)

// Keys are those of Secret.
var Keys = proof.New(nil, []string{Secret})

// Noon is when a bench starts.
var Noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// Reads are the operations that read.
var Reads = []string{"GetItem", "BatchGetItem", "Query", "Scan"}

// Bench is one function with a shop's tables and the events queue.
type Bench struct {
	*functiontest.Shop
	Process *member.Process
	Handler http.Handler
	Sent    *functiontest.Queue
}

// Start makes a bench at Noon. Every receipt is receipt-1 until Hire.
func Start(t *testing.T) *Bench {
	t.Helper()
	b := &Bench{Shop: functiontest.Open(t, Noon), Sent: &functiontest.Queue{}}
	b.Process = member.New(member.Settings{
		ProfilesTable: "Profiles", TimelineTable: "Timeline", DeliveriesTable: "Deliveries", LedgerTable: "Ledger",
		ReferralsTable: "Referrals", SearchTable: "Search", CatalogTable: "Catalog", DueTable: "Due", AuditTable: "Audit", RunsTable: "Runs", ServerKeyHash: serverKeyHash, Currency: "CNY",
	}, b.DB, nil, b.Now)
	b.Process.Events = b.Sent
	b.Process.NewID = func() string { return "receipt-1" }
	b.Trust(secret.Fixed(map[string]string{secret.UserHash: Secret}))
	return b
}

// Jobs are what was sent to the events queue so far.
func (b *Bench) Jobs() []job.Events { return functiontest.Jobs[job.Events](b, b.Sent) }

// Trust changes where the secrets are read.
func (b *Bench) Trust(secrets member.Secrets) {
	b.Process.Secrets = secrets
	b.Handler = b.Process.Handler()
}

// Hire makes operators of every role, whose keys are the roles' names, and gives each receipt a number of its own.
func (b *Bench) Hire() {
	for _, role := range access.Roles() {
		b.Process.Auth.Operators = append(b.Process.Auth.Operators, access.Key{Name: "the " + string(role), Role: role, Hash: fmt.Sprintf("%x", sha256.Sum256([]byte(role)))})
	}
	n := 0
	b.Process.NewID = func() string { n++; return fmt.Sprint("id-", n) }
	b.Handler = b.Process.Handler()
}

// Call asks with the server key; headers are names and values in turn.
func (b *Bench) Call(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	b.Helper()
	return b.Anybody(method, path, body, append([]string{"Authorization", "Bearer " + ServerKey}, headers...)...)
}

// Anybody asks without a key but those of the headers.
func (b *Bench) Anybody(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	return functiontest.Call(b, b.Handler, method, path, body, headers...)
}

// As asks as an operator of a role, and gives the body of a success.
func (b *Bench) As(role access.Role, method, path string) (status int, body map[string]any) {
	b.Helper()
	w := b.Anybody(method, path, "", "Authorization", "Bearer "+string(role))
	if w.Code < 300 {
		body = b.Want(w, w.Code)
	}
	return w.Code, body
}

// Want holds an answer to a status and to parts of its body, which it gives where that is JSON.
func (b *Bench) Want(w *httptest.ResponseRecorder, status int, parts ...string) map[string]any {
	b.Helper()
	if w.Code != status {
		b.Fatalf("answered %d, want %d: %s", w.Code, status, w.Body)
	}
	for _, part := range parts {
		if !strings.Contains(w.Body.String(), part) {
			b.Errorf("no %s in %s", part, w.Body)
		}
	}
	var body map[string]any
	if strings.Contains(w.Header().Get("Content-Type"), "json") {
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			b.Fatalf("%v: %s", err, w.Body)
		}
	}
	return body
}
