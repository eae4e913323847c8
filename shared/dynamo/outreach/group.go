package outreach

import (
	"context"
	"errors"
	"sync"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo"
)

// maxTogether is how many decisions one transaction records, far below what it may hold: with their counts they are half of that at most.
const maxTogether = 25

// Group records decisions together that workers of an instance come to at the same time: their counts are one write then, and the call is one. While a transaction is under way, whoever comes waits for the next, so that nobody waits
// for company. The zero value is ready.
type Group struct {
	mu      sync.Mutex
	busy    bool
	waiting []*ticket
}

type ticket struct {
	d        delivery.Decision
	lead     chan struct{} // it is this one's to record those that wait
	recorded chan bool
}

// first records a decision where nothing stands, together with those of others. false leaves open whether it is recorded: it is to be recorded alone, by who finds out what stands. An error is one of its own, of a decision that
// had no company.
func (g *Group) first(ctx context.Context, s Deliveries, d delivery.Decision) (recorded bool, err error) {
	t := &ticket{d, make(chan struct{}, 1), make(chan bool, 1)}
	g.mu.Lock()
	g.waiting = append(g.waiting, t)
	alone := !g.busy
	g.busy = true
	g.mu.Unlock()
	if !alone {
		select {
		case recorded := <-t.recorded:
			return recorded, nil
		case <-t.lead:
		}
	}
	return g.recordAll(ctx, s)
}

// recordAll records those that wait, of whom the first is the caller's.
func (g *Group) recordAll(ctx context.Context, s Deliveries) (recorded bool, err error) {
	g.mu.Lock()
	all := g.waiting[:min(len(g.waiting), maxTogether)]
	g.waiting = g.waiting[len(all):]
	g.mu.Unlock()
	defer func() { // also when the recording panics
		for _, t := range all[1:] {
			t.recorded <- recorded
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.busy = len(g.waiting) > 0; g.busy {
			g.waiting[0].lead <- struct{}{}
		}
	}()
	for try := range maxMeetings {
		if err = s.recordFirst(ctx, all, try); !errors.Is(err, dynamo.ErrMet) {
			break
		}
	}
	switch {
	case err == nil:
		return true, nil
	case len(all) > 1 || errors.Is(err, dynamo.ErrConflict) || errors.Is(err, errDecided) || errors.Is(err, dynamo.ErrThrottled):
		return false, nil
	}
	return false, err
}

// recordFirst is the transaction. What it counts lies in one lane; who meets another transaction there takes another.
func (s Deliveries) recordFirst(ctx context.Context, all []*ticket, try int) error {
	var writes []dynamo.Write
	counts := changes{}
	for _, t := range all {
		w, err := s.decision(t.d, nil)
		if err != nil {
			return err
		}
		writes = append(writes, w...)
		s.count(counts, t.d, nil, delivery.Decision{}, laneOf(all[0].d, try))
	}
	return dynamo.Do(ctx, s.DB, append(writes, s.countsOf(counts)...)...)
}
