package dynamodb

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/userops/userops/shared/standin/pagefile"
)

// ballast is memory that is never touched, so it costs none. It makes the heap look larger and the collector run less often:
// an engine lives on short-lived garbage beside a small heap.
const ballast = 48 << 20

const (
	defaultTTLLag    = 48 * time.Hour
	defaultSyncEvery = time.Second
)

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
