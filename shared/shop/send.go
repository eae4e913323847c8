package shop

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"github.com/userops/userops/shared/shop/format"
)

const (
	// maxBatch keeps a batch of common events within the 64 KB that a queue bills as one call.
	maxBatch = 100
	// maxBatchBytes is under the gateway's 500 KB for a batch.
	maxBatchBytes = 480 << 10
	// window is how many events are looked over to put one person's together.
	window = 5000
)

const batchHead, batchTail = `{"batch":[`, `]}`

// batcher gathers events into batches in which one person's events stand together as far as the window sees.
type batcher struct {
	out  func(batch []format.Event) error
	held []format.Event
}

func (b *batcher) add(e format.Event) error {
	b.held = append(b.held, e)
	if len(b.held) < window {
		return nil
	}
	return b.flush()
}

// flush sorts what is held by person, in the order in which the people first came, and cuts it into batches. A person's events
// are only parted when they fill more than a batch: two batches with the same person would meet in projection.
func (b *batcher) flush() error {
	byPerson := map[string][]format.Event{}
	var people []string
	for _, e := range b.held {
		if _, known := byPerson[e.Person]; !known {
			people = append(people, e.Person)
		}
		byPerson[e.Person] = append(byPerson[e.Person], e)
	}
	b.held = b.held[:0]
	var batch []format.Event
	size := 0
	cut := func() error {
		if len(batch) == 0 {
			return nil
		}
		full := batch
		batch, size = nil, 0
		return b.out(full)
	}
	for _, person := range people {
		own := 0
		for _, e := range byPerson[person] {
			own += len(e.Body) + 1
		}
		if len(batch)+len(byPerson[person]) > maxBatch || size+own > maxBatchBytes {
			if err := cut(); err != nil {
				return err
			}
		}
		for _, e := range byPerson[person] {
			if len(batch) == maxBatch || size+len(e.Body)+1 > maxBatchBytes {
				if err := cut(); err != nil {
					return err
				}
			}
			batch = append(batch, e)
			size += len(e.Body) + 1
		}
	}
	return cut()
}

// sender sends batches, several at once, and keeps the account.
type sender struct {
	client  *Client
	key     string
	batches chan []format.Event
	wait    sync.WaitGroup
	stop    context.CancelCauseFunc

	mu      sync.Mutex
	account *Account
}

// startSender sends with several workers until finish. The context that it returns ends when a batch cannot be sent.
func startSender(ctx context.Context, c *Client, key string, account *Account) (*sender, context.Context) {
	ctx, stop := context.WithCancelCause(ctx)
	s := &sender{client: c, key: key, batches: make(chan []format.Event), stop: stop, account: account}
	for range senders {
		s.wait.Go(func() {
			for batch := range s.batches {
				if err := s.send(ctx, batch); err != nil {
					stop(err)
				}
			}
		})
	}
	return s, ctx
}

func (s *sender) queue(ctx context.Context, batch []format.Event) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case s.batches <- batch:
		return nil
	}
}

// finish waits for the last batches and returns what stopped the sending, if anything did.
func (s *sender) finish(ctx context.Context) error {
	close(s.batches)
	s.wait.Wait()
	err := context.Cause(ctx)
	s.stop(nil)
	return err
}

// send sends one batch. Events that the stack names as bad are refused and the others sent again; a batch that is refused as a
// whole is halved until the bad event is alone.
func (s *sender) send(ctx context.Context, batch []format.Event) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	answer, err := s.client.Call(ctx, http.MethodPost, "/v1/batch", s.key, batchBody(batch))
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.account.Requests++
	s.account.Retries += answer.Tries - 1
	s.mu.Unlock()
	var said struct {
		Duplicates int          `json:"duplicates"`
		Errors     []fieldError `json:"errors"`
	}
	decodeErr := json.Unmarshal(answer.Body, &said)
	bad := map[int]string{}
	for _, e := range said.Errors {
		if e.Index != nil && *e.Index >= 0 && *e.Index < len(batch) {
			bad[*e.Index] = e.Field + " " + e.Reason
		}
	}
	switch {
	case answer.Status == http.StatusOK && decodeErr != nil:
		return fmt.Errorf("reading the answer to a batch: %w", decodeErr)
	case answer.Status == http.StatusOK:
		s.settle(batch, bad, said.Duplicates)
		return nil
	case answer.Status == http.StatusUnauthorized || answer.Status == http.StatusForbidden:
		return fmt.Errorf("the stack refuses the key of the events: %s; set SERVER_KEY", answer.Problem())
	case answer.Status != http.StatusBadRequest && answer.Status != http.StatusRequestEntityTooLarge && answer.Status != http.StatusUnprocessableEntity:
		return fmt.Errorf("the stack answered a batch with %s", answer.Problem())
	case len(bad) > 0:
		var rest, refused []format.Event
		reasons := map[int]string{}
		for i, e := range batch {
			if reason, ok := bad[i]; ok {
				reasons[len(refused)] = reason
				refused = append(refused, e)
			} else {
				rest = append(rest, e)
			}
		}
		s.settle(refused, reasons, 0)
		if len(rest) == 0 {
			return nil
		}
		return s.send(ctx, rest)
	case len(batch) > 1:
		half := len(batch) / 2
		if err := s.send(ctx, batch[:half]); err != nil {
			return err
		}
		return s.send(ctx, batch[half:])
	default:
		s.settle(batch, map[int]string{0: answer.Problem()}, 0)
		return nil
	}
}

// settle books a batch that was answered: each event is accepted unless it is in bad.
func (s *sender) settle(batch []format.Event, bad map[int]string, duplicates int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account.Sent += len(batch)
	s.account.Accepted += len(batch) - len(bad)
	s.account.Duplicates += duplicates
	for i, e := range batch {
		if reason, ok := bad[i]; ok {
			s.account.refuse(format.Refusal{Line: e.Line, Row: e.Row, Reason: "refused by the stack: " + reason})
			s.account.book(e.Money, -1)
		}
	}
}

func (s *sender) sent() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.account.Sent
}

func batchBody(batch []format.Event) []byte {
	size := len(batchHead) + len(batchTail)
	for _, e := range batch {
		size += len(e.Body) + 1
	}
	body := make([]byte, 0, size)
	body = append(body, batchHead...)
	for i, e := range batch {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, e.Body...)
	}
	return append(body, batchTail...)
}

// Send sends events that are in memory with a key, the server key or a source's write key.
func (c *Client) Send(ctx context.Context, key string, events []format.Event) (*Account, error) {
	account := &Account{Events: len(events)}
	s, sending := startSender(ctx, c, key, account)
	b := &batcher{out: func(batch []format.Event) error { return s.queue(sending, batch) }}
	var err error
	for _, e := range events {
		if err = b.add(e); err != nil {
			break
		}
	}
	if err == nil {
		err = b.flush()
	}
	if sendErr := s.finish(sending); sendErr != nil {
		return account, fmt.Errorf("sending %d events: %w", len(events), sendErr)
	}
	return account, err
}
