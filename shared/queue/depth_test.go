package queue

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

type gauge map[string]string

func (g gauge) GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error) {
	return &sqs.GetQueueAttributesOutput{Attributes: g}, nil
}

func TestDepth(t *testing.T) {
	g := gauge{"ApproximateNumberOfMessages": "5", "ApproximateNumberOfMessagesNotVisible": "4", "ApproximateNumberOfMessagesDelayed": "3"}
	if d, err := (Gauge{g}).Depth(context.Background(), "q"); err != nil || d != (Depth{5, 4, 3}) {
		t.Errorf("%+v %v", d, err)
	}
	delete(g, "ApproximateNumberOfMessagesDelayed")
	if _, err := (Gauge{g}).Depth(context.Background(), "q"); err == nil || !strings.Contains(err.Error(), "Delayed is no number") {
		t.Errorf("a missing count: %v", err)
	}
}
