package sqs

import (
	"fmt"
	"runtime"

	bolt "go.etcd.io/bbolt"
)

// write stores one commit after the other until the engine closes.
func (e *Engine) write() {
	defer close(e.written)
	for {
		stopping := false
		select {
		case <-e.kick:
		case <-e.idle:
			stopping = true
		}
		// Whoever is about to add to the commit does so first: one larger commit costs half of two.
		runtime.Gosched()
		for e.writeOne() {
		}
		if stopping {
			return
		}
	}
}

// writeOne stores the pending commit and lets its messages be seen; it tells whether there was anything to do.
func (e *Engine) writeOne() bool {
	e.mu.Lock()
	c := e.pending
	if len(c.ops) == 0 {
		e.mu.Unlock()
		return false
	}
	e.pending = newCommit()
	e.pending.ops, e.pending.arrivals = e.spare.ops, e.spare.arrivals
	broken := e.broken
	e.mu.Unlock()
	if broken == nil {
		c.err = e.store(c)
	} else {
		c.err = broken
	}
	e.mu.Lock()
	if c.err != nil {
		e.broken = fmt.Errorf("writing the queue store: %w", c.err)
		c.err = e.broken
	} else {
		e.dirty = true
		e.publish(c.arrivals)
	}
	// The next commit but one takes the room of this one, unless it was unusually large.
	const keep = 4096
	if cap(c.ops) <= keep && cap(c.arrivals) <= keep {
		clear(c.ops)
		clear(c.arrivals)
		e.spare.ops, e.spare.arrivals = c.ops[:0], c.arrivals[:0]
	} else {
		e.spare.ops, e.spare.arrivals = nil, nil
	}
	c.ops, c.arrivals = nil, nil
	e.mu.Unlock()
	close(c.done)
	if c.err == nil {
		e.news.add(c.letters)
	}
	return true
}

// publish lets messages be seen and wakes who waits for them.
func (e *Engine) publish(arrivals []arrival) {
	now := e.now().UnixMilli()
	var last *queue
	for _, a := range arrivals {
		if a.q.deleted || a.m.seq < a.q.purgedBelow {
			continue
		}
		if a.m.group != nil {
			a.m.group = a.q.groupNamed(a.m.group.name)
		}
		a.q.arrive(a.m, now)
		if last != nil && last != a.q {
			e.dispatch(last)
		}
		last = a.q
	}
	if last != nil {
		e.dispatch(last)
	}
}

// store writes a commit.
func (e *Engine) store(c *commit) error {
	return e.db.Update(func(tx *bolt.Tx) error {
		w := writer{tx: tx}
		for i := range c.ops {
			if err := w.apply(&c.ops[i]); err != nil {
				return err
			}
		}
		return nil
	})
}
