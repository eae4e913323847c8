package sqs

// receipted is one entry of an operation on received messages.
type receipted struct {
	id            []byte // of a batch
	handle        []byte
	visibility    int
	hasVisibility bool
	fault         *fault
}

func (n *receipted) member(d *decoder, key []byte) (bool, error) {
	switch string(key) {
	case "Id":
		return true, d.bytes(&n.id)
	case "ReceiptHandle":
		return true, d.bytes(&n.handle)
	case "VisibilityTimeout":
		return true, d.integer(&n.visibility, &n.hasVisibility)
	}
	return false, nil
}

func (n *receipted) batchID() []byte { return n.id }

func (n *receipted) failed() *fault { return n.fault }

// find looks a receipt up. Without a fault the message may still be nil: it was deleted, or received again since.
func (q *queue) find(handle []byte) (*message, *fault) {
	if len(handle) == 0 {
		return nil, missing("ReceiptHandle")
	}
	id, seq, nonce, ok := parseReceipt(handle)
	if !ok || id != q.id || seq >= q.nextSeq {
		return nil, badReceipt(string(handle))
	}
	m := q.messages[seq]
	if m == nil {
		return nil, nil
	}
	if q.FIFO && (m.nonce != nonce || m.phase != inFlight) {
		return nil, invalidParameter(string(handle), "ReceiptHandle", "The receipt handle has expired.")
	}
	if m.nonce != nonce {
		return nil, nil
	}
	return m, nil
}

// remove deletes a message. A receipt from before the last receive deletes nothing, without an error, as the service
// may do.
func (e *Engine) remove(x *exchange, q *queue, n *receipted) *fault {
	m, f := q.find(n.handle)
	if m == nil {
		return f
	}
	q.drop(m)
	e.add(op{kind: opDelete, queue: q.id, seq: m.seq})
	return nil
}

func (e *Engine) hide(x *exchange, q *queue, n *receipted) *fault {
	if !n.hasVisibility {
		return missing("VisibilityTimeout")
	}
	if n.visibility < 0 || n.visibility > maxVisibility {
		return invalidParameter(n.visibility, "VisibilityTimeout", "VisibilityTimeout must be between 0 and 43200, both inclusive.")
	}
	m, f := q.find(n.handle)
	if f != nil {
		return f
	}
	if m == nil {
		return invalidParameter(string(n.handle), "ReceiptHandle", "Message does not exist or is not available for visibility timeout change.")
	}
	if m.phase != inFlight {
		return faultf("MessageNotInflight", legacy+"MessageNotInflight", "The message is not in flight: its visibility timeout has passed.")
	}
	now := x.now.UnixMilli()
	until := now + int64(n.visibility)*1000
	if until > m.taken+maxVisibility*1000 {
		return invalidParameter(n.visibility, "VisibilityTimeout", "Total VisibilityTimeout for the message is beyond the limit [43200 seconds].")
	}
	q.detach(m)
	m.visible = until
	p := inFlight
	if until <= now {
		p = ready
	}
	q.attach(m, p)
	e.saveMessage(q, m)
	return nil
}

// receipts runs one operation over entries in one commit.
func (x *exchange) receipts(url string, entries []receipted, do func(*Engine, *exchange, *queue, *receipted) *fault) *fault {
	name, f := x.queueAt(url)
	if f != nil {
		return f
	}
	e := x.e
	if x.iam == "ChangeMessageVisibility" && e.options.Hiding != nil {
		handles := make([]string, len(entries))
		for i := range entries {
			handles[i] = string(entries[i].handle)
		}
		e.options.Hiding(x.call, handles)
	}
	e.mu.Lock()
	q := e.queues[name]
	if q == nil {
		e.mu.Unlock()
		return noQueue()
	}
	e.refresh(q, x.now.UnixMilli())
	for i := range entries {
		if entries[i].fault = do(e, x, q, &entries[i]); entries[i].fault == nil {
			x.call.Messages++
		}
	}
	c := e.flush()
	if len(c.ops) == 0 {
		c = nil
	}
	e.dispatch(q)
	e.mu.Unlock()
	return await(c)
}

func (x *exchange) one(do func(*Engine, *exchange, *queue, *receipted) *fault) *fault {
	var url string
	var entries [1]receipted
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
	if f := x.receipts(url, entries[:], do); f != nil {
		return f
	}
	return n.fault
}

func (x *exchange) batch(do func(*Engine, *exchange, *queue, *receipted) *fault) *fault {
	url, entries, f := decodeBatch[receipted](x)
	if f != nil {
		return f
	}
	if f := x.receipts(url, entries, do); f != nil {
		return f
	}
	answerBatch(x, entries, func(*receipted) {})
	return nil
}

func (x *exchange) deleteMessage() *fault      { return x.one((*Engine).remove) }
func (x *exchange) deleteMessageBatch() *fault { return x.batch((*Engine).remove) }

func (x *exchange) changeMessageVisibility() *fault      { return x.one((*Engine).hide) }
func (x *exchange) changeMessageVisibilityBatch() *fault { return x.batch((*Engine).hide) }
