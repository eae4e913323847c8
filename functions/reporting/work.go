package reporting

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/bucket"
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
	err = queue.Guard(func() error { return p.step(ctx, &a, j.Shard, record) })
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

// step makes a part, and the answer where all parts are there. It makes the same part of other questions too that wait, unless it has been tried before: what one of them does wrong is its own.
func (p *Process) step(ctx context.Context, a *asking, part int, record events.SQSMessage) error {
	there, err := p.parts(ctx, a)
	if err != nil {
		return err
	}
	if there.has(a.key(answerName)) {
		return nil
	}
	if there.has(a.part(part)) {
		return p.merge(ctx, a, there)
	}
	others, err := p.claimed(ctx, a, part, record.MessageId, there)
	if err != nil {
		p.leave(ctx, a, part, record.MessageId)
		return err
	}
	if others {
		return fmt.Errorf("another job is at part %d of question %s: %w", part, a.id, queue.ErrNotYet)
	}
	all := []asking{*a}
	if queue.Receives(record) == 1 {
		all = p.company(ctx, a, part, record.MessageId)
	}
	var partials [][]byte
	err = queue.Guard(func() (err error) { partials, err = p.askAll(ctx, all, part); return err })
	if err != nil {
		for i := range all {
			p.leave(ctx, &all[i], part, record.MessageId)
		}
		return err
	}
	telemetry.Count("report_shards", len(all), "function", "reporting")
	for i := range all {
		one := p.keep(ctx, &all[i], part, partials[i])
		if one == nil {
			continue
		}
		p.leave(ctx, &all[i], part, record.MessageId)
		if i == 0 {
			err = one
		} else {
			slog.WarnContext(ctx, "a question is left to its own job", "report", all[i].id, "error", one.Error())
		}
	}
	return err
}

// leave lets go of a part that was claimed and not made, though the time of the job may be over; of somebody else's claim it does not. Where that fails, another job does the part once the claim is old.
func (p *Process) leave(ctx context.Context, a *asking, part int, owner string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	body, _, err := p.Objects.Read(ctx, a.claim(part))
	if err == nil && string(body) == owner {
		err = p.Objects.Delete(ctx, a.claim(part))
	}
	if err != nil && !errors.Is(err, bucket.ErrNotFound) {
		slog.WarnContext(ctx, "a claim stays", "report", a.id, "error", err.Error())
	}
}

// keep stores a part, and the answer where it was the last one.
func (p *Process) keep(ctx context.Context, a *asking, part int, partial []byte) error {
	if err := once(ctx, p.Objects, a.part(part), partial); err != nil {
		return err
	}
	// It is looked at after the part was written: of two that write the last two parts at once, one finds all.
	there, err := p.parts(ctx, a)
	if err != nil {
		return err
	}
	return p.merge(ctx, a, there)
}

// merge stores the answer where all parts are there.
func (p *Process) merge(ctx context.Context, a *asking, there present) error {
	for part := range a.parts() {
		if !there.has(a.part(part)) {
			return nil
		}
	}
	if err := p.finish(ctx, a); err != nil {
		return err
	}
	return p.Objects.Delete(ctx, a.waiting())
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
