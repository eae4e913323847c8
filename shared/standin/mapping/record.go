package mapping

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const (
	receiveSize = 10 // messages that one receive gives at most
	settlers    = 4  // calls at once that delete or return the messages of one batch
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
