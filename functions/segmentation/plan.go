package segmentation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/userops/userops/shared/domain/audience/score"
	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// plan makes the run, unless there is one of that id, and sends it on from where it stands: planning a run again resumes it.
func (p *Process) plan(ctx context.Context, j job.Segmentation) error {
	run, err := p.Runs.Load(ctx, j.RunID)
	if errors.Is(err, dynamo.ErrNotFound) {
		run, err = p.create(ctx, j)
	}
	if err != nil {
		return err
	}
	return p.resume(ctx, run)
}

func (p *Process) create(ctx context.Context, j job.Segmentation) (score.Run, error) {
	now := p.Now().UTC()
	today := score.Date(p.Shop.Day(now))
	asOf := today
	if j.AsOf != "" {
		var err error
		if asOf, err = score.ParseDate(j.AsOf); err != nil {
			return score.Run{}, queue.Drop(fmt.Errorf("planning run %s: asOf %w", j.RunID, err))
		}
		if asOf > today {
			return score.Run{}, queue.Drop(fmt.Errorf("planning run %s: asOf %s is still to come", j.RunID, asOf))
		}
	}
	run := score.Run{
		ID: j.RunID, AsOf: asOf, ReportOnly: asOf < today, CreatedAt: now,
		Zone: p.Shop.Zone.String(), Currency: p.Shop.Currency, Shards: p.Shards, InBucket: true,
	}
	var err error
	if run.Scoring, err = p.scoring(ctx); err != nil {
		return score.Run{}, err
	}
	if !run.ReportOnly {
		if err := p.keepDefinitions(ctx, run); err != nil {
			return score.Run{}, err
		}
		set, err := p.definitions(ctx, run)
		if err != nil {
			return score.Run{}, err
		}
		if run.Asks, err = p.keepQuestions(ctx, run, set); err != nil {
			return score.Run{}, err
		}
	}
	run, err = p.Runs.Create(ctx, run)
	if err != nil {
		return score.Run{}, err
	}
	slog.InfoContext(ctx, "run planned", "run", run.ID, "asOf", run.AsOf.String(), "shards", run.Shards, "reportOnly", run.ReportOnly)
	return run, nil
}

// scoring is the operator's setting, or the defaults.
func (p *Process) scoring(ctx context.Context) (score.Scoring, error) {
	settings, err := p.Catalog.All(ctx, definition.Settings)
	if err != nil {
		return score.Scoring{}, err
	}
	for _, one := range settings {
		if one.ID == definition.Scoring.ID {
			return definition.Scoring.Read(one)
		}
	}
	return definition.Scoring.Absent, nil
}

// keepDefinitions writes down the segments that every shard of the run will ask.
func (p *Process) keepDefinitions(ctx context.Context, run score.Run) error {
	found, err := p.Catalog.All(ctx, definition.Segment)
	if err != nil {
		return err
	}
	bodies := make([]json.RawMessage, len(found))
	for i, one := range found {
		bodies[i] = one.Body
	}
	text, err := json.Marshal(bodies)
	if err != nil {
		return fmt.Errorf("packing the definitions of run %s: %w", run.ID, err)
	}
	packed := compress(text)
	if len(packed) > maxItemBytes {
		return fmt.Errorf("packing the definitions of run %s: %d bytes, at most %d", run.ID, len(packed), maxItemBytes)
	}
	_, err = p.Runs.SaveDefinitions(ctx, run.ID, run.CreatedAt, packed)
	return err
}

// definitions compiles the segments of the run. Faulty ones are left out, their memberships stand.
func (p *Process) definitions(ctx context.Context, run score.Run) (*segment.Set, error) {
	set, _, err := p.planned(ctx, run)
	return set, err
}

// planned also answers the definitions themselves.
func (p *Process) planned(ctx context.Context, run score.Run) (*segment.Set, []segment.Definition, error) {
	packed, err := p.Runs.Definitions(ctx, run.ID)
	if err != nil {
		return nil, nil, err
	}
	text, err := decompress(packed)
	if err != nil {
		return nil, nil, fmt.Errorf("unpacking the definitions of run %s: %w", run.ID, err)
	}
	var bodies []json.RawMessage
	if err := json.Unmarshal(text, &bodies); err != nil {
		return nil, nil, fmt.Errorf("unpacking the definitions of run %s: %w", run.ID, err)
	}
	definitions := make([]segment.Definition, len(bodies))
	for i, body := range bodies {
		d, err := definition.Segments.Decode(body)
		if err != nil {
			d = segment.Definition{ID: d.ID} // it is broken, as one whose rule cannot be asked
		}
		definitions[i] = d
	}
	set, faults := segment.Compile(definitions)
	for _, f := range faults {
		slog.WarnContext(ctx, "segment left out", "run", run.ID, "field", f.Field, "reason", f.Reason)
	}
	return set, definitions, nil
}

// resume sends the jobs that a run waits for. Sending one that is on its way already is harmless.
func (p *Process) resume(ctx context.Context, run score.Run) error {
	var jobs []job.Segmentation
	add := func(kind job.SegmentationKind, done score.ShardSet, shards int) {
		for shard := range shards {
			if !done.Has(shard) {
				jobs = append(jobs, job.Segmentation{Kind: kind, RunID: run.ID, Shard: shard, Shards: shards})
			}
		}
	}
	switch {
	case run.Outcome != nil:
		return nil
	case len(run.Asked) < run.Asks:
		add(job.Ask, run.Asked, run.Asks)
	case len(run.Collected) < run.Shards:
		add(job.Collect, run.Collected, run.Shards)
	case run.Findings == nil || run.ReportOnly:
		jobs = append(jobs, job.Segmentation{Kind: job.Close, RunID: run.ID, Shards: run.Shards})
	case len(run.Scored) < run.Shards:
		add(job.Score, run.Scored, run.Shards)
	default:
		return p.finish(ctx, run)
	}
	return p.sendJobs(ctx, jobs)
}

// finish adds up the results of all shards.
func (p *Process) finish(ctx context.Context, run score.Run) error {
	results, err := p.Runs.Results(ctx, run.ID)
	if err != nil {
		return err
	}
	outcome := score.Outcome{Segments: map[string]int{}, FinishedAt: p.Now().UTC()}
	for _, one := range results {
		outcome.Changed += one.Changed
		outcome.PassedOver += one.PassedOver
		for id, n := range one.Segments {
			outcome.Segments[id] += n
		}
	}
	if run.Asks > 0 {
		known, err := p.recalled(ctx, run)
		if err != nil {
			return err
		}
		outcome.Unasked = known == nil
	}
	if err := p.Runs.SaveOutcome(ctx, run.ID, outcome); err != nil {
		return err
	}
	slog.InfoContext(ctx, "run finished", "run", run.ID, "profiles", run.Profiles, "buyers", run.Buyers, "changed", outcome.Changed)
	return nil
}
