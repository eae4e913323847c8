// Package mapping feeds a queue to a function as Lambda's event source mapping for SQS does: batches by size, window and 6 MB,
// a limit of concurrent batches, deletion of what succeeded, and everything else left to come back.
//
// It knows the queue only over the wire, so the queue may be a stand-in, another emulator or SQS itself. The surprising thing: it holds
// a message by a short lease that it renews, and not for the queue's whole visibility timeout at once. A function cannot tell the
// difference, but after a crash of this machine's stack the messages in flight are back within seconds and not within minutes. That takes a
// queue that tells when the function itself changes when a message comes back (Released); without a Holder nothing is leased.
package mapping

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/userops/userops/shared/standin/lambda"
)

// Mapping is a running feed of one queue to one function.
type Mapping struct {
	leases          // of the messages in hand; the options stand there
	ready  []*batch // of messages received together with those that filled a batch; the last may have room

	mu      sync.Mutex
	failing int // batches that failed as a whole since the last that did not
}

const longPoll = 20 * time.Second // the longest wait that SQS knows

// New makes a mapping; Run starts it.
func New(o Options) *Mapping {
	if o.Log == nil {
		o.Log = func(string) {}
	}
	return &Mapping{leases: leases{o: o, released: map[string]bool{}}}
}

// Run polls until the context ends, then finishes what it holds and returns.
func (m *Mapping) Run(ctx context.Context) {
	slots := make(chan struct{}, m.o.Concurrency)
	var running sync.WaitGroup
	defer running.Wait()
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		if !pause(ctx, m.backoff()) {
			return
		}
		b, err := m.gather(ctx)
		if b != nil {
			running.Go(func() {
				defer func() { <-slots }()
				m.process(ctx, b)
			})
		} else {
			<-slots
		}
		if ctx.Err() != nil && len(m.ready) == 0 {
			return
		}
		if err != nil && ctx.Err() == nil {
			m.o.Log(fmt.Sprintf("receiving from %s: %v", m.o.QueueURL, err))
			if !pause(ctx, time.Second) {
				return
			}
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// backoff is the wait before the next batch: nothing while the function works, then 100 ms, doubling to 10 s.
func (m *Mapping) backoff() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failing == 0 {
		return 0
	}
	return min(50*time.Millisecond<<min(m.failing, 10), 10*time.Second)
}

// gather receives one batch. With a window it waits for more until the batch is full by number or by bytes, or the window closes; without,
// a batch is what one receive gives. It returns nil when nothing came.
func (m *Mapping) gather(ctx context.Context) (*batch, error) {
	b := newBatch(&m.leases)
	if len(m.ready) > 0 {
		b = m.ready[0]
		m.ready = m.ready[1:]
		if len(m.ready) > 0 {
			return b, nil
		}
	}
	for len(b.records) < m.o.BatchSize {
		wait := longPoll
		if len(b.records) > 0 {
			if wait = time.Until(b.begun.Add(m.o.Window)); wait <= 0 || ctx.Err() != nil {
				break
			}
		}
		// A wait is in whole seconds, and none cannot be asked for: the SDK leaves a zero out, and the queue may have a wait of its own. A call
		// is not cut short either, since it may have taken messages along; so a window may last up to a second longer.
		asked := max(time.Second, min(wait+time.Second-time.Nanosecond, longPoll).Truncate(time.Second))
		messages, err := m.receive(ctx, min(receiveSize, m.o.BatchSize-len(b.records)), asked)
		if err != nil {
			if len(b.records) == 0 {
				return nil, err
			}
			break
		}
		if len(messages) == 0 {
			if len(b.records) == 0 {
				return nil, nil
			}
			continue
		}
		into := b
		for _, message := range messages {
			r, err := newRecord(message, m.o)
			if err != nil {
				m.o.Log(err.Error())
				continue
			}
			if !into.add(r) {
				into = newBatch(&m.leases)
				into.add(r)
				m.ready = append(m.ready, into)
			}
		}
		if into != b {
			return b, nil
		}
	}
	if len(b.records) == 0 {
		return nil, nil
	}
	return b, nil
}

func (m *Mapping) receive(ctx context.Context, n int, wait time.Duration) ([]types.Message, error) {
	in := &sqs.ReceiveMessageInput{
		QueueUrl: &m.o.QueueURL, MaxNumberOfMessages: int32(n), WaitTimeSeconds: int32(wait / time.Second),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll}, MessageAttributeNames: []string{"All"},
	}
	if m.leased() {
		in.VisibilityTimeout = int32(lease / time.Second)
	}
	out, err := m.o.Queue.ReceiveMessage(ctx, in)
	if err != nil {
		return nil, err
	}
	return out.Messages, nil
}

// process runs the function on a batch, deletes what succeeded and gives the rest back.
func (m *Mapping) process(ctx context.Context, b *batch) {
	payload := b.payload()
	var result lambda.Result
	var err error
	wait := 100 * time.Millisecond
	for {
		result, err = m.o.Invoker.Invoke(context.Background(), m.o.Function, payload)
		// A throttled batch is tried again while there is time left to process it.
		if !errors.Is(err, lambda.ErrThrottled) || time.Since(b.begun) > m.o.Visibility/2 || !pause(ctx, wait) {
			break
		}
		wait = min(2*wait, 5*time.Second)
	}
	failed := map[string]bool{}
	whole := err != nil || result.FunctionError != ""
	if !whole && m.o.PartialFailures {
		failed, whole = failures(result.Payload, b.records)
	}
	m.mu.Lock()
	if whole {
		m.failing++
	} else {
		m.failing = 0
	}
	m.mu.Unlock()
	b.abandon()
	var done, rest []record
	for _, r := range b.records {
		if whole || failed[r.id] {
			rest = append(rest, r)
		} else {
			done = append(done, r)
		}
	}
	m.remove(done)
	m.giveBack(rest)
	m.disown(b.records)
}

// remove deletes messages; those that cannot be deleted come back and are processed again, as on AWS.
func (m *Mapping) remove(records []record) {
	inTens(records, func(ten []record) {
		in := &sqs.DeleteMessageBatchInput{QueueUrl: &m.o.QueueURL}
		for i, r := range ten {
			in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), ReceiptHandle: &r.receipt})
		}
		out, err := m.o.Queue.DeleteMessageBatch(context.Background(), in)
		if err != nil {
			m.o.Log(fmt.Sprintf("deleting from %s: %v", m.o.QueueURL, err))
		} else if len(out.Failed) > 0 {
			m.o.Log(fmt.Sprintf("deleting from %s: %d of %d failed: %s", m.o.QueueURL, len(out.Failed), len(ten), aws.ToString(out.Failed[0].Message)))
		}
	})
}

// giveBack has the messages come back when the queue's visibility timeout, counted from their receipt, ends.
func (m *Mapping) giveBack(records []record) {
	if m.leased() {
		m.hold(records, m.o.Visibility)
	}
}
