package mapping

import (
	"bytes"
	"encoding/json"
	"sync"
	"time"

	"github.com/userops/userops/shared/standin/lambda"
)

// batch is a set of records on its way through the function. Its lease is renewed from the first record until abandon.
type batch struct {
	leases  *leases
	begun   time.Time // when the first record came
	size    int
	records []record

	mu      sync.Mutex // guards records against renew; nobody else reads them while they grow
	stop    chan struct{}
	renewer sync.WaitGroup
}

const envelope = len(`{"Records":[]}`)

func newBatch(l *leases) *batch {
	return &batch{leases: l, size: envelope, stop: make(chan struct{})}
}

// add takes a record unless the batch would have more bytes or records than a function gets.
func (b *batch) add(r record) bool {
	if len(b.records) == b.leases.o.BatchSize || len(b.records) > 0 && b.size+len(r.text)+1 > lambda.MaxPayload {
		return false
	}
	b.leases.own(r.receipt)
	b.mu.Lock()
	b.records = append(b.records, r)
	b.mu.Unlock()
	b.size += len(r.text) + 1
	if len(b.records) == 1 {
		b.begun = r.received
		if b.leases.leased() {
			b.renewer.Go(b.renew)
		}
	}
	return true
}

func (b *batch) renew() {
	tick := time.NewTicker(renewal)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			b.mu.Lock()
			held := b.records[:len(b.records):len(b.records)]
			b.mu.Unlock()
			b.leases.hold(held, lease)
		case <-b.stop:
			return
		}
	}
}

// abandon ends the renewal of the lease; none is under way afterwards.
func (b *batch) abandon() {
	close(b.stop)
	b.renewer.Wait()
}

func (b *batch) payload() []byte {
	var out bytes.Buffer
	out.Grow(b.size)
	out.WriteString(`{"Records":[`)
	for i, r := range b.records {
		if i > 0 {
			out.WriteByte(',')
		}
		out.Write(r.text)
	}
	out.WriteString(`]}`)
	return out.Bytes()
}

// failures reads a function's answer under ReportBatchItemFailures. An answer that is not understood, or that names what was not in the
// batch, fails the whole batch; an empty one fails nothing.
func failures(payload []byte, records []record) (failed map[string]bool, whole bool) {
	failed = map[string]bool{}
	payload = bytes.TrimSpace(payload)
	if len(payload) == 0 || string(payload) == "null" {
		return failed, false
	}
	// Keys are matched to the letter, which struct tags would not do.
	var answer map[string]json.RawMessage
	if json.Unmarshal(payload, &answer) != nil {
		return nil, true
	}
	var listed []map[string]json.RawMessage
	if raw, ok := answer["batchItemFailures"]; ok && json.Unmarshal(raw, &listed) != nil {
		return nil, true
	}
	known := make(map[string]bool, len(records))
	for _, r := range records {
		known[r.id] = true
	}
	for _, f := range listed {
		var id string
		if json.Unmarshal(f["itemIdentifier"], &id) != nil || !known[id] {
			return nil, true
		}
		failed[id] = true
	}
	return failed, false
}
