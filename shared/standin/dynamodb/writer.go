package dynamodb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"
)

// maxGroup bounds how many writes share one record.
const maxGroup = 256

var errClosed = errors.New("the store is closed")

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

// txn is what the writes of one group do to the store, and what they know of each other.
type txn struct {
	*store
	now     time.Time
	shared  bool // more than one request is in the group
	touched map[string]touch
	tables  map[string]*table // when the group changed a definition
	after   []func()          // run once the group is logged
	undo    []func()          // run if it is not
}

// The changing methods panic if the store fails; the group is then undone as a whole.

func (tx *txn) put(bucket, key, value []byte) {
	must(tx.tx.Bucket(bucket).Put(key, value))
	tx.noted(changePut, bucket, key, value)
}

func (tx *txn) delete(bucket, key []byte) {
	must(tx.tx.Bucket(bucket).Delete(key))
	tx.markDeleted(bucket)
	tx.noted(changeDelete, bucket, key, nil)
}

func (tx *txn) create(bucket []byte) {
	_, err := tx.tx.CreateBucketIfNotExists(bucket)
	must(err)
	tx.noted(changeCreate, bucket, nil, nil)
}

func (tx *txn) drop(bucket []byte) {
	must(tx.tx.DeleteBucket(bucket))
	tx.noted(changeDrop, bucket, nil, nil)
}

// sequence counts a bucket's numbers up.
func (tx *txn) sequence(bucket []byte) uint64 {
	n, err := tx.tx.Bucket(bucket).NextSequence()
	must(err)
	tx.noted(changeSequence, bucket, nil, binary.BigEndian.AppendUint64(nil, n))
	return n
}

func (tx *txn) noted(kind byte, bucket, key, value []byte) {
	tx.changes++
	tx.journal.note(kind, bucket, key, value)
}

// must aborts the group: what it guards can only fail with the file.
func must(err error) {
	if err != nil {
		panic(err)
	}
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

// commit runs a write and returns once it is logged. run must not fail half-way: it judges first and changes then.
func (e *Engine) commit(run func(*txn)) error {
	q := &e.writer
	w := q.write()
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
			q.spare.Put(w)
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
	for _, other := range group {
		if other != w {
			other.err = err
			other.wake <- false
		}
	}
	if e.store.due() {
		// Its failure is not these writes': they are logged. It shows at the next write.
		_ = e.store.flush()
	}
	q.mu.Lock()
	if len(q.waiting) > 0 {
		q.waiting[0].wake <- true
	} else {
		q.busy = false
		q.idle.Broadcast()
	}
	q.mu.Unlock()
	w.run = nil
	q.spare.Put(w)
	return err
}

// runGroup runs the writes of a group and logs them as one.
func (e *Engine) runGroup(group []*write) (err error) {
	s := e.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return s.failed
	}
	tx := &txn{store: s, now: e.now(), shared: len(group) > 1}
	defer func() {
		if p := recover(); p != nil {
			s.journal.clear(s.generation)
			err = errors.Join(fmt.Errorf("writing: %v", p), s.restore())
		}
		if err != nil {
			for _, f := range tx.undo {
				f()
			}
		}
	}()
	for _, w := range group {
		w.run(tx)
	}
	if err := s.log(); err != nil {
		return err
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
