package orchestration

import (
	"context"
	"errors"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// jobs consumes a batch of the queue. Where the time ends before a job is done, the rest of the job is sent as a new message, and the old
// message is deleted: SQS counts every receive as a failed attempt, and to have no time is none. The first job of an invocation is always
// begun, so that each invocation gets something done however short its time is.
func (p *Process) jobs(ctx context.Context, batch events.SQSEvent) events.SQSEventResponse {
	begun := false
	return p.Queue.Consume(ctx, batch, func(ctx context.Context, record events.SQSMessage) error {
		j, err := queue.Job[job.Orchestration](record)
		if err != nil {
			return err
		}
		if late(ctx) && begun {
			return p.requeue(ctx, j)
		}
		begun = true
		rest, err := p.job(ctx, j)
		if errors.Is(err, dynamo.ErrUnreadable) || errors.Is(err, dynamo.ErrNotFound) {
			// Either a newer version wrote the profile, and its workers take the job over; or the pack of the event is still to be written.
			return errors.Join(queue.ErrNotYet, err)
		}
		if err != nil || rest == nil {
			return err
		}
		return p.requeue(ctx, *rest)
	})
}

// job does a job. rest is what is left to be requeued, nil if all is done.
func (p *Process) job(ctx context.Context, j job.Orchestration) (rest *job.Orchestration, err error) {
	if j.Audience != nil {
		left, err := p.audience(ctx, *j.Audience)
		if err == nil && left != nil {
			rest = &job.Orchestration{Audience: left}
		}
		return rest, err
	}
	if j.Reentry != nil {
		left, err := p.reenter(ctx, *j.Reentry)
		if err == nil && left != nil {
			rest = &job.Orchestration{Reentry: left}
		}
		return rest, err
	}
	left, err := p.follows(ctx, j.Follows)
	if err == nil && len(left) > 0 {
		rest = &job.Orchestration{Follows: left}
	}
	return rest, err
}

// follows evaluates every running campaign that listens to one of the follows. rest are the follows of which a trigger is left.
func (p *Process) follows(ctx context.Context, follows []job.Follow) (rest []job.Follow, err error) {
	var triggers []trigger
	var of []int // the follow of each trigger
	for i, f := range follows {
		s := &subject{id: f.ProfileID, origin: f.ProfileID, follow: f.Follow}
		if f.Part != "" {
			s.origin = f.Part
		}
		campaigns, err := p.Campaigns.Listening(ctx, f.Follow)
		if err != nil {
			return nil, err
		}
		for _, c := range campaigns {
			t := trigger{subject: s, campaign: c, cause: f.ID, at: f.At}
			if f.Unproven && !c.TakesUnproven() {
				t.ended = skip(delivery.Unproven, "")
			}
			triggers, of = append(triggers, t), append(of, i)
		}
	}
	open, err := p.evaluateAll(ctx, triggers)
	left := map[int]bool{}
	for _, i := range open {
		left[of[i]] = true
	}
	for i, f := range follows {
		if left[i] {
			rest = append(rest, f)
		}
	}
	return rest, splitOff(ctx, len(rest), len(follows), err)
}
