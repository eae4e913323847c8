package segmentation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// Handle takes a batch of the function's queue, or the schedule's {"schedule":"nightly"}.
func (p *Process) Handle(ctx context.Context, raw json.RawMessage) (any, error) {
	in, err := queue.ParseInvocation(raw, "nightly")
	if err != nil {
		return nil, err
	}
	if in.Batch != nil {
		return p.Queue.Consume(ctx, *in.Batch, p.record), nil
	}
	today := score.Date(p.Shop.Day(p.Now()))
	return nil, p.plan(ctx, job.Segmentation{Kind: job.Plan, RunID: today.String()})
}

func (p *Process) record(ctx context.Context, message events.SQSMessage) error {
	j, err := queue.Job[job.Segmentation](message)
	if err != nil {
		return err
	}
	if j.Kind == job.Audience || j.Kind == job.Audiences || j.Kind == job.Members {
		return p.audience(ctx, j)
	}
	if !score.ValidRunID(j.RunID) {
		return queue.Drop(fmt.Errorf("a job of kind %q has no usable runId", j.Kind))
	}
	if j.Kind == job.Plan {
		return p.plan(ctx, j)
	}
	run, err := p.Runs.Load(ctx, j.RunID)
	if errors.Is(err, dynamo.ErrNotFound) {
		return queue.Drop(err)
	}
	if err != nil {
		return err
	}
	shards := run.Shards
	if j.Kind == job.Ask {
		shards = run.Asks
	}
	if j.Kind != job.Close && (j.Shard < 0 || j.Shard >= shards) {
		return queue.Drop(fmt.Errorf("run %s has no shard %d", run.ID, j.Shard))
	}
	shop, err := shopOf(run)
	if err != nil {
		return queue.Drop(err)
	}
	switch j.Kind {
	case job.Ask:
		return p.ask(ctx, run, shop, j, message)
	case job.Collect:
		return p.collect(ctx, run, shop, j)
	case job.Close:
		return p.close(ctx, run)
	case job.Score:
		return p.score(ctx, run, shop, j)
	}
	// A newer version may know it: it goes to the dead letters, from where it can be sent again.
	return fmt.Errorf("a job is of the unknown kind %q", j.Kind)
}

// shopOf is the shop as it was when the run was planned.
func shopOf(run score.Run) (profile.Shop, error) {
	zone, err := time.LoadLocation(run.Zone)
	if err != nil {
		return profile.Shop{}, fmt.Errorf("run %s: %w", run.ID, err)
	}
	return profile.Shop{Zone: zone, Currency: run.Currency}, nil
}
