package settlement

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/reward"
)

// pause is how long a referral waits whose look failed.
const pause = 5 * time.Minute

// again is when an entry is to be looked at again: at the time that its referral waits for, where that has not come here. So an entry
// that was looked at by a clock that is ahead is not lost.
func again(r referral.Referral, now time.Time) time.Time {
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

// due looks at every referral whose hold or window may be over, many side by side. One that fails is filed again and does not keep the
// others.
func (p *Process) due(ctx context.Context) error {
	failed := 0
	err := p.Referrals.Due.ReadyTogether(ctx, due.OwnerSettlement, dueAtOnce, func(ctx context.Context, entries []due.Entry) ([]time.Time, error) {
		times := make([]time.Time, len(entries))
		errs := sideBySide(len(entries), func(i int) (err error) {
			times[i], err = p.end(ctx, entries[i])
			return err
		})
		for i, err := range errs {
			if err != nil {
				failed++
				slog.ErrorContext(ctx, "referral not advanced", "referral", entries[i].ID, "error", err.Error())
				times[i] = p.Now().Add(pause)
			}
		}
		return times, nil
	})
	if err == nil && failed > 0 {
		err = fmt.Errorf("advancing due referrals: %d failed and will be looked at again", failed)
	}
	return err
}

// dueAtOnce is how many entries are done before they are struck off.
const dueAtOnce = 4 * looksAtOnce

// end looks at the referral of one entry.
func (p *Process) end(ctx context.Context, e due.Entry) (next time.Time, err error) {
	program, friend, ok := reward.DueReferral(e.ID)
	if !ok {
		slog.ErrorContext(ctx, "due entry dropped", "reason", "its id names no referral")
		return time.Time{}, nil
	}
	r, err := p.Advance(ctx, friend, program, nil)
	return again(r, p.Now()), err
}
