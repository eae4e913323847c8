package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// PostponeAPI is what Postponer calls of the SDK's client.
type PostponeAPI interface {
	ChangeMessageVisibility(context.Context, *sqs.ChangeMessageVisibilityInput, ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityOutput, error)
}

// Client is what a function that consumes one queue and sends to others calls of the SDK's client.
type Client interface {
	API
	PostponeAPI
}

// Postponer says when a received job that failed comes again. Without it, that is when its visibility ends, minutes later.
type Postponer struct {
	Client PostponeAPI
	URL    string
}

// Postpone lets the job come again after the delay, rounded up to seconds.
func (p Postponer) Postpone(ctx context.Context, receipt string, delay time.Duration) error {
	seconds := int32((delay + time.Second - 1) / time.Second)
	_, err := p.Client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: &p.URL, ReceiptHandle: aws.String(receipt), VisibilityTimeout: seconds})
	if err != nil {
		return fmt.Errorf("postponing a job: %w", err)
	}
	return nil
}
