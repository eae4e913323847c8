// Package reporting answers questions about what people did: at once from a sample, exactly by jobs on its queue, a shard of people each, and it lists the people behind a number. It reads the archive and writes
// nothing there but answers, which hold nobody. The surprising thing: a question is known by what it asks and what it is asked of, so that asking twice is one question, and every step may be done any number of times.
package reporting

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/answers"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/deadletter"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/operator"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/secret"
)

// Settings is what the function reads from its environment.
type Settings struct {
	Bucket   string         `env:"ARCHIVE_BUCKET"`
	Queue    string         `env:"REPORTING_QUEUE_URL"`
	Due      string         `env:"DUE_TABLE"`
	Runs     string         `env:"RUNS_TABLE"`
	Audit    string         `env:"AUDIT_TABLE"`
	Catalog  string         `env:"CATALOG_TABLE"`
	Profiles string         `env:"PROFILES_TABLE"`
	Dead     string         `env:"DEAD_LETTERS_TABLE"`
	Zone     *time.Location `env:"TIME_ZONE" default:"Asia/Shanghai"`
	Currency money.Currency `env:"CURRENCY" default:"CNY"`

	// ServerKeyHash and DefaultKey open nothing here; whoever sends such a key hears what it is for.
	ServerKeyHash   string      `env:"SERVER_KEY_HASH" default:""`
	DefaultKey      string      `env:"DEFAULT_WRITE_KEY" default:""`
	OperatorKeyHash string      `env:"OPERATOR_KEY_HASH" default:""`
	OperatorKeys    access.Keys `env:"OPERATOR_KEYS" default:""`
	RoleClaim       string      `env:"ROLE_CLAIM" default:""` // of an operator's token
	NameClaim       string      `env:"NAME_CLAIM" default:""`
	SecretsPath     string      `env:"SECRETS_PATH" default:""`
}

// QueueAPI is what reporting calls of SQS.
type QueueAPI interface {
	queue.PostponeAPI
	queue.API
}

// New wires the process.
func New(s Settings, db dynamo.API, objects bucket.API, sqs QueueAPI, now func() time.Time) *Process {
	return &Process{
		Auth: httpapi.Auth{
			ServerKeyHash: s.ServerKeyHash, OperatorKeyHash: s.OperatorKeyHash, Operators: s.OperatorKeys, Claims: httpapi.Claims{Role: s.RoleClaim, Name: s.NameClaim},
			WriteKey: catalog.Sources{DB: db, Table: s.Catalog}.Knows(s.DefaultKey),
			Passes:   secret.Open(s.SecretsPath, now, secret.Session), Now: now,
		},
		Objects:  bucket.Bucket{Client: objects, Name: s.Bucket},
		Waiting:  due.Due{DB: db, Table: s.Due, Now: now},
		Jobs:     queue.Sender{Client: sqs, URL: s.Queue},
		Consumer: queue.NewConsumer(sqs, s.Queue, deadletter.Witness{DB: db, Table: s.Dead, Queue: queueName, Now: now}),
		Letters:  deadletter.Letters{DB: db, Table: s.Dead, Now: now},
		Memory:   answers.Store{DB: db, Table: s.Runs},
		Audit:    operator.Audit{DB: db, Table: s.Audit, Now: now},
		People:   people.Profiles{DB: db, Table: s.Profiles},
		Shop:     profile.Shop{Zone: s.Zone, Currency: s.Currency},
		Now:      now,
		NewID:    rand.Text,
	}
}

// Handle takes a batch of the function's queue, or a request that came to the gateway.
func (p *Process) Handle(ctx context.Context, raw json.RawMessage) (any, error) {
	work := func(batch events.SQSEvent) any { return p.Consumer.Consume(ctx, batch, p.work) }
	return httpapi.Either(ctx, raw, p.Handler, work, func() (any, error) {
		return nil, errors.New("reading the invocation: it is neither a batch nor a request")
	})
}
