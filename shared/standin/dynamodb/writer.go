package dynamodb

import "sync"

// maxGroup bounds how many writes share one record.
const maxGroup = 256

// writer is the group commit. Whoever finds it idle leads: runs all waiting writes, logs them as one record, and hands the
// lead to the first of those who came meanwhile.
type writer struct {
	mu      sync.Mutex
	waiting []*write
	busy    bool
	closed  bool
	idle    sync.Cond
	// spare keeps writes to be used again; it is the engine's own, so that a test's engine may live in a bubble of virtual time.
	spare sync.Pool
}

// write is one waiting request.
type write struct {
	run  func(*txn)
	wake chan bool // true: lead, false: done
	err  error
}

func (q *writer) write() *write {
	if w, ok := q.spare.Get().(*write); ok {
		return w
	}
	return &write{wake: make(chan bool, 1)}
}

// close refuses further writes and waits for those under way.
func (q *writer) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for q.busy {
		q.idle.Wait()
	}
}
