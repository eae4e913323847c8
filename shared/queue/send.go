// Package queue is the only code that speaks SQS: it sends jobs and turns a batch of received ones into single calls with a
// verdict each. It does not know what a job means. The surprising thing: a send that ends in an error may have happened all
// the same, so every consumer drops what it has seen before; nothing here tries to hide that.
package queue

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// The limits of SQS: bytes of one message and of one batch, and messages of a batch.
const (
	MaxBytes    = 1 << 20
	maxPerBatch = 10
)

// attempts is how often a message that a batch call refused by the service's own fault is sent again, in all.
const attempts = 3

// API is what Sender calls of the SDK's client.
type API interface {
	SendMessage(context.Context, *sqs.SendMessageInput, ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
	SendMessageBatch(context.Context, *sqs.SendMessageBatchInput, ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error)
}

// Sender puts jobs on one queue.
type Sender struct {
	Client API
	URL    string
}

// ErrTooLarge says that a job does not fit in one message.
var ErrTooLarge = errors.New("job is larger than a message may be")

// SendError says which messages of SendAll are not known to be on the queue. The others are.
type SendError struct {
	Failed []int // places in bodies, ascending
	Err    error // the last cause
}

// Error counts the failed ones and gives the last cause.
func (e *SendError) Error() string {
	return fmt.Sprintf("sending %d jobs: %v", len(e.Failed), e.Err)
}

// Unwrap gives the last cause.
func (e *SendError) Unwrap() error { return e.Err }

// Encode writes a job as a message's body: JSON without the escaping of HTML. Its length is that of the message.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encoding job: %w", err)
	}
	return Allowed(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// Send puts v on the queue as one JSON message. When it returns nil, the message is durable.
func (s Sender) Send(ctx context.Context, v any) error {
	body, err := Encode(v)
	if err != nil {
		return err
	}
	return s.SendBody(ctx, body)
}

// SendLater is Send of a job that nobody is to receive before a time of at most MaxDelay is over. It is rounded up to seconds.
func (s Sender) SendLater(ctx context.Context, v any, delay time.Duration) error {
	body, err := Encode(v)
	if err != nil {
		return err
	}
	return s.sendBody(ctx, body, int32((delay+time.Second-1)/time.Second))
}

// MaxDelay is the longest time for which SQS keeps a message back.
const MaxDelay = 15 * time.Minute

// SendBody puts one body, which must be JSON, on the queue. When it returns nil, the message is durable.
func (s Sender) SendBody(ctx context.Context, body []byte) error { return s.sendBody(ctx, body, 0) }

func (s Sender) sendBody(ctx context.Context, body []byte, seconds int32) error {
	body = Allowed(body)
	if len(body) > MaxBytes {
		return fmt.Errorf("sending job of %d bytes: %w", len(body), ErrTooLarge)
	}
	_, err := s.Client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(s.URL), MessageBody: aws.String(string(body)), DelaySeconds: seconds})
	if err != nil {
		return fmt.Errorf("sending job: %w", err)
	}
	return nil
}

// SendAll puts all bodies, which must be JSON, on the queue in as few calls as the limits allow. What the service refuses by its
// own fault is sent again at once, twice at most. An error is a *SendError unless a body is too large, in which case nothing
// was sent.
func (s Sender) SendAll(ctx context.Context, bodies [][]byte) error {
	if len(bodies) == 1 {
		err := s.SendBody(ctx, bodies[0])
		if err != nil && !errors.Is(err, ErrTooLarge) {
			return &SendError{Failed: []int{0}, Err: err}
		}
		return err
	}
	escaped := make([][]byte, len(bodies))
	for i, body := range bodies {
		escaped[i] = Allowed(body)
		if len(escaped[i]) > MaxBytes {
			return fmt.Errorf("sending job %d of %d bytes: %w", i, len(escaped[i]), ErrTooLarge)
		}
	}
	failed := &SendError{}
	for first := 0; first < len(escaped); {
		size, next := 0, first
		for next < len(escaped) && next-first < maxPerBatch && size+len(escaped[next]) <= MaxBytes {
			size += len(escaped[next])
			next++
		}
		rest, err := s.sendBatch(ctx, escaped, first, next)
		if err != nil {
			failed.Failed = append(failed.Failed, rest...)
			failed.Err = err
		}
		first = next
	}
	if failed.Err != nil {
		return failed
	}
	return nil
}

// sendBatch sends bodies[first:next] and returns the places that are not known to be sent.
func (s Sender) sendBatch(ctx context.Context, bodies [][]byte, first, next int) ([]int, error) {
	todo := make([]int, 0, next-first)
	for i := first; i < next; i++ {
		todo = append(todo, i)
	}
	var lasting []int
	var cause error
	for range attempts {
		entries := make([]types.SendMessageBatchRequestEntry, len(todo))
		for n, i := range todo {
			entries[n] = types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(string(bodies[i]))}
		}
		out, err := s.Client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: aws.String(s.URL), Entries: entries})
		if err != nil {
			// The SDK has tried again by itself.
			return sorted(lasting, todo), fmt.Errorf("sending batch: %w", err)
		}
		sent := make(map[int]bool, len(todo))
		for _, ok := range out.Successful {
			if i, err := strconv.Atoi(aws.ToString(ok.Id)); err == nil {
				sent[i] = true
			}
		}
		refused := make(map[int]bool)
		for _, bad := range out.Failed {
			cause = fmt.Errorf("sending batch: entry refused with %s", aws.ToString(bad.Code))
			if i, err := strconv.Atoi(aws.ToString(bad.Id)); err == nil && bad.SenderFault {
				refused[i] = true
			}
		}
		var again []int
		for _, i := range todo {
			switch {
			case refused[i]:
				lasting = append(lasting, i)
			case !sent[i]:
				again = append(again, i)
			}
		}
		if todo = again; len(todo) == 0 {
			break
		}
		if cause == nil {
			cause = errors.New("sending batch: answer leaves out an entry")
		}
	}
	if len(lasting)+len(todo) == 0 {
		return nil, nil
	}
	return sorted(lasting, todo), cause
}

func sorted(a, b []int) []int {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return all
}

// Allowed is a JSON text with the two noncharacters that SQS refuses written as escapes; in JSON they can stand in strings only.
// Sending does it by itself; it is for those who must know the size before.
func Allowed(body []byte) []byte {
	if !bytes.Contains(body, []byte("\xef\xbf")) {
		return body
	}
	body = bytes.ReplaceAll(body, []byte("\uFFFE"), []byte(`\ufffe`))
	return bytes.ReplaceAll(body, []byte("\uFFFF"), []byte(`\uffff`))
}
