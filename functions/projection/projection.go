// Package projection folds events into profiles, exactly once each, and tells the other functions what follows from them. It
// judges no event (ingest did) and runs no campaign. The surprising thing: the one conditional write of a profile is the
// commit; everything after it (timeline packs, jobs) is owed by the item itself until somebody has seen it done, so a crash
// between any two steps loses nothing and doubles nothing.
package projection

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/deadletter"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/live"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/reward"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/outbox"
	"github.com/userops/userops/shared/pinyin"
	"github.com/userops/userops/shared/queue"
)

// Settings is what the function reads from its environment.
type Settings struct {
	Profiles      string         `env:"PROFILES_TABLE"`
	Timeline      string         `env:"TIMELINE_TABLE"`
	Catalog       string         `env:"CATALOG_TABLE"`
	Deliveries    string         `env:"DELIVERIES_TABLE"`
	Due           string         `env:"DUE_TABLE"`
	Referrals     string         `env:"REFERRALS_TABLE"`
	Search        string         `env:"SEARCH_TABLE"`
	Live          string         `env:"LIVE_TABLE"`
	Letters       string         `env:"DEAD_LETTERS_TABLE"`
	Events        string         `env:"EVENTS_QUEUE_URL"`
	Settlement    string         `env:"SETTLEMENT_QUEUE_URL"`
	Orchestration string         `env:"ORCHESTRATION_QUEUE_URL"`
	Archive       string         `env:"ARCHIVE_QUEUE_URL"`
	Zone          *time.Location `env:"TIME_ZONE" default:"Asia/Shanghai"`
	Currency      money.Currency `env:"CURRENCY" default:"CNY"`
	// Months is how long the timeline is kept.
	Months int `env:"TIMELINE_MONTHS" default:"13"`
}

// QueueAPI is what projection calls of SQS.
type QueueAPI interface {
	queue.API
	queue.PostponeAPI
}

// New wires the process to its tables and queues.
func New(s Settings, db dynamo.API, sqs QueueAPI, now func() time.Time) *Process {
	orders, referrals := people.Orders{DB: db, Table: s.Profiles}, reward.Referrals{DB: db, Table: s.Referrals}
	ahead := people.NewAhead(db, s.Profiles, s.Timeline)
	together := &dynamo.Together{API: ahead}
	timeline := people.Timeline{DB: ahead, Table: s.Timeline, Now: now, Months: s.Months}
	deliveries := outreach.Deliveries{DB: db, Table: s.Deliveries, Now: now}
	listings := people.Search{DB: db, Table: s.Search}
	return &Process{
		Profiles:  people.Profiles{DB: together, Table: s.Profiles, History: timeline, Months: s.Months},
		Orders:    people.Orders{DB: ahead, Table: s.Profiles},
		Ahead:     ahead,
		Together:  together,
		Timeline:  timeline,
		Archive:   outbox.Packs{Queue: queue.Sender{Client: sqs, URL: s.Archive}},
		Addresses: deliveries,
		Traces: []Traces{
			// Orders are found by the timeline.
			people.OrderTraces{Orders: orders, Timeline: timeline, Kept: referrals.OrdersOf},
			timeline,
			deliveries,
			outreach.Enrolments{DB: db, Table: s.Due},
			due.Waits{DB: db, Table: s.Due},
			referrals,
			listings,
		},
		Live:    live.Begin(db, s.Live, now),
		Search:  listings,
		List:    s.Search,
		Present: people.Profiles{DB: db, Table: s.Profiles, Months: s.Months},
		Reading: pinyin.Name,
		Rules: &Definitions{
			Catalog: &catalog.Cache{Catalog: catalog.Catalog{DB: db, Table: s.Catalog}, Now: now},
			Shop:    profile.Shop{Zone: s.Zone, Currency: s.Currency},
		},
		Outbox: outbox.Queues{
			job.ToSettlement:    queue.Sender{Client: sqs, URL: s.Settlement},
			job.ToOrchestration: queue.Sender{Client: sqs, URL: s.Orchestration},
			job.ToProjection:    queue.Sender{Client: sqs, URL: s.Events},
			job.ToArchive:       queue.Sender{Client: sqs, URL: s.Archive},
		},
		Self:      queue.Sender{Client: sqs, URL: s.Events},
		Later:     due.Due{DB: db, Table: s.Due, Now: now},
		Postponer: queue.Postponer{Client: sqs, URL: s.Events},
		Witness:   deadletter.Witness{DB: db, Table: s.Letters, Queue: "events", Now: now},
		Zone:      s.Zone,
		Currency:  s.Currency,
		Now:       now,
		Jitter:    rand.N[time.Duration],
	}
}

// Invoke takes a batch of the events queue, or the tick of the schedule.
func (p *Process) Invoke(ctx context.Context, raw json.RawMessage) (any, error) {
	in, err := queue.ParseInvocation(raw, "minute")
	if err != nil {
		return nil, err
	}
	if in.Batch != nil {
		return p.Handle(ctx, *in.Batch)
	}
	return nil, p.Minute(ctx)
}

// Minute puts on the queue what was kept for a later time that has come.
func (p *Process) Minute(ctx context.Context) error {
	return p.Later.Ready(ctx, due.OwnerProjection, func(ctx context.Context, e due.Entry) (time.Time, error) {
		return time.Time{}, p.Self.Send(ctx, json.RawMessage(e.Body))
	})
}

// Handle folds one batch of received jobs. The answer names those that are to come again.
func (p *Process) Handle(ctx context.Context, in events.SQSEvent) (events.SQSEventResponse, error) {
	b := newBatch(p, len(in.Records))
	work, cancel := queue.Bounded(ctx)
	defer cancel()
	rules, err := p.Rules.Current(work)
	if err != nil {
		return p.answer(ctx, in, func(int) error { return fmt.Errorf("reading definitions: %w", err) }), nil
	}
	b.rules = rules
	for i, record := range in.Records {
		j, err := queue.Job[job.Events](record)
		if err == nil {
			err = b.add(work, i, j)
		}
		if err != nil {
			b.fail(i, err)
		}
	}
	b.run(work)
	b.send(work)
	p.Live.Write(work)
	if p.Ahead != nil {
		p.Ahead.Forget()
	}
	return p.answer(ctx, in, func(i int) error { return b.failed[i] }), nil
}

// worn is from how many receives on a job that was not begun goes on as a new message: the queue gives ten, and a lack of time is nobody's
// fault.
const worn = 8

// anew sends a job that had no time once more, as a new message, and tells whether that was done.
func (p *Process) anew(ctx context.Context, record events.SQSMessage, cause error) bool {
	return errors.Is(cause, queue.ErrNoTime) && queue.Receives(record) >= worn && p.Self.Send(ctx, json.RawMessage(record.Body)) == nil
}

// answer sends back the records that have a cause.
func (p *Process) answer(ctx context.Context, in events.SQSEvent, cause func(int) error) events.SQSEventResponse {
	var out events.SQSEventResponse
	var postponing errgroup.Group
	postponing.SetLimit(abreast)
	for i, record := range in.Records {
		if err := cause(i); err != nil && !p.anew(ctx, record, err) {
			out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: record.MessageId})
			postponing.Go(func() error { p.back(ctx, record, err); return nil })
		}
	}
	_ = postponing.Wait() // back gives no error
	return out
}

// The delays after which a job comes again: soon where another worker was faster, later where something is broken.
const (
	conflictDelay = 5 * time.Second
	faultDelay    = 30 * time.Second
	maxDelay      = 5 * time.Minute
)

// jitter is a random share of a duration, which may be zero.
func (p *Process) jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return p.Jitter(d)
}

// back logs why a job goes back, and postpones it by a random delay that grows with every receive. While a service is away, ten receives
// last more than a day. Where the delay cannot be set, the job comes again when its visibility ends.
func (p *Process) back(ctx context.Context, record events.SQSMessage, cause error) {
	slog.WarnContext(ctx, "job goes back", "message", record.MessageId, "error", cause.Error())
	queue.Tell(ctx, p.Witness, record, cause)
	receives := queue.Receives(record)
	if queue.Unavailable(cause) || errors.Is(cause, errOwing) {
		p.postpone(ctx, record, queue.AwayDelay(receives, p.jitter))
		return
	}
	delay := faultDelay
	switch {
	case errors.Is(cause, dynamo.ErrConflict):
		delay = conflictDelay
	case errors.Is(cause, queue.ErrNoTime):
		delay = 0 // nothing is wrong with it
	}
	if receives > 1 {
		delay = min(delay<<min(receives-1, 10), maxDelay)
	}
	p.postpone(ctx, record, p.jitter(delay))
}

func (p *Process) postpone(ctx context.Context, record events.SQSMessage, delay time.Duration) {
	if err := p.Postponer.Postpone(ctx, record.ReceiptHandle, delay); err != nil {
		slog.WarnContext(ctx, "job not postponed", "message", record.MessageId, "error", err.Error())
	}
}
