package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// reserve is how long before the deadline of an invocation no further record is begun: longer than a record should take.
const reserve = 2 * time.Second

// dropped marks an error as final.
type dropped struct{ err error }

func (d dropped) Error() string { return d.err.Error() }
func (d dropped) Unwrap() error { return d.err }

// Drop marks an error as one that no retry can mend. Consume logs its text as the reason and lets the record go.
func Drop(err error) error {
	if err == nil {
		return nil
	}
	return dropped{err}
}

// Dropped says whether an error was marked by Drop, at any depth.
func Dropped(err error) bool {
	var d dropped
	return errors.As(err, &d)
}

// Consume hands the records of a batch to handle, one after the other, and answers which of them are to come again: those
// whose handle returned an error or panicked, and those not begun when the deadline of ctx came near. The text of an error is
// logged, so it holds no personal data; of a panic only the place is logged, since its value may hold some.
func Consume(ctx context.Context, batch events.SQSEvent, handle func(context.Context, events.SQSMessage) error) events.SQSEventResponse {
	var answer events.SQSEventResponse
	deadline, bounded := ctx.Deadline()
	for i, record := range batch.Records {
		if ctx.Err() != nil || bounded && time.Until(deadline) < reserve {
			for _, rest := range batch.Records[i:] {
				answer.BatchItemFailures = append(answer.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: rest.MessageId})
			}
			slog.WarnContext(ctx, "deadline near, records returned", "count", len(batch.Records)-i)
			break
		}
		err := Guard(func() error { return handle(ctx, record) })
		switch {
		case err == nil:
		case Dropped(err):
			slog.ErrorContext(ctx, "job dropped", "record", record.MessageId, "reason", err.Error())
		default:
			slog.ErrorContext(ctx, "job failed", "record", record.MessageId, "received", record.Attributes["ApproximateReceiveCount"], "error", err.Error())
			answer.BatchItemFailures = append(answer.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: record.MessageId})
		}
	}
	return answer
}

// Guard calls f and turns a panic into an error that holds the stack, but not the panic's value unless the runtime made it.
func Guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			what := fmt.Sprintf("%T", r)
			if e, ok := r.(runtime.Error); ok {
				what = e.Error()
			}
			err = fmt.Errorf("panic: %s\n%s", what, debug.Stack())
		}
	}()
	return f()
}
