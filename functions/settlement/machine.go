package settlement

import (
	"context"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/telemetry"
)

// machine is a state machine by which rewards are earned. It is told that something may have moved, and reads for itself what has. Both
// methods may be called twice, late, in any order and in parallel. An error leaves open what was done.
type machine interface {
	// Concerns names the subjects that a follow may move. It decides nothing.
	Concerns(ctx context.Context, f job.Follow) ([]subject, error)
	// Advance takes every step that a subject is ready for; a subject that does not exist is ready for none. A machine
	// files the Due entry first, and then writes the state that waits for it. again is for a Due entry that came too early: when it is to come
	// again, the zero time for never. dynamo.ErrConflict says that other workers moved the subject at every try.
	Advance(ctx context.Context, s subject) (again time.Time, err error)
}

// row is a machine in the table.
type row struct {
	// name stands before a subject's id in a Due entry: "tree:spring/mei". The first machine's entries are older than the names, and have none.
	name string
	// kind is the definition without which the machine has nothing to advance.
	kind string
	machine
}

// subject is one of the things that a machine advances.
type subject struct {
	id    string       // within the machine
	order *order.Order // the one that was told of, as it was just read; nil when time is what has changed
}

// counts are the steps that machines have taken since they were last told, by metric and the state that was reached.
type counts struct {
	mu    sync.Mutex
	moved map[[2]string]int
}

func (c *counts) add(metric, state string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.moved == nil {
		c.moved = map[[2]string]int{}
	}
	c.moved[[2]string{metric, state}]++
}

// tell writes one line for each state that was reached.
func (c *counts) tell() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for reached, n := range c.moved {
		telemetry.Count(reached[0], n, "state", reached[1])
	}
	c.moved = nil
}
