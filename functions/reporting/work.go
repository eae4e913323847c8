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
	if j.Shard < 0 || j.Shard >= a.parts() {
		return queue.Drop(fmt.Errorf("question %s has no part %d", a.id, j.Shard))
	}
	if a.Version != fold.Version {
		return fmt.Errorf("question %s is of version %d", a.id, a.Version) // a newer program reads it
	}
	// Whatever panics is told as a failure too.
	err = queue.Guard(func() error { return p.step(ctx, &a, j.Shard) })
	if errors.Is(err, bucket.ErrNotFound) {
		// What was read is not there any more: it was asked long ago. Whoever asks again asks the archive as it is then.
		slog.WarnContext(ctx, "question of an archive that is gone", "report", a.id)
		return once(ctx, p.Objects, a.key(goneName), nil)
	}
	if err != nil && queue.Receives(record) >= queue.LastReceive {
		p.fail(ctx, &a, j.Again, err)
	}
	return err
}

// step makes a part, and the answer where all parts are there.
func (p *Process) step(ctx context.Context, a *asking, part int) error {
	there, err := p.parts(ctx, a)
	if err != nil {
		return err
	}
	if there.has(a.key(answerName)) {
		return nil
	}
	if !there.has(a.part(part)) {
		partial, err := p.ask(ctx, a, part)
		if err != nil {
			return err
		}
		if err := once(ctx, p.Objects, a.part(part), partial); err != nil {
			return err
		}
		telemetry.Count("report_shards", 1, "function", "reporting")
		// It is looked at after the part was written: of two that write the last two parts at once, one finds all.
		if there, err = p.parts(ctx, a); err != nil {
			return err
		}
	}
	for part := range a.parts() {
		if !there.has(a.part(part)) {
			return nil
		}
	}
	return p.finish(ctx, a)
}

// ask folds the people of a part. Whom the archive, or what waits for it, knows to be erased by now is left out.
func (p *Process) ask(ctx context.Context, a *asking, part int) ([]byte, error) {
	r, files, err := p.open(ctx, a, part)
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

// open opens what is read for a part of a question.
func (p *Process) open(ctx context.Context, a *asking, part int) (columns.Reading, []*columns.File, error) {
	shard, from, before := a.within(part)
	return p.openRange(ctx, a, shard, from, before)
}

// openRange opens what is read for those of a shard of a question who come between two people.
func (p *Process) openRange(ctx context.Context, a *asking, shard int, from, before columns.Person) (columns.Reading, []*columns.File, error) {
	now, err := archive.Look(ctx, p.Objects, p.Waiting)
	if err != nil {
		return columns.Reading{}, nil, err
	}
	view := a.View.With(now)
	r, err := view.Reading(ctx, p.Objects, shard, a.Shards)
	if err != nil {
		return r, nil, err
	}
	r.From, r.Before = from, before
	files, err := view.OpenFor(ctx, p.Objects, &r)
	return r, files, err
}

// finish merges the parts, in their order, and stores the answer.
func (p *Process) finish(ctx context.Context, a *asking) error {
	var whole fold.Partial
	for n := range a.parts() {
		body, _, err := p.Objects.Read(ctx, a.part(n))
		if err != nil {
			return err
		}
		part, err := fold.Decode(body)
		if err != nil {
			return fmt.Errorf("question %s, part %d: %w", a.id, n, err)
		}
		if whole == nil {
			whole = part
		} else if err := whole.Merge(part); err != nil {
			return fmt.Errorf("question %s, part %d: %w", a.id, n, err)
		}
	}
	body, err := fold.Encode(whole)
	if err != nil {
		return err
	}
	return once(ctx, p.Objects, a.key(answerName), body)
}
