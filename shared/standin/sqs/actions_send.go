package sqs

import (
	"crypto/sha256"
	"encoding/hex"
)

// accept numbers a message and adds it to the pending commit; a duplicate gets the first one's answer instead, and the
// commit to wait for.
func (e *Engine) accept(q *queue, n *entry, now int64) *commit {
	var key string
	if q.FIFO {
		if !n.hasDedup {
			sum := sha256.Sum256(n.body)
			n.content.dedup = hex.AppendEncode(nil, sum[:])
		}
		key = string(n.content.dedup)
		if q.DedupPerGroup {
			key = string(n.group) + "\x00" + key
		}
		for _, old := range q.forget(now) {
			e.add(op{kind: opForget, queue: q.id, key: []byte(old)})
		}
		if d := q.dedups[key]; d != nil {
			n.message, n.seq = d.id, d.seq
			return d.stored
		}
	}
	m := &message{seq: e.number(q), id: newMessageID(), sent: now, visible: now, size: uint32(n.size)}
	delay := q.Delay
	if n.delayed {
		delay = n.delay
	}
	m.visible = now + int64(delay)*1000
	if q.FIFO {
		m.group = q.groupNamed(string(n.group))
	}
	n.message, n.seq = m.id, m.seq
	m.phase = delayed
	// Room for the digests, the lengths and the sender.
	buf := make([]byte, 0, 32+fixedState+64+n.size+len(n.content.dedup)+2*len(n.group)+len(n.trace)+12*len(n.attributes))
	buf = n.content.append(appendRecord(buf, m))
	e.add(op{kind: opPut, queue: q.id, seq: m.seq, value: buf})
	e.pending.arrivals = append(e.pending.arrivals, arrival{q, m})
	if q.FIFO {
		d := &dedup{at: now, seq: m.seq, id: m.id, stored: e.pending}
		q.remember(key, d)
		e.add(op{kind: opDedup, queue: q.id, key: []byte(key), value: d.append(nil)})
	}
	return e.pending
}

// send accepts all entries that have no fault.
func (x *exchange) send(url string, entries []entry) *fault {
	sender := []byte(x.call.AccessKeyID)
	if len(sender) == 0 {
		sender = []byte(x.e.options.AccountID)
	}
	for i := range entries {
		entries[i].prepare(sender)
	}
	name, f := x.queueAt(url)
	if f != nil {
		return f
	}
	e := x.e
	e.mu.Lock()
	q := e.queues[name]
	if q == nil {
		e.mu.Unlock()
		return noQueue()
	}
	var waits []*commit
	now := x.now.UnixMilli()
	for i := range entries {
		n := &entries[i]
		if n.fault = n.fit(q); n.fault != nil {
			continue
		}
		x.call.Messages++
		x.call.Bytes += n.size
		if c := e.accept(q, n, now); c != nil && (len(waits) == 0 || waits[len(waits)-1] != c) {
			waits = append(waits, c)
		}
	}
	fifo := q.FIFO
	e.flush()
	e.mu.Unlock()
	for _, c := range waits {
		if f := await(c); f != nil {
			return f
		}
	}
	if !fifo {
		for i := range entries {
			entries[i].seq = 0
		}
	}
	return nil
}

// appendSent appends the members that a send answers for one message, without the braces.
func (n *entry) appendSent(out []byte) []byte {
	out = append(out, `"MessageId":"`...)
	out = n.message.append(out)
	out = append(out, `","MD5OfMessageBody":"`...)
	out = hex.AppendEncode(out, n.content.bodyMD5[:])
	out = append(out, '"')
	if len(n.attributes) > 0 {
		out = append(out, `,"MD5OfMessageAttributes":"`...)
		out = hex.AppendEncode(out, n.content.attributeMD5[:])
		out = append(out, '"')
	}
	if n.trace != nil {
		out = append(out, `,"MD5OfMessageSystemAttributes":"`...)
		out = hex.AppendEncode(out, n.systemMD5[:])
		out = append(out, '"')
	}
	if n.seq != 0 {
		out = append(out, `,"SequenceNumber":"`...)
		out = append(out, sequence(n.seq)...)
		out = append(out, '"')
	}
	return out
}

func (x *exchange) sendMessage() *fault {
	var url string
	var entries [1]entry
	n := &entries[0]
	if f := x.decode(func(key []byte) error {
		if string(key) == "QueueUrl" {
			return x.in.str(&url)
		}
		if known, err := n.member(&x.in, key); known {
			return err
		}
		return x.in.skip()
	}); f != nil {
		return f
	}
	if f := x.send(url, entries[:]); f != nil {
		return f
	}
	if n.fault != nil {
		return n.fault
	}
	x.out = append(x.out, '{')
	x.out = n.appendSent(x.out)
	x.out = append(x.out, '}')
	return nil
}

func (x *exchange) sendMessageBatch() *fault {
	url, entries, f := decodeBatch[entry](x)
	if f != nil {
		return f
	}
	total := 0
	for i := range entries {
		n := entries[i]
		total += (&content{body: n.body, attributes: n.attributes}).size()
	}
	if total > maxMessageBytes {
		return faultf("BatchRequestTooLong", legacy+"BatchRequestTooLong", "Batch requests cannot be longer than %d bytes. You have sent %d bytes.", maxMessageBytes, total)
	}
	if f := x.send(url, entries); f != nil {
		return f
	}
	answerBatch(x, entries, func(n *entry) {
		x.out = append(x.out, ',')
		x.out = n.appendSent(x.out)
	})
	return nil
}
