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
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// maxConflicts bounds how often a person is read again because somebody else has changed them or their contact record.
const maxConflicts = 8

// attempt is one notification on its way: read, judged, reserved, concluded.
type attempt struct {
	*Process
	// These two, in place of the process's own, answer their first reads from one call.
	Profiles   people.Profiles
	Deliveries outreach.Deliveries

	n      job.Notification
	holder string           // names this worker in the contact record
	judged judged           // what the decision says of the campaign
	person *profile.Profile // of whom the notification is, as read last; nil for nobody
	keys   *proof.Keys
}

// Dispatch decides and sends one notification. An error means that it is not decided and the job must come again.
func (p *Process) Dispatch(ctx context.Context, n job.Notification) error {
	n.At = n.At.UTC().Truncate(time.Millisecond)
	ahead := &dynamo.Ahead{API: p.Profiles.DB}
	a := &attempt{Process: p, Profiles: p.Profiles, Deliveries: p.Deliveries, n: n, holder: rand.Text()[:10]}
	a.Profiles.DB, a.Deliveries.DB = ahead, ahead
	if err := a.Deliveries.ReadAhead(ctx, ahead, a.Profiles, n); err != nil {
		return err
	}
	var last error
	for range maxConflicts {
		intent, ready, err := a.begin(ctx)
		switch {
		case errors.Is(err, errMoved):
			last = err
			ahead.Forget()
			continue
		case errors.Is(err, dynamo.ErrUnreadable):
			return errors.Join(queue.ErrNotYet, err) // a newer program has written it, and will take over
		case !ready:
			return err // nil when it is decided
		}
		return a.conclude(ctx, intent, a.call(ctx))
	}
	return fmt.Errorf("reserving notification %s: %w", a.n.ID, last)
}

// begin goes as far as the intent. ready says that the provider is to be called; else the notification is decided. errMoved asks for
// another try: a write that lost against another one, or whose answer got lost, is followed by a fresh look at everything, and the
// holder's name in the record tells whose intent it is.
func (a *attempt) begin(ctx context.Context) (intent delivery.Intent, ready bool, err error) {
	r, err := a.read(ctx)
	if errors.Is(err, dynamo.ErrUnreadable) && a.late() {
		return intent, false, a.giveUp(ctx, err)
	}
	if err != nil {
		return intent, false, err
	}
	if r.person == nil {
		// Erased: nothing about the person is written any more.
		slog.InfoContext(ctx, "notification dropped", "notification", a.n.ID, "profile", string(a.n.ProfileID), "reason", "nobody is there")
		a.note("", delivery.Skipped, "gone")
		return intent, false, nil
	}
	own := r.intent.Holder == a.holder
	if r.begun && !own {
		return intent, false, a.known(ctx, r)
	}
	if !own {
		if decided, err := a.decided(ctx); decided || err != nil {
			return intent, false, err
		}
	}
	verdict, err := a.judge(ctx, &r)
	if err != nil {
		return intent, false, err
	}
	switch {
	case verdict.Action == delivery.Proceed && own:
		return r.intent, true, nil
	case verdict.Action == delivery.Proceed:
		return a.reserve(ctx, r)
	case own:
		// Something forbids it since this worker's own intent was written, whose answer got lost.
		if err := a.amend(ctx, func(c *delivery.Contact) { c.Release(a.n.ID, a.holder) }); err != nil {
			return intent, false, err
		}
	}
	return intent, false, a.turnDown(ctx, verdict)
}

// giveUp ends a notification for somebody who cannot be read: by now it would be too late whoever it is. Only the record of the id that the job names
// tells whether it was begun; where that is part of another one by now, nobody knows, and the job comes again.
func (a *attempt) giveUp(ctx context.Context, unreadable error) error {
	if decided, err := a.decided(ctx); decided || err != nil {
		return err
	}
	c, err := a.Deliveries.Contact(ctx, a.n.ProfileID)
	if err != nil || c.MovedTo != "" {
		return errors.Join(unreadable, err)
	}
	d := a.decision(delivery.Skipped, delivery.Expired, "unreadable")
	if _, begun := c.Known(a.n.ID); begun {
		d = a.decision(delivery.Unknown, delivery.Interrupted, "")
	}
	a.note(d.Channel, d.Outcome, d.Reason)
	_, err = a.Deliveries.DecideFirst(ctx, d)
	return err
}

// known records what is known of a notification that was begun before. Where nothing tells what became of it, it was in flight when
// the process ended, or still is: that is recorded as unknown, and whoever still has it in hand records what is true.
func (a *attempt) known(ctx context.Context, r read) error {
	d := a.decision(delivery.Unknown, delivery.Interrupted, "")
	d.NotificationID, d.Asked, d.Channel, d.ProfileID = r.intent.ID, r.intent.Asked, r.intent.Channel, r.person.ID
	if r.intent.Of != "" {
		d.ProfileID = r.intent.Of
	}
	d.Version = a.person.VersionOf(d.ProfileID)
	// Another worker may have begun an earlier attempt after it was put off, or this one beside what was left out when its trigger was heard of again,
	// and have ended: then that is not the end of it.
	over := []delivery.Outcome{delivery.Deferred, delivery.Skipped}
	if r.intent.ID == a.n.ID && r.intent.Asked.Equal(a.n.At) {
		if first, err := a.Deliveries.DecideFirst(ctx, d); first || err != nil {
			return err
		}
		if on, err := a.Process.Deliveries.Decision(ctx, d.ProfileID, d.Asked, d.NotificationID); err != nil || on.Outcome != delivery.Skipped {
			return err
		}
		over = over[1:]
	}
	return moved(a.Deliveries.DecideWhile(ctx, d, r.contact, over...))
}

// moved is the error of a write that asks for the contact record as it was read.
func moved(err error) error {
	if errors.Is(err, dynamo.ErrConflict) {
		return errors.Join(errMoved, err)
	}
	return err
}

// decided tells whether this attempt has its decision: its job came again. What was put off is filed as it was then, for the process may have ended
// before that was done; judged anew, it would be put off to another time, or end twice.
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

// reserve writes the intent, with everything that it takes, in one conditional write.
func (a *attempt) reserve(ctx context.Context, r read) (intent delivery.Intent, ready bool, err error) {
	intent = delivery.Intent{ID: a.n.ID, Asked: a.n.At, Holder: a.holder}
	if a.n.ProfileID != r.person.ID {
		intent.Of = a.n.ProfileID
	}
	if v, err := a.reserveAddress(ctx, intent); err != nil {
		return intent, false, err
	} else if v.Action != delivery.Proceed {
		return intent, false, a.turnDown(ctx, v)
	}
	if v := delivery.Reserve(a.judged.facts, intent); v.Action != delivery.Proceed {
		return intent, false, a.turnDown(ctx, v)
	}
	if err := a.Deliveries.SaveContact(ctx, r.contact); err != nil {
		return intent, false, errors.Join(errMoved, err)
	}
	// The intent's condition is on the contact record alone. What an event has changed in the person before the intent, above all a withdrawal, is judged
	// too: the intent is this worker's own then, and is given back or goes on. A look that fails leaves it at what was read: the intent would else be
	// in flight, and nobody would know what became of it.
	if stands, err := a.Process.Profiles.Stands(ctx, r.person); err == nil && !stands {
		return intent, false, errMoved
	}
	return intent, true, nil
}

// reserveAddress asks the caps of the address, whosever it is, and takes a place of theirs, where only public events have started the notification: they
// may name anybody who is reached there. A place that is taken for a notification that is not sent after all stays taken.
func (a *attempt) reserveAddress(ctx context.Context, intent delivery.Intent) (delivery.Verdict, error) {
	proceed := delivery.Verdict{Action: delivery.Proceed}
	if !a.n.Unproven || a.judged.facts.Address == "" {
		return proceed, nil
	}
	reader, err := a.Deliveries.AddressContact(ctx, a.judged.facts.Channel, a.judged.facts.Address)
	if err != nil {
		return proceed, err
	}
	if _, known := reader.Known(intent.ID); known {
		return proceed, nil
	}
	facts := a.judged.facts
	facts.Contacts = []*delivery.Contact{reader}
	if facts.Confirms {
		facts.Settings = facts.Settings.Confirming(delivery.CapOfAddress)
	}
	if v := delivery.Reserve(facts, intent); v.Action != delivery.Proceed {
		return v, nil
	}
	if err := a.Deliveries.SaveContact(ctx, reader); err != nil {
		return proceed, errors.Join(errMoved, err)
	}
	return proceed, nil
}

// amend changes the person's record, again with a fresh one when it was written by another meanwhile. Each change can be made
// twice, so an answer that got lost needs no look of its own. Of somebody who was erased meanwhile there is nothing to change.
func (a *attempt) amend(ctx context.Context, change func(*delivery.Contact)) error {
	var last error
	for range maxConflicts {
		r, err := a.read(ctx)
		switch {
		case errors.Is(err, errMoved):
			last = err
			continue
		case err != nil:
			return errors.Join(last, err)
		case r.person == nil:
			return nil
		}
		change(r.contact)
		if last = a.Deliveries.SaveContact(ctx, r.contact); last == nil {
			return nil
		}
	}
	return fmt.Errorf("amending notification %s: %w", a.n.ID, last)
}

// decision stands under the id that the job names: whatever that person becomes part of, the same attempt has one decision.
func (a *attempt) decision(o delivery.Outcome, r delivery.Reason, detail string) delivery.Decision {
	return delivery.Decision{
		NotificationID: a.n.ID, ProfileID: a.n.ProfileID, CampaignID: a.n.CampaignID, CampaignVersion: a.n.CampaignVersion, Step: a.n.Step,
		Variant: a.n.Variant, Channel: a.judged.campaign.Channel, TemplateID: a.judged.variant.TemplateID,
		Outcome: o, Reason: r, Detail: detail, Asked: a.n.At, Version: a.person.VersionOf(a.n.ProfileID), At: a.person.Moment(a.Now()).UTC().Truncate(time.Millisecond), Attempt: a.n.Deferred,
	}
}

// turnDown ends an attempt that the guards did not let through.
func (a *attempt) turnDown(ctx context.Context, v delivery.Verdict) error {
	switch v.Reason {
	case delivery.Template, delivery.ChannelOff:
		return a.end(ctx, a.decision(delivery.Failed, v.Reason, v.Detail))
	}
	if v.Action == delivery.Defer {
		return a.putOff(ctx, v)
	}
	return a.end(ctx, a.decision(delivery.Skipped, v.Reason, v.Detail))
}

// end records that a notification was not begun, unless something is on record for this attempt. Where that is only that nobody knew what became
// of an intent, and the intent was given back since, it is known by now.
func (a *attempt) end(ctx context.Context, d delivery.Decision) error {
	a.note(d.Channel, d.Outcome, d.Reason)
	first, err := a.Deliveries.DecideFirst(ctx, d)
	if first || err != nil {
		return err
	}
	r, err := a.read(ctx)
	if err != nil || r.person == nil || r.begun {
		return err
	}
	return moved(a.Deliveries.DecideWhile(ctx, d, r.contact, delivery.Unknown))
}
