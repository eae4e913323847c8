package reward

import (
	"context"
	"fmt"

	"github.com/userops/userops/shared/domain/reward/ledger"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/people"
)

// Settlement is what paying both sides of a referral writes at once.
type Settlement struct {
	Referral referral.Referral // as it will be; its Version is the one that was read
	Posting  *ledger.Posting   // nil when nobody gets anything
	Budget   []ledger.Quantity // the program's limits
	// Friend and Advocate must still be the persons that were looked at: that no other claim of the friend was paid, and what the
	// advocate has reached, was asked under all of their keys.
	Friend, Advocate people.Person
	// Others are the referrals under the friend's other keys, and Standings what StandingsOf gave for the advocate; nil where the
	// advocate gets nothing. They must be as they were read.
	Others    []referral.Referral
	Standings []Standing
}

// maxOthers bounds how many other items of one person a settlement asks about. They can have moved only by the version before, which
// does not ask whether the persons are the same.
const maxOthers = 10

// Settle writes a settlement, all of it or nothing, in at most 100 actions however many keys the two have. paid is false when nothing but
// the budget stands against it: then nothing is written. ErrConflict says that something is not as it was read, which it also is when the
// referral is settled already; any other error leaves open whether the settlement was written, and reading the referral tells.
func (m Moves) Settle(ctx context.Context, st Settlement) (paid bool, err error) {
	writes, err := m.settlement(st)
	if err == nil && writes != nil {
		err = dynamo.Do(ctx, m.DB, writes...)
	}
	if dynamo.OnlyLoss(err, errOverBudget) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("settling the referral of %s in %s: %w", st.Referral.Friend, st.Referral.Program, err)
	}
	return writes != nil, nil
}

// errOverBudget says that a limit of the program's budget is below what was spent with the cost.
var errOverBudget = fmt.Errorf("%w: the budget is spent", dynamo.ErrConflict)

// settlement is the writes of a settlement; none where a limit is below the cost alone.
func (m Moves) settlement(st Settlement) (writes []dynamo.Write, err error) {
	r := st.Referral
	moved, err := m.move(r)
	if err != nil {
		return nil, err
	}
	writes = []dynamo.Write{moved, m.Profiles.StillPerson(st.Friend.Profile), m.Profiles.StillPerson(st.Advocate.Profile)}
	if len(r.Charged) > 0 {
		spend, ok := m.budgets().spend(r.Program, r.Charged, st.Budget)
		if !ok {
			return nil, nil
		}
		writes = append(writes, spend.Or(errOverBudget))
	}
	for _, other := range st.Others[:min(len(st.Others), maxOthers)] {
		writes = append(writes, m.referralAt(other.Friend, r.Program, other.Version))
	}
	if len(st.Standings) > 0 {
		first, rest := st.Standings[0], st.Standings[1:]
		after := first.Standing
		after.Settled, after.At, after.Steps = after.Settled+1, r.SettledAt, after.Steps.Pay(r.Step)
		count, err := m.standings().restand(r.Program, first, after)
		if err != nil {
			return nil, err
		}
		writes = append(writes, count...)
		for _, standing := range rest[:min(len(rest), maxOthers)] {
			writes = append(writes, m.standings().still(r.Program, standing))
		}
	}
	if st.Posting != nil {
		post, err := m.Ledger.writes(*st.Posting)
		if err != nil {
			return nil, err
		}
		writes = append(writes, post...)
	}
	return writes, nil
}

// Reversal is what taking back a settlement writes at once.
type Reversal struct {
	Referral referral.Referral // as it will be; its Version is the one that was read
	Posting  *ledger.Posting   // takes the rewards back; nil when there were none
	// Advocate is who stands behind Referral.SettledFor by now, and Standings what StandingsOf gave; nil where the advocate got nothing.
	Advocate  people.Person
	Standings []Standing
}

// Reverse takes back what a settlement wrote: the referral, its place in the count, its step of the ladder, its part of the budget, and
// the rewards. ErrConflict says that something is not as it was read; any other error leaves open whether the reversal was written, and
// reading the referral tells.
func (m Moves) Reverse(ctx context.Context, rv Reversal) error {
	r := rv.Referral
	moved, err := m.move(r)
	if err != nil {
		return err
	}
	writes := []dynamo.Write{moved}
	if len(rv.Standings) > 0 {
		writes = append(writes, m.Profiles.StillPerson(rv.Advocate.Profile))
		for i, standing := range rv.Standings {
			after := standing.Standing
			if standing.Advocate == r.SettledFor {
				after.Settled, after.Steps = after.Settled-1, after.Steps.TakeBack(r.Step)
			} else if i > 0 {
				continue
			}
			count, err := m.standings().restand(r.Program, standing, after)
			if err != nil {
				return err
			}
			writes = append(writes, count...)
		}
	}
	if len(r.Charged) > 0 {
		back := make([]ledger.Quantity, len(r.Charged))
		for i, q := range r.Charged {
			back[i] = ledger.Quantity{Unit: q.Unit, Amount: -q.Amount}
		}
		give, _ := m.budgets().spend(r.Program, back, nil)
		writes = append(writes, give)
	}
	if rv.Posting != nil {
		post, err := m.Ledger.writes(*rv.Posting)
		if err != nil {
			return fmt.Errorf("reversing the referral of %s in %s: %w", r.Friend, r.Program, err)
		}
		writes = append(writes, post...)
	}
	if err := dynamo.Do(ctx, m.DB, writes...); err != nil {
		return fmt.Errorf("reversing the referral of %s in %s: %w", r.Friend, r.Program, err)
	}
	return nil
}
