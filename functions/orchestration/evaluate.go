package orchestration

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

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

func late(ctx context.Context) bool {
	deadline, bounded := ctx.Deadline()
	return ctx.Err() != nil || bounded && time.Until(deadline) < reserve
}

// requeue sends a job, or what is left of one, as a new message.
func (p *Process) requeue(ctx context.Context, rest job.Orchestration) error {
	if err := p.Self.Send(ctx, rest); err != nil {
		return fmt.Errorf("requeueing what there was no time for: %w", err)
	}
	return nil
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
