package outreach

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo"
)

// maxTogether is how many decisions one transaction records, far below what it may hold: with their counts they are half of that at most.
const maxTogether = 25

// company is how long a decision waits for those of the other workers, a fraction of what a provider takes.
const company = 10 * time.Millisecond

// Group records decisions together that the workers of an instance come to at about the same time: their counts are one write then, and the call is one. While a transaction is under way, whoever comes waits for the next; and that
// waits for a moment, as long as not all workers are there. The zero value is ready.
type Group struct {
	mu      sync.Mutex
	busy    bool
	waiting []*ticket
	workers int
	all     chan struct{} // closed once every worker waits; nil while nobody asks
}

// Join adds a worker whose decisions others may wait for, until it leaves.
func (g *Group) Join() (leave func()) {
	g.add(1)
	return func() { g.add(-1) }
}

func (g *Group) add(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.workers += n
	g.complete()
}

// complete tells whoever gathers that nobody else will come. The lock is held.
func (g *Group) complete() {
	if g.all != nil && len(g.waiting) >= min(g.workers, maxTogether) {
		close(g.all)
		g.all = nil
	}
}

// gather waits for the decisions of the other workers.
func (g *Group) gather(ctx context.Context) {
	g.mu.Lock()
	all := make(chan struct{})
	g.all = all
	g.complete()
	g.mu.Unlock()
	late := time.NewTimer(company)
	defer late.Stop()
	select {
	case <-all:
	case <-late.C:
	case <-ctx.Done():
	}
}

// recording is the transaction of decisions where nothing stands; try counts those that met another one.
type recording func(ctx context.Context, all []delivery.Decision, try int) error

// errDecided says that something else is on record.
var errDecided = errors.New("the attempt is decided")

// maxMeetings bounds how often a decision is recorded anew that met another transaction, was throttled, or found something else on record.
const maxMeetings = 10

type ticket struct {
	d        delivery.Decision
	lead     chan struct{} // it is this one's to record those that wait
	recorded chan bool
}

// first records a decision where nothing stands, together with those of others. false leaves open whether it is recorded: it is to be recorded alone, by who finds out what stands. An error is one of its own, of a decision that
// had no company.
func (g *Group) first(ctx context.Context, d delivery.Decision, record recording) (recorded bool, err error) {
	t := &ticket{d, make(chan struct{}, 1), make(chan bool, 1)}
	g.mu.Lock()
	g.waiting = append(g.waiting, t)
	alone := !g.busy
	g.busy = true
	g.complete()
	g.mu.Unlock()
	if !alone {
		select {
		case recorded := <-t.recorded:
			return recorded, nil
		case <-t.lead:
		}
	}
	return g.recordAll(ctx, record)
}

// recordAll records those that wait, of whom the first is the caller's.
func (g *Group) recordAll(ctx context.Context, record recording) (recorded bool, err error) {
	g.gather(ctx)
	g.mu.Lock()
	g.all = nil
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
	decisions := make([]delivery.Decision, len(all))
	for i, t := range all {
		decisions[i] = t.d
	}
	for try := range maxMeetings {
		if err = record(ctx, decisions, try); !errors.Is(err, dynamo.ErrMet) {
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
