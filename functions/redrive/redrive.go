// Package redrive keeps the jobs that failed too often, before SQS forgets them, and sends them again when somebody says so. It does not
// know what a job means; it tells operators no more of one than the job tells of itself. The surprising thing: a letter is sent before it is removed, so a crash in between sends it twice; every consumer
// drops what it has seen.
package redrive

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/answers"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/deadletter"
	"github.com/userops/userops/shared/dynamo/operator"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/secret"
	"github.com/userops/userops/shared/telemetry"
)

// Settings is what redrive reads of its environment.
type Settings struct {
	Table        string `env:"DEAD_LETTERS_TABLE"`
	AuditTable   string `env:"AUDIT_TABLE"`
	CatalogTable string `env:"CATALOG_TABLE"`

	// ServerKeyHash and DefaultKey open nothing here; whoever sends such a key hears what it is for.
	ServerKeyHash   string      `env:"SERVER_KEY_HASH" default:""`
	DefaultKey      string      `env:"DEFAULT_WRITE_KEY" default:""`
	OperatorKeyHash string      `env:"OPERATOR_KEY_HASH" default:""`
	OperatorKeys    access.Keys `env:"OPERATOR_KEYS" default:""`
	RoleClaim       string      `env:"ROLE_CLAIM" default:""` // of an operator's token
	NameClaim       string      `env:"NAME_CLAIM" default:""`
	SecretsPath     string      `env:"SECRETS_PATH" default:""`

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
}

// Letters keeps dead letters. It reads consistently. What it writes is durable when it answers nil; an error leaves open whether it was written.
type Letters interface {
	// Keep may be called again for the same letter.
	Keep(ctx context.Context, l deadletter.Letter, body []byte) error
	// Page lists those that were sent before a time, oldest first, behind the last one of the page before: nil begins, and a nil last one ends. A page may be empty
	// and not the last.
	Page(ctx context.Context, queue string, before time.Time, after *deadletter.Letter, size int32) (letters []deadletter.Letter, last *deadletter.Letter, err error)
	// List is a page for somebody who looks, the newest first. A cursor that it did not give is dynamo.ErrCursor.
	List(ctx context.Context, queue string, limit int, cursor string) (letters []deadletter.Letter, next string, err error)
	// Find answers dynamo.ErrNotFound for a letter that was sent again.
	Find(ctx context.Context, queue string, sent time.Time, id string) (deadletter.Letter, error)
	// Body answers dynamo.ErrNotFound for a letter that was sent again and of which only the entry is left.
	Body(context.Context, deadletter.Letter) ([]byte, error)
	// Why is what the function said whose job failed, nil where it said nothing.
	Why(context.Context, deadletter.Letter) (*deadletter.Why, error)
	// Remove may be called again for the same letter.
	Remove(context.Context, deadletter.Letter) error
}

// Sender puts a body on a queue; when it answers nil it is durable.
type Sender interface {
	SendBody(ctx context.Context, body []byte) error
}

// Queue is one queue of the product.
type Queue struct {
	Name string // as GET /v1/queues calls it
	Dead string // the name of its dead-letter queue
	Jobs Sender
}

// Process is the function.
type Process struct {
	Auth    httpapi.Auth
	Letters Letters
	Queues  []Queue
	Audit   operator.Audit
	Memory  answers.Store
	Now     func() time.Time
	NewID   func() string // of requests, never the same twice
}

// New is the process over clients of DynamoDB and SQS.
func New(s Settings, db dynamo.API, sqs queue.API, now func() time.Time) *Process {
	of := func(name, url, dead string) Queue {
		return Queue{Name: name, Dead: dead[strings.LastIndex(dead, "/")+1:], Jobs: queue.Sender{Client: sqs, URL: url}}
	}
	return &Process{
		Auth: httpapi.Auth{
			ServerKeyHash: s.ServerKeyHash, OperatorKeyHash: s.OperatorKeyHash, Operators: s.OperatorKeys, Claims: httpapi.Claims{Role: s.RoleClaim, Name: s.NameClaim},
			WriteKey: catalog.Sources{DB: db, Table: s.CatalogTable}.Knows(s.DefaultKey),
			Passes:   secret.Open(s.SecretsPath, now, secret.Session), Now: now,
		},
		Letters: deadletter.Letters{DB: db, Table: s.Table, Now: now},
		Queues: []Queue{
			of("events", s.EventsQueue, s.EventsDead),
			of("segmentation", s.SegmentationQueue, s.SegmentationDead),
			of("orchestration", s.OrchestrationQueue, s.OrchestrationDead),
			of("settlement", s.SettlementQueue, s.SettlementDead),
			of("notifications", s.NotificationsQueue, s.NotificationsDead),
			of("archive", s.ArchiveQueue, s.ArchiveDead),
			of("reporting", s.ReportingQueue, s.ReportingDead),
		},
		Audit:  operator.Audit{DB: db, Table: s.AuditTable, Now: now},
		Memory: answers.Store{DB: db, Table: s.Table},
		Now:    now,
		NewID:  rand.Text,
	}
}

// Sent is what became of a redrive. Left says that time ran out: the same call goes on. Failed letters stay where they are; the log says why.
type Sent struct {
	Queue  string `json:"queue"`
	Sent   int    `json:"sent"`
	Failed int    `json:"failed,omitempty"`
	Left   bool   `json:"left"`
}

// keep moves one dead letter to the table.
func (p *Process) keep(ctx context.Context, record events.SQSMessage) error {
	dead := record.EventSourceARN[strings.LastIndex(record.EventSourceARN, ":")+1:]
	for _, q := range p.Queues {
		if q.Dead != dead {
			continue
		}
		sent, err := strconv.ParseInt(record.Attributes["SentTimestamp"], 10, 64)
		if err != nil {
			return fmt.Errorf("a message of %s has no SentTimestamp", dead)
		}
		l := deadletter.Letter{Queue: q.Name, ID: record.MessageId, Sent: time.UnixMilli(sent).UTC()}
		if err := p.Letters.Keep(ctx, l, []byte(record.Body)); err != nil {
			return err
		}
		telemetry.Count("dead_letters", 1, "function", "redrive", "queue", q.Name)
		return nil
	}
	return fmt.Errorf("%s is no dead-letter queue of this function's", dead)
}

const (
	// page is how many letters are listed at once, and atOnce how many are sent side by side.
	page   = 100
	atOnce = 16
	// reserve is how long before the deadline no page is begun.
	reserve = 15 * time.Second
)

// redrive sends the letters of a queue that were there when it began.
func (p *Process) redrive(ctx context.Context, name string) (Sent, error) {
	for _, q := range p.Queues {
		if q.Name == plain(name) {
			var until time.Time
			if deadline, bounded := ctx.Deadline(); bounded {
				until = deadline.Add(-reserve)
			}
			return p.again(ctx, q, p.Now(), until)
		}
	}
	var names []string
	for _, q := range p.Queues {
		names = append(names, q.Name)
	}
	return Sent{}, fmt.Errorf("no queue %q has dead letters; there are %s", name, strings.Join(names, ", "))
}

// again sends the letters that were dead before a moment. A letter that fails again comes back with a later time. After until no page is begun; the zero time sets no end.
func (p *Process) again(ctx context.Context, q Queue, before, until time.Time) (Sent, error) {
	out := Sent{Queue: q.Name}
	for last := (*deadletter.Letter)(nil); ; {
		if !until.IsZero() && time.Now().After(until) {
			out.Left = true
			return out, nil
		}
		letters, next, err := p.Letters.Page(ctx, q.Name, before, last, page)
		if err != nil {
			return out, err
		}
		sent, failed := p.send(ctx, q, letters)
		out.Sent, out.Failed = out.Sent+sent, out.Failed+len(failed)
		if err := outage(q, out.Sent, failed); err != nil {
			return out, err
		}
		if last = next; last == nil {
			return out, nil
		}
	}
}

// outage is the error of a letter for which something was away that all of them need, nil where there is none: one that cannot be read or sent keeps none of the others.
func outage(q Queue, sent int, failed []error) error {
	if i := slices.IndexFunc(failed, queue.Unavailable); i >= 0 {
		return fmt.Errorf("sending dead letters of %s, %d done: %w", q.Name, sent, failed[i])
	}
	return nil
}

// send sends letters and removes them. It says how many were sent, and why others were not.
func (p *Process) send(ctx context.Context, q Queue, letters []deadletter.Letter) (sent int, failed []error) {
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, l := range letters {
		group.Go(func() error {
			went, err := p.one(ctx, q, l)
			mu.Lock()
			defer mu.Unlock()
			if went {
				sent++
			}
			if err != nil {
				slog.ErrorContext(ctx, "dead letter not sent again", "queue", q.Name, "letter", l.ID, "error", err.Error())
				failed = append(failed, err)
			}
			return nil
		})
	}
	_ = group.Wait() // errors are in failed
	return sent, failed
}

// one sends a letter and removes it. Of one that was sent before, only its place in the list is left.
func (p *Process) one(ctx context.Context, q Queue, l deadletter.Letter) (sent bool, err error) {
	body, err := p.Letters.Body(ctx, l)
	if errors.Is(err, dynamo.ErrNotFound) {
		return false, p.Letters.Remove(ctx, l)
	}
	if err != nil {
		return false, err
	}
	if err := q.Jobs.SendBody(ctx, body); err != nil {
		return false, err
	}
	return true, p.Letters.Remove(ctx, l)
}

// plain is a queue's name as GET /v1/queues has it, of what people write: EventsQueue, EventsDeadLetters.
func plain(name string) string {
	name = strings.ToLower(name)
	return strings.TrimSuffix(strings.TrimSuffix(name, "deadletters"), "queue")
}
