package settlement

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/reward"
	"github.com/userops/userops/shared/job"
)

func newReferrals(s Settings, db dynamo.API, now func() time.Time, moved *counts) *referrals {
	profiles, ledger := people.Profiles{DB: db, Table: s.ProfilesTable}, reward.Ledger{DB: db, Table: s.LedgerTable}
	return &referrals{
		orders: people.Orders{DB: db, Table: s.ProfilesTable}, persons: profiles, programs: catalog.Programs{Catalog: catalog.Catalog{DB: db, Table: s.CatalogTable}},
		claims:    reward.Referrals{DB: db, Table: s.ReferralsTable, Profiles: profiles},
		standings: reward.Standings{DB: db, Table: s.ReferralsTable},
		moves:     reward.Moves{DB: db, Table: s.ReferralsTable, Profiles: profiles, Ledger: ledger, Due: due.Due{DB: db, Table: s.DueTable, Now: now}},
		book:      ledger, now: now, moved: moved,
	}
}

// Concerns gives the referrals of whoever owns an order that changed, as friend. A sign-up moves no reward: rewards are for orders.
func (m *referrals) Concerns(ctx context.Context, f job.Follow) ([]subject, error) {
	if f.Kind != profile.FollowOrder {
		return nil, nil
	}
	o, err := m.orders.Load(ctx, f.Ref)
	if err != nil || o.Owner == "" {
		return nil, err
	}
	friend, err := m.persons.Person(ctx, o.Owner)
	if err != nil {
		return nil, err
	}
	found, err := m.claims.OfFriend(ctx, friend.Keys)
	if err != nil {
		return nil, err
	}
	subjects := make([]subject, len(found))
	for i, r := range found {
		subjects[i] = subject{id: reward.DueID(r), order: o}
	}
	return subjects, nil
}

// Advance is machine's. An id that names no referral is told of and done with.
func (m *referrals) Advance(ctx context.Context, s subject) (again time.Time, err error) {
	program, friend, ok := reward.DueReferral(s.id)
	if !ok {
		slog.ErrorContext(ctx, "due entry dropped", "reason", "its id names no referral")
		return time.Time{}, nil
	}
	r, err := m.advance(ctx, friend, program, s.order)
	return waitsFor(r, m.now()), err
}

// waitsFor is the time that a referral waits for, where that has not come here: so an entry that was looked at by a clock that is ahead is not
// lost.
func waitsFor(r referral.Referral, now time.Time) time.Time {
	var until time.Time
	switch r.State {
	case referral.Claimed:
		until = r.ExpiresAt
	case referral.Qualified, referral.Held:
		until = r.HeldUntil
	}
	if now.Before(until) {
		return until
	}
	return time.Time{}
}

// maxTries bounds how often a referral is looked at again in one go: a few steps, and some that others took meanwhile.
const maxTries = 12

// advance takes every step that a referral is ready for, and gives the referral as it then is; none is the zero Referral.
// candidate is an order of the friend's that may qualify; nil when time is what has changed.
func (m *referrals) advance(ctx context.Context, friend profile.ID, program string, candidate *order.Order) (referral.Referral, error) {
	for range maxTries {
		r, err := m.claims.Referral(ctx, friend, program)
		if errors.Is(err, dynamo.ErrNotFound) {
			return referral.Referral{}, nil
		}
		if err != nil {
			return r, err
		}
		l, err := m.look(ctx, r, candidate)
		if err != nil {
			return r, err
		}
		move, ok := r.Next(l.facts)
		if !ok {
			return r, nil
		}
		err = m.take(ctx, l, move)
		if err != nil && !errors.Is(err, dynamo.ErrConflict) {
			return r, err
		}
	}
	return referral.Referral{}, fmt.Errorf("advancing the referral of %s in %s: %w", friend, program, dynamo.ErrConflict)
}

// take writes one step. ErrConflict says that something moved meanwhile: look again.
func (m *referrals) take(ctx context.Context, l *look, move referral.Move) error {
	r := l.referral.Apply(move, l.facts.Now)
	switch move.To {
	case referral.Held:
		// The entry comes first: one that finds nothing to do is harmless, a hold that nobody ends is not.
		if err := m.moves.Await(ctx, r, r.HeldUntil); err != nil {
			return err
		}
	case referral.Settled:
		paid, err := m.settle(ctx, l, &r)
		if err != nil {
			return err
		}
		if !paid {
			move = referral.Move{To: referral.Rejected, Reason: referral.BudgetSpent}
			return m.take(ctx, l, move)
		}
		m.note(move)
		return m.rank(ctx, r.Program)
	case referral.Reversed:
		if err := m.reverse(ctx, r); err != nil {
			return err
		}
		m.note(move)
		return nil
	}
	if err := m.moves.Advance(ctx, r); err != nil {
		return err
	}
	m.note(move)
	return nil
}

func (m *referrals) note(move referral.Move) { m.moved.add("referrals", string(move.To)) }
