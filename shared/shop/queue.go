package shop

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Queue is how full one queue of the stack is.
type Queue struct {
	Queue        string `json:"queue"`
	Depth        int    `json:"depth"`
	InFlight     int    `json:"inFlight"`
	Delayed      int    `json:"delayed"`
	DeadLettered int    `json:"deadLettered"`
}

const (
	queuePause = time.Second
	// maxStill bounds a wait in which nothing moves: longer than a job may hide after a crash of its function.
	maxStill = 15 * time.Minute
)

// Queues asks how full the queues are.
func (c *Client) Queues(ctx context.Context) ([]Queue, error) {
	var queues []Queue
	err := c.Ask(ctx, http.MethodGet, "/v1/queues", c.OperatorKey, nil, &queues)
	return queues, err
}

// dead counts the dead letters of all queues.
func dead(queues []Queue) int {
	n := 0
	for _, q := range queues {
		n += q.DeadLettered
	}
	return n
}

// ErrStuck says that the queues stopped moving before they were empty.
var ErrStuck = errors.New("the queues do not empty")

// Settle waits until the queues were empty twice in a row, since a job may be between two of them when it is counted. each is
// told how many jobs are left.
func (c *Client) Settle(ctx context.Context, each func(left int)) error {
	still, last, empty := time.Duration(0), -1, 0
	for {
		queues, err := c.Queues(ctx)
		if err != nil {
			return err
		}
		left, fullest := 0, Queue{}
		for _, q := range queues {
			n := q.Depth + q.InFlight + q.Delayed
			left += n
			if n > fullest.Depth+fullest.InFlight+fullest.Delayed {
				fullest = q
			}
		}
		each(left)
		if left != 0 {
			empty = 0
		} else if empty++; empty == 2 {
			return nil
		}
		if still += queuePause; left != last {
			still = 0
		}
		last = left
		if still >= maxStill {
			return fmt.Errorf("%w: %d jobs are left in %s, none done in %s; see the logs of the stack", ErrStuck, left, fullest.Queue, maxStill)
		}
		if err := c.Sleep(ctx, queuePause); err != nil {
			return err
		}
	}
}
