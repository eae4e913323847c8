package mapping

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/userops/userops/shared/standin/lambda"
)

// shelf is a queue in memory with visibility and receive counts, on the clock of the test's bubble.
type shelf struct {
	mu         sync.Mutex
	messages   []*letter
	visibility time.Duration
	receives   int
	renewals   int
}

type letter struct {
	id, body string
	visible  time.Time
	count    int
	deleted  bool
	seen     []time.Time
}

func (s *shelf) put(bodies ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range bodies {
		s.messages = append(s.messages, &letter{id: fmt.Sprintf("m%d", len(s.messages)), body: b, visible: time.Now()})
	}
}

func (s *shelf) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, _ ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	until := time.Now().Add(time.Duration(in.WaitTimeSeconds) * time.Second)
	for {
		s.mu.Lock()
		s.receives++
		var out []types.Message
		hide := s.visibility
		if in.VisibilityTimeout > 0 {
			hide = time.Duration(in.VisibilityTimeout) * time.Second
		}
		for _, l := range s.messages {
			if len(out) < int(in.MaxNumberOfMessages) && !l.deleted && !l.visible.After(time.Now()) {
				l.count++
				l.seen = append(l.seen, time.Now())
				l.visible = time.Now().Add(hide)
				out = append(out, types.Message{MessageId: &l.id, ReceiptHandle: aws.String(l.id + "/" + fmt.Sprint(l.count)), Body: &l.body, MD5OfBody: aws.String("md5"),
					Attributes:        map[string]string{"ApproximateReceiveCount": fmt.Sprint(l.count)},
					MessageAttributes: map[string]types.MessageAttributeValue{"kind": {DataType: aws.String("String"), StringValue: aws.String("x")}}})
			}
		}
		s.mu.Unlock()
		if len(out) > 0 || !time.Now().Before(until) {
			return &sqs.ReceiveMessageOutput{Messages: out}, nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (s *shelf) find(receipt string) *letter {
	id, _, _ := strings.Cut(receipt, "/")
	for _, l := range s.messages {
		if l.id == id {
			return l
		}
	}
	return nil
}

func (s *shelf) DeleteMessageBatch(_ context.Context, in *sqs.DeleteMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(in.Entries) > 10 {
		return nil, errors.New("too many entries")
	}
	for _, e := range in.Entries {
		s.find(*e.ReceiptHandle).deleted = true
	}
	return &sqs.DeleteMessageBatchOutput{}, nil
}

func (s *shelf) ChangeMessageVisibilityBatch(_ context.Context, in *sqs.ChangeMessageVisibilityBatchInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.renewals++
	for _, e := range in.Entries {
		s.find(*e.ReceiptHandle).visible = time.Now().Add(time.Duration(e.VisibilityTimeout) * time.Second)
	}
	return &sqs.ChangeMessageVisibilityBatchOutput{}, nil
}

func (s *shelf) left() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, l := range s.messages {
		if !l.deleted {
			out = append(out, l.id)
		}
	}
	return out
}

// call is one invocation as the function saw it.
type call struct {
	at     time.Time
	bodies []string
	ids    []string
	size   int
	event  string
}

type function struct {
	mu      sync.Mutex
	calls   []call
	now     int
	most    int
	takes   time.Duration
	respond func(call) (lambda.Result, error)
}

func (f *function) Invoke(_ context.Context, name string, payload []byte) (lambda.Result, error) {
	var e struct {
		Records []struct{ MessageID, Body string }
	}
	if err := json.Unmarshal(payload, &e); err != nil {
		return lambda.Result{}, err
	}
	c := call{at: time.Now(), size: len(payload), event: string(payload)}
	for _, r := range e.Records {
		c.ids, c.bodies = append(c.ids, r.MessageID), append(c.bodies, r.Body)
	}
	f.mu.Lock()
	f.calls = append(f.calls, c)
	f.now++
	f.most = max(f.most, f.now)
	f.mu.Unlock()
	time.Sleep(f.takes)
	f.mu.Lock()
	f.now--
	f.mu.Unlock()
	if f.respond != nil {
		return f.respond(c)
	}
	return lambda.Result{}, nil
}

func sizes(f *function) []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []int
	for _, c := range f.calls {
		out = append(out, len(c.bodies))
	}
	return out
}

// run feeds for as long as the test's clock says, then stops and waits.
func run(s *shelf, f *function, d time.Duration, change func(*Options)) {
	o := Options{Queue: s, Holder: s, Invoker: f, Function: "f", QueueURL: "http://q", QueueARN: "arn:aws:sqs:us-east-1:000000000000:q", Region: "us-east-1",
		BatchSize: 10, Concurrency: 1, Visibility: s.visibility, PartialFailures: true}
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	New(o).Run(ctx)
}

func many(n int, body string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = body
	}
	return out
}
