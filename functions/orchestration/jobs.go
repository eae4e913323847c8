package orchestration

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

const (
	// perMessage is how many notifications one message has at most. A message that fails comes again as a whole.
	perMessage = 10
	// atOnce is how many triggers are evaluated in parallel.
	atOnce = 32
	// perRound is how many triggers are evaluated between two checks of the time that is left.
	perRound = 8 * atOnce
	// reserve is how much time an invocation must have left to begin a round.
	reserve = 10 * time.Second
)

// The outcomes of triggers as metrics count them, beside the reasons of decisions.
const (
	notified  = "notified"
	waiting   = "waiting"
	parked    = "parked" // kept while its campaign is paused
	gone      = "gone"   // the person was erased
	unmet     = "unmet"  // the event does not meet the trigger's condition
	undecoded = "undecoded"
)

func isNotFound(err error) bool { return errors.Is(err, dynamo.ErrNotFound) }

func late(ctx context.Context) bool {
	deadline, bounded := ctx.Deadline()
	return ctx.Err() != nil || bounded && time.Until(deadline) < reserve
}

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
		if errors.Is(err, dynamo.ErrUnreadable) || isNotFound(err) {
			// Either a newer version wrote the profile, and its workers take the job over; or the pack of the event is still to be written.
			return errors.Join(queue.ErrNotYet, err)
		}
		if err != nil || rest == nil {
			return err
		}
		return p.requeue(ctx, *rest)
	})
}

// requeue sends a job, or what is left of one, as a new message.
func (p *Process) requeue(ctx context.Context, rest job.Orchestration) error {
	if err := p.Self.Send(ctx, rest); err != nil {
		return fmt.Errorf("requeueing what there was no time for: %w", err)
	}
	return nil
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

// splitOff is the error of a job of which left triggers are to be evaluated again. Where only some of the job is left, it logs the error and
// answers nil: the caller requeues the rest, and what succeeded does not come again. Where all of it is left, it answers the error: the
// message comes again itself, so that SQS counts its receives and gives it up at last.
func splitOff(ctx context.Context, left, all int, err error) error {
	if err == nil || left == all {
		return err
	}
	slog.ErrorContext(ctx, "triggers that failed go on by themselves", "count", left, "of", all, "error", err.Error())
	return nil
}

// evaluateAll evaluates triggers in parallel, round by round while there is time, and sends the notifications that need not wait. open are the
// indices of the triggers that are left: first those that there was no time for, then those that failed. A trigger that fails, such as that of
// a person who cannot be read, does not stop the others. err is the first failure.
func (p *Process) evaluateAll(ctx context.Context, triggers []trigger) (open []int, err error) {
	var failed []int
	for at := 0; at < len(triggers); at += perRound {
		if at > 0 && late(ctx) || queue.Unavailable(err) {
			for i := at; i < len(triggers); i++ {
				open = append(open, i)
			}
			break
		}
		round := triggers[at:min(at+perRound, len(triggers))]
		ready, errs := make([]*job.Notification, len(round)), make([]error, len(round))
		var g errgroup.Group
		g.SetLimit(atOnce)
		for i, t := range round {
			g.Go(func() error {
				errs[i] = queue.Guard(func() (err error) {
					ready[i], err = p.evaluate(ctx, t)
					return err
				})
				return nil
			})
		}
		_ = g.Wait()
		told := p.notify(ctx, ready)
		for i := range round {
			if one := cmp.Or(told, errs[i]); one != nil {
				failed, err = append(failed, at+i), cmp.Or(err, one)
			}
		}
	}
	return append(open, failed...), err
}

// wait files a notification for the end of its wait.
func (p *Process) wait(ctx context.Context, n job.Notification, at time.Time) error {
	body, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("encoding what waits: %w", err)
	}
	return p.Due.Wait(ctx, due.OwnerOrchestration, n.ProfileID, at, n.ID, body)
}

// notify sends the notifications that are not nil to dispatch, at most perMessage in one message.
func (p *Process) notify(ctx context.Context, all []*job.Notification) error {
	all = slices.DeleteFunc(all, func(n *job.Notification) bool { return n == nil })
	var bodies [][]byte
	for chunk := range slices.Chunk(all, perMessage) {
		j := job.Notifications{}
		for _, n := range chunk {
			j.Notifications = append(j.Notifications, *n)
		}
		body, err := queue.Encode(j)
		if err != nil {
			return err
		}
		bodies = append(bodies, body)
	}
	if err := p.Notifications.SendAll(ctx, bodies); err != nil {
		return fmt.Errorf("telling dispatch: %w", err)
	}
	return nil
}
