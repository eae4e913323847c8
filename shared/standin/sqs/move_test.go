package sqs

import (
	"fmt"
	"testing"
	"time"
)

const arnBase = "arn:aws:sqs:us-east-1:000000000000:"

// kill fills the dead-letter queue of a source.
func (w *world) kill(url string, bodies ...string) {
	w.t.Helper()
	for _, b := range bodies {
		w.send(url, b)
	}
	for range 2 {
		for {
			if len(w.receive(url, "VisibilityTimeout", 0)) == 0 {
				break
			}
		}
	}
	equal(w.t, "source", w.counts(url), "0 0 0")
}

func (w *world) tasks(source string, most int) []object {
	w.t.Helper()
	var all []object
	for _, v := range w.do("ListMessageMoveTasks", object{"SourceArn": arnBase + source, "MaxResults": most})["Results"].([]any) {
		all = append(all, v.(object))
	}
	return all
}

// settled waits for the last task of a source to end and returns its status.
func (w *world) settled(source string) string {
	w.t.Helper()
	w.until("the end of the move task", func() bool { return w.e.tasks[len(w.e.tasks)-1].Status != taskRunning })
	return w.tasks(source, 1)[0]["Status"].(string)
}

func TestMessageMoveTask(t *testing.T) {
	w := newWorld(t)
	w.queue("dead")
	a := w.queue("a", "RedrivePolicy", redrivePolicy("dead", 1))
	b := w.queue("b", "RedrivePolicy", redrivePolicy("dead", 1))
	w.kill(a, "a0", "a1")
	w.kill(b, "b0")
	w.step(time.Hour)
	handle := w.do("StartMessageMoveTask", object{"SourceArn": arnBase + "dead"})["TaskHandle"]
	equal(t, "status", w.settled("dead"), "COMPLETED")
	task := w.tasks("dead", 1)[0]
	equal(t, "task", fmt.Sprint(task), "map[ApproximateNumberOfMessagesMoved:3 ApproximateNumberOfMessagesToMove:3 SourceArn:"+arnBase+"dead StartedTimestamp:1772370000000 Status:COMPLETED]")
	m := w.receive(a)
	equal(t, "back in a", sorted(m), "a0 a1")
	equal(t, "back in b", bodies(w.receive(b)), "b0")
	equal(t, "count", m[0].attributes["ApproximateReceiveCount"], "1")
	equal(t, "sent", m[0].attributes["SentTimestamp"], "1772370000000")
	equal(t, "source", m[0].attributes["DeadLetterQueueSourceArn"], "")
	w.fail("CancelMessageMoveTask", object{"TaskHandle": handle}, "UnsupportedOperation", "active")
}

func TestMessageMoveTaskToAnotherQueue(t *testing.T) {
	w := newWorld(t)
	dead := w.queue("dead")
	a := w.queue("a", "RedrivePolicy", redrivePolicy("dead", 1))
	other := w.queue("other")
	w.kill(a, "x")
	w.send(dead, "direct")
	w.do("StartMessageMoveTask", object{"SourceArn": arnBase + "dead", "DestinationArn": arnBase + "other"})
	equal(t, "status", w.settled("dead"), "COMPLETED")
	equal(t, "moved", sorted(w.receive(other)), "direct x")
}

func TestMessageMoveTaskFails(t *testing.T) {
	w := newWorld(t)
	dead := w.queue("dead")
	a := w.queue("a", "RedrivePolicy", redrivePolicy("dead", 1))
	w.queue("b", "RedrivePolicy", redrivePolicy("dead", 1))
	w.send(dead, "direct")
	w.do("StartMessageMoveTask", object{"SourceArn": arnBase + "dead"})
	equal(t, "status", w.settled("dead"), "FAILED")
	equal(t, "reason", w.tasks("dead", 1)[0]["FailureReason"].(string), "CouldNotDetermineMessageSource")
	w.delete(dead, w.receive(dead)[0].handle)
	w.kill(a, "x")
	w.do("DeleteQueue", object{"QueueUrl": a})
	w.step(time.Millisecond)
	w.do("StartMessageMoveTask", object{"SourceArn": arnBase + "dead"})
	equal(t, "status", w.settled("dead"), "FAILED")
	equal(t, "reason", w.tasks("dead", 1)[0]["FailureReason"].(string), "AWS.SimpleQueueService.NonExistentQueue")
	equal(t, "the message stays", w.counts(dead), "1 0 0")
	equal(t, "tasks", len(w.tasks("dead", 10)), 2)
}

func TestMessageMoveTaskRules(t *testing.T) {
	w := newWorld(t)
	w.queue("dead")
	w.queue("a", "RedrivePolicy", redrivePolicy("dead", 1))
	w.queue("f.fifo", "FifoQueue", "true")
	for _, c := range []struct {
		in         object
		code, text string
	}{
		{object{}, "MissingParameter", "SourceArn"},
		{object{"SourceArn": arnBase + "nowhere"}, "ResourceNotFoundException", "SourceArn"},
		{object{"SourceArn": "nonsense"}, "ResourceNotFoundException", "SourceArn"},
		{object{"SourceArn": arnBase + "a"}, "InvalidParameterValue", "Dead Letter Queue"},
		{object{"SourceArn": arnBase + "dead", "DestinationArn": arnBase + "nowhere"}, "ResourceNotFoundException", "DestinationArn"},
		{object{"SourceArn": arnBase + "dead", "DestinationArn": "nonsense"}, "InvalidParameterValue", "DestinationArn"},
		{object{"SourceArn": arnBase + "dead", "DestinationArn": arnBase + "dead"}, "InvalidParameterValue", "same"},
		{object{"SourceArn": arnBase + "dead", "DestinationArn": arnBase + "f.fifo"}, "InvalidParameterValue", "same type"},
		{object{"SourceArn": arnBase + "dead", "MaxNumberOfMessagesPerSecond": 0}, "InvalidParameterValue", "500"},
		{object{"SourceArn": arnBase + "dead", "MaxNumberOfMessagesPerSecond": 501}, "InvalidParameterValue", "500"},
	} {
		w.fail("StartMessageMoveTask", c.in, c.code, c.text)
	}
	w.fail("ListMessageMoveTasks", object{"SourceArn": arnBase + "nowhere"}, "ResourceNotFoundException", "")
	w.fail("ListMessageMoveTasks", object{"SourceArn": arnBase + "dead", "MaxResults": 11}, "InvalidParameterValue", "MaxResults")
	w.fail("CancelMessageMoveTask", object{"TaskHandle": "x"}, "ResourceNotFoundException", "")
	w.fail("CancelMessageMoveTask", object{}, "MissingParameter", "TaskHandle")
}

func TestMessageMoveTaskAtARate(t *testing.T) {
	w := newWorld(t)
	dead := w.queue("dead")
	a := w.queue("a", "RedrivePolicy", redrivePolicy("dead", 1))
	w.kill(a, "0", "1", "2", "3", "4")
	moved := func(n int) {
		t.Helper()
		w.until(fmt.Sprint(n, " messages moved"), func() bool { return w.e.queues["a"].counts[ready] == n })
	}
	handle := w.do("StartMessageMoveTask", object{"SourceArn": arnBase + "dead", "MaxNumberOfMessagesPerSecond": 2})["TaskHandle"]
	moved(1)
	w.fail("StartMessageMoveTask", object{"SourceArn": arnBase + "dead"}, "UnsupportedOperation", "already a task running")
	w.step(500 * time.Millisecond)
	moved(2)
	task := w.tasks("dead", 1)[0]
	equal(t, "handle", task["TaskHandle"], handle)
	equal(t, "status", task["Status"].(string), "RUNNING")
	equal(t, "rate", fmt.Sprint(task["MaxNumberOfMessagesPerSecond"]), "2")
	// A restart takes the task up again.
	w.reopen()
	w.step(500 * time.Millisecond)
	moved(3)
	out := w.do("CancelMessageMoveTask", object{"TaskHandle": handle})
	equal(t, "moved", fmt.Sprint(out["ApproximateNumberOfMessagesMoved"]), "3")
	equal(t, "status", w.settled("dead"), "CANCELLED")
	w.step(time.Hour)
	equal(t, "left", w.counts(dead), "2 0 0")
	w.do("StartMessageMoveTask", object{"SourceArn": arnBase + "dead"})
	equal(t, "status", w.settled("dead"), "COMPLETED")
	equal(t, "all back", w.counts(a), "5 0 0")
}

func TestMessageMoveTasksKept(t *testing.T) {
	w := newWorld(t)
	w.queue("dead")
	w.queue("a", "RedrivePolicy", redrivePolicy("dead", 1))
	for range 12 {
		w.do("StartMessageMoveTask", object{"SourceArn": arnBase + "dead"})
		equal(t, "status", w.settled("dead"), "COMPLETED")
		w.step(time.Second)
	}
	w.reopen()
	all := w.tasks("dead", 10)
	equal(t, "tasks", len(all), 10)
	equal(t, "newest first", fmt.Sprint(all[0]["StartedTimestamp"]), "1772366411000")
	equal(t, "oldest", fmt.Sprint(all[9]["StartedTimestamp"]), "1772366402000")
}

func TestMessageMoveTaskOfFIFO(t *testing.T) {
	w := newWorld(t)
	fifo := []string{"FifoQueue", "true", "ContentBasedDeduplication", "true"}
	dead := w.queue("dead.fifo", fifo...)
	url := w.queue("a.fifo", append(fifo, "RedrivePolicy", redrivePolicy("dead.fifo", 1))...)
	for i := range 6 {
		w.send(url, fmt.Sprint("m", i), "MessageGroupId", fmt.Sprint("g", i%2))
	}
	w.receive(url, "VisibilityTimeout", 0)
	w.receive(url)
	equal(t, "dead letters", w.counts(dead), "6 0 0")
	w.do("StartMessageMoveTask", object{"SourceArn": arnBase + "dead.fifo"})
	equal(t, "status", w.settled("dead.fifo"), "COMPLETED")
	equal(t, "in the order of their groups", bodies(w.receive(url)), "m0 m2 m4 m1 m3 m5")
}
