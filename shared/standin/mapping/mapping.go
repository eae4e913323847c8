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

// Queue is what a mapping needs of SQS; *sqs.Client has it.
type Queue interface {
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessageBatch(context.Context, *sqs.DeleteMessageBatchInput, ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
	ChangeMessageVisibilityBatch(context.Context, *sqs.ChangeMessageVisibilityBatchInput, ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error)
}

// Invoker runs a function: see lambda.Host.
type Invoker interface {
	Invoke(ctx context.Context, function string, payload []byte) (lambda.Result, error)
}

// Options describe a mapping. BatchSize, Window and Concurrency are bounded as on AWS by whoever read the template.
type Options struct {
	Queue           Queue // with the function's rights
	Holder          Queue // renews leases, which is this machine's own doing and no right of the function's; nil for no leases
	Invoker         Invoker
	Function        string
	QueueURL        string
	QueueARN        string
	Region          string
	BatchSize       int
	Window          time.Duration
	Concurrency     int           // batches in the function at once, at least 1
	Visibility      time.Duration // the queue's visibility timeout
	PartialFailures bool
	Log             func(string) // hears of failures to poll or to delete; may be nil
}

// Mapping is a running feed of one queue to one function.
type Mapping struct {
	o     Options
	ready []*batch // of messages received together with those that filled a batch; the last may have room

	mu      sync.Mutex
	failing int // batches that failed as a whole since the last that did not

	holding  sync.RWMutex    // for reading while a lease is renewed, for writing when one is given up
	released map[string]bool // receipts of messages in flight whose time the function has set itself
}

const (
	receiveSize = 10               // messages that one receive gives at most
	longPoll    = 20 * time.Second // the longest wait that SQS knows
	lease       = 20 * time.Second
	renewal     = 5 * time.Second
	settlers    = 4 // calls at once that delete or return the messages of one batch
)

// New makes a mapping; Run starts it.
func New(o Options) *Mapping {
	if o.Log == nil {
		o.Log = func(string) {}
	}
	return &Mapping{o: o, released: map[string]bool{}}
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
	b := newBatch(m)
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
				into = newBatch(m)
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

func (m *Mapping) leased() bool { return m.o.Holder != nil && m.o.Visibility > lease }

// Released tells that the function is about to say itself when a message comes back. Its word stands: no renewal is under way when Released
// returns, and none follows. Receipts that the mapping does not hold are passed over.
func (m *Mapping) Released(receipts ...string) {
	m.holding.Lock()
	defer m.holding.Unlock()
	for _, r := range receipts {
		if _, held := m.released[r]; held {
			m.released[r] = true
		}
	}
}

// own notes which receipts the mapping holds.
func (m *Mapping) own(receipt string) {
	m.holding.Lock()
	defer m.holding.Unlock()
	m.released[receipt] = false
}

func (m *Mapping) disown(records []record) {
	m.holding.Lock()
	defer m.holding.Unlock()
	for _, r := range records {
		delete(m.released, r.receipt)
	}
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

// hold hides messages for at most d, and no longer than the queue's own timeout would; those that the function released it leaves alone.
func (m *Mapping) hold(records []record, d time.Duration) {
	m.holding.RLock()
	defer m.holding.RUnlock()
	now := time.Now()
	inTens(records, func(ten []record) {
		in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &m.o.QueueURL}
		for i, r := range ten {
			left := min(d, r.received.Add(m.o.Visibility).Sub(now)).Round(time.Second)
			if left > 0 && !m.released[r.receipt] {
				in.Entries = append(in.Entries, types.ChangeMessageVisibilityBatchRequestEntry{
					Id: aws.String(fmt.Sprint(i)), ReceiptHandle: &r.receipt, VisibilityTimeout: int32(left / time.Second)})
			}
		}
		if len(in.Entries) == 0 {
			return
		}
		if _, err := m.o.Holder.ChangeMessageVisibilityBatch(context.Background(), in); err != nil {
			m.o.Log(fmt.Sprintf("holding messages of %s: %v", m.o.QueueURL, err))
		}
	})
}

func inTens(records []record, f func([]record)) {
	var calls sync.WaitGroup
	free := make(chan struct{}, settlers)
	for len(records) > 0 {
		n := min(receiveSize, len(records))
		ten := records[:n]
		records = records[n:]
		free <- struct{}{}
		calls.Go(func() {
			defer func() { <-free }()
			f(ten)
		})
	}
	calls.Wait()
}
