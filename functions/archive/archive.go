// Package archive keeps every accepted event a second time, where questions are cheap: it takes the packs that commits owe, makes files of them by day and shard of people, and closes
// days. It answers no question. The surprising thing: it has no state but one object, the head; whatever else it has written means nothing until the head names it.
package archive

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/deadletter"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/telemetry"
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

// Later keeps who was erased until archive has taken it. An entry stays until it was handed to each without an error; each may be given an entry twice.
type Later interface {
	Ready(ctx context.Context, owner string, each func(context.Context, due.Entry) (again time.Time, err error)) error
}

// Gauge measures how full a queue is.
type Gauge interface {
	Depth(ctx context.Context, url string) (queue.Depth, error)
}

// Letters counts the dead letters that are kept of a queue.
type Letters interface {
	Count(ctx context.Context, queue string) (int, error)
}

// Process is the function.
type Process struct {
	Objects  archive.Objects
	Consumer queue.Consumer
	Later    Later
	Gauge    Gauge
	Queues   []string // the queues in which an event is before it is in the bucket, in the order of its way
	Letters  Letters
	Timeline Timeline
	Shop     profile.Shop
	Shards   int // of a day that begins
	Now      func() time.Time
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
		Consumer: queue.NewConsumer(sqs, s.Queue),
		Later:    due.Due{DB: db, Table: s.Due, Now: now},
		Gauge:    queue.Gauge{Client: sqs},
		Queues:   []string{s.Events, s.Queue},
		Letters:  deadletter.Letters{DB: db, Table: s.Dead, Now: now},
		Timeline: people.Timeline{DB: db, Table: s.Timeline, Now: now},
		Shop:     profile.Shop{Zone: s.Zone},
		Shards:   s.Shards,
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

// Take writes what a batch brings as one object. The answer names the messages that are to come again: those that cannot be read, or all if the object could not be written.
func (p *Process) Take(ctx context.Context, batch events.SQSEvent) events.SQSEventResponse {
	work, cancel := queue.Bounded(ctx)
	defer cancel()
	causes := make([]error, len(batch.Records))
	var jobs []job.Archive
	for i, record := range batch.Records {
		j, err := queue.Job[job.Archive](record)
		if err == nil {
			err = readable(j)
		}
		if causes[i] = err; err == nil {
			jobs = append(jobs, j)
		}
	}
	if err := p.keep(work, archive.Gather(jobs)); err != nil {
		for i := range causes {
			if causes[i] == nil {
				causes[i] = err
			}
		}
	}
	return p.Consumer.Return(ctx, batch, func(i int) error { return causes[i] })
}

// readable refuses what no later step could read. It may be of a newer version: it comes again, and is a dead letter in the end.
func readable(j job.Archive) error {
	for i, pack := range j.Packs {
		if _, err := columns.PersonOf(pack.ProfileID); err != nil {
			return fmt.Errorf("packs[%d]: %w", i, err)
		}
		if _, err := people.EventsOf(pack.Body); err != nil {
			return fmt.Errorf("packs[%d]: %w", i, err)
		}
	}
	for i, m := range j.Merges {
		for _, id := range []profile.ID{m.ProfileID, profile.ID(m.Ref)} {
			if _, err := columns.PersonOf(id); err != nil || m.ID == "" {
				return fmt.Errorf("merges[%d] does not say which two profiles became one", i)
			}
		}
	}
	return nil
}

func (p *Process) keep(ctx context.Context, all job.Archive) error {
	if len(all.Packs)+len(all.Merges) == 0 {
		return nil
	}
	body, err := queue.Encode(all)
	if err != nil {
		return err
	}
	if err := p.Objects.Put(ctx, archive.PacksName(all), body); err != nil {
		return err
	}
	telemetry.Count("packs_archived", len(all.Packs), "function", "archive")
	return nil
}
