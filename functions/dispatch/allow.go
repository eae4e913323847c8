package dispatch

import (
	"context"
	"log/slog"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
)

// allowed is an attempt for which there is a place at its channel's provider, and room in the budgets.
type allowed struct {
	*written
	second time.Time // of the place; zero where the channel has no rate
	parts  []*part
}

// allow takes a place at the provider and what the notification costs of each budget. What it took is given back where the verdict is not to proceed, or it answers an error: *paced where the provider is handed as
// much as it takes.
func (w *written) allow(ctx context.Context) (*allowed, delivery.Verdict, error) {
	a := &allowed{written: w}
	v, err := a.spend(ctx)
	if err == nil && v.Action == delivery.Proceed {
		a.second, err = w.place(ctx, w.facts.Channel, int64(w.facts.Settings.PerSecond(w.facts.Channel)))
	}
	if err != nil || v.Action != delivery.Proceed {
		a.giveBack()
		return nil, v, err
	}
	return a, v, nil
}

func (a *allowed) spend(ctx context.Context) (delivery.Verdict, error) {
	if a.facts.Transactional {
		return delivery.Verdict{Action: delivery.Proceed}, nil
	}
	for _, b := range a.facts.Settings.Budgets {
		if !b.Covers(a.facts.CampaignID, a.facts.Channel) {
			continue
		}
		begin, end := b.Period(a.Now(), a.Shop.Zone)
		each, limit := b.Of(a.facts.Channel, a.facts.Settings.Prices)
		part := a.held.part(b, begin, each)
		room, err := part.take(ctx, a.Allowances, limit, a.Now())
		if err != nil {
			return delivery.Verdict{}, err
		}
		if !room {
			return a.facts.Overspent(b, end), nil
		}
		a.parts = append(a.parts, part)
	}
	return delivery.Verdict{Action: delivery.Proceed}, nil
}

// giveBack makes room again for what is not handed over, or was not taken.
func (a *allowed) giveBack() {
	for _, part := range a.parts {
		part.back()
	}
	a.parts = nil
}

// giveBack puts back what the invocation has taken of budgets and not used. What cannot be put back is lost to the budget.
func (p *Process) giveBack(ctx context.Context) {
	p.held.mu.Lock()
	parts := p.held.parts
	p.held.parts = nil
	p.held.mu.Unlock()
	for _, part := range parts {
		if part.left == 0 {
			continue
		}
		if err := p.Allowances.GiveBack(ctx, part.budget, part.begin, part.left, part.each); err != nil {
			slog.WarnContext(ctx, "a part of a budget is lost to it", "budget", part.budget.ID, "notifications", part.left, "error", err.Error())
		}
	}
}

// place takes a place of the present second, or of the next, for which it waits. The error is *paced where all are taken.
func (p *Process) place(ctx context.Context, c delivery.Channel, perSecond int64) (second time.Time, err error) {
	if perSecond == 0 {
		return time.Time{}, nil
	}
	for wait := range 2 {
		if wait > 0 {
			next := time.NewTimer(time.Second - time.Duration(p.Now().Nanosecond()))
			select {
			case <-next.C:
			case <-ctx.Done():
				next.Stop()
				return time.Time{}, ctx.Err()
			}
		}
		if second, ok, err := p.held.place(ctx, p.Allowances, c, p.Now().Truncate(time.Second), perSecond); ok || err != nil {
			return second, err
		}
	}
	return time.Time{}, &paced{c, perSecond}
}

// placeNow is the place of a second that was taken, or another one once that second is over; zero where the channel has no rate.
func (p *Process) placeNow(ctx context.Context, c delivery.Channel, perSecond int64, second time.Time) (now time.Time, err error) {
	for err == nil && !second.IsZero() && !second.Equal(p.Now().Truncate(time.Second)) {
		second, err = p.place(ctx, c, perSecond)
	}
	return second, err
}
