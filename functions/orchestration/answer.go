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
	// perMessage keeps what fails together small: dispatch takes a message again as a whole.
	perMessage = 10
	// atOnce is how many triggers are looked at side by side.
	atOnce = 32
	// perRound is how many triggers are answered between two looks at the time.
	perRound = 8 * atOnce
	// reserve is how much of an invocation must be left before a round is begun.
	reserve = 10 * time.Second
)

// What becomes of a trigger, as it is counted, beside the reasons of decisions.
const (
	notified  = "notified"
	waiting   = "waiting"
	parked    = "parked" // waits for a paused campaign
	gone      = "gone"   // nobody is there any more
	unmet     = "unmet"  // the event does not fit
	undecoded = "undecoded"
)

func isNotFound(err error) bool { return errors.Is(err, dynamo.ErrNotFound) }

func late(ctx context.Context) bool {
	deadline, bounded := ctx.Deadline()
	return ctx.Err() != nil || bounded && time.Until(deadline) < reserve
}

// jobs takes a batch of the queue. A job that there is no time for goes on as a new message and is taken as done: every receive of a
// message counts, and having no time is no failed attempt. An invocation that had no time for anything hands nothing back, since its
// time is set too short.
func (p *Process) jobs(ctx context.Context, batch events.SQSEvent) events.SQSEventResponse {
	begun := false
	return p.Queue.Consume(ctx, batch, func(ctx context.Context, record events.SQSMessage) error {
		j, err := queue.Job[job.Orchestration](record)
		if err != nil {
			return err
		}
		if late(ctx) && begun {
			return p.goOn(ctx, j)
		}
		begun = true
		rest, err := p.job(ctx, j)
		if errors.Is(err, dynamo.ErrUnreadable) || isNotFound(err) {
			// A newer program has written it, and will take over; or it is an event whose pack is still to be written.
			return errors.Join(queue.ErrNotYet, err)
		}
		if err != nil || rest == nil {
			return err
		}
		return p.goOn(ctx, *rest)
	})
}

func (p *Process) goOn(ctx context.Context, rest job.Orchestration) error {
	if err := p.Self.Send(ctx, rest); err != nil {
		return fmt.Errorf("handing on what there was no time for: %w", err)
	}
	return nil
}

// job does a job and answers what there was no time for, nil if all is done.
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

// follows looks at what every running campaign wants of what happened.
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
	open, err := p.answer(ctx, triggers)
	left := map[int]bool{}
	for _, i := range open {
		left[of[i]] = true
	}
	for i, f := range follows {
		if left[i] {
			rest = append(rest, f)
		}
	}
	return rest, apart(ctx, len(rest), len(follows), err)
}

// apart lets those that failed go on by themselves as a new job, where others of theirs did not: then the error is told here, and is no
// reason for the others to come again. A job in which all failed comes again by itself, and its receives are counted.
func apart(ctx context.Context, left, all int, err error) error {
	if err == nil || left == all {
		return err
	}
	slog.ErrorContext(ctx, "triggers that failed go on by themselves", "count", left, "of", all, "error", err.Error())
	return nil
}

// answer takes up triggers side by side, a round after the other while there is time, and sends what has not to wait. open are those that
// were not answered, for want of time and then those that failed. One that fails, such as a person who cannot be read, keeps none of the
// others.
func (p *Process) answer(ctx context.Context, triggers []trigger) (open []int, err error) {
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
					ready[i], err = p.take(ctx, t)
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

func (p *Process) wait(ctx context.Context, n job.Notification, at time.Time) error {
	body, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("encoding what waits: %w", err)
	}
	return p.Due.Wait(ctx, due.OwnerOrchestration, n.ProfileID, at, n.ID, body)
}

// notify sends notification jobs, a few to a message; those that are nil are none.
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
