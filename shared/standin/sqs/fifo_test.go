package sqs

import (
	"fmt"
	"strconv"
	"testing"
	"time"
)

func TestFIFOOrder(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a.fifo", "FifoQueue", "true", "ContentBasedDeduplication", "true", "VisibilityTimeout", "10")
	send := func(group, body string) { w.send(url, body, "MessageGroupId", group) }
	for i := range 3 {
		send("A", fmt.Sprint("A", i))
		send("B", fmt.Sprint("B", i))
	}
	one := w.receive(url, "MaxNumberOfMessages", 1)
	two := w.receive(url, "MaxNumberOfMessages", 1)
	equal(t, "heads", bodies(one)+" "+bodies(two), "A0 B0")
	equal(t, "groups in flight", bodies(w.receive(url)), "")
	w.delete(url, one[0].handle)
	rest := w.receive(url)
	equal(t, "the rest of the group", bodies(rest), "A1 A2")
	equal(t, "group", rest[0].attributes["MessageGroupId"], "A")
	// Part of a group deleted: the rest is still in flight.
	w.delete(url, rest[0].handle)
	send("A", "A3")
	equal(t, "group still in flight", bodies(w.receive(url)), "")
	w.step(10 * time.Second)
	equal(t, "in the old order", bodies(w.receive(url)), "B0 B1 B2 A2 A3")
}

func TestFIFOVisibilityKeepsThePlace(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a.fifo", "FifoQueue", "true", "ContentBasedDeduplication", "true")
	for i := range 3 {
		w.send(url, fmt.Sprint("m", i), "MessageGroupId", "g")
	}
	m := w.receive(url, "MaxNumberOfMessages", 2)
	w.do("ChangeMessageVisibility", object{"QueueUrl": url, "ReceiptHandle": m[0].handle, "VisibilityTimeout": 0})
	equal(t, "one of two given back", bodies(w.receive(url)), "")
	w.do("ChangeMessageVisibility", object{"QueueUrl": url, "ReceiptHandle": m[1].handle, "VisibilityTimeout": 0})
	equal(t, "both given back", bodies(w.receive(url)), "m0 m1 m2")
}

func TestFIFOExpiredReceipt(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a.fifo", "FifoQueue", "true", "ContentBasedDeduplication", "true", "VisibilityTimeout", "10")
	w.send(url, "x", "MessageGroupId", "g")
	m := w.receive(url)[0]
	w.step(9_999 * time.Millisecond)
	w.do("ChangeMessageVisibility", object{"QueueUrl": url, "ReceiptHandle": m.handle, "VisibilityTimeout": 10})
	w.step(10 * time.Second)
	w.fail("DeleteMessage", object{"QueueUrl": url, "ReceiptHandle": m.handle}, "InvalidParameterValue", "expired")
	w.fail("ChangeMessageVisibility", object{"QueueUrl": url, "ReceiptHandle": m.handle, "VisibilityTimeout": 1}, "InvalidParameterValue", "expired")
	again := w.receive(url)[0]
	w.fail("DeleteMessage", object{"QueueUrl": url, "ReceiptHandle": m.handle}, "InvalidParameterValue", "expired")
	w.delete(url, again.handle)
	w.delete(url, again.handle)
}

func TestFIFODelay(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a.fifo", "FifoQueue", "true", "ContentBasedDeduplication", "true", "DelaySeconds", "5")
	w.send(url, "m0", "MessageGroupId", "g")
	w.step(2 * time.Second)
	w.send(url, "m1", "MessageGroupId", "g")
	equal(t, "delayed", bodies(w.receive(url)), "")
	w.step(3 * time.Second)
	m := w.receive(url)
	equal(t, "the first alone", bodies(m), "m0")
	w.delete(url, m[0].handle)
	equal(t, "the second is delayed", bodies(w.receive(url)), "")
	w.step(2 * time.Second)
	equal(t, "the second", bodies(w.receive(url)), "m1")
}

func TestDeduplication(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a.fifo", "FifoQueue", "true", "ContentBasedDeduplication", "true")
	first := w.send(url, "d0", "MessageGroupId", "g", "MessageDeduplicationId", "same")
	again := w.send(url, "d1", "MessageGroupId", "other", "MessageDeduplicationId", "same")
	equal(t, "id", again["MessageId"], first["MessageId"])
	equal(t, "sequence number", again["SequenceNumber"], first["SequenceNumber"])
	w.send(url, "content", "MessageGroupId", "g")
	w.send(url, "content", "MessageGroupId", "g")
	// The id that content gives is an id like any other.
	w.send(url, "new", "MessageGroupId", "g", "MessageDeduplicationId", "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73")
	m := w.receive(url)
	equal(t, "messages", bodies(m), "d0 content")
	equal(t, "deduplication id", m[0].attributes["MessageDeduplicationId"], "same")
	for _, x := range m {
		w.delete(url, x.handle)
	}
	w.step(299_999 * time.Millisecond)
	w.send(url, "d2", "MessageGroupId", "g", "MessageDeduplicationId", "same")
	equal(t, "a deleted message still counts", bodies(w.receive(url)), "")
	w.reopen()
	w.send(url, "d3", "MessageGroupId", "g", "MessageDeduplicationId", "same")
	equal(t, "also after a restart", bodies(w.receive(url)), "")
	w.step(time.Millisecond)
	late := w.send(url, "d4", "MessageGroupId", "g", "MessageDeduplicationId", "same")
	equal(t, "after five minutes", bodies(w.receive(url)), "d4")
	a, _ := strconv.ParseUint(first["SequenceNumber"].(string), 10, 64)
	b, _ := strconv.ParseUint(late["SequenceNumber"].(string), 10, 64)
	if len(first["SequenceNumber"].(string)) != 20 || b <= a || float64(b) <= float64(a) {
		t.Errorf("sequence numbers %d and %d do not grow", a, b)
	}
	w.step(5 * time.Minute)
	w.send(url, "z", "MessageGroupId", "g")
	equal(t, "ids remembered", len(w.e.queues["a.fifo"].dedups), 1)
}

func TestDeduplicationByGroup(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a.fifo", "FifoQueue", "true", "DeduplicationScope", "messageGroup")
	for _, group := range []string{"g", "h", "g"} {
		w.send(url, "in-"+group, "MessageGroupId", group, "MessageDeduplicationId", "same")
	}
	equal(t, "messages", bodies(w.receive(url)), "in-g in-h")
}

func TestFIFOAfterARestart(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a.fifo", "FifoQueue", "true", "ContentBasedDeduplication", "true")
	var last uint64
	for i := range 4 {
		out := w.send(url, fmt.Sprint("m", i), "MessageGroupId", "g")
		last, _ = strconv.ParseUint(out["SequenceNumber"].(string), 10, 64)
	}
	m := w.receive(url, "MaxNumberOfMessages", 1)
	w.reopen()
	equal(t, "the group is in flight", bodies(w.receive(url)), "")
	out := w.send(url, "m4", "MessageGroupId", "g")
	if next, _ := strconv.ParseUint(out["SequenceNumber"].(string), 10, 64); next <= last {
		t.Errorf("sequence number %d after %d", next, last)
	}
	w.delete(url, m[0].handle)
	equal(t, "the rest", bodies(w.receive(url)), "m1 m2 m3 m4")
}
