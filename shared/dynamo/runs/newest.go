package runs

import (
	"context"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/audience/score"
)

// newestHolds is how long an answer of Newest is gone by, newestPages how many pages of the list it looks at. The first run of the list is nearly always the one, and each that is listed is read: so pages are short.
const (
	newestHolds = 5 * time.Minute
	newestPages = 15
	newestPage  = 2
)

// Newest knows the newest run that has scored people: what their classes and predictions come from. It is made once an instance.
type Newest struct {
	Runs Runs
	Now  func() time.Time

	mu    sync.Mutex
	asked time.Time
	run   *score.Run
}

// Run is that run, as it was up to five minutes ago; nil where there is none. An error is not kept.
func (n *Newest) Run(ctx context.Context) (*score.Run, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := n.Now()
	if !n.asked.IsZero() && now.Sub(n.asked) < newestHolds {
		return n.run, nil
	}
	run, err := n.look(ctx)
	if err != nil {
		return nil, err
	}
	n.run, n.asked = run, now
	return run, nil
}

func (n *Newest) look(ctx context.Context) (*score.Run, error) {
	cursor := ""
	for range newestPages {
		page, next, err := n.Runs.List(ctx, newestPage, cursor)
		if err != nil {
			return nil, err
		}
		for _, run := range page {
			if run.State == score.StateFinished && !run.ReportOnly {
				return &run, nil
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	return nil, nil
}
