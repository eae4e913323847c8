package dispatch

import (
	"context"
	"errors"

	"github.com/userops/userops/shared/domain/outreach/delivery"
)

// reserved is an attempt whose intent is stored: the provider is to be called, by this worker alone.
type reserved struct {
	*allowed
	intent delivery.Intent
}

// reserve stores the intent, with everything that it takes, in one conditional write. It answers nil without an error when a cap has ended the
// attempt.
func (a *allowed) reserve(ctx context.Context) (*reserved, error) {
	if a.own() {
		return &reserved{a, *a.begun}, nil
	}
	intent := delivery.Intent{ID: a.n.ID, Asked: a.n.At, Holder: a.holder}
	if a.n.ProfileID != a.person.ID {
		intent.Of = a.n.ProfileID
	}
	if v, err := a.reserveAddress(ctx, intent); err != nil {
		return nil, err
	} else if v.Action != delivery.Proceed {
		return nil, a.turnDown(ctx, v)
	}
	if v := delivery.Reserve(a.facts, intent); v.Action != delivery.Proceed {
		return nil, a.turnDown(ctx, v)
	}
	if err := a.Deliveries.SaveContact(ctx, a.contact); err != nil {
		return nil, errors.Join(errMoved, err) // also when the answer got lost: a fresh look finds whose intent it is
	}
	// The condition of the write is on the contact record alone. An event may have changed the profile since it was read, above all a
	// withdrawal. Then everything is judged again: the intent is this worker's own by now, and is used or given back. If Stands fails, the
	// profile counts as unchanged. An error would leave the intent without a decision, and nobody would know what became of it.
	if stands, err := a.Process.Profiles.Stands(ctx, a.person); err == nil && !stands {
		return nil, errMoved
	}
	return &reserved{a, intent}, nil
}

// reserveAddress counts a notification against the caps of its address, whoever is reached there. It does so for notifications that only
// public events have started, since those may name anybody's address. The notification stays counted where it is not sent after all.
func (w *written) reserveAddress(ctx context.Context, intent delivery.Intent) (delivery.Verdict, error) {
	proceed := delivery.Verdict{Action: delivery.Proceed}
	if !w.n.Unproven || w.facts.Address == "" {
		return proceed, nil
	}
	reader, err := w.Deliveries.AddressContact(ctx, w.facts.Channel, w.facts.Address)
	if err != nil {
		return proceed, err
	}
	if _, taken := reader.Intent(intent.ID); taken {
		return proceed, nil
	}
	facts := w.facts
	facts.Contacts = []*delivery.Contact{reader}
	if facts.Confirms {
		facts.Settings = facts.Settings.Confirming(delivery.CapOfAddress)
	}
	if v := delivery.Reserve(facts, intent); v.Action != delivery.Proceed {
		return v, nil
	}
	if err := w.Deliveries.SaveContact(ctx, reader); err != nil {
		return proceed, errors.Join(errMoved, err)
	}
	return proceed, nil
}
