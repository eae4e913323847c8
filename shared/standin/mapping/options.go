package mapping

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/userops/userops/shared/standin/lambda"
)

// Queue is what a mapping needs of SQS; *sqs.Client has it.
type Queue interface {
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessageBatch(context.Context, *sqs.DeleteMessageBatchInput, ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
	ChangeMessageVisibilityBatch(context.Context, *sqs.ChangeMessageVisibilityBatchInput, ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error)
}

// Invoker runs a function: see lambda.Host.
type Invoker interface {
	Invoke(ctx context.Context, function string, payload []byte) (lambda.Result, error)
}

// Options describe a mapping. BatchSize, Window and Concurrency are bounded as on AWS by whoever read the template.
type Options struct {
	Queue           Queue // with the function's rights
	Holder          Queue // renews leases, which is this machine's own doing and no right of the function's; nil for no leases
	Invoker         Invoker
	Function        string
	QueueURL        string
	QueueARN        string
	Region          string
	BatchSize       int
	Window          time.Duration
	Concurrency     int           // batches in the function at once, at least 1
	Visibility      time.Duration // the queue's visibility timeout
	PartialFailures bool
	Log             func(string) // hears of failures to poll or to delete; may be nil
}
