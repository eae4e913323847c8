package dispatch

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
)

const (
	// blockOf is the share of a limit that an instance takes at once, so that what one holds and does not use is little of it.
	blockOf = 200
	// goneFor is for how long a budget that had no room is not asked again: as long as an answer about a definition may be old.
	goneFor = 5 * time.Second
	// mostAtOnce is how many are taken at once of a large limit.
	mostAtOnce = 16
)

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
func block(limit int64) int64 { return min(max(limit/blockOf, 1), mostAtOnce) }

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
		got, err := from.Rate(ctx, c, now, min(max(perSecond/mostAtOnce, 1), mostAtOnce), perSecond)
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
