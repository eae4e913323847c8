package dynamodb

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

// maxGroup bounds how many writes share one storage transaction.
const maxGroup = 256

var errClosed = errors.New("the store is closed")

// writer is the group commit. Whoever finds it idle leads: runs all waiting writes in one storage transaction, commits, and
// hands the lead to the first of those who came meanwhile.
type writer struct {
	mu      sync.Mutex
	waiting []*write
	busy    bool
	closed  bool
	idle    sync.Cond
}

// write is one waiting request.
type write struct {
	run  func(*txn)
	wake chan bool // true: lead, false: done
	err  error
}

var writes = sync.Pool{New: func() any { return &write{wake: make(chan bool, 1)} }}

// txn is a storage transaction with what its writes know of each other.
type txn struct {
	*bbolt.Tx
	now     time.Time
	shared  bool // more than one request is in the group
	touched map[string]touch
	tables  map[string]*table // when the group changed a definition
	after   []func()          // run once the transaction is committed
	undo    []func()          // run if it is not
}

type touch byte

const (
	touchedByWrite touch = 1 << iota
	touchedByTransaction
)

// touch records that a request met an item.
func (tx *txn) touch(t *table, key []byte, by touch) {
	if !tx.shared {
		return
	}
	if tx.touched == nil {
		tx.touched = map[string]touch{}
	}
	tx.touched[string(t.bucket)+string(key)] |= by
}

// conflicts says whether an earlier request of the group met the item in one of the ways.
func (tx *txn) conflicts(t *table, key []byte, by touch) bool {
	return tx.touched != nil && tx.touched[string(t.bucket)+string(key)]&by != 0
}

// commit runs a write and returns once it is committed. run must not fail half-way: it judges first and changes then.
func (e *Engine) commit(run func(*txn)) error {
	q := &e.writer
	w := writes.Get().(*write)
	w.run, w.err = run, nil
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return errClosed
	}
	q.waiting = append(q.waiting, w)
	if q.busy {
		q.mu.Unlock()
		if !<-w.wake {
			err := w.err
			w.run = nil
			writes.Put(w)
			return err
		}
		q.mu.Lock()
	}
	q.busy = true
	group := q.waiting
	if len(group) > maxGroup {
		group = group[:maxGroup:maxGroup]
		q.waiting = q.waiting[maxGroup:]
	} else {
		q.waiting = nil
	}
	q.mu.Unlock()

	err := e.runGroup(group)

	q.mu.Lock()
	if len(q.waiting) > 0 {
		q.waiting[0].wake <- true
	} else {
		q.busy = false
		q.idle.Broadcast()
	}
	q.mu.Unlock()
	for _, other := range group {
		if other != w {
			other.err = err
			other.wake <- false
		}
	}
	w.run = nil
	writes.Put(w)
	return err
}

func (e *Engine) runGroup(group []*write) (err error) {
	stx, err := e.db.Begin(true)
	if err != nil {
		return err
	}
	tx := &txn{Tx: stx, now: e.now(), shared: len(group) > 1}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("writing: %v", p)
		}
		if err != nil {
			_ = stx.Rollback()
			for _, f := range tx.undo {
				f()
			}
		}
	}()
	for _, w := range group {
		w.run(tx)
	}
	if err := stx.Commit(); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	e.dirty.Store(true)
	for _, f := range tx.after {
		f()
	}
	return nil
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
