package settlement

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/reward"
)

// referrals is the machine of referrals: from claimed to their end, with the rewards of both sides. Its subjects are named as their Due
// entries are.
type referrals struct {
	orders    orders
	persons   persons
	programs  programs
	claims    claims
	standings standings
	moves     moves
	book      book
	now       func() time.Time
	moved     *counts

	mu     sync.Mutex
	ranked map[string]bool // programs whose standings are all listed by rank
}

// look is a referral and how things stand around it.
type look struct {
	referral  referral.Referral
	facts     referral.Facts
	friend    people.Person
	others    []referral.Referral
	advocate  people.Person
	standings []reward.Standing
}

func (m *referrals) look(ctx context.Context, r referral.Referral, candidate *order.Order) (*look, error) {
	l := &look{referral: r, facts: referral.Facts{Now: m.now()}}
	var err error
	if l.facts.Program, err = m.programs.Program(ctx, r.Program); err != nil {
		return nil, err
	}
	o := candidate
	if r.OrderID != "" && (o == nil || o.ID != r.OrderID) {
		if o, err = m.orders.Load(ctx, r.OrderID); err != nil {
			return nil, err
		}
	}
	if o != nil && o.Version > 0 {
		l.facts.Order = &referral.Order{ID: o.ID, CompletedAt: o.CompletedAt, Total: o.Total, Net: o.Net(), Currency: o.Currency}
	}
	// Who the two are matters only for a step towards a reward.
	if _, ok := r.Next(l.facts); !ok || r.State == referral.Settled {
		return l, nil
	}
	return l, m.people(ctx, l)
}

func (m *referrals) people(ctx context.Context, l *look) (err error) {
	r, f := l.referral, &l.facts
	if l.friend, err = m.persons.Person(ctx, r.Friend); err != nil {
		return err
	}
	if l.advocate, err = m.persons.Person(ctx, r.Advocate); err != nil {
		return err
	}
	f.FriendErased, f.AdvocateErased = l.friend.Profile.Erased(r.Friend, r.ClaimedAt), l.advocate.Profile.Erased(r.Advocate, r.ClaimedAt)
	f.FirstOrder = l.friend.Profile.Orders.FirstAt()
	friend, advocate := referral.PersonOf(l.friend.Profile, l.friend.Keys), referral.PersonOf(l.advocate.Profile, l.advocate.Keys)
	f.SamePerson, f.Alike = friend.Same(advocate), friend.Alike(advocate)
	claims, err := m.claims.InProgram(ctx, l.friend.Keys, r.Program)
	if err != nil {
		return err
	}
	for _, other := range claims {
		if other.Friend != r.Friend {
			l.others = append(l.others, other)
			f.Preceded = f.Preceded || other.Precedes(r)
		}
	}
	ancestors, _, err := m.claims.Ancestors(ctx, r.Program, l.advocate.Keys)
	if err != nil {
		return err
	}
	f.Circle = slices.ContainsFunc(ancestors, func(keys []profile.ID) bool { return slices.Contains(keys, l.friend.Keys[0]) })
	if l.standings, err = m.standings.StandingsOf(ctx, l.advocate.Keys, r.Program); err != nil {
		return err
	}
	for _, s := range l.standings {
		f.Settled += s.Settled
		f.Steps = f.Steps.And(s.Steps)
	}
	return nil
}
