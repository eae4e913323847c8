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
	var in struct {
		Records  json.RawMessage `json:"Records"`
		Redrive  string          `json:"redrive"`
		RouteKey string          `json:"routeKey"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, fmt.Errorf("reading the invocation: %w", err)
	}
	switch {
	case in.RouteKey != "":
		var request events.APIGatewayV2HTTPRequest
		if err := json.Unmarshal(raw, &request); err != nil {
			return nil, fmt.Errorf("reading the request: %w", err)
		}
		return httpapi.Lambda(p.Handler())(ctx, request)
	case in.Records == nil:
		return p.redrive(ctx, in.Redrive)
	}
	var batch events.SQSEvent
	if err := json.Unmarshal(raw, &batch); err != nil {
		return nil, fmt.Errorf("reading the batch: %w", err)
	}
	return queue.Consumer{}.Consume(ctx, batch, p.keep), nil
}
