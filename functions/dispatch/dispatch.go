// Package dispatch decides whether one notification is sent to one person now, sends it over its channel and records what became
// of it. It alone asks the guards. At most one send for a notification: the intent is written before the provider is called, so a
// process that ends in between leaves "unknown" and never a second send. The surprising thing: an attempt has one decision, named by
// the notification and the time at which it was due, and knowing better replaces it: unknown becomes sent when the answer comes
// after all.
package dispatch

import (
	"log/slog"
	"strings"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/deadletter"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/live"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/secret"
)

// Settings is what dispatch reads of its environment.
type Settings struct {
	ProfilesTable   string         `env:"PROFILES_TABLE"`
	TimelineTable   string         `env:"TIMELINE_TABLE"`
	CatalogTable    string         `env:"CATALOG_TABLE"`
	DeliveriesTable string         `env:"DELIVERIES_TABLE"`
	ResultsTable    string         `env:"RESULTS_TABLE"`
	LiveTable       string         `env:"LIVE_TABLE"`
	DueTable        string         `env:"DUE_TABLE"`
	LettersTable    string         `env:"DEAD_LETTERS_TABLE"`
	Queue           string         `env:"NOTIFICATIONS_QUEUE_URL"`
	TimeZone        *time.Location `env:"TIME_ZONE" default:"Asia/Shanghai"`
	Currency        money.Currency `env:"CURRENCY" default:"CNY"`
	ShopName        string         `env:"SHOP_NAME" default:"Shop"`
	PublicURL       string         `env:"PUBLIC_URL" default:""`
	SecretsPath     string         `env:"SECRETS_PATH" default:""`
	Channels
}

// New is the process over clients of DynamoDB and SQS. A channel that lacks a setting is off, and the log says so.
func New(s Settings, db dynamo.API, sqs queue.Client, now func() time.Time) *Process {
	secrets := secret.Open(s.SecretsPath, now, SecretNames()...)
	on, lacking := s.senders(secrets, now)
	for c, what := range lacking {
		slog.Error("a channel is off", "channel", c, "lacks", what)
	}
	cache := &catalog.Cache{Catalog: catalog.Catalog{DB: db, Table: s.CatalogTable}, Now: now}
	kept := outreach.Deliveries{DB: db, Table: s.DeliveriesTable, Results: s.ResultsTable, Now: now, Together: &outreach.Group{}}
	return &Process{
		Profiles:   people.Profiles{DB: db, Table: s.ProfilesTable},
		Deliveries: kept,
		Together:   kept.Together,
		Ahead: func() (profiles, deliveries, readAhead) {
			client, own := outreach.NewAhead(db, s.ProfilesTable, s.DeliveriesTable), kept
			own.DB = client
			return people.Profiles{DB: client, Table: s.ProfilesTable}, own, client
		},
		Timeline:  people.Timeline{DB: db, Table: s.TimelineTable, Now: now},
		Catalog:   cache,
		Campaigns: &catalog.Campaigns{Catalog: cache},
		Trials:    outreach.Trials{DB: db, Table: s.ResultsTable, Now: now},
		Due:       due.Due{DB: db, Table: s.DueTable, Now: now},
		Live:      live.Begin(db, s.LiveTable, now),
		Again:     queue.Sender{Client: sqs, URL: s.Queue},

		Allowances: outreach.Allowances{DB: db, Table: s.ResultsTable},
		Senders:    on,
		Lacking:    lacking,
		Shop:       profile.Shop{Zone: s.TimeZone, Currency: s.Currency},
		ShopName:   s.ShopName, PublicURL: strings.TrimRight(s.PublicURL, "/"), Secrets: secrets, Now: now,
		Queue: queue.NewConsumer(sqs, s.Queue, deadletter.Witness{DB: db, Table: s.LettersTable, Queue: "notifications", Now: now}),
	}
}

// senders are the channels that are on, and what each of the others lacks that somebody began to set up. The process starts without them: a wrong address
// of one provider does not keep back the notifications of the others.
func (s Settings) senders(secrets *secret.Store, now func() time.Time) (on map[delivery.Channel]Sender, lacking map[delivery.Channel]string) {
	opened, lacking := s.Channels.Open(s.PublicURL, channel.Means{Timeout: providerTime, Now: now, Secret: secrets.Value})
	on = map[delivery.Channel]Sender{}
	for c, sender := range opened {
		on[c] = sender
	}
	return on, lacking
}
