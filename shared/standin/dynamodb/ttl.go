package dynamodb

import (
	"strconv"
	"sync"
	"time"
)

// An expired item is invisible from its time to live plus the lag on, to the second, whatever the clock. Taking it out of
// the file, its indexes and into the stream is the sweep's work, a little every second.

// expiryHorizon is how far in the past a time to live may be to count, as on the service.
const expiryHorizon = 5 * 365 * 24 * time.Hour

// expired says whether the item's time to live, plus the lag, is over.
func (t *table) expired(it item, now time.Time, e *Engine) bool {
	if t.TimeToLiveAttribute == "" {
		return false
	}
	at, ok := t.expiry(it)
	if !ok || now.Sub(at) > expiryHorizon {
		return false
	}
	return !now.Before(at.Add(max(e.options.TTLLag, 0)))
}

// expiry is the item's time to live, if it has one.
func (t *table) expiry(it item) (time.Time, bool) {
	v := it.attr(t.TimeToLiveAttribute)
	if v == nil || v[0] != tagNumber || !plainInteger(content(v)) || len(content(v)) > 12 {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseInt(string(content(v)), 10, 64)
	return time.Unix(seconds, 0), err == nil
}

func (x *exchange) updateTimeToLive() error {
	var in struct {
		TableName               string
		TimeToLiveSpecification *struct {
			AttributeName string
			Enabled       *bool
		}
	}
	if err := x.decode(&in); err != nil {
		return err
	}
	t, err := x.named(in.TableName)
	if err != nil {
		return err
	}
	s := in.TimeToLiveSpecification
	if s == nil || s.Enabled == nil {
		return invalid("1 validation error detected: Value null at 'timeToLiveSpecification' failed to satisfy constraint: Member must not be null")
	}
	if len(s.AttributeName) == 0 || len(s.AttributeName) > 255 {
		return constraint(s.AttributeName, "timeToLiveSpecification.attributeName", "Member must have length between 1 and 255")
	}
	_, err = x.edit(t, func(_ *txn, d *definition) error {
		switch {
		case *s.Enabled && d.TimeToLiveAttribute == s.AttributeName:
			return invalid("TimeToLive is already enabled")
		case *s.Enabled && d.TimeToLiveAttribute != "":
			return invalid("TimeToLive is active on a different AttributeName: current AttributeName is %s", d.TimeToLiveAttribute)
		case !*s.Enabled && d.TimeToLiveAttribute == "":
			return invalid("TimeToLive is already disabled")
		case !*s.Enabled && d.TimeToLiveAttribute != s.AttributeName:
			return invalid("TimeToLive is active on a different AttributeName: current AttributeName is %s", d.TimeToLiveAttribute)
		}
		d.TimeToLiveAttribute = ""
		if *s.Enabled {
			d.TimeToLiveAttribute = s.AttributeName
		}
		return nil
	})
	if err != nil {
		return err
	}
	return x.answer(map[string]any{"TimeToLiveSpecification": map[string]any{"AttributeName": s.AttributeName, "Enabled": *s.Enabled}})
}

func (x *exchange) describeTimeToLive() error {
	t, err := x.asked()
	if err != nil {
		return err
	}
	d := map[string]any{"TimeToLiveStatus": "DISABLED"}
	if t.TimeToLiveAttribute != "" {
		d = map[string]any{"TimeToLiveStatus": "ENABLED", "AttributeName": t.TimeToLiveAttribute}
	}
	return x.answer(map[string]any{"TimeToLiveDescription": d})
}

const (
	sweepEvery = time.Second
	// sweepStep is how many items of a table one sweep looks at.
	sweepStep = 5000
	// sweepDeletes is how many it deletes in one write.
	sweepDeletes = 2000
)

// ttlProgress is where the sweep of a table stands.
type ttlProgress struct {
	mu   sync.Mutex
	next []byte
}

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
