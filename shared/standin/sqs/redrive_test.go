package sqs

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func redrivePolicy(target string, most any) string {
	return fmt.Sprintf(`{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:%s","maxReceiveCount":%v}`, target, most)
}

func TestRedrivePolicyRules(t *testing.T) {
	w := newWorld(t)
	url := w.queue("a")
	w.queue("dead")
	w.queue("dead.fifo", "FifoQueue", "true")
	w.queue("closed", "RedriveAllowPolicy", `{"redrivePermission":"denyAll"}`)
	w.queue("picky", "RedriveAllowPolicy", `{"redrivePermission":"byQueue","sourceQueueArns":["arn:aws:sqs:us-east-1:000000000000:a"]}`)
	w.queue("pickier", "RedriveAllowPolicy", `{"redrivePermission":"byQueue","sourceQueueArns":["arn:aws:sqs:us-east-1:000000000000:b"]}`)
	for _, c := range []struct{ policy, text string }{
		{redrivePolicy("dead", 1), ""},
		{redrivePolicy("dead", `"1000"`), ""},
		{redrivePolicy("dead", 0), "maxReceiveCount"},
		{redrivePolicy("dead", 1001), "maxReceiveCount"},
		{redrivePolicy("dead", `"many"`), "maxReceiveCount"},
		{redrivePolicy("nowhere", 1), "does not exist"},
		{strings.Replace(redrivePolicy("dead", 1), "us-east-1", "eu-west-1", 1), "does not exist"},
		{redrivePolicy("a", 1), "its own"},
		{redrivePolicy("dead.fifo", 1), "same type"},
		{redrivePolicy("closed", 1), "RedriveAllowPolicy"},
		{redrivePolicy("pickier", 1), "RedriveAllowPolicy"},
		{redrivePolicy("picky", 1), ""},
		{`{"maxReceiveCount":1}`, "deadLetterTargetArn"},
		{`{`, "JSON"},
	} {
		t.Run(c.policy, func(t *testing.T) {
			w.t = t
			in := object{"QueueUrl": url, "Attributes": object{"RedrivePolicy": c.policy}}
			if c.text != "" {
				w.fail("SetQueueAttributes", in, "InvalidParameterValue", c.text)
				return
			}
			w.do("SetQueueAttributes", in)
			equal(t, "RedrivePolicy", w.attribute(url, "RedrivePolicy"), strings.ReplaceAll(c.policy, `"1000"`, "1000"))
		})
	}
	w.t = t
	sources := func(name string) string {
		return fmt.Sprint(w.do("ListDeadLetterSourceQueues", object{"QueueUrl": base + name})["queueUrls"])
	}
	equal(t, "sources", sources("picky"), "["+base+"a]")
	equal(t, "no sources", sources("dead"), "[]")
	w.fail("ListDeadLetterSourceQueues", object{"QueueUrl": base + "nowhere"}, "QueueDoesNotExist", "")
	w.do("SetQueueAttributes", object{"QueueUrl": url, "Attributes": object{"RedrivePolicy": ""}})
	equal(t, "removed", w.attribute(url, "RedrivePolicy"), "")
	for _, c := range []struct{ policy, text string }{
		{`{"redrivePermission":"allowAll"}`, ""},
		{`{"redrivePermission":"someone"}`, "redrivePermission"},
		{`{"redrivePermission":"byQueue"}`, "1 to 10"},
		{`{"redrivePermission":"denyAll","sourceQueueArns":["arn:aws:sqs:us-east-1:000000000000:a"]}`, "byQueue"},
		{`{"redrivePermission":"byQueue","sourceQueueArns":["a"]}`, "no ARN"},
		{`[`, "JSON"},
	} {
		in := object{"QueueUrl": url, "Attributes": object{"RedriveAllowPolicy": c.policy}}
		if c.text != "" {
			w.fail("SetQueueAttributes", in, "InvalidParameterValue", c.text)
		} else {
			w.do("SetQueueAttributes", in)
			equal(t, "RedriveAllowPolicy", w.attribute(url, "RedriveAllowPolicy"), c.policy)
		}
	}
}

func TestDeadLetters(t *testing.T) {
	letters := make(chan DeadLetter, 10)
	w := newWorld(t, func(o *Options) { o.DeadLettered = func(l DeadLetter) { letters <- l } })
	dead := w.queue("dead")
	url := w.queue("a", "VisibilityTimeout", "10", "RedrivePolicy", redrivePolicy("dead", 2))
	w.send(url, "poison", "MessageAttributes", object{"k": object{"DataType": "String", "StringValue": "v"}})
	id := w.receive(url)[0].id
	w.step(10 * time.Second)
	equal(t, "second receive", bodies(w.receive(url)), "poison")
	w.step(10 * time.Second)
	equal(t, "third receive", bodies(w.receive(url)), "")
	equal(t, "told", <-letters, DeadLetter{Queue: "a", DeadLetterQueue: "dead", MessageID: id, Receives: 2})
	w.reopen()
	m := w.receive(dead)
	equal(t, "dead letters", bodies(m), "poison")
	equal(t, "id", m[0].id, id)
	equal(t, "count", m[0].attributes["ApproximateReceiveCount"], "3")
	equal(t, "sent", m[0].attributes["SentTimestamp"], "1772366400000")
	equal(t, "source", m[0].attributes["DeadLetterQueueSourceArn"], "arn:aws:sqs:us-east-1:000000000000:a")
	equal(t, "attributes", fmt.Sprint(m[0].all["MessageAttributes"]), "map[k:map[DataType:String StringValue:v]]")
	equal(t, "counts", w.counts(url), "0 0 0")
}

// A long poll on the source buries a message as soon as it can be seen, and one on the dead-letter queue gets it.
func TestDeadLettersWakeLongPolls(t *testing.T) {
	w := newWorld(t)
	dead := w.queue("dead")
	url := w.queue("a", "VisibilityTimeout", "10", "RedrivePolicy", redrivePolicy("dead", 1))
	w.send(url, "poison")
	w.receive(url)
	source, target := w.background(url, 20), w.background(dead, 20)
	w.step(10 * time.Second)
	equal(t, "dead letter", bodies(<-target), "poison")
	w.step(10 * time.Second)
	equal(t, "source", bodies(<-source), "")
}

func TestDeadLettersOfFIFO(t *testing.T) {
	w := newWorld(t)
	fifo := []string{"FifoQueue", "true", "ContentBasedDeduplication", "true"}
	dead := w.queue("dead.fifo", fifo...)
	url := w.queue("a.fifo", append(fifo, "VisibilityTimeout", "10", "RedrivePolicy", redrivePolicy("dead.fifo", 1))...)
	for i := range 3 {
		w.send(url, fmt.Sprint("m", i), "MessageGroupId", "g")
	}
	w.receive(url, "MaxNumberOfMessages", 2)
	w.step(10 * time.Second)
	equal(t, "the group goes on", bodies(w.receive(url)), "m2")
	m := w.receive(dead)
	equal(t, "dead letters in order", bodies(m), "m0 m1")
	equal(t, "group", m[0].attributes["MessageGroupId"], "g")
	equal(t, "sent anew", m[0].attributes["SentTimestamp"], "1772366410000")
}

// A dead letter keeps its age in a standard queue.
func TestRetentionOfDeadLetters(t *testing.T) {
	w := newWorld(t)
	dead := w.queue("dead", "MessageRetentionPeriod", "60")
	url := w.queue("a", "RedrivePolicy", redrivePolicy("dead", 1))
	w.send(url, "poison")
	w.step(50 * time.Second)
	w.receive(url, "VisibilityTimeout", 0)
	w.receive(url)
	equal(t, "counts", w.counts(dead), "1 0 0")
	w.step(10 * time.Second)
	equal(t, "counts a minute after the message was sent", w.counts(dead), "0 0 0")
}

func TestDeadLetterTargetDeleted(t *testing.T) {
	w := newWorld(t)
	dead := w.queue("dead")
	url := w.queue("a", "RedrivePolicy", redrivePolicy("dead", 1))
	w.send(url, "poison")
	w.do("DeleteQueue", object{"QueueUrl": dead})
	w.receive(url, "VisibilityTimeout", 0)
	equal(t, "the message stays", bodies(w.receive(url)), "poison")
}
