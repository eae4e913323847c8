package dynamodb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

var errClosed = errors.New("the store is closed")

// formatVersion is the layout of the file; a file with a higher one is refused.
const formatVersion = 1

var (
	bucketMeta    = []byte("meta")
	keyFormat     = []byte("format")
	keyIdentity   = []byte("identity")
	keyGeneration = []byte("generation")
)

var (
	bucketTables = []byte("tables")
	bucketTokens = []byte("tokens")
)

const (
	// flushChanges and flushBytes bound what the open storage transaction collects before it is committed.
	flushChanges = 5000
	flushBytes   = 8 << 20
)

// store is the file and its journal. One storage transaction is always open: writes change it in memory and are logged in the
// journal, reads are served from it, and every so many changes it is committed. That costs a tenth of a commit a write.
type store struct {
	db         *bbolt.DB
	journal    *journal
	identity   uint64
	generation uint64 // of the file's last commit

	mu      sync.RWMutex // a write excludes all, reads exclude writes
	opening sync.Mutex   // bbolt remembers opened buckets, also for readers
	tx      *bbolt.Tx
	changes int
	deleted map[string]bool // buckets with deletions in the open transaction
	failed  error           // no further use until the next start
}

func number64(b []byte) uint64 {
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

// redo does the changes of a journal record again.
func (s *store) redo(changes []byte) error {
	return eachChange(changes, func(kind byte, bucket, key, value []byte) error {
		s.changes++
		switch kind {
		case changeCreate:
			_, err := s.tx.CreateBucketIfNotExists(bucket)
			return err
		case changeDrop:
			if err := s.tx.DeleteBucket(bucket); !errors.Is(err, bolterrors.ErrBucketNotFound) {
				return err
			}
			return nil
		}
		b := s.tx.Bucket(bucket)
		if b == nil {
			return fmt.Errorf("a change of bucket %x, which is not there", bucket)
		}
		switch kind {
		case changePut:
			return b.Put(key, value)
		case changeDelete:
			s.markDeleted(bucket)
			return b.Delete(key)
		case changeSequence:
			return b.SetSequence(number64(value))
		}
		return fmt.Errorf("a change of unknown kind %q", kind)
	})
}

func (s *store) markDeleted(bucket []byte) {
	if s.deleted == nil {
		s.deleted = map[string]bool{}
	}
	s.deleted[string(bucket)] = true
}

// bucket is a bucket of the open transaction, nil if there is none; only inside view, settled or a write.
func (s *store) bucket(name []byte) *bbolt.Bucket {
	s.opening.Lock()
	defer s.opening.Unlock()
	return s.tx.Bucket(name)
}

// view runs f while nothing changes. What f gets of the store may not be kept.
func (s *store) view(f func() error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.failed != nil {
		return internal(s.failed)
	}
	return f()
}

// settled runs f on a bucket that has no deletions in the open transaction: a cursor that walks backward stops early at a
// page they left empty.
func (s *store) settled(bucket []byte, f func() error) error {
	s.mu.RLock()
	if !s.deleted[string(bucket)] || s.failed != nil {
		s.mu.RUnlock()
		return s.view(f)
	}
	s.mu.RUnlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		if err := s.flushLocked(); err != nil {
			return internal(err)
		}
	}
	if s.failed != nil {
		return internal(s.failed)
	}
	return f()
}

// log makes the changes of a write outlive the process. If it cannot, the open transaction goes back to the last logged state.
func (s *store) log() error {
	if s.journal.empty() {
		return nil
	}
	err := s.journal.write()
	s.journal.clear(s.generation)
	if err != nil {
		err = fmt.Errorf("writing the journal: %w", err)
		return errors.Join(err, s.restore())
	}
	return nil
}

// restore drops the open transaction and builds it again from the journal.
func (s *store) restore() error {
	s.changes, s.deleted = 0, nil
	_ = s.tx.Rollback()
	var err error
	if s.tx, err = s.db.Begin(true); err == nil {
		_, err = s.journal.replay(s.identity, s.generation, s.redo)
	}
	s.journal.clear(s.generation)
	if err != nil {
		s.failed = fmt.Errorf("the store is unusable until a restart: %w", err)
	}
	return s.failed
}

// due says whether enough has changed for a commit.
func (s *store) due() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.changes >= flushChanges || s.journal.size >= flushBytes
}

// flush commits the open transaction, if anything changed. A commit syncs its pages before what points to them, and that as well before
// the journal is emptied: a power cut leaves this commit or the one before it, whole.
func (s *store) flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return s.failed
	}
	return s.flushLocked()
}

func (s *store) flushLocked() error {
	if s.changes == 0 && s.generation > 0 {
		return nil
	}
	next := s.generation + 1
	err := s.tx.Bucket(bucketMeta).Put(keyGeneration, binary.BigEndian.AppendUint64(nil, next))
	if err == nil {
		err = s.tx.Commit()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("committing: %w", err), s.restore())
	}
	s.generation, s.changes, s.deleted = next, 0, nil
	if s.tx, err = s.db.Begin(true); err == nil {
		// Records of an older generation are passed over, so dying before this does no harm.
		err = s.journal.reset()
	}
	s.journal.clear(next)
	if err != nil {
		s.failed = fmt.Errorf("the store is unusable until a restart: %w", err)
	}
	return s.failed
}

func (s *store) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.failed
	if err == nil {
		err = s.flushLocked()
	}
	if s.tx != nil {
		_ = s.tx.Rollback()
	}
	err = errors.Join(err, s.journal.file.Close(), s.db.Close())
	s.failed = errClosed
	return err
}
