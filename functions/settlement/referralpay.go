package settlement

import (
	"context"
	"errors"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/reward"
)

// settle pays both sides. The effect's id is the referral's own, so that no second posting can ever be made of it.
func (m *referrals) settle(ctx context.Context, l *look, r *referral.Referral) (paid bool, err error) {
	s := reward.Settlement{Budget: l.facts.Program.Budget, Friend: l.friend, Others: l.others, Advocate: l.advocate}
	if !l.facts.AdvocateErased {
		r.SettledFor, s.Standings = l.advocate.Keys[0], l.standings
	}
	s.Referral = *r
	grants, owed, err := m.grants(ctx, l, r)
	if err != nil {
		return false, err
	}
	if len(grants) > 0 {
		posting, err := ledger.Accrue(effect("settle", *r), r.SettledAt, grants, owed)
		if err != nil {
			return false, err
		}
		s.Posting = &posting
	}
	return m.moves.Settle(ctx, s)
}

// grants is what both sides get, and what they owe.
func (m *referrals) grants(ctx context.Context, l *look, r *referral.Referral) (grants []ledger.Grant, owed map[ledger.Holding]int64, err error) {
	owed = map[ledger.Holding]int64{}
	for _, side := range []struct {
		id      profile.ID
		rewards []ledger.Quantity
	}{{l.advocate.Keys[0], r.Rewards.Advocate}, {l.friend.Keys[0], r.Rewards.Friend}} {
		if len(side.rewards) == 0 {
			continue
		}
		account := ledger.Person(side.id)
		balances, err := m.book.Balances(ctx, account)
		if err != nil {
			return nil, nil, err
		}
		for unit, balance := range balances {
			owed[ledger.Holding{Account: account, Unit: unit}] = balance.Owed
		}
		for _, q := range side.rewards {
			grants = append(grants, ledger.Grant{To: account, From: ledger.House(r.Program), Quantity: q})
		}
	}
	return grants, owed, nil
}

// reverse takes the rewards back from the accounts that got them, and the friend out of the advocate's count.
func (m *referrals) reverse(ctx context.Context, r referral.Referral) error {
	rv := reward.Reversal{Referral: r}
	var err error
	if r.SettledFor != "" {
		if rv.Advocate, err = m.persons.Person(ctx, r.SettledFor); err != nil {
			return err
		}
		if rv.Standings, err = m.standings.StandingsOf(ctx, rv.Advocate.Keys, r.Program); err != nil {
			return err
		}
	}
	entries, err := m.book.EffectEntries(ctx, effect("settle", r))
	switch {
	case errors.Is(err, dynamo.ErrNotFound): // nobody got anything
	case err != nil:
		return err
	default:
		lots, err := m.lots(ctx, entries)
		if err != nil {
			return err
		}
		posting, err := ledger.Reverse(effect("reverse", r), r.EndedAt, entries, lots, nil)
		if err != nil {
			return err
		}
		rv.Posting = &posting
	}
	return m.moves.Reverse(ctx, rv)
}

// rank lists some more of the standings that the version before has counted, while there are any.
func (m *referrals) rank(ctx context.Context, program string) error {
	m.mu.Lock()
	done := m.ranked[program]
	m.mu.Unlock()
	if done {
		return nil
	}
	done, err := m.standings.Rank(ctx, program, m.now())
	if err == nil && done {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.ranked == nil {
			m.ranked = map[string]bool{}
		}
		m.ranked[program] = true
	}
	return err
}

// lots are what is left of the lots that entries opened.
func (m *referrals) lots(ctx context.Context, entries []ledger.Entry) ([]ledger.Lot, error) {
	var lots []ledger.Lot
	for _, e := range entries {
		if e.Lot == "" || e.Kind != ledger.Accrual {
			continue
		}
		lot, err := m.book.Lot(ctx, e.Account, e.Lot)
		if err != nil {
			return nil, err
		}
		lots = append(lots, lot)
	}
	return lots, nil
}

func effect(act string, r referral.Referral) ledger.Effect {
	return ledger.Effect{Kind: "referral." + act, ID: r.Program + "/" + string(r.Friend)}
}
