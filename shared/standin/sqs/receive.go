package sqs

import (
	"math/rand/v2"
	"time"
)

// receive hands out messages that are ready, and moves those to the dead-letter queue that were received too often.
// The caller holds the lock.
func (e *Engine) receive(q *queue, w wish, now int64) delivery {
	e.refresh(q, now)
	room := e.room - q.counts[inFlight]
	if room <= 0 {
		if q.FIFO {
			return delivery{}
		}
		f := faultf("OverLimit", "", "Too many messages are in flight in queue %s: at most %d.", q.name, e.room)
		f.status = 403
		return delivery{fault: f}
	}
	var d delivery
	var letters []*message
	var target *queue
	if q.Redrive != nil {
		target = e.queues[q.Redrive.Target]
	}
	visibility := w.visibility
	if visibility < 0 {
		visibility = q.Visibility
	}
	take := func(m *message) {
		q.detach(m)
		m.receives++
		m.nonce = random()
		m.taken, m.visible = now, now+int64(visibility)*1000
		if m.first == 0 {
			m.first = now
		}
		q.attach(m, inFlight)
		e.saveMessage(q, m)
		d.handed = append(d.handed, handed{m.id, m.seq, m.nonce, m.sent, m.first, m.receives, m.size, m.source})
	}
	most := min(w.most, room)
	for len(d.handed) < most {
		m := q.head()
		if m == nil {
			break
		}
		// A FIFO group closes with its first message in flight, so the rest of it is walked by hand.
		for m != nil && m.phase == ready && len(d.handed) < most {
			next := m.next
			if target != nil && int(m.receives) >= q.Redrive.MaxReceives {
				e.bury(q, target, m, now)
				letters = append(letters, m)
			} else {
				take(m)
			}
			if m = next; !q.FIFO {
				break
			}
		}
	}
	if len(d.handed) > 0 || len(letters) > 0 {
		d.queue = q.id
		d.commit = e.flush()
	}
	return d
}

// bury moves a message to the dead-letter queue: it keeps its id and, in a standard queue, its age.
func (e *Engine) bury(q, target *queue, m *message, now int64) {
	copied := &message{seq: e.number(target), id: m.id, sent: m.sent, first: m.first, receives: m.receives, size: m.size, visible: now, phase: delayed, source: q.name}
	if target.FIFO {
		copied.sent = now
		copied.group = target.groupNamed(m.group.name)
	}
	q.drop(m)
	e.add(op{kind: opMove, queue: q.id, seq: m.seq, toQueue: target.id, toSeq: copied.seq, value: appendRecord(nil, copied)})
	e.pending.arrivals = append(e.pending.arrivals, arrival{target, copied})
	e.pending.letters = append(e.pending.letters, DeadLetter{Queue: q.name, DeadLetterQueue: target.name, MessageID: m.id.String(), Receives: int(m.receives)})
}

func (e *Engine) saveMessage(q *queue, m *message) {
	e.add(op{kind: opState, queue: q.id, seq: m.seq, value: m.appendState(make([]byte, 0, fixedState+32))})
}

// refresh brings a queue up to the time: retention, delays, visibility.
func (e *Engine) refresh(q *queue, now int64) {
	old := now - int64(q.Retention)*1000
	expired := false
	for len(q.ages.items) > 0 && q.ages.items[0].at <= old {
		m := q.ages.items[0].m
		q.drop(m)
		e.add(op{kind: opDelete, queue: q.id, seq: m.seq})
		expired = true
	}
	if expired {
		e.flush()
	}
	q.promote(now)
}

// dispatch brings a queue up to the time and serves its long polls, the oldest first. The caller holds the lock.
func (e *Engine) dispatch(q *queue) {
	if e.closing || q.deleted {
		return
	}
	now := e.now().UnixMilli()
	e.refresh(q, now)
	for len(q.waiters) > 0 && q.head() != nil {
		d := e.receive(q, q.waiters[0].wish, now)
		if len(d.handed) == 0 && d.fault == nil {
			break
		}
		q.waiters[0].result <- d
		q.waiters[0] = nil
		q.waiters = q.waiters[1:]
	}
	e.arm(q)
}

// arm sets the queue's timer to the next moment at which a long poll may have something to receive.
func (e *Engine) arm(q *queue) {
	q.disarm()
	if len(q.waiters) == 0 || len(q.hidden.items) == 0 {
		return
	}
	// A clock that stands still just before that moment must not keep the timer firing without a pause.
	in := max(time.Millisecond, time.UnixMilli(q.hidden.items[0].at).Sub(e.now()))
	q.timer = time.AfterFunc(in, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.dispatch(q)
	})
}

// random is a nonce that is never 0, which means "never received".
func random() uint64 { return rand.Uint64() | 1 }
