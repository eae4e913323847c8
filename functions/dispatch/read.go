package dispatch

import (
	"cmp"
	"context"
	"errors"

	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/job"
)

// errMoved says that the person is no longer who was read: merged into another one meanwhile, or their contact record was written by
// somebody else. Everything is read again then.
var errMoved = errors.New("the person was changed meanwhile")

// read is an attempt of which it is known who the person is, and what their contact record says, at one moment.
type read struct {
	*attempt
	person  *profile.Profile
	contact *delivery.Contact // the person's one record; those of merged profiles are united into it
	begun   *delivery.Intent  // of this notification; nil when it was not begun
}

// own tells whether the intent in the record is this worker's: it was written, and the answer got lost.
func (r *read) own() bool { return r.begun != nil && r.begun.Holder == r.holder }

// read looks at the person and the contact record. It is nil when nobody is there.
func (a *attempt) read(ctx context.Context) (*read, error) {
	person, err := a.Profiles.Resolve(ctx, a.n.ProfileID)
	if err != nil {
		return nil, err
	}
	if gone, err := a.Profiles.OfErased(ctx, a.n, person); gone || err != nil {
		return nil, err
	}
	contact, err := a.contact(ctx, person)
	if err != nil {
		return nil, err
	}
	return &read{attempt: a, person: person, contact: contact, begun: find(a.n, person, contact)}, nil
}

// contact reads the person's record.
func (a *attempt) contact(ctx context.Context, person *profile.Profile) (*delivery.Contact, error) {
	c, err := a.Deliveries.UnitedContact(ctx, a.Profiles, person)
	return c, moved(err)
}

// find looks for an intent of a notification. A person who was merged may have been taken under each former id, and it is one notification all
// the same.
func find(n job.Notification, person *profile.Profile, contact *delivery.Contact) *delivery.Intent {
	ids := []string{n.ID}
	for _, key := range person.Keys() {
		ids = append(ids, campaign.NotificationID(key, n.CampaignID, n.Step))
	}
	for _, id := range ids {
		if intent, begun := contact.Intent(id); begun {
			found := intent // a copy, so that nothing is allocated where there is none
			return &found
		}
	}
	return nil
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

// moved adds errMoved to the error of a store that asks for the person or their record as they were read.
func moved(err error) error {
	if errors.Is(err, dynamo.ErrConflict) {
		return errors.Join(errMoved, err)
	}
	return err
}
