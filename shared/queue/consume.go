package queue

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"golang.org/x/sync/errgroup"
)

const (
	// spare is how long before the deadline of an invocation its work is cut off, so that what fails can still be postponed.
	spare = 2 * time.Second
	// reserve is how long before that no further record is begun: longer than a record should take.
	reserve = 2 * time.Second
	// patience is how many records in a row may find a service away. Those after them are not tried.
	patience = 3
	// postpones is how many records are postponed side by side.
	postpones = 10
)

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

// Consumer judges the records of one queue. The zero Consumer postpones nothing: what fails comes again when its visibility ends.
type Consumer struct {
	Postponer Postponer
	Jitter    func(time.Duration) time.Duration // a random share of a duration; rand.N when nil
	Witness   Witness                           // nil keeps nothing
}

// NewConsumer is the consumer of the queue at a URL. The witness keeps why its jobs failed for the last time.
func NewConsumer(client PostponeAPI, url string, w Witness) Consumer {
	return Consumer{Postponer: Postponer{Client: client, URL: url}, Witness: w}
}

// Consume hands the records of a batch to handle, one after the other, and answers which of them are to come again: those
// whose handle returned an error or panicked, and those not begun when the deadline of ctx came near. Where a service is away, the
// record comes again later and later, ten times within more than a day, and after three such records the rest is not tried. The text of an error is
// logged, so it holds no personal data; of a panic only the place is logged, since its value may hold some.
func (c Consumer) Consume(ctx context.Context, batch events.SQSEvent, handle func(context.Context, events.SQSMessage) error) events.SQSEventResponse {
	work, cancel := Bounded(ctx)
	defer cancel()
	deadline, bounded := work.Deadline()
	causes := make([]error, len(batch.Records))
	away := 0
	for i, record := range batch.Records {
		switch {
		case work.Err() != nil || bounded && time.Until(deadline) < reserve:
			causes[i] = ErrNoTime
			continue
		case away == patience:
			causes[i] = causes[i-1]
			continue
		}
		err := Guard(func() error { return handle(work, record) })
		if Dropped(err) {
			slog.ErrorContext(ctx, "job dropped", "record", record.MessageId, "reason", err.Error())
			err = nil
		}
		causes[i] = err
		if away++; err == nil || !Unavailable(err) {
			away = 0
		}
	}
	return c.Return(ctx, batch, func(i int) error { return causes[i] })
}

// Return answers that the records with a cause are to come again, and says when.
func (c Consumer) Return(ctx context.Context, batch events.SQSEvent, cause func(i int) error) events.SQSEventResponse {
	var answer events.SQSEventResponse
	var group errgroup.Group
	group.SetLimit(postpones)
	late := 0
	for i, record := range batch.Records {
		err := cause(i)
		if err == nil {
			continue
		}
		answer.BatchItemFailures = append(answer.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: record.MessageId})
		if errors.Is(err, ErrNoTime) {
			late++
		} else {
			slog.ErrorContext(ctx, "job failed", "record", record.MessageId, "received", record.Attributes["ApproximateReceiveCount"], "error", err.Error())
		}
		group.Go(func() error {
			Tell(ctx, c.Witness, record, err)
			if delay, ok := c.delay(record, err); ok && c.Postponer.Client != nil {
				// Where it cannot be said, the record comes again when its visibility ends.
				if err := c.Postponer.Postpone(ctx, record.ReceiptHandle, delay); err != nil {
					slog.WarnContext(ctx, "job not postponed", "record", record.MessageId, "error", err.Error())
				}
			}
			return nil
		})
	}
	_ = group.Wait() // its functions give no errors
	if late > 0 {
		slog.WarnContext(ctx, "deadline near, records returned", "count", late)
	}
	return answer
}

// delay is when a record comes again, if not when its visibility ends.
func (c Consumer) delay(record events.SQSMessage, cause error) (time.Duration, bool) {
	switch {
	case Unavailable(cause), errors.Is(cause, ErrNotYet):
	case errors.Is(cause, ErrNoTime):
		return 0, true
	default:
		return 0, false
	}
	jitter := c.Jitter
	if jitter == nil {
		jitter = rand.N[time.Duration]
	}
	return AwayDelay(Receives(record), jitter), true
}

// Bounded is the context for the work of an invocation: it ends a little before the invocation does, so that a call that hangs leaves time
// to say when its job is to come again.
func Bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, deadline.Add(-spare))
	}
	return context.WithCancel(ctx)
}
