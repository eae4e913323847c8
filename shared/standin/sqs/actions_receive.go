package sqs

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"
)

// systemNames are the system attributes that a receive can ask for.
var systemNames = []string{
	"SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp", "SequenceNumber",
	"MessageDeduplicationId", "MessageGroupId", "AWSTraceHeader", "DeadLetterQueueSourceArn",
}

func (x *exchange) receiveMessage() *fault {
	var url, attempt string
	var names, systems, older []string
	most, visibility, wait := 1, -1, 0
	var hasMost, hasVisibility, hasWait bool
	if f := x.decode(func(key []byte) error {
		switch string(key) {
		case "QueueUrl":
			return x.in.str(&url)
		case "MaxNumberOfMessages":
			return x.in.integer(&most, &hasMost)
		case "VisibilityTimeout":
			return x.in.integer(&visibility, &hasVisibility)
		case "WaitTimeSeconds":
			return x.in.integer(&wait, &hasWait)
		case "MessageAttributeNames":
			return x.in.strings(&names)
		case "MessageSystemAttributeNames":
			return x.in.strings(&systems)
		case "AttributeNames":
			return x.in.strings(&older)
		case "ReceiveRequestAttemptId":
			return x.in.str(&attempt)
		}
		return x.in.skip()
	}); f != nil {
		return f
	}
	name, f := x.queueAt(url)
	if f != nil {
		return f
	}
	switch {
	case most < 1 || most > 10:
		return invalidParameter(most, "MaxNumberOfMessages", "Must be between 1 and 10, if provided.")
	case hasVisibility && (visibility < 0 || visibility > maxVisibility):
		return invalidParameter(visibility, "VisibilityTimeout", "Must be between 0 and 43200, if provided.")
	case wait < 0 || wait > maxWait:
		return invalidParameter(wait, "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided.")
	case attempt != "":
		return unsupported("This stand-in does not implement ReceiveRequestAttemptId.")
	}
	systems = append(systems, older...)
	for _, s := range systems {
		if s != "All" && !slices.Contains(systemNames, s) {
			return faultf("InvalidAttributeName", "", "Unknown Attribute %s.", shorten(s))
		}
	}
	d, f := x.poll(name, wish{most, visibility}, wait, hasWait)
	if f != nil {
		return f
	}
	if len(d.handed) == 0 {
		return await(d.commit)
	}
	if f := x.appendMessages(d, systems, names); f != nil {
		return f
	}
	return await(d.commit)
}

// poll is a receive that waits.
func (x *exchange) poll(name string, w wish, wait int, given bool) (delivery, *fault) {
	e := x.e
	e.mu.Lock()
	q := e.queues[name]
	if q == nil {
		e.mu.Unlock()
		return delivery{}, noQueue()
	}
	now := x.now.UnixMilli()
	d := e.receive(q, w, now)
	if !given {
		wait = q.Wait
	}
	if len(d.handed) > 0 || d.fault != nil || wait == 0 || e.closing {
		e.mu.Unlock()
		return d, d.fault
	}
	mine := &waiter{wish: w, deadline: now + int64(wait)*1000, result: make(chan delivery, 1)}
	q.waiters = append(q.waiters, mine)
	e.arm(q)
	e.mu.Unlock()

	timer := time.NewTimer(time.Duration(wait) * time.Second)
	defer timer.Stop()
	for {
		stopped := false
		select {
		case d := <-mine.result:
			return d, d.fault
		case <-timer.C:
		case <-x.ctx.Done():
			stopped = true
		case <-e.stop:
			stopped = true
		}
		e.mu.Lock()
		late := stopped || e.now().UnixMilli() >= mine.deadline
		if late {
			q.leave(mine)
		}
		e.mu.Unlock()
		if late {
			select {
			case d := <-mine.result:
				return d, d.fault
			default:
				return delivery{}, nil
			}
		}
		// The clock is not the real one, and lags behind it.
		timer.Reset(max(time.Millisecond, time.UnixMilli(mine.deadline).Sub(e.now())))
	}
}

func (x *exchange) appendMessages(d delivery, systems, names []string) *fault {
	x.out = append(x.out, `{"Messages":[`...)
	var system [9]bool
	for i, name := range systemNames {
		system[i] = slices.Contains(systems, "All") || slices.Contains(systems, name)
	}
	first := true
	err := x.e.contents(d.queue, d.handed, func(i int, c *content) error {
		if !first {
			x.out = append(x.out, ',')
		}
		first = false
		h := &d.handed[i]
		x.call.Messages++
		x.call.Bytes += int(h.size)
		x.appendMessage(d.queue, h, c, &system, len(systems) > 0, names)
		return nil
	})
	if err != nil {
		return internal(err)
	}
	x.out = append(x.out, ']', '}')
	if first {
		// Everything was purged in between.
		x.out = x.out[:0]
	}
	return nil
}

func (x *exchange) appendMessage(queue uint64, h *handed, c *content, system *[9]bool, anySystem bool, names []string) {
	out := append(x.out, `{"MessageId":"`...)
	out = h.id.append(out)
	out = append(out, `","ReceiptHandle":"`...)
	out = appendReceipt(out, queue, h.seq, h.nonce)
	out = append(out, `","MD5OfBody":"`...)
	out = hex.AppendEncode(out, c.bodyMD5[:])
	out = append(out, `","Body":`...)
	out = appendString(out, c.body)
	if anySystem {
		out = append(out, `,"Attributes":{`...)
		start := len(out)
		key := func(i int) {
			if len(out) > start {
				out = append(out, ',')
			}
			out = append(out, '"')
			out = append(out, systemNames[i]...)
			out = append(out, `":`...)
		}
		integer := func(i int, v int64) {
			if system[i] {
				key(i)
				out = append(out, '"')
				out = strconv.AppendInt(out, v, 10)
				out = append(out, '"')
			}
		}
		text := func(i int, v []byte) {
			if system[i] && len(v) > 0 {
				key(i)
				out = appendString(out, v)
			}
		}
		text(0, c.sender)
		integer(1, h.sent)
		integer(2, int64(h.receives))
		integer(3, h.first)
		// Only a message of a FIFO queue has a deduplication id.
		if len(c.dedup) > 0 {
			text(4, []byte(sequence(h.seq)))
			text(5, c.dedup)
		}
		text(6, c.group)
		text(7, c.trace)
		if h.source != "" {
			text(8, []byte(x.e.arn(h.source)))
		}
		out = append(out, '}')
	}
	x.out = out
	x.appendAttributes(c, names)
	x.out = append(x.out, '}')
}

// appendAttributes appends the message attributes that were asked for, with the digest of just those.
func (x *exchange) appendAttributes(c *content, names []string) {
	if len(names) == 0 || len(c.attributes) == 0 {
		return
	}
	wanted := make([]attribute, 0, len(c.attributes))
	for _, a := range c.attributes {
		if slices.ContainsFunc(names, func(n string) bool { return matches(n, a.name) }) {
			wanted = append(wanted, a)
		}
	}
	if len(wanted) == 0 {
		return
	}
	sum := c.attributeMD5
	if len(wanted) < len(c.attributes) {
		sum = attributesMD5(wanted)
	}
	out := append(x.out, `,"MD5OfMessageAttributes":"`...)
	out = hex.AppendEncode(out, sum[:])
	out = append(out, `","MessageAttributes":{`...)
	for i, a := range wanted {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendString(out, a.name)
		out = append(out, `:{"DataType":`...)
		out = appendString(out, a.dataType)
		if a.binary {
			out = append(out, `,"BinaryValue":"`...)
			out = base64.StdEncoding.AppendEncode(out, a.value)
			out = append(out, '"')
		} else {
			out = append(out, `,"StringValue":`...)
			out = appendString(out, a.value)
		}
		out = append(out, '}')
	}
	x.out = append(out, '}')
}

// matches tells whether a name asked for covers an attribute: itself, "All", ".*", or a prefix such as "bar.*".
func matches(asked, name string) bool {
	if asked == "All" || asked == name {
		return true
	}
	prefix, ok := strings.CutSuffix(asked, ".*")
	return ok && strings.HasPrefix(name, prefix)
}
