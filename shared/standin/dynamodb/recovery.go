package dynamodb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"time"

	"github.com/userops/userops/shared/standin/pagefile"
	"go.etcd.io/bbolt"

	bolterrors "go.etcd.io/bbolt/errors"
)

// openStore opens the file. A volatile one is never synced: nothing in it needs to outlive a power cut.
func openStore(path string, volatile bool) (*store, error) {
	if err := pagefile.Check(path); err != nil {
		return nil, err
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:        time.Second,
		NoSync:         volatile,
		NoGrowSync:     true,
		NoFreelistSync: true,
		NoStatistics:   true,
		FreelistType:   bbolt.FreelistMapType,
		// Growing the mapping moves what readers see, so it starts large; it costs address space only.
		InitialMmapSize: initialMapping,
	})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, errors.New("another process has the file open")
	}
	if err != nil {
		return nil, err
	}
	s := &store{db: db}
	if err := pagefile.Guard(path, func() error { return s.start(path + ".journal") }); err != nil {
		if s.tx != nil {
			_ = s.tx.Rollback()
		}
		if s.journal != nil {
			_ = s.journal.file.Close()
		}
		return nil, errors.Join(err, db.Close())
	}
	s.releaseMapping()
	return s, nil
}

func (s *store) start(journalPath string) error {
	var err error
	if s.tx, err = s.db.Begin(true); err != nil {
		return err
	}
	meta, err := s.tx.CreateBucketIfNotExists(bucketMeta)
	if err != nil {
		return err
	}
	if have := meta.Get(keyFormat); have == nil {
		s.identity = rand.Uint64()
		err = errors.Join(meta.Put(keyFormat, []byte(strconv.Itoa(formatVersion))),
			meta.Put(keyIdentity, binary.BigEndian.AppendUint64(nil, s.identity)))
		// A journal without its store is of no use.
		if e := os.Remove(journalPath); !errors.Is(e, os.ErrNotExist) {
			err = errors.Join(err, e)
		}
		if err != nil {
			return err
		}
	} else if v, err := strconv.Atoi(string(have)); err != nil || v > formatVersion {
		return fmt.Errorf("its format is version %s, this program knows up to %d: use a newer program", have, formatVersion)
	} else {
		s.identity = number64(meta.Get(keyIdentity))
		s.generation = number64(meta.Get(keyGeneration))
	}
	if s.journal, err = openJournal(journalPath); err != nil {
		return err
	}
	if _, err := s.journal.replay(s.identity, s.generation, s.redo); err != nil {
		return err
	}
	if !s.db.NoSync {
		// A head that a power cut made zeros of would be taken for another store's.
		if err := s.journal.file.Sync(); err != nil {
			return err
		}
	}
	s.journal.clear(s.generation)
	return s.flushLocked()
}
