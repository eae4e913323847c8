// Package ingest takes in events over HTTP: it finds the source of a request's key, judges every event by itself, and answers 200
// only when the accepted ones are durable on the events queue. It knows no person, and keeps nothing but the keys it has seen
// in the last minute and counts of what it has refused. The surprising thing: it never looks for duplicates. A client that hears 503 sends the same messageIds
// again, whether or not the first attempt arrived, and projection drops what it has seen.
package ingest

import (
	"crypto/rand"
	"net/http"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/refusals"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/secret"
	"github.com/userops/userops/shared/storefront"
)

// Settings is what the function reads from its environment.
type Settings struct {
	CatalogTable  string `env:"CATALOG_TABLE"`
	RefusalsTable string `env:"REFUSALS_TABLE"`
	EventsQueue   string `env:"EVENTS_QUEUE_URL"`
	ServerKeyHash string `env:"SERVER_KEY_HASH" default:""`
	// Operators' keys open nothing here; whoever sends one hears what it is for.
	OperatorKeyHash string      `env:"OPERATOR_KEY_HASH" default:""`
	OperatorKeys    access.Keys `env:"OPERATOR_KEYS" default:""`

	DefaultKey    string `env:"DEFAULT_WRITE_KEY" default:""`
	DefaultRate   int    `env:"DEFAULT_RATE" default:"0"`
	NewPerAddress int    `env:"NEW_PER_ADDRESS" default:"120"`
	SecretsPath   string `env:"SECRETS_PATH" default:""`
	// Currency is that of order events that name none, TimeZone that of times that name none.
	Currency money.Currency `env:"CURRENCY" default:"CNY"`
	TimeZone *time.Location `env:"TIME_ZONE" default:"Asia/Shanghai"`
}

// New is the process over clients of DynamoDB and SQS.
func New(s Settings, db dynamo.API, sqs queue.API, now func() time.Time) *Process {
	return &Process{
		Auth:       httpapi.Auth{ServerKeyHash: s.ServerKeyHash, OperatorKeyHash: s.OperatorKeyHash, Operators: s.OperatorKeys},
		Sources:    catalog.Sources{DB: db, Table: s.CatalogTable},
		Queue:      queue.Sender{Client: sqs, URL: s.EventsQueue},
		DefaultKey: s.DefaultKey, DefaultRate: float64(s.DefaultRate), NewPerAddress: float64(s.NewPerAddress),
		Secrets:  secret.Open(s.SecretsPath, now, secret.Root, secret.UserHash),
		Currency: s.Currency,
		Zone:     s.TimeZone,
		Refusals: refusals.Refusals{DB: db, Table: s.RefusalsTable, Now: now},
		Instance: rand.Text()[:10],
		Now:      now,
		NewID:    rand.Text,
	}
}

// calls maps the last part of a path to the call; the one-letter forms are those of the browser clients.
var calls = map[string]event.Kind{
	"track": event.Track, "t": event.Track,
	"identify": event.Identify, "i": event.Identify,
	"page": event.Page, "p": event.Page,
	"screen": event.Screen, "s": event.Screen,
	"group": event.Group, "g": event.Group,
	"alias": event.Alias, "a": event.Alias,
}

// Handler serves the routes of the function.
func (p *Process) Handler() http.Handler {
	mux := new(httpapi.Router)
	for name, kind := range calls {
		mux.HandleFunc("POST /v1/"+name, func(w http.ResponseWriter, r *http.Request) {
			p.post(w, r, func(body []byte, arrival event.Arrival) (*event.Batch, error) {
				return event.ParseOne(body, kind, arrival)
			})
		})
	}
	for _, name := range []string{"batch", "b", "import"} {
		mux.HandleFunc("POST /v1/"+name, func(w http.ResponseWriter, r *http.Request) { p.post(w, r, event.ParseBatch) })
	}
	mux.HandleFunc("POST /beacon/v1/batch", p.beacon)
	mux.HandleFunc("POST /v1/m", func(w http.ResponseWriter, _ *http.Request) {
		// The browser clients' own metrics.
		httpapi.JSON(w, http.StatusOK, accepted{Success: true})
	})
	mux.HandleFunc("POST /v1/hooks/shopify/{source}", p.hook(storefront.Shopify))
	mux.HandleFunc("POST /v1/hooks/woocommerce/{source}", p.hook(storefront.WooCommerce))
	mux.HandleFunc("GET /v1/projects/{writeKey}/settings", p.project)
	for _, method := range []string{"GET", "HEAD"} { // by HEAD the browser client looks whether it is kept from asking
		mux.HandleFunc(method+" /sourceConfig", p.sourceConfig)
		mux.HandleFunc(method+" /sourceConfig/{rest+}", p.sourceConfig) // it ends the path in a slash, which no route can
	}
	return mux
}
