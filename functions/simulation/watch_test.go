package simulation

import (
	"time"

	"github.com/userops/userops/shared/local/sqs"
)

// watch looks at what happens while it happens.
type watch struct {
	w     *world
	dead  []buried
	rates map[string]int // writes by second and partition
	most  map[string]int // the most writes of a partition in one second, by table
}

type buried struct {
	sqs.DeadLetter
	at    time.Time
	clean int // how often the function failed without a fault
}

func newWatch(w *world) *watch {
	return &watch{w: w, rates: map[string]int{}, most: map[string]int{}}
}

func (x *watch) buried(l sqs.DeadLetter) {
	x.w.mu.Lock()
	x.dead = append(x.dead, buried{l, time.Now(), x.w.failedClean[l.MessageID]})
	x.w.mu.Unlock()
	x.w.tell("dead letter: %s of %s after %d", l.MessageID, l.Queue, l.Receives)
}

func (x *watch) wrote(q request) {}

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
