package sqs

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestCreateQueue(t *testing.T) {
	w := newWorld(t)
	equal(t, "URL", w.queue("orders", "VisibilityTimeout", "7"), base+"orders")
	equal(t, "URL again", w.queue("orders", "VisibilityTimeout", "7"), base+"orders")
	equal(t, "URL without attributes", w.queue("orders"), base+"orders")
	w.fail("CreateQueue", object{"QueueName": "orders", "Attributes": object{"VisibilityTimeout": "8"}}, "QueueNameExists", "VisibilityTimeout")
	equal(t, "GetQueueUrl", w.do("GetQueueUrl", object{"QueueName": "orders"})["QueueUrl"].(string), base+"orders")
	w.fail("GetQueueUrl", object{"QueueName": "other"}, "QueueDoesNotExist", "")
	w.fail("GetQueueUrl", object{"QueueName": "orders", "QueueOwnerAWSAccountId": "111111111111"}, "QueueDoesNotExist", "")
	w.fail("GetQueueUrl", object{}, "MissingParameter", "QueueName")
}

func TestQueueNames(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name string
		fifo bool
		code string
	}{
		{strings.Repeat("a", 80), false, ""},
		{strings.Repeat("a", 81), false, "InvalidParameterValue"},
		{"a-b_C9", false, ""},
		{"a.b", false, "InvalidParameterValue"},
		{"ä", false, "InvalidParameterValue"},
		{"a/b", false, "InvalidParameterValue"},
		{"", false, "MissingParameter"},
		{"x.fifo", false, "InvalidParameterValue"},
		{"x.fifo", true, ""},
		{"x", true, "InvalidParameterValue"},
		{".fifo", true, "InvalidParameterValue"},
		{strings.Repeat("a", 75) + ".fifo", true, ""},
		{strings.Repeat("a", 76) + ".fifo", true, "InvalidParameterValue"},
	} {
		t.Run(fmt.Sprintf("%.20s %v", c.name, c.fifo), func(t *testing.T) {
			w.t = t
			in := object{"QueueName": c.name}
			if c.fifo {
				in["Attributes"] = object{"FifoQueue": "true"}
			}
			if c.code == "" {
				w.do("CreateQueue", in)
			} else {
				w.fail("CreateQueue", in, c.code, "")
			}
		})
	}
}

func TestAttributeRanges(t *testing.T) {
	w := newWorld(t)
	standard := w.queue("standard")
	fifo := w.queue("f.fifo", "FifoQueue", "true")
	for _, c := range []struct{ queue, name, value, code string }{
		{standard, "VisibilityTimeout", "0", ""},
		{standard, "VisibilityTimeout", "-1", "InvalidAttributeValue"},
		{standard, "VisibilityTimeout", "43200", ""},
		{standard, "VisibilityTimeout", "43201", "InvalidAttributeValue"},
		{standard, "VisibilityTimeout", "ten", "InvalidAttributeValue"},
		{standard, "MaximumMessageSize", "1023", "InvalidAttributeValue"},
		{standard, "MaximumMessageSize", "1024", ""},
		{standard, "MaximumMessageSize", "1048576", ""},
		{standard, "MaximumMessageSize", "1048577", "InvalidAttributeValue"},
		{standard, "MessageRetentionPeriod", "59", "InvalidAttributeValue"},
		{standard, "MessageRetentionPeriod", "60", ""},
		{standard, "MessageRetentionPeriod", "1209600", ""},
		{standard, "MessageRetentionPeriod", "1209601", "InvalidAttributeValue"},
		{standard, "DelaySeconds", "0", ""},
		{standard, "DelaySeconds", "900", ""},
		{standard, "DelaySeconds", "901", "InvalidAttributeValue"},
		{standard, "ReceiveMessageWaitTimeSeconds", "20", ""},
		{standard, "ReceiveMessageWaitTimeSeconds", "21", "InvalidAttributeValue"},
		{standard, "SqsManagedSseEnabled", "false", ""},
		{standard, "SqsManagedSseEnabled", "no", "InvalidAttributeValue"},
		{standard, "Colour", "red", "InvalidAttributeName"},
		{standard, "QueueArn", "x", "InvalidAttributeName"},
		{standard, "FifoQueue", "false", "InvalidAttributeName"},
		{standard, "FifoQueue", "true", "InvalidAttributeName"},
		{standard, "ContentBasedDeduplication", "true", "InvalidAttributeName"},
		{standard, "Policy", "{}", "UnsupportedOperation"},
		{standard, "Policy", "", ""},
		{standard, "KmsMasterKeyId", "alias/aws/sqs", "UnsupportedOperation"},
		{fifo, "FifoQueue", "true", ""},
		{fifo, "FifoQueue", "false", "InvalidAttributeName"},
		{fifo, "ContentBasedDeduplication", "true", ""},
		{fifo, "ContentBasedDeduplication", "yes", "InvalidAttributeValue"},
		{fifo, "FifoThroughputLimit", "perMessageGroupId", "InvalidAttributeValue"},
		{fifo, "DeduplicationScope", "messageGroup", ""},
		{fifo, "FifoThroughputLimit", "perMessageGroupId", ""},
		{fifo, "DeduplicationScope", "queue", "InvalidAttributeValue"},
		{fifo, "DeduplicationScope", "galaxy", "InvalidAttributeValue"},
	} {
		t.Run(c.name+" "+c.value, func(t *testing.T) {
			w.t = t
			in := object{"QueueUrl": c.queue, "Attributes": object{c.name: c.value}}
			if c.code != "" {
				w.fail("SetQueueAttributes", in, c.code, "")
				return
			}
			w.do("SetQueueAttributes", in)
			equal(t, c.name, w.attribute(c.queue, c.name), c.value)
		})
	}
	w.t = t
	w.fail("SetQueueAttributes", object{"QueueUrl": standard}, "MissingParameter", "Attributes")
}

func TestAttributesOfAQueue(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a")
	w.step(90 * time.Second)
	w.do("SetQueueAttributes", object{"QueueUrl": url, "Attributes": object{"DelaySeconds": "3"}})
	all := w.do("GetQueueAttributes", object{"QueueUrl": url, "AttributeNames": []string{"All"}})["Attributes"].(object)
	want := object{
		"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesDelayed": "0", "ApproximateNumberOfMessagesNotVisible": "0",
		"CreatedTimestamp": "1772366400", "LastModifiedTimestamp": "1772366490", "DelaySeconds": "3", "MaximumMessageSize": "1048576",
		"MessageRetentionPeriod": "345600", "QueueArn": "arn:aws:sqs:us-east-1:000000000000:a", "ReceiveMessageWaitTimeSeconds": "0",
		"SqsManagedSseEnabled": "true", "VisibilityTimeout": "30",
	}
	equal(t, "attributes", fmt.Sprint(all), fmt.Sprint(want))
	w.fail("GetQueueAttributes", object{"QueueUrl": url, "AttributeNames": []string{"Colour"}}, "InvalidAttributeName", "Colour")
	equal(t, "no names", fmt.Sprint(w.do("GetQueueAttributes", object{"QueueUrl": url})), "map[]")
	// A region and an account of one's own.
	w2 := newWorld(t, func(o *Options) { o.Region, o.AccountID = "eu-west-1", "123456789012" })
	equal(t, "URL", w2.queue("a"), "http://queues.test:9324/123456789012/a")
	equal(t, "ARN", w2.attribute("http://queues.test:9324/123456789012/a", "QueueArn"), "arn:aws:sqs:eu-west-1:123456789012:a")
	w2.fail("SendMessage", object{"QueueUrl": base + "a", "MessageBody": "x"}, "QueueDoesNotExist", "")
}

func TestQueueURLs(t *testing.T) {
	w := newWorld(t)
	w.queue("a")
	for _, c := range []struct{ url, code string }{
		{"http://anything:1/000000000000/a", ""},
		{"https://sqs.us-east-1.amazonaws.com/000000000000/a", ""},
		{"http://h/000000000000/b", "QueueDoesNotExist"},
		{"http://h/000000000001/a", "QueueDoesNotExist"},
		{"http://h/a", "InvalidAddress"},
		{"http://h/000000000000/a/b", "InvalidAddress"},
		{"a", "InvalidAddress"},
		{"", "MissingParameter"},
	} {
		if c.code == "" {
			w.send(c.url, "x")
		} else {
			w.fail("SendMessage", object{"QueueUrl": c.url, "MessageBody": "x"}, c.code, "")
		}
	}
}

func TestListQueues(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		w.queue(fmt.Sprint("a", i))
	}
	w.queue("b")
	list := func(in object) string {
		out := w.do("ListQueues", in)
		b, _ := json.Marshal(out)
		return strings.ReplaceAll(string(b), base, "")
	}
	equal(t, "all", list(object{}), `{"QueueUrls":["a0","a1","a2","a3","a4","b"]}`)
	equal(t, "prefix", list(object{"QueueNamePrefix": "b"}), `{"QueueUrls":["b"]}`)
	equal(t, "first page", list(object{"MaxResults": 3}), `{"NextToken":"a2","QueueUrls":["a0","a1","a2"]}`)
	equal(t, "last page", list(object{"MaxResults": 3, "NextToken": "a2"}), `{"QueueUrls":["a3","a4","b"]}`)
	w.fail("ListQueues", object{"MaxResults": 0}, "InvalidParameterValue", "MaxResults")
	w.fail("ListQueues", object{"MaxResults": 1001}, "InvalidParameterValue", "MaxResults")
	w.fail("ListQueues", object{"NextToken": "a2"}, "MissingParameter", "MaxResults")
}

func TestDeleteQueue(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a")
	w.send(url, "x")
	w.do("DeleteQueue", object{"QueueUrl": url})
	w.fail("SendMessage", object{"QueueUrl": url, "MessageBody": "x"}, "QueueDoesNotExist", "")
	w.fail("DeleteQueue", object{"QueueUrl": url}, "QueueDoesNotExist", "")
	w.step(59_999 * time.Millisecond)
	w.fail("CreateQueue", object{"QueueName": "a"}, "QueueDeletedRecently", "60 seconds")
	w.step(time.Millisecond)
	w.queue("a")
	equal(t, "counts of the new queue", w.counts(url), "0 0 0")
	waiting := w.background(url, 20)
	w.do("DeleteQueue", object{"QueueUrl": url})
	equal(t, "messages of a long poll on a deleted queue", len(<-waiting), 0)
}

func TestPurgeQueue(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a")
	w.send(url, "ready")
	w.send(url, "late", "DelaySeconds", 5)
	w.send(url, "taken")
	taken := w.receive(url, "MaxNumberOfMessages", 1)
	w.do("PurgeQueue", object{"QueueUrl": url})
	equal(t, "counts", w.counts(url), "0 0 0")
	w.delete(url, taken[0].handle)
	w.send(url, "after")
	w.fail("PurgeQueue", object{"QueueUrl": url}, "PurgeQueueInProgress", "60 seconds")
	w.step(59_999 * time.Millisecond)
	w.fail("PurgeQueue", object{"QueueUrl": url}, "PurgeQueueInProgress", "")
	equal(t, "bodies", bodies(w.receive(url)), "after")
	w.reopen()
	equal(t, "counts after a restart", w.counts(url), "0 1 0")
	w.step(time.Millisecond)
	w.do("PurgeQueue", object{"QueueUrl": url})
	w.reopen()
	equal(t, "counts after a restart", w.counts(url), "0 0 0")
}

func TestTags(t *testing.T) {
	w := newWorld(t)
	url := w.do("CreateQueue", object{"QueueName": "a", "tags": object{"team": "crm"}})["QueueUrl"].(string)
	w.do("TagQueue", object{"QueueUrl": url, "Tags": object{"stage": "dev", "team": "ops"}})
	equal(t, "tags", fmt.Sprint(w.do("ListQueueTags", object{"QueueUrl": url})["Tags"]), "map[stage:dev team:ops]")
	w.do("UntagQueue", object{"QueueUrl": url, "TagKeys": []string{"stage", "other"}})
	w.reopen()
	equal(t, "tags", fmt.Sprint(w.do("ListQueueTags", object{"QueueUrl": url})["Tags"]), "map[team:ops]")
	w.fail("TagQueue", object{"QueueUrl": url, "Tags": object{"aws:x": "y"}}, "InvalidParameterValue", "aws:")
	more := object{}
	for i := range 49 {
		more[fmt.Sprint("k", i)] = ""
	}
	w.do("TagQueue", object{"QueueUrl": url, "Tags": more})
	w.fail("TagQueue", object{"QueueUrl": url, "Tags": object{"one": "more"}}, "InvalidParameterValue", "50")
	w.do("TagQueue", object{"QueueUrl": url, "Tags": object{"team": "again"}})
	w.fail("TagQueue", object{"QueueUrl": url}, "MissingParameter", "Tags")
	w.fail("UntagQueue", object{"QueueUrl": url}, "MissingParameter", "TagKeys")
}

func TestNotImplemented(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a")
	w.fail("AddPermission", object{"QueueUrl": url, "Label": "x"}, "UnsupportedOperation", "does not implement AddPermission")
	w.fail("RemovePermission", object{"QueueUrl": url, "Label": "x"}, "UnsupportedOperation", "RemovePermission")
	w.fail("ReceiveMessage", object{"QueueUrl": url, "ReceiveRequestAttemptId": "1"}, "UnsupportedOperation", "ReceiveRequestAttemptId")
	w.fail("Frobnicate", object{}, "UnknownOperationException", "Frobnicate")
}

// A message that is being stored while its queue is purged or deleted is gone as well.
func TestPurgeOfAMessageBeingStored(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name string
		act  func(q *queue)
	}{
		{"purged", func(q *queue) {
			q.purge(w.clock.now())
			w.e.add(op{kind: opPurge, queue: q.id})
		}},
		{"dropped", func(q *queue) { w.e.drop(q, w.clock.now()) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			url := w.queue(c.name)
			w.send(url, "before")
			n := &entry{body: []byte("meanwhile")}
			n.prepare([]byte("me"))
			w.e.mu.Lock()
			q := w.e.queues[c.name]
			w.e.accept(q, n, w.clock.now().UnixMilli())
			c.act(q)
			stored := w.e.flush()
			w.e.mu.Unlock()
			if f := await(stored); f != nil {
				t.Fatal(f)
			}
			if q.messages[n.seq] != nil {
				t.Error("the message can be seen")
			}
			w.reopen()
			if q := w.e.queues[c.name]; q != nil {
				equal(t, "messages on disk", len(q.messages), 0)
			}
		})
	}
}
