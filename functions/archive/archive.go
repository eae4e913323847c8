// Package archive keeps every accepted event a second time, where questions are cheap: it takes the packs that commits owe, makes files of them by day and shard of people, and closes
// days. It answers no question. The surprising thing: it has no state but one object, the head; whatever else it has written means nothing until the head names it.
package archive

import (
	"context"
	"encoding/json"
	"time"

	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/deadletter"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/queue"
)

// Settings is what the function reads from its environment.
type Settings struct {
	Bucket   string         `env:"ARCHIVE_BUCKET"`
	Queue    string         `env:"ARCHIVE_QUEUE_URL"`
	Events   string         `env:"EVENTS_QUEUE_URL"`
	Timeline string         `env:"TIMELINE_TABLE"`
	Due      string         `env:"DUE_TABLE"`
	Dead     string         `env:"DEAD_LETTERS_TABLE"`
	Zone     *time.Location `env:"TIME_ZONE" default:"Asia/Shanghai"`
	Shards   int            `env:"SHARDS" default:"4"`
}

// QueueAPI is what archive calls of SQS.
type QueueAPI interface {
	queue.PostponeAPI
	queue.GaugeAPI
}

// New wires the process.
func New(s Settings, db dynamo.API, objects bucket.API, sqs QueueAPI, now func() time.Time) *Process {
	return &Process{
		Objects:  bucket.Bucket{Client: objects, Name: s.Bucket},
		Consumer: queue.NewConsumer(sqs, s.Queue, deadletter.Witness{DB: db, Table: s.Dead, Queue: "archive", Now: now}),
		Later:    due.Due{DB: db, Table: s.Due, Now: now},
		Gauge:    queue.Gauge{Client: sqs},
		Queues:   []string{s.Events, s.Queue},
		Letters:  deadletter.Letters{DB: db, Table: s.Dead, Now: now},
		Timeline: people.Timeline{DB: db, Table: s.Timeline, Now: now},
		Shop:     profile.Shop{Zone: s.Zone},
		Shards:   s.Shards,
		Little:   littleEvents,
		Now:      now,
	}
}

// Invoke takes a batch of the archive's queue, the schedule, {"close":"2026-03-01"}, which closes a day again, or {"fill":true}, which fills the archive from the timeline that is there.
func (p *Process) Invoke(ctx context.Context, raw json.RawMessage) (any, error) {
	var asked struct {
		Close string `json:"close"`
		Fill  bool   `json:"fill"`
	}
	switch err := json.Unmarshal(raw, &asked); {
	case err == nil && asked.Close != "":
		return p.CloseAgain(ctx, asked.Close)
	case err == nil && asked.Fill:
		return p.Fill(ctx)
	}
	in, err := queue.ParseInvocation(raw, "archive")
	if err != nil {
		return nil, err
	}
	if in.Batch != nil {
		return p.Take(ctx, *in.Batch), nil
	}
	return nil, p.Run(ctx)
}
