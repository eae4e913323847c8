package live

import (
	"slices"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/allowance"
)

const (
	// burst is how many hours an instance hands out at once, so that who tries something sees it; then a share of one for each event, which is what a write may cost an event, and one a span.
	burst    = 20
	share    = 0.004
	idleSpan = time.Minute
	// maxHours bounds the hours that wait while the table is away.
	maxHours = 3
)

// Counter is what an instance counts. Its zero value is ready. It may be used by several goroutines.
type Counter struct {
	mu      sync.Mutex
	hours   []counted        // oldest first
	writes  allowance.Bucket // how many hours may be handed out
	writing bool
}

// counted is an hour of the instance. It waits while it has changed since it was written.
type counted struct {
	Hour
	written int64 // the changes that are durable
}

// Add counts figures that came about at a time.
func (c *Counter) Add(at time.Time, f Figures) {
	if f == (Figures{}) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writes.At.IsZero() {
		c.writes = allowance.Full(burst, idleSpan, at)
	}
	c.writes.Fill(at)
	c.writes.Earn(share * float64(f.Events+f.Sent))
	hour := HourOf(at)
	n := slices.IndexFunc(c.hours, func(h counted) bool { return h.Hour.Hour.Equal(hour) })
	if n < 0 {
		c.hours = slices.DeleteFunc(c.hours, func(h counted) bool { return h.Changes == h.written })
		if len(c.hours) == maxHours {
			c.hours = slices.Delete(c.hours, 0, 1)
		}
		n = len(c.hours)
		c.hours = append(c.hours, counted{Hour: Hour{Hour: hour}})
	}
	c.hours[n].Minutes[at.UTC().Minute()].Add(f)
	c.hours[n].Changes++
}

// Due are the hours that are to be written now, none while it is too early or while they are being written. Where there are any, Written has to be called after.
func (c *Counter) Due() (due []Hour) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writing || c.writes.Tokens < 1 {
		return nil
	}
	for _, h := range c.hours {
		if h.Changes > h.written {
			due = append(due, h.Hour)
		}
	}
	c.writing = len(due) > 0
	c.writes.Tokens -= float64(len(due))
	return due
}

// Written says which of those that were due are durable. The others wait, and so does what was counted since.
func (c *Counter) Written(hours []Hour) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writing = false
	for _, w := range hours {
		for i := range c.hours {
			if h := &c.hours[i]; h.Hour.Hour.Equal(w.Hour) {
				h.written = max(h.written, w.Changes)
			}
		}
	}
}
