// Package settlement advances the state machines by which rewards are earned, a row each of one table: so far that of referrals. It hears
// of orders and of time passing, and believes neither: every look at a subject reads anew how things stand, and every step is one
// conditional write or transaction. So jobs may come twice, late, in any order, or cut off at any point. The surprising thing: nobody
// tells it about refunds; an order that changed is looked at again, and what follows is in the order.
package settlement

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/deadletter"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// New is the process over clients of DynamoDB and SQS.
func New(s Settings, db dynamo.API, sqs queue.PostponeAPI, now func() time.Time) *Process {
	p := &Process{
		definitions: catalog.Catalog{DB: db, Table: s.CatalogTable}, waiting: due.Due{DB: db, Table: s.DueTable, Now: now},
		queue: queue.NewConsumer(sqs, s.Queue, deadletter.Witness{DB: db, Table: s.LettersTable, Queue: "settlement", Now: now}), now: now,
	}
	p.table = []row{
		{"", definition.Program, newReferrals(s, db, now, &p.moved)},
	}
	return p
}

// Handle takes a batch of the settlement queue, or the tick of the schedule.
func (p *Process) Handle(ctx context.Context, raw json.RawMessage) (any, error) {
	in, err := queue.ParseInvocation(raw, "minute")
	if err != nil {
		return nil, err
	}
	defer p.moved.tell()
	if in.Batch == nil {
		return nil, p.due(ctx)
	}
	machines, err := p.defined(ctx)
	if err != nil {
		return p.queue.Return(ctx, *in.Batch, func(int) error { return err }), nil
	}
	if len(machines) == 0 {
		return events.SQSEventResponse{}, nil
	}
	return p.queue.Consume(ctx, *in.Batch, func(ctx context.Context, record events.SQSMessage) error { return follows(ctx, machines, record) }), nil
}

// defined are the machines that have something to advance: for the others nothing was ever defined.
func (p *Process) defined(ctx context.Context) (machines []row, err error) {
	for _, r := range p.table {
		changes, err := p.definitions.Change(ctx, r.kind)
		if err != nil {
			return nil, err
		}
		if changes > 0 {
			machines = append(machines, r)
		}
	}
	return machines, nil
}

// follows takes the follows of one job.
func follows(ctx context.Context, machines []row, record events.SQSMessage) error {
	jobs, err := queue.Job[job.Follows](record)
	if err != nil {
		return err
	}
	return errors.Join(sideBySide(len(jobs.Follows), func(i int) error { return follow(ctx, machines, jobs.Follows[i]) })...)
}

// follow advances every subject that a follow concerns, whatever becomes of the others.
func follow(ctx context.Context, machines []row, f job.Follow) error {
	var errs []error
	for _, m := range machines {
		subjects, err := m.Concerns(ctx, f)
		errs = append(errs, err)
		for _, s := range subjects {
			_, err := m.Advance(ctx, s)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
