package sqs

import (
	"encoding/binary"
	"encoding/json"
	"time"
)

// queue is the index of one queue; the engine's lock guards it.
type queue struct {
	id   uint64
	name string
	settings
	tags              map[string]string
	created, modified int64 // seconds

	// nextSeq numbers the next message; numbers below reserved are never given again, even after a crash.
	nextSeq, reserved uint64
	// Messages numbered below purgedBelow that are still being stored vanish when they arrive.
	purgedBelow uint64
	purgedAt    time.Time
	deleted     bool

	messages map[uint64]*message
	counts   [gone]int
	hidden   timeHeap // delayed and in flight, by the time they can be seen
	ages     timeHeap // all, by the time they were sent
	list     messageList
	groups   map[string]*group
	open     groupHeap

	waiters []*waiter
	timer   *time.Timer

	dedups     map[string]*dedup
	dedupOrder []dedupAt
}

// queueRecord is a queue in the file.
type queueRecord struct {
	Name              string            `json:"name"`
	Settings          settings          `json:"settings"`
	Tags              map[string]string `json:"tags,omitempty"`
	Created, Modified int64
	Reserved          uint64 `json:"reserved"`
}

func newQueue(id uint64, name string) *queue {
	return &queue{
		id: id, name: name, settings: defaults, tags: map[string]string{},
		nextSeq: 1, reserved: 1,
		messages: map[uint64]*message{},
		hidden:   timeHeap{slot: byVisibility}, ages: timeHeap{slot: byAge},
		groups: map[string]*group{}, dedups: map[string]*dedup{},
	}
}

func (q *queue) record() []byte {
	b, err := json.Marshal(queueRecord{q.name, q.settings, q.tags, q.created, q.modified, q.reserved})
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	return b
}

func (q *queue) restore(r queueRecord) {
	q.name, q.settings, q.created, q.modified = r.Name, r.Settings, r.Created, r.Modified
	q.nextSeq, q.reserved = r.Reserved, r.Reserved
	if r.Tags != nil {
		q.tags = r.Tags
	}
}

// add puts a message into the index; a delayed or in-flight one must have its time.
func (q *queue) add(m *message, p phase) {
	q.messages[m.seq] = m
	q.ages.push(m, m.sent)
	if m.group != nil {
		m.group.list.push(m)
	}
	q.attach(m, p)
}

// arrive adds a message that was sent or loaded: delayed or ready.
func (q *queue) arrive(m *message, now int64) {
	if m.visible > now {
		q.add(m, delayed)
	} else {
		q.add(m, ready)
	}
}

// attach gives a message its phase; detach takes it out of it.
func (q *queue) attach(m *message, p phase) {
	m.phase = p
	q.counts[p]++
	switch {
	case p != ready:
		q.hidden.push(m, m.visible)
		if m.group != nil && p == inFlight {
			m.group.inFlight++
		}
	case m.group == nil:
		q.list.push(m)
	}
	if m.group != nil {
		q.settle(m.group)
	}
}

func (q *queue) detach(m *message) {
	q.counts[m.phase]--
	switch {
	case m.phase != ready:
		q.hidden.remove(m)
		if m.group != nil && m.phase == inFlight {
			m.group.inFlight--
		}
	case m.group == nil:
		q.list.remove(m)
	}
	m.phase = gone
}

// drop takes a message out of the index for good.
func (q *queue) drop(m *message) {
	q.detach(m)
	q.ages.remove(m)
	delete(q.messages, m.seq)
	if g := m.group; g != nil {
		g.list.remove(m)
		q.settle(g)
	}
}

// promote makes every message ready whose delay or visibility timeout has passed.
func (q *queue) promote(now int64) {
	for len(q.hidden.items) > 0 && q.hidden.items[0].at <= now {
		m := q.hidden.items[0].m
		q.detach(m)
		q.attach(m, ready)
	}
}

// head is the next message to hand out, nil if there is none. In a FIFO queue it is the oldest of the oldest group that
// has nothing in flight.
func (q *queue) head() *message {
	if !q.FIFO {
		return q.list.head
	}
	if len(q.open) == 0 {
		return nil
	}
	return q.open[0].list.head
}

func (q *queue) groupNamed(name string) *group {
	g := q.groups[name]
	if g == nil {
		g = &group{name: name, pos: -1}
		q.groups[name] = g
	}
	return g
}

// settle opens or closes a group after a change of one of its messages.
func (q *queue) settle(g *group) {
	if g.pos >= 0 {
		q.open.remove(g)
	}
	head := g.list.head
	switch {
	case head == nil:
		// A message being stored may still hold this group; it looks the name up again when it arrives.
		delete(q.groups, g.name)
	case g.inFlight == 0 && head.phase == ready:
		g.first = head.seq
		q.open.push(g)
	}
}

// dedup is what a FIFO queue answers to a repeated deduplication id.
type dedup struct {
	at     int64
	seq    uint64
	id     messageID
	stored *commit // nil once loaded from the file
}

type dedupAt struct {
	at  int64
	key string
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

func (d *dedup) append(out []byte) []byte {
	out = binary.LittleEndian.AppendUint64(out, uint64(d.at))
	out = binary.LittleEndian.AppendUint64(out, d.seq)
	return append(out, d.id[:]...)
}

func parseDedup(b []byte) (*dedup, error) {
	if len(b) != 32 {
		return nil, errRecord
	}
	d := &dedup{at: int64(binary.LittleEndian.Uint64(b)), seq: binary.LittleEndian.Uint64(b[8:])}
	copy(d.id[:], b[16:])
	return d, nil
}

func (q *queue) remember(key string, d *dedup) {
	q.dedups[key] = d
	q.dedupOrder = append(q.dedupOrder, dedupAt{d.at, key})
}

// forget removes the deduplication ids that are too old and returns them.
func (q *queue) forget(now int64) []string {
	var old []string
	for len(q.dedupOrder) > 0 && q.dedupOrder[0].at+dedupInterval.Milliseconds() <= now {
		key := q.dedupOrder[0].key
		q.dedupOrder = q.dedupOrder[1:]
		delete(q.dedups, key)
		old = append(old, key)
	}
	return old
}

// wish is what a ReceiveMessage asks for.
type wish struct {
	most       int
	visibility int // -1: the queue's
}

// handed is a message as it was handed out; the message itself may change at once.
type handed struct {
	id          messageID
	seq, nonce  uint64
	sent, first int64
	receives    uint32
	size        uint32
	source      string
}

// delivery is the answer to a wish. Its commit must be stored before anyone sees it.
type delivery struct {
	queue  uint64
	handed []handed
	commit *commit
	fault  *fault
}

// waiter is a long poll.
type waiter struct {
	wish     wish
	deadline int64
	result   chan delivery
}

func (q *queue) disarm() {
	if q.timer != nil {
		q.timer.Stop()
		q.timer = nil
	}
}

func (q *queue) leave(w *waiter) {
	for i, other := range q.waiters {
		if other == w {
			q.waiters = append(q.waiters[:i:i], q.waiters[i+1:]...)
			return
		}
	}
}

// purge empties the index; deduplication ids and waiters stay.
func (q *queue) purge(now time.Time) {
	q.purgedAt = now
	q.purgedBelow = q.nextSeq
	fresh := newQueue(q.id, q.name)
	q.messages, q.counts, q.hidden, q.ages = fresh.messages, fresh.counts, fresh.hidden, fresh.ages
	q.list, q.groups, q.open = fresh.list, fresh.groups, fresh.open
}
