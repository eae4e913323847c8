package dynamodb

import (
	"encoding/binary"
	"time"
)

// txn is what the writes of one group do to the store, and what they know of each other.
type txn struct {
	*store
	now     time.Time
	shared  bool // more than one request is in the group
	touched map[string]touch
	tables  map[string]*table // when the group changed a definition
	after   []func()          // run once the group is logged
	undo    []func()          // run if it is not
}

// The changing methods panic if the store fails; the group is then undone as a whole.

func (tx *txn) put(bucket, key, value []byte) {
	must(tx.tx.Bucket(bucket).Put(key, value))
	tx.noted(changePut, bucket, key, value)
}

func (tx *txn) delete(bucket, key []byte) {
	must(tx.tx.Bucket(bucket).Delete(key))
	tx.markDeleted(bucket)
	tx.noted(changeDelete, bucket, key, nil)
}

func (tx *txn) create(bucket []byte) {
	_, err := tx.tx.CreateBucketIfNotExists(bucket)
	must(err)
	tx.noted(changeCreate, bucket, nil, nil)
}

func (tx *txn) drop(bucket []byte) {
	must(tx.tx.DeleteBucket(bucket))
	tx.noted(changeDrop, bucket, nil, nil)
}

// sequence counts a bucket's numbers up.
func (tx *txn) sequence(bucket []byte) uint64 {
	n, err := tx.tx.Bucket(bucket).NextSequence()
	must(err)
	tx.noted(changeSequence, bucket, nil, binary.BigEndian.AppendUint64(nil, n))
	return n
}

func (tx *txn) noted(kind byte, bucket, key, value []byte) {
	tx.changes++
	tx.journal.note(kind, bucket, key, value)
}

// must aborts the group: what it guards can only fail with the file.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

type touch byte

const (
	touchedByWrite touch = 1 << iota
	touchedByTransaction
)

// touch records that a request met an item.
func (tx *txn) touch(t *table, key []byte, by touch) {
	if !tx.shared {
		return
	}
	if tx.touched == nil {
		tx.touched = map[string]touch{}
	}
	tx.touched[string(t.bucket)+string(key)] |= by
}

// conflicts says whether an earlier request of the group met the item in one of the ways.
func (tx *txn) conflicts(t *table, key []byte, by touch) bool {
	return tx.touched != nil && tx.touched[string(t.bucket)+string(key)]&by != 0
}
