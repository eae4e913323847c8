package queue

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// stub keeps what was sent. script answers the nth batch call instead, when it is not nil.
type stub struct {
	bodies []string
	delay  int32 // of the last message that was sent alone
	calls  int
	script func(call int, ids []string) (*sqs.SendMessageBatchOutput, error)
	err    error
}

func (s *stub) SendMessage(_ context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	s.calls++
	if s.err != nil {
		return nil, s.err
	}
	s.bodies, s.delay = append(s.bodies, *in.MessageBody), in.DelaySeconds
	return &sqs.SendMessageOutput{}, nil
}

func (s *stub) SendMessageBatch(_ context.Context, in *sqs.SendMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	s.calls++
	if n := len(in.Entries); n == 0 || n > 10 {
		return nil, fmt.Errorf("%d entries", n)
	}
	size := 0
	var ids []string
	out := &sqs.SendMessageBatchOutput{}
	for _, e := range in.Entries {
		size += len(*e.MessageBody)
		ids = append(ids, *e.Id)
		out.Successful = append(out.Successful, types.SendMessageBatchResultEntry{Id: e.Id})
		s.bodies = append(s.bodies, *e.MessageBody)
	}
	if size > 1<<20 {
		return nil, fmt.Errorf("%d bytes", size)
	}
	if s.script != nil {
		return s.script(s.calls, ids)
	}
	return out, nil
}

func TestSendWritesPlainJSON(t *testing.T) {
	var s stub
	err := Sender{Client: &s}.Send(t.Context(), map[string]string{"a": "<\uFFFE\uFFFF\uFFFD>"})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"a":"<\ufffe\uffff` + "\uFFFD" + `>"}`; s.bodies[0] != want {
		t.Errorf("got %s, want %s", s.bodies[0], want)
	}
}

func TestSendLaterIsKeptBack(t *testing.T) {
	for delay, want := range map[time.Duration]int32{0: 0, time.Millisecond: 1, time.Minute: 60, time.Minute + time.Nanosecond: 61, MaxDelay: 900} {
		var s stub
		if err := (Sender{Client: &s}).SendLater(t.Context(), "x", delay); err != nil || s.delay != want || s.bodies[0] != `"x"` {
			t.Errorf("%s: %d seconds, %v, want %d", delay, s.delay, err, want)
		}
	}
	var s stub
	if err := (Sender{Client: &s}).SendLater(t.Context(), func() {}, time.Minute); err == nil || s.calls != 0 {
		t.Errorf("what is no JSON is sent: %v", err)
	}
}

func TestSendLimit(t *testing.T) {
	for extra, ok := range map[int]bool{0: true, 1: false} {
		var s stub
		err := Sender{Client: &s}.Send(t.Context(), strings.Repeat("x", MaxBytes-2+extra))
		if (err == nil) != ok || !ok && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%d bytes: got %v", MaxBytes+extra, err)
		}
	}
}

func TestSendAllPacksCallsByCountAndBytes(t *testing.T) {
	half := []byte(strings.Repeat("1", MaxBytes/2))
	for name, tc := range map[string]struct {
		bodies [][]byte
		calls  int
	}{
		"none":                 {nil, 0},
		"one":                  {[][]byte{[]byte("1")}, 1},
		"ten":                  {many(10), 1},
		"eleven":               {many(11), 2},
		"two halves":           {[][]byte{half, half}, 1},
		"two halves and a bit": {[][]byte{half, half, []byte("1")}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			var s stub
			if err := (Sender{Client: &s}).SendAll(t.Context(), tc.bodies); err != nil {
				t.Fatal(err)
			}
			if s.calls != tc.calls || len(s.bodies) != len(tc.bodies) {
				t.Errorf("%d calls for %d bodies, want %d for %d", s.calls, len(s.bodies), tc.calls, len(tc.bodies))
			}
		})
	}
}

func many(n int) [][]byte {
	bodies := make([][]byte, n)
	for i := range bodies {
		bodies[i] = fmt.Append(nil, i)
	}
	return bodies
}

func TestSendAllRetriesWhatTheServiceRefused(t *testing.T) {
	answer := func(ok []string, failed map[string]bool) *sqs.SendMessageBatchOutput {
		out := &sqs.SendMessageBatchOutput{}
		for _, id := range ok {
			out.Successful = append(out.Successful, types.SendMessageBatchResultEntry{Id: aws.String(id)})
		}
		for id, sender := range failed {
			out.Failed = append(out.Failed, types.BatchResultErrorEntry{Id: aws.String(id), SenderFault: sender, Code: aws.String("X")})
		}
		return out
	}
	for name, tc := range map[string]struct {
		script func(call int, ids []string) (*sqs.SendMessageBatchOutput, error)
		failed []int
		calls  int
	}{
		"second attempt succeeds": {func(call int, ids []string) (*sqs.SendMessageBatchOutput, error) {
			if call == 1 {
				return answer([]string{"0", "2"}, map[string]bool{"1": false}), nil
			}
			return answer(ids, nil), nil
		}, nil, 2},
		"never": {func(_ int, ids []string) (*sqs.SendMessageBatchOutput, error) {
			return answer(nil, map[string]bool{ids[0]: false}), nil
		}, []int{0, 1, 2}, 3},
		"by the sender's fault": {func(_ int, ids []string) (*sqs.SendMessageBatchOutput, error) {
			return answer([]string{"0", "1"}, map[string]bool{"2": true}), nil
		}, []int{2}, 1},
		"an entry left out of every answer": {func(_ int, ids []string) (*sqs.SendMessageBatchOutput, error) {
			return answer([]string{"0", "1"}, nil), nil
		}, []int{2}, 3},
		"the call fails": {func(int, []string) (*sqs.SendMessageBatchOutput, error) {
			return nil, errors.New("down")
		}, []int{0, 1, 2}, 1},
		"the second call fails": {func(call int, ids []string) (*sqs.SendMessageBatchOutput, error) {
			if call == 1 {
				return answer([]string{"0"}, map[string]bool{"1": false, "2": true}), nil
			}
			return nil, errors.New("down")
		}, []int{1, 2}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := stub{script: tc.script}
			err := Sender{Client: &s}.SendAll(t.Context(), many(3))
			var failed *SendError
			if errors.As(err, &failed) != (tc.failed != nil) || failed != nil && !reflect.DeepEqual(failed.Failed, tc.failed) {
				t.Errorf("got %v, want failed %v", err, tc.failed)
			}
			if s.calls != tc.calls {
				t.Errorf("%d calls, want %d", s.calls, tc.calls)
			}
		})
	}
}

func batch(ids ...string) events.SQSEvent {
	var b events.SQSEvent
	for _, id := range ids {
		b.Records = append(b.Records, events.SQSMessage{MessageId: id})
	}
	return b
}

func failures(r events.SQSEventResponse) string {
	var ids []string
	for _, f := range r.BatchItemFailures {
		ids = append(ids, f.ItemIdentifier)
	}
	return strings.Join(ids, " ")
}

func TestConsumeJudgesRecordByRecord(t *testing.T) {
	var seen []string
	answer := Consumer{}.Consume(t.Context(), batch("ok", "error", "panic", "nil", "drop", "last"), func(_ context.Context, m events.SQSMessage) error {
		seen = append(seen, m.MessageId)
		switch m.MessageId {
		case "error":
			return errors.New("x")
		case "panic":
			panic("zhang@example.com")
		case "nil":
			var p *events.SQSMessage
			_ = p.Body
		case "drop":
			return fmt.Errorf("outer: %w", Drop(errors.New("no such thing")))
		}
		return nil
	})
	if got := failures(answer); got != "error panic nil" {
		t.Errorf("failed %q", got)
	}
	if len(seen) != 6 {
		t.Errorf("saw %v", seen)
	}
}

func TestGuardHidesThePanicsValue(t *testing.T) {
	err := Guard(func() error { panic("zhang@example.com") })
	if err == nil || strings.Contains(err.Error(), "zhang@") || !strings.Contains(err.Error(), "queue_test.go") {
		t.Errorf("got %v", err)
	}
}

func TestConsumeReturnsTheRestNearTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		var seen []string
		answer := Consumer{}.Consume(ctx, batch("a", "b", "c"), func(_ context.Context, m events.SQSMessage) error {
			seen = append(seen, m.MessageId)
			time.Sleep(1500 * time.Millisecond) // the bubble's clock
			return nil
		})
		// Two of the seven seconds are spare. b begins at 1.5 s with 3.5 s left, c at 3 s with exactly the reserve left.
		if got := failures(answer); got != "" {
			t.Errorf("failed %q", got)
		}
		if len(seen) != 3 {
			t.Errorf("saw %v", seen)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		answer := Consumer{}.Consume(ctx, batch("a", "b", "c"), func(context.Context, events.SQSMessage) error {
			time.Sleep(1501 * time.Millisecond)
			return nil
		})
		if got := failures(answer); got != "c" {
			t.Errorf("failed %q", got)
		}
	})
}
