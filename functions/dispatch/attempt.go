package dispatch

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// maxConflicts bounds how often a person is read again because somebody else has changed them or their contact record.
const maxConflicts = 8

// attempt is one notification that a worker has in hand. It is the first of six types, one for each phase. Each is made from the one before
// it and adds what the phase has found out:
//
//	attempt    the job, and the worker
//	read       the person and their contact record
//	judged     the campaign, and what the guards were asked
//	written    what is handed over, and to which channel
//	reserved   the intent, which is stored
//	concluded  the provider's answer
//
// An attempt ends in any phase with a decision of what is known by then.
type attempt struct {
	*Process
	// These two answer their first reads from one call. Those of the Process always ask the table.
	Profiles   profiles
	Deliveries deliveries

	n      job.Notification
	holder string // names this worker in the contact record
}

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
	return written.reserve(ctx)
}

// late tells whether it is too late for the notification, whatever cannot be read.
func (a *attempt) late() bool { return !a.n.NotAfter.IsZero() && a.Now().After(a.n.NotAfter) }

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

// decisionOn is one that tells nothing of the campaign. It stands under the id that the job names: the same attempt has one decision, whomever the person
// is merged into. person is who was read, nil for nobody.
func (a *attempt) decisionOn(person *profile.Profile, o delivery.Outcome, r delivery.Reason, detail string) delivery.Decision {
	return delivery.Decision{
		NotificationID: a.n.ID, ProfileID: a.n.ProfileID, CampaignID: a.n.CampaignID, CampaignVersion: a.n.CampaignVersion, Step: a.n.Step,
		Variant: a.n.Variant, Outcome: o, Reason: r, Detail: detail, Asked: a.n.At, Attempt: a.n.Deferred,
		Version: person.VersionOf(a.n.ProfileID), At: person.Moment(a.Now()).UTC().Truncate(time.Millisecond),
	}
}

// decided tells whether this attempt has its decision already, because its job came again. A deferred attempt is filed once more, for the
// time that its decision says, since the process may have ended before it filed it. It is not judged again: that could defer it to another
// time, or end it twice.
func (a *attempt) decided(ctx context.Context) (bool, error) {
	d, err := a.Deliveries.Decision(ctx, a.n.ProfileID, a.n.At, a.n.ID)
	switch {
	case errors.Is(err, dynamo.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	case d.Outcome == delivery.Deferred:
		return true, a.file(ctx, d)
	}
	return d.Outcome != delivery.Unknown, nil
}

// amend changes the person's record. When somebody else has written it meanwhile, it is read and changed again. Each change can be made
// twice, so that a lost answer needs no look of its own. Where the person was erased meanwhile there is nothing to change.
func (a *attempt) amend(ctx context.Context, change func(*read)) error {
	var last error
	for range maxConflicts {
		r, err := a.read(ctx)
		switch {
		case errors.Is(err, errMoved):
			last = err
			continue
		case err != nil:
			return errors.Join(last, err)
		case r == nil:
			return nil
		}
		change(r)
		if last = a.Deliveries.SaveContact(ctx, r.contact); last == nil {
			return nil
		}
	}
	return fmt.Errorf("amending notification %s: %w", a.n.ID, last)
}
