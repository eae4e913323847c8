package sqs

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"
)

func (e *Engine) saveTask(t *moveTask) {
	b, err := json.Marshal(t.taskRecord)
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	e.add(op{kind: opTask, key: []byte(t.Handle), value: b})
}

// runTask moves messages in the background; the caller holds the lock.
func (e *Engine) runTask(t *moveTask) {
	e.running.Add(1)
	go func() {
		defer e.running.Done()
		for {
			e.mu.Lock()
			if e.closing || t.Status != taskRunning {
				e.mu.Unlock()
				return
			}
			wait, end := e.moveSome(t)
			e.saveTask(t)
			c := e.flush()
			e.mu.Unlock()
			if await(c) != nil {
				return
			}
			if end != nil {
				e.endTask(t, *end)
				return
			}
			if wait <= 0 {
				continue
			}
			timer := time.NewTimer(wait)
			select {
			case <-timer.C:
			case <-t.wake:
			case <-e.stop:
			}
			timer.Stop()
		}
	}()
}

// ending is how a task ends.
type ending struct {
	status  taskStatus
	failure string
}

// endTask ends a task once all that it moved is stored and can be received: who reads that it is completed finds the messages.
func (e *Engine) endTask(t *moveTask, end ending) {
	e.mu.Lock()
	if t.Status != taskRunning {
		e.mu.Unlock()
		return
	}
	t.Status, t.Failure = end.status, end.failure
	e.saveTask(t)
	c := e.flush()
	e.mu.Unlock()
	_ = await(c) // if it fails, the engine stops answering and the task is found running at the next start
}

// moveSome moves as many messages as the rate allows and tells how long to wait for the next, or how the task ends: when there is
// no more to move, or when a message has nowhere to go.
func (e *Engine) moveSome(t *moveTask) (time.Duration, *ending) {
	now := e.now().UnixMilli()
	source := e.queues[t.Source]
	if source == nil {
		return 0, &ending{taskFailed, legacy + "NonExistentQueue"}
	}
	e.refresh(source, now)
	budget := moveAtOnce
	if t.Rate > 0 {
		allowed := int((now-t.Started)*int64(t.Rate)/1000) + 1
		budget = min(budget, allowed-t.Moved)
	}
	for range budget {
		m := source.head()
		if m == nil || t.Moved >= t.ToMove {
			return 0, &ending{status: taskCompleted}
		}
		name := t.Destination
		if name == "" {
			name = m.source
		}
		target := e.queues[name]
		switch {
		case name == "":
			return 0, &ending{taskFailed, "CouldNotDetermineMessageSource"}
		case target == nil:
			return 0, &ending{taskFailed, legacy + "NonExistentQueue"}
		}
		// A moved message is a new one: id, age and receive count begin anew.
		moved := &message{seq: e.number(target), id: newMessageID(), sent: now, size: m.size, visible: now, phase: delayed}
		if target.FIFO {
			moved.group = target.groupNamed(m.group.name)
		}
		source.drop(m)
		e.add(op{kind: opMove, queue: source.id, seq: m.seq, toQueue: target.id, toSeq: moved.seq, value: appendRecord(nil, moved)})
		e.pending.arrivals = append(e.pending.arrivals, arrival{target, moved})
		t.Moved++
	}
	if t.Moved >= t.ToMove || source.head() == nil {
		return 0, &ending{status: taskCompleted}
	}
	if t.Rate == 0 {
		return 0, nil
	}
	next := t.Started + int64(t.Moved)*1000/int64(t.Rate) + 1
	return max(time.Millisecond, time.Duration(next-now)*time.Millisecond), nil
}

func (e *Engine) startTask(x *exchange, source, destination string, rate int) (*moveTask, *commit, *fault) {
	e.mu.Lock()
	defer e.mu.Unlock()
	q := e.queues[source]
	switch {
	case q == nil:
		return nil, nil, notFound("The resource that you specified for the SourceArn parameter doesn't exist.")
	case len(e.sourcesOf(source)) == 0:
		return nil, nil, invalidValue("Source queue must be configured as a Dead Letter Queue.")
	}
	if destination != "" {
		d := e.queues[destination]
		switch {
		case d == nil:
			return nil, nil, notFound("The resource that you specified for the DestinationArn parameter doesn't exist.")
		case d == q:
			return nil, nil, invalidValue("Source queue arn and destination queue arn cannot be the same.")
		case d.FIFO != q.FIFO:
			return nil, nil, invalidValue("Source queue and destination queue must be of the same type.")
		}
	}
	var of []*moveTask
	for _, t := range e.tasks {
		if t.Source != source {
			continue
		}
		if t.Status == taskRunning {
			return nil, nil, unsupported("There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
		}
		of = append(of, t)
	}
	slices.SortFunc(of, func(a, b *moveTask) int { return cmp.Compare(b.Started, a.Started) })
	if len(of) >= tasksKept {
		old := of[tasksKept-1:]
		e.tasks = slices.DeleteFunc(e.tasks, func(t *moveTask) bool { return slices.Contains(old, t) })
		for _, t := range old {
			e.add(op{kind: opDropTask, key: []byte(t.Handle)})
		}
	}
	e.refresh(q, x.now.UnixMilli())
	id := newMessageID()
	t := &moveTask{
		taskRecord: taskRecord{
			Handle: hex.EncodeToString(id[:]), Source: source, Destination: destination, Rate: rate,
			Started: x.now.UnixMilli(), Status: taskRunning, ToMove: q.counts[ready],
		},
		wake: make(chan struct{}, 1),
	}
	e.tasks = append(e.tasks, t)
	e.saveTask(t)
	c := e.flush()
	e.runTask(t)
	return t, c, nil
}
