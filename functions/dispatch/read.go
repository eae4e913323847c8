package dispatch

import (
	"context"
	"errors"
	"fmt"

	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/job"
)

// maxConflicts bounds how often a person is read again because somebody else has changed them or their contact record.
const maxConflicts = 8

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
// the same. So it is where somebody was entered again: an entry that was begun is not followed by another one.
func find(n job.Notification, person *profile.Profile, contact *delivery.Contact) *delivery.Intent {
	ids := []string{n.ID}
	for _, step := range append([]string{n.Step}, delivery.FormerSteps(n.Step)...) {
		for _, key := range person.Keys() {
			ids = append(ids, campaign.NotificationID(key, n.CampaignID, step))
		}
	}
	for _, id := range ids {
		if intent, begun := contact.Intent(id); begun {
			found := intent // a copy, so that nothing is allocated where there is none
			return &found
		}
	}
	return nil
}

// moved adds errMoved to the error of a store that asks for the person or their record as they were read.
func moved(err error) error {
	if errors.Is(err, dynamo.ErrConflict) {
		return errors.Join(errMoved, err)
	}
	return err
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
