package dynamodb

import (
	"bytes"
	"time"

	"go.etcd.io/bbolt"
)

// walk is the state of one page.
type walk struct {
	*reading
	x              *exchange
	lookups        *bbolt.Cursor // of the table, for entries of an index
	now            time.Time
	last           item
	count, scanned int
	size           int
	fetched        float64 // read units of attributes fetched from the table for a local index
	cut            bool    // more may follow
}

func (w *walk) all(c *bbolt.Cursor) {
	var k, v []byte
	switch {
	case !w.backward && w.low == nil:
		k, v = c.First()
	case !w.backward:
		k, v = c.Seek(w.low)
	case w.high == nil:
		k, v = c.Last()
	default:
		if k, _ = c.Seek(w.high); k == nil {
			k, v = c.Last()
		} else {
			k, v = c.Prev()
		}
	}
	for k != nil {
		if w.backward && bytes.Compare(k, w.low) < 0 || !w.backward && w.high != nil && bytes.Compare(k, w.high) >= 0 {
			return
		}
		if !w.one(k, v) {
			w.cut = true
			return
		}
		if w.limit > 0 && w.scanned == w.limit {
			w.cut = true
			return
		}
		if w.backward {
			k, v = c.Prev()
		} else {
			k, v = c.Next()
		}
	}
}

// one takes the next item in; false if the page is full without it.
func (w *walk) one(k, v []byte) bool {
	if w.index != nil {
		key := w.index.baseKey(k)
		found, stored := w.lookups.Seek(key)
		if !bytes.Equal(found, key) {
			return true
		}
		v = stored
	}
	it := loadItem(v)
	if !it.exists() || w.table.TimeToLiveAttribute != "" && w.table.expired(it, w.now, w.e) {
		return true
	}
	whole := it
	if w.index != nil && w.index.projection != "ALL" {
		it = w.index.project(it)
	}
	if w.size+it.size > maxPage && w.scanned > 0 {
		return false
	}
	w.size += it.size
	w.scanned++
	w.last = whole
	if w.whole {
		w.fetched += readUnits(whole.size, w.request.consistent)
		it = whole
	}
	if w.filter != nil && !w.filter.holds(it) {
		return true
	}
	w.count++
	if w.countOnly {
		return true
	}
	if w.count > 1 {
		w.x.out = append(w.x.out, ',')
	}
	w.x.appendItem(it, w.paths)
	return true
}
