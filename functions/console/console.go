// Package console is what operators define and see: segments, campaigns, templates, programs, sources and settings; the audience
// a segment would have; runs of segmentation; how full the queues are. It decides nothing about people and writes no profile: a
// definition is in force for every invocation that begins after it was saved. The surprising thing: a document is checked
// beside all others when it is saved, so that what is in Catalog can be used as it stands.
package console

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/userops/userops/shared/channel/setup"
	figures "github.com/userops/userops/shared/domain/insight/live"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/refusal"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/deadletter"
	"github.com/userops/userops/shared/dynamo/live"
	"github.com/userops/userops/shared/dynamo/operator"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/refusals"
	"github.com/userops/userops/shared/dynamo/runs"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/secret"
)

// Settings is the environment of console.
type Settings struct {
	CatalogTable  string `env:"CATALOG_TABLE"`
	RunsTable     string `env:"RUNS_TABLE"`
	ProfilesTable string `env:"PROFILES_TABLE"`
	LettersTable  string `env:"DEAD_LETTERS_TABLE"`
	AuditTable    string `env:"AUDIT_TABLE"`
	RefusalsTable string `env:"REFUSALS_TABLE"`
	ResultsTable  string `env:"RESULTS_TABLE"`
	LiveTable     string `env:"LIVE_TABLE"`

	EventsQueue        string `env:"EVENTS_QUEUE_URL"`
	SegmentationQueue  string `env:"SEGMENTATION_QUEUE_URL"`
	OrchestrationQueue string `env:"ORCHESTRATION_QUEUE_URL"`
	SettlementQueue    string `env:"SETTLEMENT_QUEUE_URL"`
	NotificationsQueue string `env:"NOTIFICATIONS_QUEUE_URL"`
	ArchiveQueue       string `env:"ARCHIVE_QUEUE_URL"`
	ReportingQueue     string `env:"REPORTING_QUEUE_URL"`

	EventsDead        string `env:"EVENTS_DLQ_URL"`
	SegmentationDead  string `env:"SEGMENTATION_DLQ_URL"`
	OrchestrationDead string `env:"ORCHESTRATION_DLQ_URL"`
	SettlementDead    string `env:"SETTLEMENT_DLQ_URL"`
	NotificationsDead string `env:"NOTIFICATIONS_DLQ_URL"`
	ArchiveDead       string `env:"ARCHIVE_DLQ_URL"`
	ReportingDead     string `env:"REPORTING_DLQ_URL"`

	// ServerKeyHash opens nothing here; whoever sends the key hears what it is for.
	ServerKeyHash   string      `env:"SERVER_KEY_HASH" default:""`
	OperatorKeyHash string      `env:"OPERATOR_KEY_HASH" default:""`
	OperatorKeys    access.Keys `env:"OPERATOR_KEYS" default:""`
	// RoleClaim and NameClaim are the claims of a token that hold an operator's role and name.
	RoleClaim string `env:"ROLE_CLAIM" default:""`
	NameClaim string `env:"NAME_CLAIM" default:""`
	// DefaultKey is the write key of the built-in source, which no other can have.
	DefaultKey  string         `env:"DEFAULT_WRITE_KEY" default:""`
	SecretsPath string         `env:"SECRETS_PATH" default:""`
	Zone        *time.Location `env:"TIME_ZONE" default:"Asia/Shanghai"`
	Currency    money.Currency `env:"CURRENCY" default:"CNY"`

	// Channels are those of dispatch: nothing is sent from here, but which are off is told.
	Channels setup.Settings
}

// Queue is one queue and the one that takes its dead letters.
type Queue struct{ Name, URL, DeadURL string }

// somewhere stands for the address of the deployment, which the template always sets for dispatch and cannot name here: the API routes to this function.
const somewhere = "https://"

// Queues lists the queues of the product in the order of an event's path.
func (s Settings) Queues() []Queue {
	return []Queue{
		{"events", s.EventsQueue, s.EventsDead},
		{"segmentation", s.SegmentationQueue, s.SegmentationDead},
		{"orchestration", s.OrchestrationQueue, s.OrchestrationDead},
		{"settlement", s.SettlementQueue, s.SettlementDead},
		{"notifications", s.NotificationsQueue, s.NotificationsDead},
		{"archive", s.ArchiveQueue, s.ArchiveDead},
		{"reporting", s.ReportingQueue, s.ReportingDead},
	}
}

// Gauge measures how full a queue is.
type Gauge interface {
	Depth(ctx context.Context, url string) (queue.Depth, error)
}

// Sample reads profiles of one of the shards, page by page, until page returns an error.
type Sample interface {
	ScanShard(ctx context.Context, shard, shards int, cursor string, page func(people.ScanPage) error) (next string, err error)
}

// Letters counts the dead letters that are kept of a queue.
type Letters interface {
	Count(ctx context.Context, queue string) (int, error)
	// Oldest is when the oldest of them was first sent, the zero time where there is none.
	Oldest(ctx context.Context, queue string) (time.Time, error)
}

// Refusals reads what ingest has refused of a source.
type Refusals interface {
	Of(ctx context.Context, of source.ID) (refusal.Report, error)
}

// Live reads what instances have counted from one time to before another; partial says that there was more than is read.
type Live interface {
	Between(ctx context.Context, from, to time.Time) (hours []figures.Hour, partial bool, err error)
}

// Results reads what campaigns have decided. A decision that is on record is counted.
type Results interface {
	Of(ctx context.Context, campaign string) (delivery.Results, error)
	// Stopped is how many a stop has skipped, by campaign, and how many of them were entered again.
	Stopped(ctx context.Context, stop string) ([]outreach.StopTally, error)
	// Finished is when each request went through a stop's whole list; those that are at it are left out.
	Finished(ctx context.Context, stop string) (map[string]time.Time, error)
}

// Audiences reads how far audiences are listed: the zero value of one that was not begun.
type Audiences interface {
	Of(ctx context.Context, campaign, run string) (outreach.Listing, error)
}

// Trials keeps what operators send to themselves.
type Trials interface {
	// Ask writes a trial down with what stands beside it. dynamo.ErrConflict says that nothing was written; any other error leaves it open.
	Ask(ctx context.Context, t delivery.Trial, by access.Caller, beside ...dynamo.Write) error
	// Of lists those of a template, the newest first, consistently.
	Of(ctx context.Context, template string, limit int) ([]outreach.Trial, error)
}

// Jobs sends a job to a function's queue. When it returns nil, the job is durable.
type Jobs interface {
	Send(ctx context.Context, v any) error
}

// Later sends a job that nobody is to receive before a time is over.
type Later interface {
	SendLater(ctx context.Context, v any, delay time.Duration) error
}

// People reads who somebody is.
type People interface {
	// Load reads consistently and follows merges; where nobody stands it answers a profile that is not stored. dynamo.ErrUnreadable is for what a newer version of the program has written.
	Load(context.Context, profile.ID) (*profile.Profile, error)
}

// Process is console with what it needs.
type Process struct {
	Auth       httpapi.Auth
	DefaultKey string // write key of the built-in source, empty for none
	Catalog    catalog.Catalog
	Runs       runs.Runs
	Lists      runs.Lists
	Audit      operator.Audit
	Profiles   Sample
	People     People
	Gauge      Gauge
	Letters    Letters
	Refusals   Refusals
	Live       Live
	Results    Results
	Audiences  Audiences
	Trials     Trials
	Queues     []Queue
	Off        []setup.Off // the channels that are not set up
	Ended      catalog.EndedStops
	Jobs       Jobs  // of segmentation
	JobsLater  Later // the same queue
	// Orchestration takes requests to enter people again.
	Orchestration Jobs
	// Notifications takes what operators send to themselves.
	Notifications Jobs
	Shop          profile.Shop
	Now           func() time.Time
	NewRunID      func() string // of runs, and of all else that needs an id; never the same twice
}

// SQS is what console calls of the SDK's client.
type SQS interface {
	queue.GaugeAPI
	queue.API
}

// New is the process over clients of DynamoDB and SQS. Runs are named by the time of their request.
func New(s Settings, db dynamo.API, queues SQS, now func() time.Time) *Process {
	return &Process{
		Auth: httpapi.Auth{
			ServerKeyHash: s.ServerKeyHash, OperatorKeyHash: s.OperatorKeyHash, Operators: s.OperatorKeys,
			Claims: httpapi.Claims{Role: s.RoleClaim, Name: s.NameClaim}, WriteKey: catalog.Sources{DB: db, Table: s.CatalogTable}.Knows(s.DefaultKey),
			Passes: secret.Open(s.SecretsPath, now, secret.Session), Now: now,
		},
		DefaultKey:    s.DefaultKey,
		Catalog:       catalog.Catalog{DB: db, Table: s.CatalogTable},
		Runs:          runs.Runs{DB: db, Table: s.RunsTable},
		Lists:         runs.Lists{DB: db, Table: s.RunsTable, Now: now},
		Audit:         operator.Audit{DB: db, Table: s.AuditTable, Now: now},
		Profiles:      people.Profiles{DB: db, Table: s.ProfilesTable},
		People:        people.Profiles{DB: db, Table: s.ProfilesTable},
		Gauge:         queue.Gauge{Client: queues},
		Letters:       deadletter.Letters{DB: db, Table: s.LettersTable, Now: now},
		Refusals:      refusals.Refusals{DB: db, Table: s.RefusalsTable, Now: now},
		Live:          live.Live{DB: db, Table: s.LiveTable},
		Results:       outreach.Results{DB: db, Table: s.ResultsTable},
		Audiences:     outreach.Audiences{DB: db, Table: s.ResultsTable, Now: now},
		Trials:        outreach.Trials{DB: db, Table: s.ResultsTable, Now: now},
		Notifications: queue.Sender{Client: queues, URL: s.NotificationsQueue},
		Ended:         catalog.EndedStops{DB: db, Table: s.CatalogTable, Now: now},
		Queues:        s.Queues(),
		Off:           s.Channels.Off(somewhere),
		Jobs:          queue.Sender{Client: queues, URL: s.SegmentationQueue},
		JobsLater:     queue.Sender{Client: queues, URL: s.SegmentationQueue},
		Orchestration: queue.Sender{Client: queues, URL: s.OrchestrationQueue},
		Shop:          profile.Shop{Zone: s.Zone, Currency: s.Currency},
		Now:           now,
		NewRunID:      func() string { return now().UTC().Format("20060102T150405-") + rand.Text()[:8] },
	}
}
