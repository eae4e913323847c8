package dispatch

import (
	"context"
	"errors"

	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
)

// errMoved says that the person is no longer who was read: merged into another meanwhile, or the contact record written by somebody
// else. Everything is read again then.
var errMoved = errors.New("the person was changed meanwhile")

// read is what is known of the person at one moment.
type read struct {
	person  *profile.Profile  // nil when nobody is there
	contact *delivery.Contact // the person's one record, those of merged profiles united into it
	marks   delivery.Marks    // of the address
	// intent is what the record knows of this notification, if begun.
	intent delivery.Intent
	begun  bool
}

// read looks at the person, the contact record and what is known against the address.
func (a *attempt) read(ctx context.Context) (r read, err error) {
	if r.person, err = a.Profiles.Resolve(ctx, a.n.ProfileID); err != nil {
		return r, err
	}
	if gone, err := a.Profiles.OfErased(ctx, a.n, r.person); gone || err != nil {
		r.person = nil
		return r, err
	}
	if r.person != nil {
		a.person = r.person
	}
	if r.contact, err = a.contact(ctx, r.person); err != nil {
		return r, err
	}
	r.intent, r.begun = find(a.n.CampaignID, a.n.Step, a.n.ID, r.person, r.contact)
	return r, nil
}

// contact reads the person's record.
func (a *attempt) contact(ctx context.Context, person *profile.Profile) (*delivery.Contact, error) {
	c, err := a.Deliveries.UnitedContact(ctx, a.Profiles, person)
	if errors.Is(err, dynamo.ErrConflict) {
		err = errMoved
	}
	return c, err
}

// find looks for an intent of this notification. A person who was merged may have been taken under each former id, and it is one
// notification all the same.
func find(campaignID, step, id string, person *profile.Profile, contact *delivery.Contact) (delivery.Intent, bool) {
	ids := []string{id}
	for _, key := range person.Keys() {
		ids = append(ids, campaign.NotificationID(key, campaignID, step))
	}
	for _, id := range ids {
		if intent, ok := contact.Known(id); ok {
			return intent, true
		}
	}
	return delivery.Intent{}, false
}
