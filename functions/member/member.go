// Package member is what a shop reads and does for one person over HTTP, one folder a resource: profile, referral, stop, and link, which is what the links in mails open.
// Here they are put together; what they have in common is in subject. member writes only what must be answered at once and belongs to it, codes and claims;
// everything else it asks of projection through the events queue. The surprising thing: what is done for a person does not need a profile. Events may be on
// their way, so a code, a claim or an erasure of an unknown userId is as good as any; only what reads a profile or its history answers 404 without one.
package member

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"github.com/userops/userops/functions/member/link"
	"github.com/userops/userops/functions/member/profile"
	"github.com/userops/userops/functions/member/referral"
	"github.com/userops/userops/functions/member/stop"
	"github.com/userops/userops/functions/member/subject"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/answers"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/operator"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/reward"
	"github.com/userops/userops/shared/dynamo/runs"
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
	SearchTable     string `env:"SEARCH_TABLE"`
	CatalogTable    string `env:"CATALOG_TABLE"`
	DueTable        string `env:"DUE_TABLE"`
	AuditTable      string `env:"AUDIT_TABLE"`
	RunsTable       string `env:"RUNS_TABLE"`
	EventsQueue     string `env:"EVENTS_QUEUE_URL"`
	ServerKeyHash   string `env:"SERVER_KEY_HASH" default:""`
	DefaultKey      string `env:"DEFAULT_WRITE_KEY" default:""`
	SecretsPath     string `env:"SECRETS_PATH" default:""`

	Currency money.Currency `env:"CURRENCY" default:"CNY"`

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
	Currency   money.Currency // of the shop
	Secrets    Secrets        // of userHashes and of the links in mails; without one none is accepted
	Timeline   people.Timeline
	Deliveries outreach.Deliveries
	Profiles   people.Profiles
	Programs   catalog.Programs
	Codes      reward.Codes
	Referrals  reward.Referrals
	Standings  reward.Standings
	Moves      reward.Moves
	Ledger     reward.Ledger
	Orders     people.Orders
	Enrolments outreach.Enrolments
	Waits      due.Waits
	Search     people.Search
	Audit      operator.Audit
	Newest     *runs.Newest
	Events     Queue
	Now        func() time.Time
	NewID      func() string // of receipts; never the same twice
}

// New is the process over its two clients.
func New(s Settings, db dynamo.API, client queue.API, now func() time.Time) *Process {
	secrets := secret.Open(s.SecretsPath, now, secret.Root, secret.UserHash, secret.Session)
	profiles, ledger := people.Profiles{DB: db, Table: s.ProfilesTable}, reward.Ledger{DB: db, Table: s.LedgerTable}
	return &Process{
		Currency: s.Currency,
		Auth: httpapi.Auth{
			ServerKeyHash: s.ServerKeyHash, OperatorKeyHash: s.OperatorKeyHash, Operators: s.OperatorKeys,
			Claims: httpapi.Claims{Role: s.RoleClaim, Name: s.NameClaim}, WriteKey: catalog.Sources{DB: db, Table: s.CatalogTable}.Knows(s.DefaultKey),
			Passes: secrets, Now: now,
		},
		Secrets:    secrets,
		Audit:      operator.Audit{DB: db, Table: s.AuditTable, Now: now},
		Newest:     &runs.Newest{Runs: runs.Runs{DB: db, Table: s.RunsTable}, Now: now},
		Timeline:   people.Timeline{DB: db, Table: s.TimelineTable},
		Search:     people.Search{DB: db, Table: s.SearchTable},
		Deliveries: outreach.Deliveries{DB: db, Table: s.DeliveriesTable, Now: now},
		Profiles:   profiles,
		Programs:   catalog.Programs{Catalog: catalog.Catalog{DB: db, Table: s.CatalogTable}},
		Codes:      reward.Codes{DB: db, Table: s.ReferralsTable},
		Referrals:  reward.Referrals{DB: db, Table: s.ReferralsTable, Profiles: profiles},
		Standings:  reward.Standings{DB: db, Table: s.ReferralsTable},
		Moves:      reward.Moves{DB: db, Table: s.ReferralsTable, Profiles: profiles, Ledger: ledger, Due: due.Due{DB: db, Table: s.DueTable, Now: now}},
		Ledger:     ledger,
		Orders:     people.Orders{DB: db, Table: s.ProfilesTable}, Enrolments: outreach.Enrolments{DB: db, Table: s.DueTable}, Waits: due.Waits{DB: db, Table: s.DueTable},
		Events: queue.Sender{Client: client, URL: s.EventsQueue}, Now: now, NewID: rand.Text,
	}
}

// Handler serves the routes of the function.
func (p *Process) Handler() http.Handler {
	finder, callers := subject.Finder{People: p.Profiles, Now: p.Now}, subject.Callers{Auth: p.Auth, Secrets: p.Secrets}
	referrals := &referral.Handler{
		Finder: finder, Callers: callers, Programs: p.Programs, Codes: p.Codes, Referrals: p.Referrals, Moves: p.Moves, Standings: p.Standings,
		Answers: answers.Store{DB: p.Referrals.DB, Table: p.Referrals.Table}, Audit: p.Audit, NewID: p.NewID,
	}
	profiles := &profile.Handler{
		Finder: finder, Currency: p.Currency, Callers: callers, Timeline: p.Timeline, Deliveries: p.Deliveries, Ledger: p.Ledger, Orders: p.Orders,
		Codes: p.Codes, Enrolments: p.Enrolments, Waits: p.Waits, Search: p.Search, Stands: p.Profiles, Audit: p.Audit, Newest: p.Newest, Events: p.Events, Referrals: referrals.Held(), Invitations: referrals.Between, NewID: p.NewID,
	}
	stops := &stop.Handler{
		Callers: callers, People: p.Profiles, Skips: outreach.Skips{DB: p.Deliveries.DB, Table: p.Deliveries.Table, Now: p.Deliveries.Now}, Audit: p.Audit, Now: p.Now, NewID: p.NewID,
	}
	links := &link.Handler{Finder: finder, Secrets: p.Secrets, Withdrawals: withdrawals{p.Deliveries, p.Profiles}, Events: p.Events}
	mux := new(httpapi.Router)
	profiles.Route(mux)
	referrals.Route(mux)
	links.Route(mux)
	stops.Route(mux)
	return mux
}
