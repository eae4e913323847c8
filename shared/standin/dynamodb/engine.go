package dynamodb

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/userops/userops/shared/standin/pagefile"
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

// ballast is memory that is never touched, so it costs none. It makes the heap look larger and the collector run less often:
// an engine lives on short-lived garbage beside a small heap.
const ballast = 48 << 20

const (
	defaultTTLLag    = 48 * time.Hour
	defaultSyncEvery = time.Second
)

var (
	bucketTables = []byte("tables")
	bucketTokens = []byte("tokens")
)

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

// Open opens or creates the store. A file that another process holds, or that a newer version wrote, is refused; one with damaged pages
// is a *pagefile.Damage and stays as it is.
func Open(o Options) (*Engine, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.TTLLag == 0 {
		o.TTLLag = defaultTTLLag
	}
	if o.SyncEvery <= 0 {
		o.SyncEvery = defaultSyncEvery
	}
	if o.SweepEvery <= 0 {
		o.SweepEvery = sweepEvery
	}
	e := &Engine{options: o, stop: make(chan struct{})}
	e.writer.idle.L = &e.writer.mu
	path := o.Path
	if path == "" {
		dir, err := os.MkdirTemp("", "dynamodb-")
		if err != nil {
			return nil, fmt.Errorf("opening a temporary dynamodb store: %w", err)
		}
		e.temporary = dir
		path = filepath.Join(dir, "store.db")
	} else if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("opening dynamodb store %s: %w", path, err)
	}
	if e.temporary == "" {
		e.ballast = make([]byte, ballast)
	}
	if err := e.open(path); err != nil {
		if e.store != nil {
			_ = e.store.close()
		}
		if e.temporary != "" {
			_ = os.RemoveAll(e.temporary)
		}
		var damage *pagefile.Damage
		if errors.As(err, &damage) {
			return nil, damage
		}
		return nil, fmt.Errorf("opening dynamodb store %s: %w", path, err)
	}
	e.running.Add(2)
	go e.every(e.options.SyncEvery, e.sync)
	go e.every(e.options.SweepEvery, e.sweep)
	for _, t := range *e.tables.Load() {
		e.resumeBuilding(t)
	}
	return e, nil
}

func (e *Engine) open(path string) error {
	s, err := openStore(path, e.temporary != "")
	if err != nil {
		return err
	}
	e.store = s
	tables := map[string]*table{}
	e.tables.Store(&tables)
	if err := e.commit(func(tx *txn) {
		tx.create(bucketTables)
		tx.create(bucketTokens)
	}); err != nil {
		return err
	}
	return pagefile.Guard(path, func() error { return e.load(tables) })
}

// load reads what the file says of tables and tokens.
func (e *Engine) load(tables map[string]*table) error {
	s := e.store
	return s.view(func() error {
		e.tokens.load(s.bucket(bucketTokens))
		return s.bucket(bucketTables).ForEach(func(name, text []byte) error {
			var d definition
			if err := json.Unmarshal(text, &d); err != nil {
				return &pagefile.Damage{Path: s.db.Path(), Why: fmt.Sprintf("reading table %q: %v", name, err)}
			}
			tables[string(name)] = d.ready(nil)
			return nil
		})
	})
}

// Close waits for writes under way, syncs and closes the file. Requests after it are answered with an error.
func (e *Engine) Close() error {
	e.closeOnce.Do(func() {
		e.writer.close()
		close(e.stop)
		e.running.Wait()
		e.building.Wait()
		e.closeErr = e.store.close()
		if e.temporary != "" {
			e.closeErr = errors.Join(e.closeErr, os.RemoveAll(e.temporary))
		}
	})
	return e.closeErr
}

func (e *Engine) now() time.Time { return e.options.Clock() }

func (e *Engine) table(name string) *table { return (*e.tables.Load())[name] }

// every does something again and again until the engine is closed.
func (e *Engine) every(pause time.Duration, do func()) {
	defer e.running.Done()
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		select {
		case <-e.stop:
			return
		case <-tick.C:
			do()
		}
	}
}

func (e *Engine) sync() {
	if e.dirty.Swap(false) {
		_ = e.store.flush()
	}
}

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
