package reporting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/deadletter"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/wire"
)

// failure is why a question has no answer.
type failure struct {
	// Cause is away, notYet, noTime, panic or error, as package queue has them, or ended: the process ended before it could say.
	Cause queue.Cause `json:"cause"`
	At    time.Time   `json:"at"`
}

// causeEnded is of a job of which nobody said why it failed: its memory was not enough, or it took longer than a job has.
const causeEnded queue.Cause = "ended"

// Bounds of looking for dead letters of a question: none is there sooner than deadAfter, since each receive of a job that ends without a word takes longer than this by far.
const (
	deadAfter   = 30 * time.Minute
	letterPage  = 100
	letterPages = 5
	clocks      = 5 * time.Minute // by how much two clocks may differ
)

// fail writes down that a job of the n-th asking does not come again. Where that cannot be written, its dead letter tells.
func (p *Process) fail(ctx context.Context, a *asking, asked int, cause error) {
	// The time of the job may be what was over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	body, err := json.Marshal(failure{queue.CauseOf(cause), p.Now().UTC().Truncate(time.Millisecond)})
	if err == nil {
		err = once(ctx, p.Objects, a.numbered(failedName, asked), body)
	}
	if err != nil {
		slog.WarnContext(ctx, "that a question has failed is not kept", "report", a.id, "error", err.Error())
	}
}

// failed is why the last asking of a question has failed, nil where it has not: what its last job said, or its dead letter, where it could not say anything.
func (p *Process) failed(ctx context.Context, a *asking, there present) (*failure, error) {
	asked := there.asked(a)
	if there.has(a.numbered(failedName, asked)) {
		body, _, err := p.Objects.Read(ctx, a.numbered(failedName, asked))
		if err != nil {
			return nil, err
		}
		f := &failure{}
		if err := json.Unmarshal(body, f); err != nil {
			return nil, fmt.Errorf("reading why a question failed: %w", err)
		}
		return f, nil
	}
	since, is := there[a.numbered(askedName, asked)]
	if !is || p.Now().Sub(since) < deadAfter {
		return nil, nil
	}
	return p.dead(ctx, a, asked, since.Add(-clocks))
}

// dead looks for a dead letter of a question among those that were sent since a time.
func (p *Process) dead(ctx context.Context, a *asking, asked int, since time.Time) (*failure, error) {
	cursor := ""
	for range letterPages {
		letters, next, err := p.Letters.List(ctx, queueName, letterPage, cursor)
		if err != nil {
			return nil, err
		}
		for _, l := range letters {
			if l.Sent.Before(since) {
				return nil, nil
			}
			f, err := p.letter(ctx, a, asked, l)
			if err != nil || f != nil {
				return f, err
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	return nil, nil
}

// letter is what a dead letter says of a question, nil where it is of another one.
func (p *Process) letter(ctx context.Context, a *asking, asked int, l deadletter.Letter) (*failure, error) {
	body, err := p.Letters.Body(ctx, l)
	if errors.Is(err, dynamo.ErrNotFound) {
		return nil, nil // it was sent again
	}
	if err != nil {
		return nil, err
	}
	var j job.Reporting
	if wire.Read(body, &j) != nil || j.Report != a.id || j.Again != asked {
		return nil, nil
	}
	why, err := p.Letters.Why(ctx, l)
	if err != nil {
		return nil, err
	}
	if why == nil {
		return &failure{causeEnded, l.Sent}, nil
	}
	return &failure{why.Cause, l.Sent}, nil
}
