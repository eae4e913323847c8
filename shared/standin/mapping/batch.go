package mapping

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/userops/userops/shared/standin/lambda"
)

// record is a received message and its part of the event.
type record struct {
	id       string
	receipt  string
	received time.Time
	text     []byte
}

type eventRecord struct {
	MessageID         string                    `json:"messageId"`
	ReceiptHandle     string                    `json:"receiptHandle"`
	Body              string                    `json:"body"`
	Attributes        map[string]string         `json:"attributes"`
	MessageAttributes map[string]eventAttribute `json:"messageAttributes"`
	MD5OfAttributes   *string                   `json:"md5OfMessageAttributes,omitempty"`
	MD5OfBody         string                    `json:"md5OfBody"`
	EventSource       string                    `json:"eventSource"`
	EventSourceARN    string                    `json:"eventSourceARN"`
	Region            string                    `json:"awsRegion"`
}

type eventAttribute struct {
	StringValue      *string  `json:"stringValue,omitempty"`
	BinaryValue      []byte   `json:"binaryValue,omitempty"`
	StringListValues []string `json:"stringListValues"`
	BinaryListValues []string `json:"binaryListValues"`
	DataType         string   `json:"dataType"`
}

func newRecord(m types.Message, o Options) (record, error) {
	e := eventRecord{
		MessageID: aws.ToString(m.MessageId), ReceiptHandle: aws.ToString(m.ReceiptHandle), Body: aws.ToString(m.Body), Attributes: m.Attributes,
		MessageAttributes: map[string]eventAttribute{}, MD5OfAttributes: m.MD5OfMessageAttributes, MD5OfBody: aws.ToString(m.MD5OfBody),
		EventSource: "aws:sqs", EventSourceARN: o.QueueARN, Region: o.Region,
	}
	for name, a := range m.MessageAttributes {
		e.MessageAttributes[name] = eventAttribute{
			StringValue: a.StringValue, BinaryValue: a.BinaryValue, StringListValues: []string{}, BinaryListValues: []string{}, DataType: aws.ToString(a.DataType),
		}
	}
	var text bytes.Buffer
	w := json.NewEncoder(&text)
	w.SetEscapeHTML(false)
	if err := w.Encode(e); err != nil {
		return record{}, fmt.Errorf("writing the event of message %s: %w", e.MessageID, err)
	}
	return record{id: e.MessageID, receipt: e.ReceiptHandle, received: time.Now(), text: bytes.TrimSpace(text.Bytes())}, nil
}

// batch is a set of records on its way through the function. Its lease is renewed from the first record until abandon.
type batch struct {
	mapping *Mapping
	begun   time.Time // when the first record came
	size    int
	records []record

	mu      sync.Mutex // guards records against renew; nobody else reads them while they grow
	stop    chan struct{}
	renewer sync.WaitGroup
}

const envelope = len(`{"Records":[]}`)

func newBatch(m *Mapping) *batch {
	return &batch{mapping: m, size: envelope, stop: make(chan struct{})}
}

// add takes a record unless the batch would have more bytes or records than a function gets.
func (b *batch) add(r record) bool {
	if len(b.records) == b.mapping.o.BatchSize || len(b.records) > 0 && b.size+len(r.text)+1 > lambda.MaxPayload {
		return false
	}
	b.mapping.own(r.receipt)
	b.mu.Lock()
	b.records = append(b.records, r)
	b.mu.Unlock()
	b.size += len(r.text) + 1
	if len(b.records) == 1 {
		b.begun = r.received
		if b.mapping.leased() {
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
			b.mapping.hold(held, lease)
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
