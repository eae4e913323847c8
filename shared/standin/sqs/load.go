package sqs

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"
)

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
			_, v, err := splitRecord(v)
			if err != nil {
				return err
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

// loadMessages walks both buckets at once: the later state goes over the first one.
func (q *queue) loadMessages(contents, states *bolt.Bucket, now int64) error {
	later := states.Cursor()
	key, state := later.First()
	return contents.ForEach(func(k, v []byte) error {
		first, _, err := splitRecord(v)
		if err != nil {
			return fmt.Errorf("reading message %x of queue %s: %w", k, q.name, err)
		}
		if bytes.Equal(key, k) {
			first = state
			key, state = later.Next()
		}
		m, group, err := parseState(first)
		if err != nil {
			return fmt.Errorf("reading message %x of queue %s: %w", k, q.name, err)
		}
		m.seq = binary.BigEndian.Uint64(k)
		if q.FIFO {
			m.group = q.groupNamed(group)
		}
		received := m.phase == inFlight
		m.phase = unpublished
		if received && m.visible > now {
			q.add(m, inFlight)
		} else {
			q.arrive(m, now)
		}
		return nil
	})
}

func (q *queue) load(b *bolt.Bucket, now int64) error {
	contents, states := b.Bucket(contentsBucket), b.Bucket(statesBucket)
	if contents != nil && states != nil {
		if err := q.loadMessages(contents, states, now); err != nil {
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
