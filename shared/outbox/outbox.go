// Package outbox sends what commits owe: it gathers what follows from them and puts it on the queues of those who hear of it. Who hears of what is said in
// package job. The surprising thing: a send that fails may have reached some of the queues, so that what is owed is sent again as a whole, and whoever hears
// drops the ids that they know.
package outbox

import (
	"context"
	"fmt"
	"sync"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

// Jobs takes jobs of one queue; when Send answers nil the job is durable. queue.Sender is one.
type Jobs interface {
	Send(ctx context.Context, v any) error
}

// Queues are the destinations that a function can reach.
type Queues map[job.Destination]Jobs

// Take tells whether a follow can be sent by these queues: somebody hears of it, and each who does is reached.
func (q Queues) Take(f profile.Follow) bool {
	to := job.Destinations(f.Kind)
	for _, d := range to {
		if q[d] == nil {
			return false
		}
	}
	return len(to) > 0
}

// Owed is what is to be sent. It is safe for concurrent use.
type Owed struct {
	mu sync.Mutex
	to map[job.Destination][]job.Follow
}

// Add takes what follows from commits of a profile.
func (o *Owed) Add(id profile.ID, follows []profile.Follow) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, f := range follows {
		for _, d := range job.Destinations(f.Kind) {
			if o.to == nil {
				o.to = map[job.Destination][]job.Follow{}
			}
			o.to[d] = append(o.to[d], job.Follow{ID: f.JobID(id), ProfileID: id, Follow: f})
		}
	}
}

// Send sends what is owed to those that the queues reach, at most perMessage follows in a message.
func (q Queues) Send(ctx context.Context, o *Owed, perMessage int) error {
	for _, d := range job.AllDestinations() {
		if q[d] == nil {
			continue
		}
		for _, j := range job.Jobs(d, o.to[d], perMessage) {
			if err := q[d].Send(ctx, j); err != nil {
				return fmt.Errorf("telling %s what follows: %w", d, err)
			}
		}
	}
	return nil
}
