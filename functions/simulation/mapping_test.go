package simulation

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/standin/sam"
)

// mapping feeds a queue to its function as Lambda does.
type mapping struct {
	w        *world
	function string
	queue    sam.Queue
	batch    int
	window   time.Duration
	most     int // invocations at a time
	running  int
	wake     chan struct{}
}

// poke lets a mapping look at its queue.
func (m *mapping) poke() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

func (m *mapping) pokeAfter(d time.Duration) { time.AfterFunc(d, m.poke) }

// run looks at the queue whenever something may have come.
func (m *mapping) run() {
	for range m.wake {
		for m.running < m.most && !m.w.stopped {
			name, batch := m.gather()
			if len(batch) == 0 {
				break
			}
			m.running++
			go m.work(name, batch)
		}
		if m.w.stopped {
			return
		}
	}
}

// gather receives a batch and names it by its first message.
func (m *mapping) gather() (string, []events.SQSMessage) {
	batch := m.w.receive(m.queue, min(10, m.batch))
	if len(batch) == 0 {
		return "", nil
	}
	name := m.w.numbered(m.function + " batch " + short(batch[0].Body))
	d := dice{hash(m.w.seed, "gather", name)}
	m.w.sleep(d.pause(time.Millisecond, 20*time.Millisecond))
	if m.window > 0 && len(batch) < m.batch {
		m.w.sleep(d.pause(20*time.Millisecond, m.window))
	}
	for len(batch) < m.batch {
		more := m.w.receive(m.queue, min(10, m.batch-len(batch)))
		if len(more) == 0 {
			break
		}
		batch = append(batch, more...)
	}
	m.pokeAfter(m.queue.Visibility + time.Second)
	return name, batch
}

// short stands for a text in a name.
func short(text string) string { return fmt.Sprintf("%08x", uint32(hash(0, text))) }

// work invokes the function with a batch and deletes what succeeded.
func (m *mapping) work(name string, batch []events.SQSMessage) {
	w := m.w
	defer func() {
		m.running--
		m.poke()
	}()
	d := dice{hash(w.seed, "batch", name)}
	payload, err := json.Marshal(events.SQSEvent{Records: batch})
	if err != nil {
		panic(err)
	}
	if w.faults.strikes(doubled, name) {
		w.fired(doubled, name)
		go func() {
			w.sleep(d.pause(time.Microsecond, 30*time.Millisecond))
			_, _, _ = w.invoke(m.function, name+" doubled", payload)
		}()
	}
	w.sleep(d.pause(time.Microsecond, 5*time.Millisecond))
	out, injected, err := w.invoke(m.function, name, payload)
	failed := failedRecords(out)
	for _, message := range batch {
		one := w.numbered(m.function + " message " + short(message.Body))
		if err != nil || failed[message.MessageId] {
			if !injected {
				w.mu.Lock()
				w.failedClean[message.MessageId]++
				w.mu.Unlock()
			}
			w.giveUp(m.queue, message, one)
			continue
		}
		if w.faults.strikes(replayed, one) {
			w.fired(replayed, one)
			w.replay(m.queue, message.Body, d.pause(time.Minute, w.horizon))
		}
		if w.faults.strikes(redelivered, one) {
			w.fired(redelivered, one)
			continue
		}
		w.sleep(d.pause(time.Microsecond, time.Millisecond))
		w.delete(m.queue, message.ReceiptHandle)
	}
}

// replay sends a message once more, much later.
func (w *world) replay(q sam.Queue, body string, after time.Duration) {
	w.later++
	time.AfterFunc(after, func() {
		w.later--
		if !w.stopped {
			w.send(q, body)
		}
	})
}

type message struct {
	MessageId, ReceiptHandle, Body string
	Attributes                     map[string]string
}

func (w *world) receive(q sam.Queue, most int) []events.SQSMessage {
	w.operations++
	body, _ := json.Marshal(map[string]any{"QueueUrl": q.URL, "MaxNumberOfMessages": most, "WaitTimeSeconds": 0, "MessageSystemAttributeNames": []string{"All"}})
	answer := serve(w.queues, "AmazonSQS.ReceiveMessage", body)
	var out struct{ Messages []message }
	if answer.status != 200 || len(answer.body) > 0 && json.Unmarshal(answer.body, &out) != nil {
		panic(fmt.Sprintf("receiving from %s: %d %s", q.Name, answer.status, answer.body))
	}
	list := make([]events.SQSMessage, len(out.Messages))
	for i, m := range out.Messages {
		list[i] = events.SQSMessage{MessageId: m.MessageId, ReceiptHandle: m.ReceiptHandle, Body: m.Body, Attributes: m.Attributes,
			EventSource: "aws:sqs", EventSourceARN: q.ARN, AWSRegion: "us-east-1"}
	}
	return list
}

func (w *world) delete(q sam.Queue, receipt string) {
	w.operations++
	body, _ := json.Marshal(map[string]any{"QueueUrl": q.URL, "ReceiptHandle": receipt})
	serve(w.queues, "AmazonSQS.DeleteMessage", body)
}

func (w *world) send(q sam.Queue, text string) {
	w.operations++
	body, _ := json.Marshal(map[string]any{"QueueUrl": q.URL, "MessageBody": text})
	if answer := serve(w.queues, "AmazonSQS.SendMessage", body); answer.status != 200 {
		panic(fmt.Sprintf("sending to %s: %d %s", q.Name, answer.status, answer.body))
	}
	w.pokeQueue(q.Name, 0)
}

// depth is how many messages a queue holds in any state.
func (w *world) depth(q sam.Queue) int {
	body, _ := json.Marshal(map[string]any{"QueueUrl": q.URL, "AttributeNames": []string{"All"}})
	answer := serve(w.queues, "AmazonSQS.GetQueueAttributes", body)
	var out struct{ Attributes map[string]string }
	_ = json.Unmarshal(answer.body, &out)
	n := 0
	for _, name := range []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"} {
		var k int
		_, _ = fmt.Sscan(out.Attributes[name], &k)
		n += k
	}
	return n
}

// redrive sends dead letters again, as make redrive does.
func (w *world) redrive() {
	for _, q := range w.template.Queues {
		if q.DeadLetter == "" {
			continue
		}
		if _, kept := w.template.Function("redrive"); !kept {
			w.redriveQueue(q)
			continue
		}
		if w.asksForLetters(q) {
			continue
		}
		for range 40 {
			var sent struct {
				Sent int
				Left bool
			}
			out, _, err := w.invoke("redrive", q.LogicalID, []byte(`{"redrive":"`+q.LogicalID+`"}`))
			if err == nil {
				check(json.Unmarshal(out, &sent))
			}
			for range sent.Sent {
				w.fired(redriven, q.LogicalID)
				if q.LogicalID == "EventsQueue" {
					w.redrivenAt = time.Now()
				}
			}
			if err == nil && !sent.Left {
				break
			}
			w.sleep(10 * time.Second)
		}
	}
}

// redriveQueue moves the messages of a dead-letter queue back, where nobody keeps them in a table.
func (w *world) redriveQueue(q sam.Queue) {
	dead, ok := w.template.Queue(q.DeadLetter)
	for ok {
		batch := w.receive(dead, 10)
		if len(batch) == 0 {
			return
		}
		for _, m := range batch {
			w.fired(redriven, q.LogicalID)
			if q.LogicalID == "EventsQueue" {
				w.redrivenAt = time.Now()
			}
			w.send(q, m.Body)
			w.delete(dead, m.ReceiptHandle)
		}
	}
}

// giveUp makes a message a dead letter, as if it had failed as often as its queue allows.
func (w *world) giveUp(q sam.Queue, message events.SQSMessage, name string) {
	dead, ok := w.template.Queue(q.DeadLetter)
	if ok && w.faults.strikes(givenUp, name) {
		w.fired(givenUp, name)
		w.watch.shelves.given[message.MessageId] = true
		w.send(dead, message.Body)
		w.delete(q, message.ReceiptHandle)
	}
}

// sqs carries out a call of a function to its queues.
func (w *world) sqs(inv *invocation, q request) *reply {
	if q.op == "SendMessage" {
		name := inv.callName(request{op: "deliver", where: q.where, key: short(string(q.body))})
		d := dice{hash(w.seed, "deliver", name)}
		if w.faults.strikes(reordered, name) {
			w.fired(reordered, name)
			var whole map[string]any
			_ = json.Unmarshal(q.body, &whole)
			seconds := int(d.pause(time.Second, 5*time.Minute) / time.Second)
			whole["DelaySeconds"] = seconds
			q.body, _ = json.Marshal(whole)
			w.pokeQueue(q.where, time.Duration(seconds)*time.Second+time.Second)
		}
	}
	answer := serve(w.queues, q.target, q.body)
	if q.op == "ChangeMessageVisibility" {
		var in struct{ VisibilityTimeout int }
		_ = json.Unmarshal(q.body, &in)
		w.pokeQueue(q.where, time.Duration(in.VisibilityTimeout)*time.Second+time.Second)
	}
	if strings.HasPrefix(q.op, "SendMessage") {
		w.pokeQueue(q.where, 0)
	}
	return answer
}

func (w *world) pokeQueue(name string, after time.Duration) {
	name = strings.TrimPrefix(name, stackName+"-")
	for _, m := range w.mappings {
		if strings.TrimPrefix(m.queue.Name, stackName+"-") == name {
			if after > 0 {
				m.pokeAfter(after)
			} else {
				m.poke()
			}
		}
	}
}
