package redrive

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/httpapi"
	"github.com/userops/userops/shared/queue"
)

// Handle takes a batch of a dead-letter queue, {"redrive":"events"}, or a request that came to the gateway.
func (p *Process) Handle(ctx context.Context, raw json.RawMessage) (any, error) {
	keep := func(batch events.SQSEvent) any { return queue.Consumer{}.Consume(ctx, batch, p.keep) }
	return httpapi.Either(ctx, raw, p.Handler, keep, func() (any, error) {
		var asked struct {
			Redrive string `json:"redrive"`
		}
		if err := json.Unmarshal(raw, &asked); err != nil {
			return nil, fmt.Errorf("reading the invocation: %w", err)
		}
		return p.redrive(ctx, asked.Redrive)
	})
}
