package reporting

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/bucket"
	"github.com/userops/userops/shared/columns"
	"github.com/userops/userops/shared/domain/insight/fold"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/telemetry"
)

// work asks a question of a shard. A part that is there stays as it is, and so does an answer: whoever does a job again, or at the same time as another, makes the same or finds it made.
func (p *Process) work(ctx context.Context, record events.SQSMessage) error {
	j, err := queue.Job[job.Reporting](record)
	if err != nil {
		return err
	}
	a, err := load(ctx, p.Objects, j.Report)
	if errors.Is(err, bucket.ErrNotFound) {
		return queue.Drop(fmt.Errorf("nobody asks %.64q any more", j.Report))
	}
	if err != nil {
		return err
	}
	if j.Shard < 0 || j.Shard >= a.Shards {
		return queue.Drop(fmt.Errorf("question %s has no shard %d", a.id, j.Shard))
	}
	if a.Version != fold.Version {
		return fmt.Errorf("question %s is of version %d", a.id, a.Version) // a newer program reads it
	}
	err = p.step(ctx, &a, j.Shard)
	if errors.Is(err, bucket.ErrNotFound) {
		// What was read is not there any more: it was asked long ago. Whoever asks again asks the archive as it is then.
		slog.WarnContext(ctx, "question of an archive that is gone", "report", a.id)
		return once(ctx, p.Objects, a.key(goneName), nil)
	}
	return err
}

// step makes the part of a shard, and the answer where all parts are there.
func (p *Process) step(ctx context.Context, a *asking, shard int) error {
	done, err := p.parts(ctx, a)
	if err != nil {
		return err
	}
	if done[a.key(answerName)] {
		return nil
	}
	if !done[a.part(shard)] {
		partial, err := p.ask(ctx, a, shard)
		if err != nil {
			return err
		}
		if err := once(ctx, p.Objects, a.part(shard), partial); err != nil {
			return err
		}
		telemetry.Count("report_shards", 1, "function", "reporting")
		// It is looked at after the part was written: of two that write the last two parts at once, one finds all.
		if done, err = p.parts(ctx, a); err != nil {
			return err
		}
	}
	for shard := range a.Shards {
		if !done[a.part(shard)] {
			return nil
		}
	}
	return p.finish(ctx, a)
}

// parts are the keys of the objects that there are of a question.
func (p *Process) parts(ctx context.Context, a *asking) (map[string]bool, error) {
	listed, err := p.Objects.List(ctx, a.key(""))
	if err != nil {
		return nil, err
	}
	all := map[string]bool{}
	for _, o := range listed {
		all[o.Key] = true
	}
	return all, nil
}

// ask folds the people of a shard. Whom the archive, or what waits for it, knows to be erased by now is left out.
func (p *Process) ask(ctx context.Context, a *asking, shard int) ([]byte, error) {
	r, files, err := p.open(ctx, a, shard)
	if err != nil {
		return nil, err
	}
	q, err := a.compile()
	if err != nil {
		return nil, err
	}
	if err := r.Fold(q, files...); err != nil {
		return nil, err
	}
	return fold.Encode(q.Partial())
}

// open opens what is read for a shard of a question.
func (p *Process) open(ctx context.Context, a *asking, shard int) (columns.Reading, []*columns.File, error) {
	now, err := archive.Look(ctx, p.Objects, p.Waiting)
	if err != nil {
		return columns.Reading{}, nil, err
	}
	view := a.View.With(now)
	r, err := view.Reading(ctx, p.Objects, shard, a.Shards)
	if err != nil {
		return r, nil, err
	}
	files, err := view.OpenFor(ctx, p.Objects, r)
	return r, files, err
}

// finish merges the parts, in the order of shards, and stores the answer.
func (p *Process) finish(ctx context.Context, a *asking) error {
	var whole fold.Partial
	for shard := range a.Shards {
		body, _, err := p.Objects.Read(ctx, a.part(shard))
		if err != nil {
			return err
		}
		part, err := fold.Decode(body)
		if err != nil {
			return fmt.Errorf("question %s, shard %d: %w", a.id, shard, err)
		}
		if whole == nil {
			whole = part
		} else if err := whole.Merge(part); err != nil {
			return fmt.Errorf("question %s, shard %d: %w", a.id, shard, err)
		}
	}
	body, err := fold.Encode(whole)
	if err != nil {
		return err
	}
	return once(ctx, p.Objects, a.key(answerName), body)
}
