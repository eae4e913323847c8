package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
)

// Either serves a function that the gateway and a queue both invoke: a request goes to a handler, which is made for it, a batch to consume, and what is neither to other.
func Either(ctx context.Context, raw json.RawMessage, h func() http.Handler, consume func(events.SQSEvent) any, other func() (any, error)) (any, error) {
	var in struct {
		Records  json.RawMessage `json:"Records"`
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
		return Lambda(h())(ctx, request)
	case in.Records == nil:
		return other()
	}
	var batch events.SQSEvent
	if err := json.Unmarshal(raw, &batch); err != nil {
		return nil, fmt.Errorf("reading the batch: %w", err)
	}
	return consume(batch), nil
}
