package sqs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/userops/userops/shared/standin/pagefile"
)

// Open opens a store, creating it if need be, and takes up its move tasks again. It refuses a file that another process
// has open or that a newer program wrote; one with damaged pages is a *pagefile.Damage and stays as it is.
func Open(o Options) (*Engine, error) {
	if o.SyncEvery <= 0 {
		o.SyncEvery = time.Second
	}
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	if o.AccountID == "" {
		o.AccountID = "000000000000"
	}
	e := &Engine{
		options: o, now: o.Clock,
		stop: make(chan struct{}), kick: make(chan struct{}, 1),
		idle: make(chan struct{}), written: make(chan struct{}),
		room: maxInFlight, queues: map[string]*queue{}, nextQueue: 1, deletedAt: map[string]time.Time{}, pending: newCommit(),
	}
	if e.now == nil {
		e.now = time.Now
	}
	if o.Path == "" {
		folder, err := os.MkdirTemp("", "sqs")
		if err != nil {
			return nil, fmt.Errorf("creating a temporary queue store: %w", err)
		}
		e.temporary, o.Path = folder, filepath.Join(folder, "sqs.db")
	}
	var err error
	if e.db, err = openStore(o.Path); err != nil {
		e.clean()
		return nil, err
	}
	if err := pagefile.Guard(o.Path, func() error { return e.load(e.now().UnixMilli()) }); err != nil {
		e.db.Close()
		e.clean()
		var damage *pagefile.Damage
		if errors.As(err, &damage) {
			return nil, damage
		}
		return nil, fmt.Errorf("loading the queue store %s: %w", o.Path, err)
	}
	go e.write()
	e.running.Add(1)
	go e.sync()
	e.news.start(o.DeadLettered)
	e.mu.Lock()
	for _, t := range e.tasks {
		if t.Status == taskRunning {
			e.runTask(t)
		}
	}
	e.mu.Unlock()
	return e, nil
}

// Close answers the long polls, writes and syncs what is outstanding, and closes the file. Later requests are answered
// with ServiceUnavailable.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.closing {
		e.mu.Unlock()
		return nil
	}
	e.closing = true
	for _, q := range e.queues {
		q.disarm()
	}
	e.mu.Unlock()
	close(e.stop)
	e.running.Wait()
	close(e.idle)
	<-e.written
	e.news.finish()
	e.mu.Lock()
	err := e.broken
	e.mu.Unlock()
	if e.temporary == "" && err == nil {
		err = e.db.Sync()
	}
	if cerr := e.db.Close(); err == nil {
		err = cerr
	}
	e.clean()
	if err != nil {
		return fmt.Errorf("closing the queue store: %w", err)
	}
	return nil
}

func (e *Engine) clean() {
	if e.temporary != "" {
		os.RemoveAll(e.temporary)
	}
}

// Tick makes long polls, delays and move tasks look at the clock again. Only needed after moving Options.Clock.
func (e *Engine) Tick() {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.now().UnixMilli()
	for _, q := range e.queues {
		e.dispatch(q)
		for len(q.waiters) > 0 && q.waiters[0].deadline <= now {
			q.waiters[0].result <- delivery{}
			q.waiters = q.waiters[1:]
		}
	}
	for _, t := range e.tasks {
		t.poke()
	}
}

func (e *Engine) sync() {
	defer e.running.Done()
	ticker := time.NewTicker(e.options.SyncEvery)
	defer ticker.Stop()
	for {
		select {
		case <-e.stop:
			return
		case <-ticker.C:
		}
		e.mu.Lock()
		dirty := e.dirty
		e.dirty = false
		e.mu.Unlock()
		if !dirty || e.temporary != "" {
			continue
		}
		if err := e.db.Sync(); err != nil {
			e.mu.Lock()
			e.broken = fmt.Errorf("syncing the queue store: %w", err)
			e.mu.Unlock()
		}
	}
}
