package queue

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Depth is how full a queue is, by SQS's approximate counts: under load each may lag by a moment.
type Depth struct {
	Waiting  int
	InFlight int // with a consumer
	Delayed  int // to come later
}

// GaugeAPI is what Gauge calls of the SDK's client.
type GaugeAPI interface {
	GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
}

// Gauge measures queues.
type Gauge struct{ Client GaugeAPI }

// Depth measures one queue.
func (g Gauge) Depth(ctx context.Context, url string) (Depth, error) {
	var d Depth
	counts := map[types.QueueAttributeName]*int{
		types.QueueAttributeNameApproximateNumberOfMessages:           &d.Waiting,
		types.QueueAttributeNameApproximateNumberOfMessagesNotVisible: &d.InFlight,
		types.QueueAttributeNameApproximateNumberOfMessagesDelayed:    &d.Delayed,
	}
	in := &sqs.GetQueueAttributesInput{QueueUrl: &url}
	for name := range counts {
		in.AttributeNames = append(in.AttributeNames, name)
	}
	out, err := g.Client.GetQueueAttributes(ctx, in)
	if err != nil {
		return Depth{}, fmt.Errorf("measuring a queue: %w", err)
	}
	for name, into := range counts {
		n, err := strconv.Atoi(out.Attributes[string(name)])
		if err != nil {
			return Depth{}, fmt.Errorf("measuring a queue: %s is no number", name)
		}
		*into = n
	}
	return d, nil
}
