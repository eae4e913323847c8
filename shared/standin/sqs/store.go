package sqs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/userops/userops/shared/standin/pagefile"
)

// The file: the bucket "meta" holds the format; "queues" a record per queue; "tasks" a record per move task;
// "messages" a bucket per queue with three of its own: contents (a message's first state and its content, written
// once), states (its state since, rewritten by every receive) and dedup (FIFO). Messages are keyed by their big-endian
// sequence number.
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

func bigEndian(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }

// openStore opens or creates the file and checks that this program can read it.
func openStore(path string) (*bolt.DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("creating the folder of the queue store: %w", err)
	}
	if err := pagefile.Check(path); errors.Is(err, pagefile.ErrInUse) {
		return nil, fmt.Errorf("opening the queue store %s: %w", path, err)
	} else if err != nil {
		return nil, err
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{
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
	queues []queueBuckets
	key    [8]byte
}

type queueBuckets struct {
	id                      uint64
	contents, states, dedup *bolt.Bucket
}

func (w *writer) buckets(id uint64) (*queueBuckets, error) {
	for i := range w.queues {
		if w.queues[i].id == id {
			return &w.queues[i], nil
		}
	}
	q, err := ensure(w.tx.Bucket(messagesBucket), w.seq(id))
	if err != nil {
		return nil, err
	}
	b := queueBuckets{id: id}
	if b.contents, err = ensure(q, contentsBucket); err != nil {
		return nil, err
	}
	if b.states, err = ensure(q, statesBucket); err != nil {
		return nil, err
	}
	if b.dedup, err = ensure(q, dedupBucket); err != nil {
		return nil, err
	}
	// Their keys only grow, so that a page split in half would stay half empty.
	b.contents.FillPercent, b.states.FillPercent = 0.9, 0.9
	w.queues = append(w.queues, b)
	return &w.queues[len(w.queues)-1], nil
}

func ensure(in *bolt.Bucket, name []byte) (*bolt.Bucket, error) {
	if b := in.Bucket(name); b != nil {
		return b, nil
	}
	return in.CreateBucket(name)
}

// seq is the key of a message; it is valid until the next call.
func (w *writer) seq(n uint64) []byte {
	binary.BigEndian.PutUint64(w.key[:], n)
	return w.key[:]
}

func (w *writer) apply(o *op) error {
	switch o.kind {
	case opQueue:
		return w.tx.Bucket(queuesBucket).Put(w.seq(o.queue), o.value)
	case opTask:
		return w.tx.Bucket(tasksBucket).Put(o.key, o.value)
	case opDropTask:
		return w.tx.Bucket(tasksBucket).Delete(o.key)
	case opDrop:
		if err := w.tx.Bucket(queuesBucket).Delete(w.seq(o.queue)); err != nil {
			return err
		}
		return w.discard(o.queue, w.tx.Bucket(messagesBucket), w.seq(o.queue))
	case opPurge:
		q := w.tx.Bucket(messagesBucket).Bucket(w.seq(o.queue))
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
		return b.contents.Put(w.seq(o.seq), o.value)
	case opState:
		return b.states.Put(w.seq(o.seq), o.value)
	case opDelete:
		return w.delete(b, o.seq)
	case opMove:
		_, content, err := splitRecord(b.contents.Get(w.seq(o.seq)))
		if err != nil {
			return err
		}
		// A copy, for the content lies in a page that the delete frees.
		value := append(o.value, content...)
		if err := w.delete(b, o.seq); err != nil {
			return err
		}
		to, err := w.buckets(o.toQueue)
		if err != nil {
			return err
		}
		return to.contents.Put(w.seq(o.toSeq), value)
	case opDedup:
		return b.dedup.Put(o.key, o.value)
	case opForget:
		return b.dedup.Delete(o.key)
	}
	return fmt.Errorf("unknown change %d", o.kind)
}

func (w *writer) delete(b *queueBuckets, seq uint64) error {
	if err := b.contents.Delete(w.seq(seq)); err != nil {
		return err
	}
	return b.states.Delete(w.seq(seq))
}

func (w *writer) discard(id uint64, in *bolt.Bucket, name []byte) error {
	w.queues = slices.DeleteFunc(w.queues, func(b queueBuckets) bool { return b.id == id })
	if in.Bucket(name) == nil {
		return nil
	}
	return in.DeleteBucket(name)
}
