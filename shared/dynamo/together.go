package dynamo

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

const (
	// maxTransaction and maxTransactionBytes are the service's limits of one transaction, the second one with room for what goes around the items.
	maxTransaction      = 100
	maxTransactionBytes = 3 << 20
	// gathering is how long a transaction waits for those of others, at the most.
	gathering = 3 * time.Millisecond
)

// Together is a client that makes one transaction of those that several workers ask for at the same time: a call takes more than what it
// carries. Each of them happens or does not, as before: where the whole is cancelled, or refused for what one of them holds, each is asked for
// alone; any other error leaves open for each whether it happened.
type Together struct {
	API

	mu      sync.Mutex
	workers int
	round   *round // nil where nobody waits
}

// round is transactions that are to be one.
type round struct {
	asked  int
	writes []types.TransactWriteItem
	slots  map[slot]bool
	bytes  int
	sent   chan struct{} // closed when err is the answer
	err    error
}

// Work counts one worker more, until done is called. Once all of them wait, there is nobody to wait for.
func (t *Together) Work(ctx context.Context) (done func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.workers++
	return func() {
		t.mu.Lock()
		t.workers--
		r := t.complete()
		t.mu.Unlock()
		t.send(ctx, r)
	}
}

// complete takes the round out if it waits for nobody.
func (t *Together) complete() *round {
	r := t.round
	if r == nil || r.asked < t.workers && len(r.writes) < maxTransaction {
		return nil
	}
	t.round = nil
	return r
}

// TransactWriteItems carries out a transaction, with those of others where they come at the same time.
func (t *Together) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, options ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	slots, bytes, mixes := footprint(in.TransactItems)
	if !mixes {
		return t.API.TransactWriteItems(ctx, in, options...)
	}
	t.mu.Lock()
	var full *round
	if t.round != nil && !t.round.holds(slots, bytes) {
		full, t.round = t.round, nil
	}
	if t.round == nil {
		t.round = &round{slots: map[slot]bool{}, sent: make(chan struct{})}
		late := t.round
		time.AfterFunc(gathering, func() { t.send(ctx, t.take(late)) })
	}
	r := t.round
	r.add(in.TransactItems, slots, bytes)
	whole := t.complete()
	t.mu.Unlock()
	t.send(ctx, full)
	t.send(ctx, whole)
	select {
	case <-r.sent:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	switch {
	case r.err == nil:
		return &dynamodb.TransactWriteItemsOutput{}, nil
	case r.asked > 1 && declined(r.err):
		return t.API.TransactWriteItems(ctx, in, options...)
	}
	return nil, r.err
}

// declined tells whether the service answered that it has written nothing: a condition did not hold, or it would not take an item, such as one
// that is too large.
func declined(err error) bool {
	var cancelled *types.TransactionCanceledException
	var said smithy.APIError
	return errors.As(err, &cancelled) || errors.As(err, &said) && said.ErrorCode() == "ValidationException"
}

// take takes a round out, if it was not before.
func (t *Together) take(r *round) *round {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.round != r {
		return nil
	}
	t.round = nil
	return r
}

// send carries out a round that was taken out.
func (t *Together) send(ctx context.Context, r *round) {
	if r == nil {
		return
	}
	defer close(r.sent)
	r.err = errNoAnswer // unless there is one
	_, r.err = t.API.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: r.writes})
}

var errNoAnswer = errors.New("a transaction ended without an answer")

func (r *round) add(writes []types.TransactWriteItem, slots []slot, bytes int) {
	r.asked++
	r.writes = append(r.writes, writes...)
	r.bytes += bytes
	for _, s := range slots {
		r.slots[s] = true
	}
}

// holds tells whether a round has room for more writes, and writes none of their items itself: a transaction may name each once.
func (r *round) holds(slots []slot, bytes int) bool {
	if len(r.writes)+len(slots) > maxTransaction || r.bytes+bytes > maxTransactionBytes {
		return false
	}
	for _, s := range slots {
		if r.slots[s] {
			return false
		}
	}
	return true
}

// footprint is where a transaction writes and about how much. One that is more than puts goes alone.
func footprint(writes []types.TransactWriteItem) (slots []slot, bytes int, puts bool) {
	for _, w := range writes {
		if w.Put == nil {
			return nil, 0, false
		}
		slots = append(slots, slotOf(*w.Put.TableName, w.Put.Item))
		bytes += len(BytesOf(w.Put.Item, AttrBody)) + len(TextOf(w.Put.Item, AttrBody))
	}
	return slots, bytes, true
}
