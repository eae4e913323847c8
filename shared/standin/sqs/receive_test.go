package sqs

import (
	"context"
	"fmt"
	"testing"
	"time"
)

func TestVisibility(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a", "VisibilityTimeout", "10")
	w.send(url, "x")
	first := w.receive(url)[0]
	equal(t, "count", first.attributes["ApproximateReceiveCount"], "1")
	equal(t, "counts", w.counts(url), "0 1 0")
	w.step(9_999 * time.Millisecond)
	equal(t, "messages before the timeout", len(w.receive(url)), 0)
	w.step(time.Millisecond)
	equal(t, "counts", w.counts(url), "1 0 0")
	second := w.receive(url, "VisibilityTimeout", 20)[0]
	equal(t, "id", second.id, first.id)
	equal(t, "count", second.attributes["ApproximateReceiveCount"], "2")
	equal(t, "first receive", second.attributes["ApproximateFirstReceiveTimestamp"], first.attributes["ApproximateFirstReceiveTimestamp"])
	if first.handle == second.handle {
		t.Error("the second receive has the first one's handle")
	}
	w.step(19_999 * time.Millisecond)
	equal(t, "messages before the receive's own timeout", len(w.receive(url)), 0)
	w.step(time.Millisecond)
	equal(t, "messages after it", len(w.receive(url, "VisibilityTimeout", 0)), 1)
	equal(t, "messages after a timeout of 0", len(w.receive(url)), 1)
}

func TestReceiveRules(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a")
	for _, c := range []struct {
		name  string
		value int
		code  string
	}{
		{"MaxNumberOfMessages", 0, "InvalidParameterValue"},
		{"MaxNumberOfMessages", 1, ""},
		{"MaxNumberOfMessages", 10, ""},
		{"MaxNumberOfMessages", 11, "InvalidParameterValue"},
		{"VisibilityTimeout", -1, "InvalidParameterValue"},
		{"VisibilityTimeout", 43200, ""},
		{"VisibilityTimeout", 43201, "InvalidParameterValue"},
		{"WaitTimeSeconds", -1, "InvalidParameterValue"},
		{"WaitTimeSeconds", 0, ""},
		{"WaitTimeSeconds", 21, "InvalidParameterValue"},
	} {
		in := object{"QueueUrl": url, c.name: c.value}
		if c.code != "" {
			w.fail("ReceiveMessage", in, c.code, c.name)
		} else {
			equal(t, fmt.Sprint(in), fmt.Sprint(w.do("ReceiveMessage", in)), "map[]")
		}
	}
	for i := range 12 {
		w.send(url, fmt.Sprint(i))
	}
	equal(t, "without a number", bodies(messages(w.do("ReceiveMessage", object{"QueueUrl": url}))), "0")
	equal(t, "ten", bodies(w.receive(url)), "1 2 3 4 5 6 7 8 9 10")
}

func TestDelay(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a", "DelaySeconds", "5")
	w.send(url, "queue")
	w.send(url, "own", "DelaySeconds", 7)
	w.send(url, "none", "DelaySeconds", 0)
	equal(t, "counts", w.counts(url), "1 0 2")
	equal(t, "at once", bodies(w.receive(url)), "none")
	w.step(4_999 * time.Millisecond)
	equal(t, "before 5 s", bodies(w.receive(url)), "")
	w.step(time.Millisecond)
	equal(t, "after 5 s", bodies(w.receive(url)), "queue")
	w.step(2 * time.Second)
	equal(t, "after 7 s", bodies(w.receive(url)), "own")
}

func TestReceipts(t *testing.T) {
	w := newWorld(t)
	url, other := w.queue("a", "VisibilityTimeout", "10"), w.queue("b")
	w.send(url, "x")
	first := w.receive(url)[0]
	for name, handle := range map[string]string{"garbage": "garbage", "cut": first.handle[1:], "changed": "B" + first.handle[1:]} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			w.fail("DeleteMessage", object{"QueueUrl": url, "ReceiptHandle": handle}, "ReceiptHandleIsInvalid", "")
			w.fail("ChangeMessageVisibility", object{"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": 1}, "ReceiptHandleIsInvalid", "")
		})
	}
	w.t = t
	w.fail("DeleteMessage", object{"QueueUrl": other, "ReceiptHandle": first.handle}, "ReceiptHandleIsInvalid", "")
	w.fail("DeleteMessage", object{"QueueUrl": url}, "MissingParameter", "ReceiptHandle")
	w.step(10 * time.Second)
	second := w.receive(url)[0]
	w.delete(url, first.handle)
	equal(t, "counts after deleting by an old receipt", w.counts(url), "0 1 0")
	w.step(10 * time.Second)
	w.delete(url, second.handle)
	equal(t, "counts after deleting by the last receipt, expired", w.counts(url), "0 0 0")
	w.delete(url, second.handle)
}

func TestChangeMessageVisibility(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a", "VisibilityTimeout", "10")
	w.send(url, "x")
	m := w.receive(url)[0]
	change := func(handle string, seconds any) object {
		return object{"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": seconds}
	}
	w.fail("ChangeMessageVisibility", change(m.handle, 43201), "InvalidParameterValue", "43200")
	w.fail("ChangeMessageVisibility", change(m.handle, -1), "InvalidParameterValue", "43200")
	w.fail("ChangeMessageVisibility", change(m.handle, nil), "MissingParameter", "VisibilityTimeout")
	w.step(5 * time.Second)
	w.do("ChangeMessageVisibility", change(m.handle, 30))
	w.step(29_999 * time.Millisecond)
	equal(t, "before the longer timeout", len(w.receive(url)), 0)
	w.fail("ChangeMessageVisibility", change(m.handle, 43200), "InvalidParameterValue", "beyond the limit")
	w.do("ChangeMessageVisibility", change(m.handle, 43165))
	w.do("ChangeMessageVisibility", change(m.handle, 0))
	equal(t, "counts after 0", w.counts(url), "1 0 0")
	w.fail("ChangeMessageVisibility", change(m.handle, 5), "MessageNotInflight", "")
	again := w.receive(url)[0]
	w.fail("ChangeMessageVisibility", change(m.handle, 5), "InvalidParameterValue", "does not exist")
	w.delete(url, again.handle)
	w.fail("ChangeMessageVisibility", change(again.handle, 5), "InvalidParameterValue", "does not exist")
}

func TestBatchesOfReceipts(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a")
	w.send(url, "x")
	w.send(url, "y")
	all := w.receive(url)
	out := w.do("ChangeMessageVisibilityBatch", object{"QueueUrl": url, "Entries": []object{
		{"Id": "1", "ReceiptHandle": all[0].handle, "VisibilityTimeout": 0},
		{"Id": "2", "ReceiptHandle": "garbage", "VisibilityTimeout": 0},
		{"Id": "3", "ReceiptHandle": all[1].handle, "VisibilityTimeout": 50000},
	}})
	equal(t, "successful", fmt.Sprint(out["Successful"]), "[map[Id:1]]")
	failed := out["Failed"].([]any)
	equal(t, "failed", fmt.Sprint(failed[0].(object)["Id"], " ", failed[0].(object)["Code"], " ", failed[1].(object)["Code"]), "2 ReceiptHandleIsInvalid InvalidParameterValue")
	x := w.receive(url)[0]
	out = w.do("DeleteMessageBatch", object{"QueueUrl": url, "Entries": []object{
		{"Id": "1", "ReceiptHandle": x.handle}, {"Id": "2", "ReceiptHandle": "garbage"}, {"Id": "3", "ReceiptHandle": all[1].handle},
	}})
	equal(t, "successful", fmt.Sprint(out["Successful"]), "[map[Id:1] map[Id:3]]")
	equal(t, "counts", w.counts(url), "0 0 0")
	w.fail("DeleteMessageBatch", object{"QueueUrl": url, "Entries": []object{}}, "EmptyBatchRequest", "")
	w.fail("ChangeMessageVisibilityBatch", object{"QueueUrl": url}, "EmptyBatchRequest", "")
	w.fail("DeleteMessageBatch", object{"QueueUrl": url, "Entries": []object{{"Id": "1", "ReceiptHandle": "a"}, {"Id": "1", "ReceiptHandle": "b"}}}, "BatchEntryIdsNotDistinct", "")
	eleven := make([]object, 11)
	for i := range eleven {
		eleven[i] = object{"Id": fmt.Sprint(i), "ReceiptHandle": "a"}
	}
	w.fail("DeleteMessageBatch", object{"QueueUrl": url, "Entries": eleven}, "TooManyEntriesInBatchRequest", "11")
}

func TestLongPoll(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a", "VisibilityTimeout", "10")

	waiting := w.background(url, 20)
	w.send(url, "x")
	got := <-waiting
	equal(t, "a message sent meanwhile", bodies(got), "x")

	waiting = w.background(url, 20)
	w.step(10 * time.Second)
	equal(t, "a message whose timeout passes meanwhile", bodies(<-waiting), "x")

	w.send(url, "late", "DelaySeconds", 3)
	waiting = w.background(url, 20)
	w.step(3 * time.Second)
	equal(t, "a message whose delay passes meanwhile", bodies(<-waiting), "late")

	waiting = w.background(url, 5)
	w.step(4_999 * time.Millisecond)
	equal(t, "still waiting", len(w.e.queues["a"].waiters), 1)
	w.step(time.Millisecond)
	equal(t, "the end of the wait", bodies(<-waiting), "")

	// The first to wait is the first to get.
	one, two := w.background(url, 20), w.background(url, 20)
	w.send(url, "first")
	equal(t, "the longer wait", bodies(<-one), "first")
	w.send(url, "second")
	equal(t, "the shorter wait", bodies(<-two), "second")
}

func TestLongPollOfTheQueue(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a", "ReceiveMessageWaitTimeSeconds", "5")
	result := make(chan object, 1)
	go func() {
		_, out := w.raw("ReceiveMessage", object{"QueueUrl": url})
		result <- out
	}()
	w.until("a long poll", func() bool { return len(w.e.queues["a"].waiters) == 1 })
	w.step(5 * time.Second)
	equal(t, "messages", len(messages(<-result)), 0)
	equal(t, "a wait of 0 is no wait", len(w.receive(url, "WaitTimeSeconds", 0)), 0)
}

func TestLongPollEndsWithItsClient(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a")
	ctx, cancel := context.WithCancel(t.Context())
	w.ctx = ctx
	gone := w.background(url, 20)
	cancel()
	equal(t, "messages", len(<-gone), 0)
	w.ctx = t.Context()
	w.send(url, "x")
	equal(t, "the message is for somebody else", bodies(w.receive(url)), "x")
}

func TestLongPollEndsAtClose(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a")
	waiting := w.background(url, 20)
	if err := w.e.Close(); err != nil {
		t.Fatal(err)
	}
	equal(t, "messages", len(<-waiting), 0)
	w.fail("ReceiveMessage", object{"QueueUrl": url}, "ServiceUnavailable", "stopping")
	if err := w.e.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

// The real clock wakes long polls without a Tick.
func TestLongPollByTheRealClock(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Clock = nil })
	url := w.queue("a", "VisibilityTimeout", "1")
	w.send(url, "x")
	begin := time.Now()
	w.receive(url)
	equal(t, "messages", bodies(w.receive(url, "WaitTimeSeconds", 5)), "x")
	if took := time.Since(begin); took < 990*time.Millisecond || took > 3*time.Second {
		t.Errorf("the message came back after %v, want about a second", took)
	}
}

func TestInFlightLimit(t *testing.T) {
	w := newWorld(t)
	equal(t, "limit", w.e.room, 120_000)
	w.e.room = 3
	standard, fifo := w.queue("a"), w.queue("a.fifo", "FifoQueue", "true", "ContentBasedDeduplication", "true")
	for i := range 5 {
		w.send(standard, fmt.Sprint(i))
		w.send(fifo, fmt.Sprint(i), "MessageGroupId", fmt.Sprint(i))
	}
	equal(t, "as many as there is room for", bodies(w.receive(standard)), "0 1 2")
	w.fail("ReceiveMessage", object{"QueueUrl": standard}, "OverLimit", "in flight")
	w.fail("ReceiveMessage", object{"QueueUrl": standard, "WaitTimeSeconds": 20}, "OverLimit", "in flight")
	taken := w.receive(fifo)
	equal(t, "FIFO", bodies(taken), "0 1 2")
	equal(t, "FIFO beyond the limit", bodies(w.receive(fifo)), "")
	w.delete(fifo, taken[0].handle)
	equal(t, "FIFO with room again", bodies(w.receive(fifo)), "3")
	w.step(30 * time.Second)
	equal(t, "after the timeout", len(w.receive(standard)), 3)
}

func TestRetention(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a", "MessageRetentionPeriod", "60", "VisibilityTimeout", "1000")
	w.send(url, "ready")
	w.send(url, "delayed", "DelaySeconds", 900)
	w.step(time.Second)
	w.send(url, "later")
	w.step(58_999 * time.Millisecond)
	equal(t, "counts", w.counts(url), "2 0 1")
	w.step(time.Millisecond)
	equal(t, "counts after a minute", w.counts(url), "1 0 0")
	m := w.receive(url)
	equal(t, "what is left", bodies(m), "later")
	w.step(time.Second)
	equal(t, "counts of what is in flight", w.counts(url), "0 0 0")
	w.delete(url, m[0].handle)
	w.reopen()
	equal(t, "counts after a restart", w.counts(url), "0 0 0")
	// A longer retention applies to what is there.
	w.send(url, "kept")
	w.do("SetQueueAttributes", object{"QueueUrl": url, "Attributes": object{"MessageRetentionPeriod": "120"}})
	w.step(119 * time.Second)
	equal(t, "kept", w.counts(url), "1 0 0")
	w.step(time.Second)
	equal(t, "gone", w.counts(url), "0 0 0")
}
