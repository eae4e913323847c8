package mapping

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const (
	lease   = 20 * time.Second
	renewal = 5 * time.Second
)

// leases keep the messages that a mapping holds from coming back.
type leases struct {
	o Options

	holding  sync.RWMutex    // for reading while a lease is renewed, for writing when one is given up
	released map[string]bool // receipts of messages in flight whose time the function has set itself
}

func (l *leases) leased() bool { return l.o.Holder != nil && l.o.Visibility > lease }

// Released tells that the function is about to say itself when a message comes back. Its word stands: no renewal is under way when Released
// returns, and none follows. Receipts that the mapping does not hold are passed over.
func (l *leases) Released(receipts ...string) {
	l.holding.Lock()
	defer l.holding.Unlock()
	for _, r := range receipts {
		if _, held := l.released[r]; held {
			l.released[r] = true
		}
	}
}

// own notes which receipts the mapping holds.
func (l *leases) own(receipt string) {
	l.holding.Lock()
	defer l.holding.Unlock()
	l.released[receipt] = false
}

func (l *leases) disown(records []record) {
	l.holding.Lock()
	defer l.holding.Unlock()
	for _, r := range records {
		delete(l.released, r.receipt)
	}
}

// hold hides messages for at most d, and no longer than the queue's own timeout would; those that the function released it leaves alone.
func (l *leases) hold(records []record, d time.Duration) {
	l.holding.RLock()
	defer l.holding.RUnlock()
	now := time.Now()
	inTens(records, func(ten []record) {
		in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &l.o.QueueURL}
		for i, r := range ten {
			left := min(d, r.received.Add(l.o.Visibility).Sub(now)).Round(time.Second)
			if left > 0 && !l.released[r.receipt] {
				in.Entries = append(in.Entries, types.ChangeMessageVisibilityBatchRequestEntry{
					Id: aws.String(fmt.Sprint(i)), ReceiptHandle: &r.receipt, VisibilityTimeout: int32(left / time.Second)})
			}
		}
		if len(in.Entries) == 0 {
			return
		}
		if _, err := l.o.Holder.ChangeMessageVisibilityBatch(context.Background(), in); err != nil {
			l.o.Log(fmt.Sprintf("holding messages of %s: %v", l.o.QueueURL, err))
		}
	})
}
