package dynamodb

import (
	"bytes"
	"encoding/binary"
	"time"
)

const (
	sweepEvery = time.Second
	// sweepStep is how many items of a table one sweep looks at.
	sweepStep = 5000
	// sweepDeletes is how many it deletes in one write.
	sweepDeletes = 2000
)

// sweep deletes some of what is expired: items, tokens, stream records.
func (e *Engine) sweep() {
	now := e.now()
	tokens := false
	for _, t := range *e.tables.Load() {
		if t.TimeToLiveAttribute != "" {
			e.sweepTable(t, now)
		}
		if t.stream != nil {
			e.trimStream(t, now)
		}
	}
	_ = e.store.view(func() error {
		tokens = e.tokens.stale(e.store.bucket(bucketTokens), now)
		return nil
	})
	if tokens {
		_ = e.commit(func(tx *txn) { e.tokens.forget(tx, 2*sweepStep) })
	}
	e.store.trimMapping()
}

func (e *Engine) sweepTable(t *table, now time.Time) {
	t.ttl.mu.Lock()
	defer t.ttl.mu.Unlock()
	var gone [][]byte
	_ = e.store.view(func() error {
		b := e.store.bucket(t.bucket)
		if b == nil {
			return nil
		}
		c := b.Cursor()
		k, v := c.First()
		if t.ttl.next != nil {
			k, v = c.Seek(t.ttl.next)
		}
		for n := 0; k != nil && n < sweepStep && len(gone) < sweepDeletes; n++ {
			if t.expired(loadItem(v), now, e) {
				gone = append(gone, append([]byte(nil), k...))
			}
			k, v = c.Next()
		}
		t.ttl.next = append([]byte(nil), k...)
		if k == nil {
			t.ttl.next = nil
		}
		return nil
	})
	if len(gone) == 0 {
		return
	}
	_ = e.commit(func(tx *txn) {
		t := tx.table(e, t.TableName)
		if t == nil {
			return
		}
		b := tx.bucket(t.bucket)
		for _, key := range gone {
			// It may have been written since it was looked at.
			if it := loadItem(b.Get(key)); it.exists() && t.expired(it, tx.now, e) {
				change(tx, t, key, it, it, item{}, true)
			}
		}
	})
}

// trimStream deletes records that are older than a day.
func (e *Engine) trimStream(t *table, now time.Time) {
	limit := uint64(now.Add(-streamLife).UnixNano())
	old := func(v []byte) bool { return v != nil && binary.BigEndian.Uint64(v) < limit }
	stale := false
	_ = e.store.view(func() error {
		if b := e.store.bucket(t.stream); b != nil {
			_, v := b.Cursor().First()
			stale = old(v)
		}
		return nil
	})
	if !stale {
		return
	}
	_ = e.commit(func(tx *txn) {
		b := tx.bucket(t.stream)
		if b == nil {
			return
		}
		var gone [][]byte
		c := b.Cursor()
		for k, v := c.First(); old(v) && len(gone) < sweepStep; k, v = c.Next() {
			gone = append(gone, bytes.Clone(k))
		}
		for _, k := range gone {
			tx.delete(t.stream, k)
		}
	})
}
