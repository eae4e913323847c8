package dispatch

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
)

const (
	// blockOf is the share of a limit that an instance takes at once, so that what one holds and does not use is little of it.
	blockOf = 200
	// goneFor is for how long a budget that had no room is not asked again: as long as an answer about a definition may be old.
	goneFor = 5 * time.Second
)

// allowed is an attempt for which there is a place at its channel's provider, and room in the budgets.
type allowed struct {
	*written
	second time.Time // of the place; zero where the channel has no rate
	parts  []*part
}

// paced says that the provider of a channel is handed as much as it takes. It is no failure: the notification comes again in its turn.
type paced struct {
	channel   delivery.Channel
	perSecond int64
}

func (p *paced) Error() string {
	return fmt.Sprintf("channel %s is handed %d a second already", p.channel, p.perSecond)
}

// allowances are what the instance holds of what all instances share.
type allowances struct {
	mu     sync.Mutex
	places map[delivery.Channel]*places
	parts  map[spending]*part
}

// places are those of one second at one provider.
type places struct {
	mu     sync.Mutex
	second time.Time
	left   int64
	gone   bool // all instances together have taken them all
}

// spending is what a part of a budget is taken by.
type spending struct {
	id    string
	per   delivery.Period
	begin int64
	each  int64
}

// part is what the instance has taken of a budget for notifications that it has not handed over.
type part struct {
	mu     sync.Mutex
	budget delivery.Budget
	begin  time.Time
	each   int64
	left   int64     // notifications
	gone   time.Time // when there was no room last
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

func (h *allowances) part(b delivery.Budget, begin time.Time, each int64) *part {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := spending{b.ID, b.Per, begin.Unix(), each}
	if h.parts[key] == nil {
		if h.parts == nil {
			h.parts = map[spending]*part{}
		}
		h.parts[key] = &part{budget: b, begin: begin, each: each}
	}
	return h.parts[key]
}

// take tells whether there is room for one more.
func (p *part) take(ctx context.Context, from budgets, limit int64, now time.Time) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left == 0 {
		if now.Sub(p.gone) < goneFor {
			return false, nil
		}
		got, err := from.Budget(ctx, p.budget, p.begin, block(limit/max(p.each, 1)), p.each, limit)
		if err != nil {
			return false, err
		}
		if p.left = got; got == 0 {
			p.gone = now
			return false, nil
		}
	}
	p.left--
	return true, nil
}

func (p *part) back() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left, p.gone = p.left+1, time.Time{}
}

// block is how many are taken at once of a limit.
func block(limit int64) int64 { return min(max(limit/blockOf, 1), atOnce) }

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

func (h *allowances) place(ctx context.Context, from rates, c delivery.Channel, now time.Time, perSecond int64) (time.Time, bool, error) {
	h.mu.Lock()
	at := h.places[c]
	if at == nil {
		if h.places == nil {
			h.places = map[delivery.Channel]*places{}
		}
		at = &places{}
		h.places[c] = at
	}
	h.mu.Unlock()
	at.mu.Lock()
	defer at.mu.Unlock()
	if !at.second.Equal(now) {
		at.second, at.left, at.gone = now, 0, false
	}
	if at.left == 0 {
		if at.gone {
			return now, false, nil
		}
		got, err := from.Rate(ctx, c, now, min(max(perSecond/atOnce, 1), atOnce), perSecond)
		if err != nil {
			return now, false, err
		}
		if at.left = got; got == 0 {
			at.gone = true
			return now, false, nil
		}
	}
	at.left--
	return now, true, nil
}

// still takes another place where the second of the first one is over. Where there is none, the intent is given back, so that another attempt has it.
func (r *reserved) still(ctx context.Context) error {
	if r.second.IsZero() || r.second.Equal(r.Now().Truncate(time.Second)) {
		return nil
	}
	var err error
	if r.second, err = r.place(ctx, r.facts.Channel, int64(r.facts.Settings.PerSecond(r.facts.Channel))); err == nil {
		return r.still(ctx)
	}
	r.giveBack()
	if released := r.amend(ctx, func(now *read) { now.contact.Release(r.intent.ID, r.intent.Holder) }); released != nil {
		return released
	}
	return err
}
