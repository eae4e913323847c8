package dynamodb

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// Options say where an Engine keeps its data and whom it asks and tells.
type Options struct {
	// Path is the file of the store; its folder is created, and a journal, Path with ".journal" behind it, lies beside it.
	// Without a path the store is a temporary file, removed at Close.
	Path string
	// Clock gives the time for expiry, tokens and stream records; nil is time.Now.
	Clock func() time.Time
	// TTLLag is how long after its time to live an item stays visible: 0 is 48 hours, as the service may take; negative is at once.
	TTLLag time.Duration
	// SyncEvery is the interval of fsync, which only a power cut can tell; 0 is one second. Close also syncs.
	SyncEvery time.Duration
	// SweepEvery is the interval at which expired items are taken out of the file, which no reader can tell; 0 is one second.
	SweepEvery time.Duration
	// Authorize is asked before an operation; its error answers AccessDeniedException with the error's text. nil allows all.
	Authorize func(Call) error
	// Observe is told of every operation after it, once a table that the operation touched.
	Observe func(Call)
}

// Call is one operation on one table as Authorize and Observe see it.
type Call struct {
	AccessKeyID string // of the request's signature, "" if it has none
	// Action is the operation's name. Authorize sees a transaction as the actions it contains: GetItem, PutItem, UpdateItem,
	// DeleteItem, ConditionCheckItem.
	Action                string
	Table, Index          string  // names, not ARNs; Table is "" for operations on none
	ReadUnits, WriteUnits float64 // consumed capacity, set for Observe
	ErrorCode             string  // "" on success, set for Observe
}

// Engine is the store and its http.Handler. It is safe for concurrent use.
type Engine struct {
	options   Options
	store     *store
	writer    writer
	tables    atomic.Pointer[map[string]*table]
	tokens    tokenBook
	dirty     atomic.Bool
	temporary string
	ballast   []byte
	stop      chan struct{}
	running   sync.WaitGroup // sync and sweep
	building  sync.WaitGroup // indexes on tables with items
	closeOnce sync.Once
	closeErr  error
}

func (e *Engine) now() time.Time { return e.options.Clock() }

func (e *Engine) table(name string) *table { return (*e.tables.Load())[name] }

// replaceTable stores a definition inside a write and makes it known after the commit; nil removes the table.
func (e *Engine) replaceTable(tx *txn, name string, t *table) {
	if t == nil {
		tx.delete(bucketTables, []byte(name))
	} else {
		text, err := json.Marshal(&t.definition)
		must(err)
		tx.put(bucketTables, []byte(name), text)
	}
	// Later writes of the group must see it at once, readers only when its buckets are there.
	if tx.tables == nil {
		tx.tables = maps.Clone(*e.tables.Load())
		tx.after = append(tx.after, func() { e.tables.Store(&tx.tables) })
	}
	if t == nil {
		delete(tx.tables, name)
	} else {
		tx.tables[name] = t
	}
}

// table is the current definition of a table inside a write.
func (tx *txn) table(e *Engine, name string) *table {
	if tx.tables != nil {
		return tx.tables[name]
	}
	return e.table(name)
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
