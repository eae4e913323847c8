package local

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/userops/userops/shared/standin/sam"
)

// Redrive moves the dead letters of a queue of a running stack back to it and says how many there were. The queue is named by logical id or
// name, in any case and with or without Queue at its end, as GET /v1/queues shows it; its dead-letter queue does as well.
func Redrive(ctx context.Context, o Options, a Addresses, queue string) (int64, error) {
	t, err := load(o, a)
	if err != nil {
		return 0, err
	}
	var source, target sam.Queue
	var names []string
	named, exact := t.Queue(queue)
	for _, q := range t.Queues {
		if !exact && plain(q.LogicalID) == plain(queue) {
			named = q
			break
		}
	}
	for _, q := range t.Queues {
		if q.DeadLetter == "" {
			continue
		}
		names = append(names, q.LogicalID)
		if q.Name == named.Name || named.Name != "" && q.DeadLetter == named.Name {
			source, _ = t.Queue(q.DeadLetter)
			target = q
		}
	}
	if target.Name == "" {
		return 0, fmt.Errorf("no queue %s with dead letters is in %s; it has %s", queue, a.Template, strings.Join(names, ", "))
	}
	key, secret := ownKeys()
	client := awssqs.New(awssqs.Options{Region: t.Region, BaseEndpoint: aws.String(a.SQS), Credentials: credentials.NewStaticCredentialsProvider(key, secret, "")})
	if _, err := client.StartMessageMoveTask(ctx, &awssqs.StartMessageMoveTaskInput{SourceArn: &source.ARN, DestinationArn: &target.ARN}); err != nil {
		return 0, fmt.Errorf("moving the dead letters of %s at %s: %w", target.LogicalID, a.SQS, err)
	}
	for {
		out, err := client.ListMessageMoveTasks(ctx, &awssqs.ListMessageMoveTasksInput{SourceArn: &source.ARN, MaxResults: aws.Int32(1)})
		if err != nil {
			return 0, fmt.Errorf("asking how far the dead letters of %s are: %w", target.LogicalID, err)
		}
		if len(out.Results) > 0 {
			switch r := out.Results[0]; aws.ToString(r.Status) {
			case "COMPLETED":
				return r.ApproximateNumberOfMessagesMoved, nil
			case "FAILED", "CANCELLED":
				return 0, fmt.Errorf("moving the dead letters of %s ended as %s: %s", target.LogicalID, aws.ToString(r.Status), aws.ToString(r.FailureReason))
			}
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// plain is what is left of a queue's name without what people leave out.
func plain(name string) string { return strings.TrimSuffix(strings.ToLower(name), "queue") }
