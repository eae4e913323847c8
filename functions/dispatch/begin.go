package dispatch

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// Dispatch decides and sends one notification. An error means that it is not decided and the job must come again.
func (p *Process) Dispatch(ctx context.Context, n job.Notification) error {
	n.At = n.At.UTC().Truncate(time.Millisecond)
	profiles, deliveries, ahead := p.Ahead()
	a := &attempt{Process: p, Profiles: profiles, Deliveries: deliveries, n: n, holder: rand.Text()[:10]}
	if err := ahead.Read(ctx, n); err != nil {
		return err
	}
	var last error
	for range maxConflicts {
		reserved, err := a.begin(ctx)
		switch {
		case errors.Is(err, errMoved):
			last = err
			ahead.Forget()
			continue
		case errors.Is(err, dynamo.ErrUnreadable):
			return errors.Join(queue.ErrNotYet, err) // a newer program has written it, and will take over
		case err != nil || reserved == nil:
			return err
		}
		if err := reserved.still(ctx); err != nil {
			return err
		}
		return reserved.send(ctx).record(ctx)
	}
	return fmt.Errorf("reserving notification %s: %w", n.ID, last)
}

// begin does everything up to the stored intent. It answers nil without an error when the notification is decided and no provider is to be
// called. errMoved asks for another try with everything read anew: a write lost to another worker's, or its answer got lost.
func (a *attempt) begin(ctx context.Context) (*reserved, error) {
	read, err := a.read(ctx)
	switch {
	case errors.Is(err, dynamo.ErrUnreadable) && a.late():
		return nil, a.giveUp(ctx, err)
	case err != nil:
		return nil, err
	case read == nil:
		a.drop(ctx)
		return nil, nil
	case read.begun != nil && !read.own():
		return nil, read.recordUnknown(ctx)
	case read.begun == nil:
		if decided, err := a.decided(ctx); decided || err != nil {
			return nil, err
		}
	}
	judged, verdict, err := read.judge(ctx)
	if err != nil {
		return nil, err
	}
	if verdict.Action != delivery.Proceed {
		return nil, judged.turnDown(ctx, verdict)
	}
	written, verdict, err := judged.write(ctx)
	if err != nil {
		return nil, err
	}
	if verdict.Action != delivery.Proceed {
		return nil, judged.turnDown(ctx, verdict)
	}
	allowed, verdict, err := written.allow(ctx)
	if err != nil {
		return nil, errors.Join(err, judged.release(ctx))
	}
	if verdict.Action != delivery.Proceed {
		return nil, judged.turnDown(ctx, verdict)
	}
	reserved, err := allowed.reserve(ctx)
	if reserved == nil {
		allowed.giveBack()
	}
	return reserved, err
}

// drop ends a notification for somebody who was erased. Nothing about the person is written any more, so that it has no decision.
func (a *attempt) drop(ctx context.Context) {
	slog.InfoContext(ctx, "notification dropped", "notification", a.n.ID, "profile", string(a.n.ProfileID), "reason", "nobody is there")
	a.count("", delivery.Skipped, "gone")
}

// giveUp ends a notification that is too late and whose person cannot be read. Whether it was begun stands in the contact record of the id
// that the job names. Where that record was united into another one, nobody can tell, and the job comes again.
func (a *attempt) giveUp(ctx context.Context, unreadable error) error {
	if decided, err := a.decided(ctx); decided || err != nil {
		return err
	}
	c, err := a.Deliveries.Contact(ctx, a.n.ProfileID)
	if err != nil || c.MovedTo != "" {
		return errors.Join(unreadable, err)
	}
	d := a.decisionOn(nil, delivery.Skipped, delivery.Expired, "unreadable")
	if _, begun := c.Intent(a.n.ID); begun {
		d = a.decisionOn(nil, delivery.Unknown, delivery.Interrupted, "")
	}
	a.count(d.Channel, d.Outcome, d.Reason)
	_, err = a.Deliveries.DecideFirst(ctx, d)
	return err
}
