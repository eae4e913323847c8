// Package orchestration decides which campaign wants a person now. It hears what followed from commits, waits where a campaign
// waits, evaluates the campaign again after the wait, and picks the arm. Whether the notification may be sent is dispatch's question. Jobs may
// come twice and in any order. The surprising thing: it keeps no state of a person's way through a campaign. It writes the end of a wait, the
// enrolments of campaigns that enrol nobody twice, and a decision wherever nothing comes of a trigger.
package orchestration

import (
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/deadletter"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/queue"
)

// Settings is what orchestration reads of its environment.
type Settings struct {
	ProfilesTable      string         `env:"PROFILES_TABLE"`
	TimelineTable      string         `env:"TIMELINE_TABLE"`
	CatalogTable       string         `env:"CATALOG_TABLE"`
	DueTable           string         `env:"DUE_TABLE"`
	DeliveriesTable    string         `env:"DELIVERIES_TABLE"`
	ResultsTable       string         `env:"RESULTS_TABLE"`
	LettersTable       string         `env:"DEAD_LETTERS_TABLE"`
	NotificationsQueue string         `env:"NOTIFICATIONS_QUEUE_URL"`
	SegmentationQueue  string         `env:"SEGMENTATION_QUEUE_URL"`
	Queue              string         `env:"ORCHESTRATION_QUEUE_URL"`
	TimeZone           *time.Location `env:"TIME_ZONE" default:"Asia/Shanghai"`
	Currency           money.Currency `env:"CURRENCY" default:"CNY"`
}

// Process is the function.
type Process struct {
	Profiles      profiles
	Timeline      timeline
	Catalog       catalog.Finder
	Campaigns     campaigns
	Enrolments    enrolments
	Deliveries    deliveries
	Skips         skips
	Due           waits
	Notifications Sender
	Segmentation  Sender
	Self          Sender // back to orchestration's own queue
	Shop          profile.Shop
	Now           func() time.Time
	Queue         queue.Consumer

	mu   sync.Mutex
	ends map[string]int // triggers by outcome, since the counts were written last
}

// New is the process over the clients of DynamoDB and SQS.
func New(s Settings, db dynamo.API, sqs queue.Client, now func() time.Time) *Process {
	cache := &catalog.Cache{Catalog: catalog.Catalog{DB: db, Table: s.CatalogTable}, Now: now}
	return &Process{
		Profiles:      people.Profiles{DB: db, Table: s.ProfilesTable},
		Timeline:      people.Timeline{DB: db, Table: s.TimelineTable, Now: now},
		Catalog:       cache,
		Campaigns:     &catalog.Campaigns{Catalog: cache},
		Enrolments:    outreach.Enrolments{DB: db, Table: s.DueTable},
		Deliveries:    outreach.Deliveries{DB: db, Table: s.DeliveriesTable, Results: s.ResultsTable, Now: now},
		Skips:         outreach.Skips{DB: db, Table: s.DeliveriesTable, Results: s.ResultsTable, Now: now},
		Due:           due.Due{DB: db, Table: s.DueTable, Now: now},
		Notifications: queue.Sender{Client: sqs, URL: s.NotificationsQueue},
		Segmentation:  queue.Sender{Client: sqs, URL: s.SegmentationQueue},
		Self:          queue.Sender{Client: sqs, URL: s.Queue},
		Shop:          profile.Shop{Zone: s.TimeZone, Currency: s.Currency},
		Now:           now,
		Queue:         queue.NewConsumer(sqs, s.Queue, deadletter.Witness{DB: db, Table: s.LettersTable, Queue: "orchestration", Now: now}),
	}
}
