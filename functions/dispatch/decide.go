package dispatch

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/due"
)

// spread is over how long those notifications come again that all wait for the same moment.
const spread = 15 * time.Minute

// decisionOn is one that tells nothing of the campaign. It stands under the id that the job names: the same attempt has one decision, whomever the person
// is merged into. person is who was read, nil for nobody.
func (a *attempt) decisionOn(person *profile.Profile, o delivery.Outcome, r delivery.Reason, detail string) delivery.Decision {
	return delivery.Decision{
		NotificationID: a.n.ID, ProfileID: a.n.ProfileID, CampaignID: a.n.CampaignID, CampaignVersion: a.n.CampaignVersion, Step: a.n.Step,
		Variant: a.n.Variant, Outcome: o, Reason: r, Detail: detail, Asked: a.n.At, Attempt: a.n.Deferred,
		Version: person.VersionOf(a.n.ProfileID), At: person.Moment(a.Now()).UTC().Truncate(time.Millisecond),
	}
}

// decision is one that tells of the campaign too.
func (j *judged) decision(o delivery.Outcome, r delivery.Reason, detail string) delivery.Decision {
	d := j.decisionOn(j.person, o, r, detail)
	d.Channel, d.TemplateID = j.campaign.Channel, j.variant.TemplateID
	return d
}

// turnDown ends an attempt that was not let through. An intent of this worker's, whose answer got lost, is given back first: something has forbidden the
// notification since.
func (j *judged) turnDown(ctx context.Context, v delivery.Verdict) error {
	if err := j.release(ctx); err != nil {
		return err
	}
	switch {
	case v.Action == delivery.Defer:
		return j.putOff(ctx, v)
	case v.Reason == delivery.Template || v.Reason == delivery.ChannelOff:
		return j.end(ctx, j.decision(delivery.Failed, v.Reason, v.Detail))
	}
	d := j.decision(delivery.Skipped, v.Reason, v.Detail)
	if v.Reason == delivery.KillSwitch && slices.ContainsFunc(j.facts.Stops, func(s delivery.Stop) bool { return s.ID == v.Detail }) {
		entry, err := json.Marshal(j.n)
		if err != nil {
			return fmt.Errorf("listing notification %s under its stop: %w", j.n.ID, err)
		}
		d.Stop, d.Entry = v.Detail, string(entry)
	}
	return j.end(ctx, d)
}

// release gives back an intent of this worker's, whose answer got lost.
func (j *judged) release(ctx context.Context) error {
	if !j.own() {
		return nil
	}
	return j.amend(ctx, func(r *read) { r.contact.Release(j.n.ID, j.holder) })
}

// end records that a notification was not begun, unless something is on record for this attempt. Where that is "unknown", because another worker found
// an intent that was given back since, it is known by now.
func (j *judged) end(ctx context.Context, d delivery.Decision) error {
	j.count(d.Channel, d.Outcome, d.Reason)
	first, err := j.Deliveries.DecideFirst(ctx, d)
	if first || err != nil {
		return err
	}
	r, err := j.attempt.read(ctx)
	if err != nil || r == nil || r.begun != nil {
		return err
	}
	return moved(j.Deliveries.DecideWhile(ctx, d, r.contact, delivery.Unknown))
}

// putOff records that the notification is put off, and until when, and then files it to come again.
func (j *judged) putOff(ctx context.Context, v delivery.Verdict) error {
	d := j.decision(delivery.Deferred, v.Reason, v.Detail)
	d.Until = v.Until.UTC().Truncate(time.Millisecond)
	j.count(d.Channel, d.Outcome, d.Reason)
	var first bool
	err := twice(func() (err error) {
		first, err = j.Deliveries.DecideFirst(ctx, d, delivery.Unknown)
		return err
	})
	if err != nil {
		return err
	}
	if !first {
		// Another worker has put it off to another time, or has sent it since the reservation was given back.
		_, err := j.decided(ctx)
		return err
	}
	return j.file(ctx, d)
}

// file makes the notification come again when a decision says. Those that wait for the same moment, such as the end of the night, come over the
// minutes after it.
func (a *attempt) file(ctx context.Context, d delivery.Decision) error {
	next := a.n
	next.Deferred++
	if d.Reason == delivery.ProviderError {
		next.Refused++ // a night, a cap or a pause uses up no attempt
	}
	next.At = d.Until
	body, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("deferring notification %s: %w", a.n.ID, err)
	}
	until := d.Until
	if d.Reason == delivery.InQuietHours || d.Reason == delivery.FrequencyCap {
		until = until.Add(time.Duration(float64(spread) * a.point()))
		if !a.n.NotAfter.IsZero() && until.Truncate(time.Minute).Add(time.Minute).After(a.n.NotAfter) {
			until = d.Until
		}
	}
	return a.Due.Wait(ctx, due.OwnerOrchestration, a.n.ProfileID, until, fmt.Sprintf("%s.%d", next.ID, next.Deferred), body)
}

// twice records, and tries once more: the provider was called, and what is not recorded counts as unknown.
func twice(record func() error) error {
	if record() == nil {
		return nil
	}
	return record()
}

// recordUnknown ends an attempt at a notification that another worker has begun. Where no decision tells what became of it, that worker's
// process ended in between, or the worker is still at it. Either way the outcome is recorded as unknown. A worker that is still at it
// replaces the record by what is true.
func (r *read) recordUnknown(ctx context.Context) error {
	d := r.decisionOn(r.person, delivery.Unknown, delivery.Interrupted, "")
	d.NotificationID, d.Asked, d.Channel = r.begun.ID, r.begun.Asked, r.begun.Channel
	d.ProfileID = cmp.Or(r.begun.Of, r.person.ID)
	d.Version = r.person.VersionOf(d.ProfileID)
	// A deferral or a skip on record may not be the end. Another worker may have begun an earlier attempt after it was deferred. Or it
	// began this one, and then the trigger came again and was skipped. If that worker has ended since, unknown replaces the record.
	over := []delivery.Outcome{delivery.Deferred, delivery.Skipped}
	if r.begun.ID == r.n.ID && r.begun.Asked.Equal(r.n.At) {
		if first, err := r.Deliveries.DecideFirst(ctx, d); first || err != nil {
			return err
		}
		if on, err := r.Process.Deliveries.Decision(ctx, d.ProfileID, d.Asked, d.NotificationID); err != nil || on.Outcome != delivery.Skipped {
			return err
		}
		over = over[1:]
	}
	return moved(r.Deliveries.DecideWhile(ctx, d, r.contact, over...))
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
