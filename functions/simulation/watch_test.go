package simulation

import (
	"bytes"
	"time"

	"github.com/userops/userops/shared/standin/sqs"
)

// watch looks at what happens while it happens.
type watch struct {
	w          *world
	dead       []buried
	tombstones []tombstone
	people     map[string]*identity // by key of a profile
	done       map[uint64]bool      // transactions, by all that they say, their tokens too
	traces     map[string]trace     // by their keys
	decided    decided
	stops      stopsTold
	shelves    shelves
}

type buried struct {
	sqs.DeadLetter
	at    time.Time
	clean int // how often the function failed without a fault
}

func newWatch(w *world) *watch {
	return &watch{w: w, people: map[string]*identity{}, done: map[uint64]bool{}, traces: map[string]trace{}, stops: newStopsTold(), shelves: newShelves()}
}

func (x *watch) buried(l sqs.DeadLetter) {
	x.w.mu.Lock()
	x.dead = append(x.dead, buried{l, time.Now(), x.w.failedClean[l.MessageID]})
	x.w.mu.Unlock()
	if q, ok := x.w.template.Queue(l.Queue); ok {
		x.w.pokeQueue(q.DeadLetter, 0)
	}
	x.w.tell("dead letter: %s of %s after %d", l.MessageID, l.Queue, l.Receives)
}

// wrote looks at what was written. A transaction that comes again with its token, since its answer was lost, is answered and writes nothing,
// also when others have written since.
func (x *watch) wrote(q request) {
	if q.op == "TransactWriteItems" {
		by := hash(0, string(q.body))
		if x.done[by] {
			return
		}
		x.done[by] = true
	}
	x.identities(q)
	x.noted(q)
	x.shelves.filed(q)
	x.decided.decides(q, &x.stops)
	x.stops.enters(q)
	if q.where == "Profiles" && bytes.Contains(q.body, []byte(`"erased":`)) {
		x.tombstones = append(x.tombstones, tombstone{time.Now(), q.body})
	}
}

type tombstone struct {
	at   time.Time
	body []byte
}

// carriedOut is when the erasure of a profile had been written for certain: until then what comes is erased with the rest. It is the
// last time of those that may be meant.
func (x *watch) carriedOut(e *erasure) time.Time {
	last := e.Ended
	for _, t := range x.tombstones {
		if t.at.After(last) && bytes.Contains(t.body, []byte("p#"+e.Profile)) {
			last = t.at
		}
	}
	return last
}

// coverage counts between which effects of a function a crash was put.
type coverage struct {
	Seen    map[string]int
	Crashed map[string]int
}

func (c *coverage) init() { c.Seen, c.Crashed = map[string]int{}, map[string]int{} }

func (c *coverage) seen(function, last, this string) {
	c.Seen[function+": "+last+" -> "+this]++
	if last != "" {
		c.Seen[function+": "+last+" -> *"]++
	}
}

func (c *coverage) crashed(function, last, this string) {
	c.Crashed[function+": "+last+" -> "+this]++
}
