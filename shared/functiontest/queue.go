package functiontest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/queue"
)

// Queue keeps what it is sent, and fails as told. Many may send at once.
type Queue struct {
	// Around, where it is set, is called with each send, and answers for it.
	Around func(send func() error) error

	mu     sync.Mutex
	bodies []string
	delays []time.Duration
	sends  int
	nth    int
	how    dynamotest.How
	broken error
}

// Fail breaks the nth send from now, counted from 1, before or after it happened.
func (q *Queue) Fail(nth int, how dynamotest.How) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.nth, q.how = q.sends+nth, how
}

// Break lets every send answer err from now on, and take nothing.
func (q *Queue) Break(err error) { q.mu.Lock(); q.broken = err; q.mu.Unlock() }

// Heal forgets what was to fail.
func (q *Queue) Heal() { q.Fail(0, ""); q.Break(nil) }

// Send sends a job as the functions do.
func (q *Queue) Send(ctx context.Context, v any) error {
	body, err := queue.Encode(v)
	if err != nil {
		return err
	}
	return q.SendAll(ctx, [][]byte{body})
}

// SendLater is Send; how long a job is to be kept back is noted in Delays.
func (q *Queue) SendLater(ctx context.Context, v any, delay time.Duration) error {
	q.mu.Lock()
	q.delays = append(q.delays, delay)
	q.mu.Unlock()
	return q.Send(ctx, v)
}

// Delays are those with which SendLater was called.
func (q *Queue) Delays() []time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.delays)
}

// SendBody sends a job that is encoded.
func (q *Queue) SendBody(ctx context.Context, body []byte) error {
	return q.SendAll(ctx, [][]byte{body})
}

// SendAll sends jobs with one call. No jobs are no call.
func (q *Queue) SendAll(_ context.Context, bodies [][]byte) error {
	if len(bodies) == 0 {
		return nil
	}
	if q.Around != nil {
		return q.Around(func() error { return q.send(bodies) })
	}
	return q.send(bodies)
}

func (q *Queue) send(bodies [][]byte) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sends++
	if q.broken != nil {
		return q.broken
	}
	if q.sends == q.nth && q.how == dynamotest.NotPersisted {
		return dynamotest.ErrInjected
	}
	for _, body := range bodies {
		q.bodies = append(q.bodies, string(body))
	}
	if q.sends == q.nth {
		return dynamotest.ErrInjected
	}
	return nil
}

// Put puts jobs on the queue, past all faults.
func (q *Queue) Put(bodies ...string) {
	q.mu.Lock()
	q.bodies = append(q.bodies, bodies...)
	q.mu.Unlock()
}

// Sends is how often it was called.
func (q *Queue) Sends() int { q.mu.Lock(); defer q.mu.Unlock(); return q.sends }

// Bodies are the jobs that were sent, in their order.
func (q *Queue) Bodies() []string { q.mu.Lock(); defer q.mu.Unlock(); return slices.Clone(q.bodies) }

// Take is Bodies, which are then gone.
func (q *Queue) Take() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := q.bodies
	q.bodies = nil
	return all
}

// Body writes a job as a message's body.
func Body(t testing.TB, v any) string {
	t.Helper()
	body, err := queue.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// Jobs are the jobs that were sent as T.
func Jobs[T any](t testing.TB, q *Queue) []T {
	t.Helper()
	var all []T
	for _, body := range q.Bodies() {
		var one T
		if err := json.Unmarshal([]byte(body), &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// Deliver hands a function jobs in one batch, a record each, and gives the places of those that come again. The function takes what Lambda hands over, or the batch itself.
func Deliver[In, Out any](ctx context.Context, t testing.TB, handle func(context.Context, In) (Out, error), bodies ...string) (again []int) {
	t.Helper()
	var batch events.SQSEvent
	for i, body := range bodies {
		batch.Records = append(batch.Records, events.SQSMessage{MessageId: strconv.Itoa(i), Body: body})
	}
	var in In
	raw, err := json.Marshal(batch)
	if err := errors.Join(err, json.Unmarshal(raw, &in)); err != nil {
		t.Fatal(err)
	}
	out, err := handle(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	for _, failure := range any(out).(events.SQSEventResponse).BatchItemFailures {
		i, err := strconv.Atoi(failure.ItemIdentifier)
		if err != nil {
			t.Fatal(err)
		}
		again = append(again, i)
	}
	return again
}
