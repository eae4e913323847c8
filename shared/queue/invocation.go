package queue

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/wire"
)

// Invocation is what a function that serves a queue and a schedule is handed: a batch of jobs, or the schedule's name.
type Invocation struct {
	Batch    *events.SQSEvent // nil for a schedule
	Schedule string           // of the input {"schedule": "..."}
}

// ParseInvocation tells the two apart. Anything else, and any schedule but the function's own, is an error.
func ParseInvocation(raw json.RawMessage, schedule string) (Invocation, error) {
	var in struct {
		Records  []events.SQSMessage `json:"Records"`
		Schedule string              `json:"schedule"`
	}
	if err := wire.Read(raw, &in); err != nil {
		return Invocation{}, fmt.Errorf("reading the invocation: %w", err)
	}
	if in.Records == nil {
		if in.Schedule != schedule {
			return Invocation{}, fmt.Errorf("reading the invocation: it is neither a batch nor the schedule %q but schedule %q", schedule, in.Schedule)
		}
		return Invocation{Schedule: in.Schedule}, nil
	}
	return Invocation{Batch: &events.SQSEvent{Records: in.Records}}, nil
}

// Job reads the job in a message. What cannot be read goes back, and to the dead letters in the end: it may be of a version that
// this program does not know yet.
func Job[T any](message events.SQSMessage) (T, error) {
	var job T
	if err := wire.Read([]byte(message.Body), &job); err != nil {
		return job, fmt.Errorf("reading the job: %w", err)
	}
	return job, nil
}

// Receives is how often a message has been received, this time included.
func Receives(record events.SQSMessage) int {
	n, err := strconv.Atoi(record.Attributes["ApproximateReceiveCount"])
	if err != nil {
		return 1
	}
	return n
}
