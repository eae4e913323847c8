package sqs

import (
	"strings"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
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

// sourcesOf names the queues whose dead letters go to target.
func (e *Engine) sourcesOf(target string) []string {
	var names []string
	for name, q := range e.queues {
		if q.Redrive != nil && q.Redrive.Target == target {
			names = append(names, name)
		}
	}
	return names
}
