package settlement

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/userops/userops/shared/domain/referral"
	"github.com/userops/userops/shared/dynamo"
)

const (
	// early is how far the list's clock may be ahead of this machine's.
	early = time.Minute
	// pause is how long a referral waits whose look failed.
	pause = 5 * time.Minute
)

// waits tells whether the time of an entry has not quite come here.
func waits(r referral.Referral, now time.Time) bool {
	soon := func(at time.Time) bool { return now.Before(at) && at.Sub(now) < early }
	return r.State == referral.Held && soon(r.HeldUntil) || r.State == referral.Claimed && soon(r.ExpiresAt)
}

// due looks at every referral whose hold or window may be over. One that fails is filed again and does not keep the others.
func (p *Process) due(ctx context.Context) error {
	failed := 0
	err := p.Referrals.Due.Ready(ctx, dynamo.OwnerSettlement, func(ctx context.Context, e dynamo.DueEntry) (again time.Time, err error) {
		program, friend, ok := dynamo.DueReferral(e.ID)
		if !ok {
			slog.ErrorContext(ctx, "due entry dropped", "reason", "its id names no referral")
			return time.Time{}, nil
		}
		now := p.Now()
		r, err := p.Advance(ctx, friend, program, nil)
		switch {
		case err != nil:
			failed++
			slog.ErrorContext(ctx, "referral not advanced", "profile", friend, "program", program, "error", err.Error())
			return now.Add(pause), nil
		case waits(r, now):
			return now.Add(early), nil
		}
		return time.Time{}, nil
	})
	if err == nil && failed > 0 {
		err = fmt.Errorf("advancing due referrals: %d failed and will be looked at again", failed)
	}
	return err
}
