package orchestration

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/userops/userops/shared/queue"
)

// Handle consumes a batch of the orchestration queue, or answers the tick of the schedule.
func (p *Process) Handle(ctx context.Context, raw json.RawMessage) (any, error) {
	in, err := queue.ParseInvocation(raw, "minute")
	if err != nil {
		return nil, err
	}
	defer p.writeCounts()
	if in.Batch != nil {
		return p.jobs(ctx, *in.Batch), nil
	}
	return nil, errors.Join(p.askAudiences(ctx), p.due(ctx))
}
