package functiontest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/dynamo/dynamotest"
	"github.com/userops/userops/shared/functiontest"
)

func TestAQueueFailsAsTold(t *testing.T) {
	for _, c := range []struct {
		nth  int
		how  dynamotest.How
		fail int // the send that answers an error
		kept string
	}{{0, "", 0, "[1 2 3]"}, {2, dynamotest.NotPersisted, 2, "[1 3]"}, {2, dynamotest.Persisted, 2, "[1 2 3]"}, {3, dynamotest.NotPersisted, 3, "[1 2]"}} {
		var q functiontest.Queue
		q.Fail(c.nth, c.how)
		for n := 1; n <= 3; n++ {
			if err := q.Send(t.Context(), n); errors.Is(err, dynamotest.ErrInjected) != (n == c.fail) {
				t.Errorf("%d %s: send %d answers %v", c.nth, c.how, n, err)
			}
		}
		if kept := fmt.Sprint(q.Bodies()); kept != c.kept || q.Sends() != 3 {
			t.Errorf("%d %s: %s kept of %d sends, want %s", c.nth, c.how, kept, q.Sends(), c.kept)
		}
	}
}

func TestABrokenQueueTakesNothingUntilItIsHealed(t *testing.T) {
	var q functiontest.Queue
	errAway := errors.New("away")
	q.Break(errAway)
	for range 2 {
		if err := q.Send(t.Context(), 1); err != errAway {
			t.Errorf("answers %v", err)
		}
	}
	q.Heal()
	if err := q.Send(t.Context(), 2); err != nil || fmt.Sprint(q.Bodies()) != "[2]" || q.Sends() != 3 {
		t.Errorf("%v; %v kept of %d sends", err, q.Bodies(), q.Sends())
	}
}

func TestDeliverTellsWhatComesAgain(t *testing.T) {
	typed := func(_ context.Context, in events.SQSEvent) (out events.SQSEventResponse, _ error) {
		for _, r := range in.Records {
			if r.Body != "good" {
				out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: r.MessageId})
			}
		}
		return out, nil
	}
	raw := func(ctx context.Context, raw json.RawMessage) (any, error) {
		var in events.SQSEvent
		if err := json.Unmarshal(raw, &in); err != nil {
			return nil, err
		}
		return typed(ctx, in)
	}
	jobs := []string{"bad", "good", "{", "good"}
	if a, b := functiontest.Deliver(t.Context(), t, typed, jobs...), functiontest.Deliver(t.Context(), t, raw, jobs...); fmt.Sprint(a, b) != "[0 2] [0 2]" {
		t.Errorf("%v and %v come again", a, b)
	}
}

// What is done around a send answers for it, and may leave it out.
func TestSomethingAroundEachSend(t *testing.T) {
	calls, q := 0, functiontest.Queue{}
	q.Around = func(send func() error) error {
		if calls++; calls == 2 {
			return dynamotest.ErrInjected
		}
		return send()
	}
	for n, want := range []error{nil, dynamotest.ErrInjected, nil} {
		if err := q.SendAll(t.Context(), [][]byte{[]byte(functiontest.Body(t, n))}); err != want {
			t.Errorf("send %d answers %v", n, err)
		}
	}
	q.Put("past it")
	if kept := fmt.Sprint(q.Take(), q.Take()); kept != "[0 2 past it] []" || calls != 3 {
		t.Errorf("%s kept, %d calls", kept, calls)
	}
}
