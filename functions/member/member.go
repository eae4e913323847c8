// Package member is what a shop reads and does for one person over HTTP: profile, history, ledger, referral codes and claims,
// unsubscribing, erasure. It writes only what must be answered at once and belongs to it, codes and claims; everything else it
// asks of projection through the events queue. The surprising thing: what is done for a person
// does not need a profile. Events may be on their way, so a code, a claim or an erasure of an unknown userId is as good as any; only
// what reads a profile or its history answers 404 without one.
package member

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/answers"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/operator"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/reward"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/secret"
)

// Settings is what member reads of its environment.
type Settings struct {
	ProfilesTable   string `env:"PROFILES_TABLE"`
	TimelineTable   string `env:"TIMELINE_TABLE"`
	DeliveriesTable string `env:"DELIVERIES_TABLE"`
	LedgerTable     string `env:"LEDGER_TABLE"`
	ReferralsTable  string `env:"REFERRALS_TABLE"`
	CatalogTable    string `env:"CATALOG_TABLE"`
	DueTable        string `env:"DUE_TABLE"`
	AuditTable      string `env:"AUDIT_TABLE"`
	EventsQueue     string `env:"EVENTS_QUEUE_URL"`
	ServerKeyHash   string `env:"SERVER_KEY_HASH" default:""`
	SecretsPath     string `env:"SECRETS_PATH" default:""`

	OperatorKeyHash string      `env:"OPERATOR_KEY_HASH" default:""`
	OperatorKeys    access.Keys `env:"OPERATOR_KEYS" default:""`
	RoleClaim       string      `env:"ROLE_CLAIM" default:""` // of an operator's token
	NameClaim       string      `env:"NAME_CLAIM" default:""`
}

// Queue makes a job durable, or answers an error that leaves open whether it is.
type Queue interface {
	Send(ctx context.Context, v any) error
}

// Secrets knows the keys of what people prove. An error means that they are not known now.
type Secrets interface {
	Keys(ctx context.Context) (*proof.Keys, error)
}

// Process is the function. Its exported fields are set once.
type Process struct {
	Auth       httpapi.Auth
	Secrets    Secrets // of userHashes and of the links in mails; without one none is accepted
	Timeline   people.Timeline
	Deliveries outreach.Deliveries
	Referrals  reward.Referrals
	Orders     people.Orders
	Takings    outreach.Takings
	Waits      due.Waits
	Audit      operator.Audit
	Events     Queue
	Now        func() time.Time
	NewID      func() string // of receipts; never the same twice
}

// New is the process over its two clients.
func New(s Settings, db dynamo.API, client queue.API, now func() time.Time) *Process {
	return &Process{
		Auth: httpapi.Auth{
			ServerKeyHash: s.ServerKeyHash, OperatorKeyHash: s.OperatorKeyHash, Operators: s.OperatorKeys,
			Claims: httpapi.Claims{Role: s.RoleClaim, Name: s.NameClaim},
		},
		Secrets:    secret.Open(s.SecretsPath, now, secret.Root, secret.UserHash),
		Audit:      operator.Audit{DB: db, Table: s.AuditTable, Now: now},
		Timeline:   people.Timeline{DB: db, Table: s.TimelineTable},
		Deliveries: outreach.Deliveries{DB: db, Table: s.DeliveriesTable, Now: now},
		Referrals: reward.Referrals{
			DB: db, Table: s.ReferralsTable,
			Profiles: people.Profiles{DB: db, Table: s.ProfilesTable}, Ledger: reward.Ledger{DB: db, Table: s.LedgerTable},
			Catalog: catalog.Catalog{DB: db, Table: s.CatalogTable}, Due: due.Due{DB: db, Table: s.DueTable, Now: now},
		},
		Orders: people.Orders{DB: db, Table: s.ProfilesTable}, Takings: outreach.Takings{DB: db, Table: s.DueTable}, Waits: due.Waits{DB: db, Table: s.DueTable},
		Events: queue.Sender{Client: client, URL: s.EventsQueue}, Now: now, NewID: rand.Text,
	}
}

// Handler serves the routes of the function.
func (p *Process) Handler() http.Handler {
	mux := new(httpapi.Router)
	route := func(pattern string, h http.HandlerFunc) { mux.HandleFunc(pattern, p.Auth.Require(pattern, h)) }
	route("GET /v1/profiles/{id}", p.masking(p.profile))
	route("GET /v1/profiles/{id}/events", p.masking(p.events))
	route("GET /v1/profiles/{id}/decisions", p.masking(p.decisions))
	route("GET /v1/profiles/{id}/ledger", p.masking(p.ledger))
	route("GET /v1/profiles/{id}/export", p.export)
	route("DELETE /v1/profiles/{id}", p.erase)
	route("GET /v1/profiles/{id}/devices", p.masking(p.devices))
	route("DELETE /v1/profiles/{id}/devices", p.takeOff)
	mux.HandleFunc("GET /v1/consents/{userId}", p.consents)
	once := httpapi.Once{Memory: answers.Store{DB: p.Referrals.DB, Table: p.Referrals.Table}, Now: p.Now}
	mux.HandlePost("POST /v1/referrals/codes", once.Post(maxRequest, p.postCode))
	mux.HandlePost("POST /v1/referrals/claims", once.Post(maxRequest, p.postClaim))
	mux.HandleFunc("GET /v1/referrals/{userId}", p.referrals)
	mux.HandleFunc("GET /v1/programs/{id}/leaderboard", p.leaderboard)
	mux.HandleFunc("GET /v1/unsubscribe/{token}", p.unsubscribePage)
	mux.HandleFunc("POST /v1/unsubscribe/{token}", p.unsubscribe)
	mux.HandleFunc("GET /v1/confirm/{token}", p.confirmPage)
	mux.HandleFunc("POST /v1/confirm/{token}", p.confirm)
	return mux
}

func userKey(userID string) profile.ID {
	return profile.Identifier{Kind: profile.UserID, Value: userID}.ID()
}

// known tells whether there is a profile; where there is none, the request is answered.
func known(w http.ResponseWriter, person reward.Person) bool {
	if first, _ := person.Profile.Seen(); first.IsZero() {
		httpapi.Problem(w, http.StatusNotFound, "", "there is no profile with this id")
		return false
	}
	return true
}

// listFailed answers an error of a list: a foreign cursor is the caller's fault.
func listFailed(w http.ResponseWriter, r *http.Request, err error) {
	httpapi.ListFailed(w, r, err, dynamo.ErrCursor)
}
