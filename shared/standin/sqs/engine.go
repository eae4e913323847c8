package sqs

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/userops/userops/shared/standin/pagefile"
)

// Engine holds the queues of one store and answers requests for them. Its methods may be called concurrently.
type Engine struct {
	options   Options
	now       func() time.Time
	db        *bolt.DB
	temporary string
	stop      chan struct{}
	kick      chan struct{}
	idle      chan struct{} // closed when nothing can change the store any more
	written   chan struct{}
	running   sync.WaitGroup
	news      news
	room      int // messages in flight, of each queue

	mu        sync.Mutex
	queues    map[string]*queue
	nextQueue uint64
	deletedAt map[string]time.Time
	tasks     []*moveTask
	pending   *commit
	spare     commit
	dirty     bool
	closing   bool
	broken    error
}

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

// enter counts an operation that is under way. It refuses once the engine is closing, or once a write has failed: from
// then on memory may be ahead of the file.
func (e *Engine) enter() *fault {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing {
		return closed()
	}
	if e.broken != nil {
		return internal(e.broken)
	}
	e.running.Add(1)
	return nil
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

// flush sends the pending commit on its way; the caller holds the lock and waits for the result outside of it.
func (e *Engine) flush() *commit {
	select {
	case e.kick <- struct{}{}:
	default:
	}
	return e.pending
}

func (e *Engine) add(o op) { e.pending.ops = append(e.pending.ops, o) }

// await waits until a commit is stored.
func await(c *commit) *fault {
	if c == nil {
		return nil
	}
	<-c.done
	if c.err != nil {
		return internal(c.err)
	}
	return nil
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

// number gives the next sequence number of a queue.
func (e *Engine) number(q *queue) uint64 {
	if q.nextSeq >= q.reserved {
		const block = 1 << 20
		q.reserved = q.nextSeq + block
		e.save(q)
	}
	n := q.nextSeq
	q.nextSeq++
	return n
}

func (e *Engine) save(q *queue) { e.add(op{kind: opQueue, queue: q.id, value: q.record()}) }

func (e *Engine) arn(name string) string {
	return "arn:aws:sqs:" + e.options.Region + ":" + e.options.AccountID + ":" + name
}

// nameOf is the queue's name in an ARN of this account and region.
func (e *Engine) nameOf(arn string) (string, bool) {
	name, ok := strings.CutPrefix(arn, e.arn(""))
	return name, ok && name != "" && !strings.ContainsAny(name, ":/")
}

func (e *Engine) byARN(arn string) *queue {
	name, ok := e.nameOf(arn)
	if !ok {
		return nil
	}
	return e.queues[name]
}

// news tells of dead letters in order, from a goroutine of its own so that the listener may call the engine.
type news struct {
	tell    func(DeadLetter)
	mu      sync.Mutex
	changed *sync.Cond
	letters []DeadLetter
	closing bool
	done    chan struct{}
}

func (n *news) start(tell func(DeadLetter)) {
	n.changed = sync.NewCond(&n.mu)
	n.tell = tell
	n.done = make(chan struct{})
	go func() {
		defer close(n.done)
		for {
			n.mu.Lock()
			for len(n.letters) == 0 && !n.closing {
				n.changed.Wait()
			}
			letters := n.letters
			n.letters = nil
			n.mu.Unlock()
			if len(letters) == 0 {
				return
			}
			for _, l := range letters {
				tell(l)
			}
		}
	}()
}

func (n *news) add(letters []DeadLetter) {
	if n.tell == nil || len(letters) == 0 {
		return
	}
	n.mu.Lock()
	n.letters = append(n.letters, letters...)
	n.mu.Unlock()
	n.changed.Signal()
}

func (n *news) finish() {
	n.mu.Lock()
	n.closing = true
	n.mu.Unlock()
	n.changed.Signal()
	<-n.done
}

// random is a nonce that is never 0, which means "never received".
func random() uint64 { return rand.Uint64() | 1 }
