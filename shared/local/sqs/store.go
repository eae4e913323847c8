package sqs

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// The file: the bucket "meta" holds the format; "queues" a record per queue; "tasks" a record per move task;
// "messages" a bucket per queue with three of its own: contents (written once), states (rewritten by every receive)
// and dedup (FIFO). Messages are keyed by their big-endian sequence number.
const formatVersion = 1

var (
	metaBucket     = []byte("meta")
	queuesBucket   = []byte("queues")
	tasksBucket    = []byte("tasks")
	messagesBucket = []byte("messages")
	contentsBucket = []byte("contents")
	statesBucket   = []byte("states")
	dedupBucket    = []byte("dedup")
	formatKey      = []byte("format")
)

type opKind uint8

const (
	opPut      opKind = iota // a new message: content and state
	opState                  // a message's new state
	opDelete                 // a message
	opMove                   // a message from one queue to another, with its new state
	opQueue                  // a queue's record
	opDrop                   // a queue with everything in it
	opPurge                  // a queue's messages
	opDedup                  // a deduplication id
	opForget                 // a deduplication id that has expired
	opTask                   // a move task's record
	opDropTask               // a move task that is too old to be listed
)

// op is one change of the file.
type op struct {
	kind           opKind
	queue, seq     uint64
	toQueue, toSeq uint64
	key            []byte
	value, state   []byte
}

// commit is a group of changes that is written as one transaction. Every operation waits for the commit that holds
// its changes before it answers.
type commit struct {
	ops      []op
	arrivals []arrival
	letters  []DeadLetter
	done     chan struct{}
	err      error
}

// arrival is a message that can be seen once its commit is stored.
type arrival struct {
	q *queue
	m *message
}

func newCommit() *commit { return &commit{done: make(chan struct{})} }

func bigEndian(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }

// openStore opens or creates the file and checks that this program can read it.
func openStore(path string) (*bolt.DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("creating the folder of the queue store: %w", err)
	}
	db, err := bolt.Open(path, 0o644, &bolt.Options{
		Timeout:         time.Second,
		NoSync:          true,
		NoGrowSync:      true,
		NoFreelistSync:  true,
		FreelistType:    bolt.FreelistMapType,
		InitialMmapSize: 64 << 20,
	})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("opening the queue store %s: another process has it open", path)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the queue store %s: %w", path, err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{metaBucket, queuesBucket, tasksBucket, messagesBucket} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		meta := tx.Bucket(metaBucket)
		b := meta.Get(formatKey)
		if b == nil {
			return meta.Put(formatKey, bigEndian(formatVersion))
		}
		if len(b) != 8 {
			return errRecord
		}
		if v := binary.BigEndian.Uint64(b); v > formatVersion {
			return fmt.Errorf("the file has format %d and this program knows up to %d: use a newer program or another file", v, formatVersion)
		}
		return nil
	})
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("opening the queue store %s: %w", path, err)
	}
	return db, nil
}

// writer holds the buckets of one transaction.
type writer struct {
	tx     *bolt.Tx
	queues map[uint64]*queueBuckets
}

type queueBuckets struct{ contents, states, dedup *bolt.Bucket }

func (w *writer) buckets(id uint64) (*queueBuckets, error) {
	if b := w.queues[id]; b != nil {
		return b, nil
	}
	all := w.tx.Bucket(messagesBucket)
	q, err := all.CreateBucketIfNotExists(bigEndian(id))
	if err != nil {
		return nil, err
	}
	b := &queueBuckets{}
	for name, to := range map[string]**bolt.Bucket{
		string(contentsBucket): &b.contents, string(statesBucket): &b.states, string(dedupBucket): &b.dedup,
	} {
		if *to, err = q.CreateBucketIfNotExists([]byte(name)); err != nil {
			return nil, err
		}
		// Keys only grow, so that a page split in half would stay half empty.
		(*to).FillPercent = 0.9
	}
	w.queues[id] = b
	return b, nil
}

func (w *writer) apply(o *op) error {
	switch o.kind {
	case opQueue:
		return w.tx.Bucket(queuesBucket).Put(bigEndian(o.queue), o.value)
	case opTask:
		return w.tx.Bucket(tasksBucket).Put(o.key, o.value)
	case opDropTask:
		return w.tx.Bucket(tasksBucket).Delete(o.key)
	case opDrop:
		if err := w.tx.Bucket(queuesBucket).Delete(bigEndian(o.queue)); err != nil {
			return err
		}
		return w.discard(o.queue, w.tx.Bucket(messagesBucket), bigEndian(o.queue))
	case opPurge:
		q := w.tx.Bucket(messagesBucket).Bucket(bigEndian(o.queue))
		if q == nil {
			return nil
		}
		if err := w.discard(o.queue, q, contentsBucket); err != nil {
			return err
		}
		return w.discard(o.queue, q, statesBucket)
	}
	b, err := w.buckets(o.queue)
	if err != nil {
		return err
	}
	switch o.kind {
	case opPut:
		if err := b.contents.Put(bigEndian(o.seq), o.value); err != nil {
			return err
		}
		return b.states.Put(bigEndian(o.seq), o.state)
	case opState:
		return b.states.Put(bigEndian(o.seq), o.state)
	case opDelete:
		if err := b.contents.Delete(bigEndian(o.seq)); err != nil {
			return err
		}
		return b.states.Delete(bigEndian(o.seq))
	case opMove:
		to, err := w.buckets(o.toQueue)
		if err != nil {
			return err
		}
		// The value lies in the page that the delete below frees.
		value := bytes.Clone(b.contents.Get(bigEndian(o.seq)))
		if err := to.contents.Put(bigEndian(o.toSeq), value); err != nil {
			return err
		}
		if err := to.states.Put(bigEndian(o.toSeq), o.state); err != nil {
			return err
		}
		if err := b.contents.Delete(bigEndian(o.seq)); err != nil {
			return err
		}
		return b.states.Delete(bigEndian(o.seq))
	case opDedup:
		return b.dedup.Put(o.key, o.value)
	case opForget:
		return b.dedup.Delete(o.key)
	}
	return fmt.Errorf("unknown change %d", o.kind)
}

func (w *writer) discard(id uint64, in *bolt.Bucket, name []byte) error {
	delete(w.queues, id)
	if in.Bucket(name) == nil {
		return nil
	}
	return in.DeleteBucket(name)
}

// store writes a commit.
func (e *Engine) store(c *commit) error {
	return e.db.Update(func(tx *bolt.Tx) error {
		w := writer{tx: tx, queues: map[uint64]*queueBuckets{}}
		for i := range c.ops {
			if err := w.apply(&c.ops[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// contents calls each with the content of every message that is still there. The content is only valid inside each.
func (e *Engine) contents(queue uint64, handed []handed, each func(i int, c *content) error) error {
	return e.db.View(func(tx *bolt.Tx) error {
		q := tx.Bucket(messagesBucket).Bucket(bigEndian(queue))
		if q == nil {
			return nil
		}
		b := q.Bucket(contentsBucket)
		if b == nil {
			return nil
		}
		var c content
		for i := range handed {
			v := b.Get(bigEndian(handed[i].seq))
			if v == nil {
				continue
			}
			if err := parseContent(v, &c); err != nil {
				return err
			}
			if err := each(i, &c); err != nil {
				return err
			}
		}
		return nil
	})
}

// load rebuilds the index from the file.
func (e *Engine) load(now int64) error {
	return e.db.View(func(tx *bolt.Tx) error {
		err := tx.Bucket(queuesBucket).ForEach(func(k, v []byte) error {
			q := newQueue(binary.BigEndian.Uint64(k), "")
			var r queueRecord
			if err := json.Unmarshal(v, &r); err != nil {
				return fmt.Errorf("reading queue %x: %w", k, err)
			}
			q.restore(r)
			e.queues[q.name] = q
			e.nextQueue = max(e.nextQueue, q.id+1)
			b := tx.Bucket(messagesBucket).Bucket(k)
			if b == nil {
				return nil
			}
			return q.load(b, now)
		})
		if err != nil {
			return err
		}
		return tx.Bucket(tasksBucket).ForEach(func(k, v []byte) error {
			t := &moveTask{}
			if err := json.Unmarshal(v, &t.taskRecord); err != nil {
				return fmt.Errorf("reading move task %s: %w", k, err)
			}
			t.wake = make(chan struct{}, 1)
			e.tasks = append(e.tasks, t)
			return nil
		})
	})
}

func (q *queue) load(b *bolt.Bucket, now int64) error {
	if states := b.Bucket(statesBucket); states != nil {
		err := states.ForEach(func(k, v []byte) error {
			m, group, err := parseState(v)
			if err != nil {
				return fmt.Errorf("reading message %x of queue %s: %w", k, q.name, err)
			}
			m.seq = binary.BigEndian.Uint64(k)
			if q.FIFO {
				m.group = q.groupNamed(group)
			}
			p := m.phase
			m.phase = unpublished
			if p == inFlight && m.visible > now {
				q.add(m, inFlight)
			} else {
				q.arrive(m, now)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	dedup := b.Bucket(dedupBucket)
	if dedup == nil {
		return nil
	}
	err := dedup.ForEach(func(k, v []byte) error {
		d, err := parseDedup(v)
		if err != nil {
			return fmt.Errorf("reading a deduplication id of queue %s: %w", q.name, err)
		}
		q.remember(string(k), d)
		return nil
	})
	slices.SortFunc(q.dedupOrder, func(a, b dedupAt) int { return cmp.Compare(a.at, b.at) })
	return err
}
