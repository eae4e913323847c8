package lambda

import "context"

func (p *pool) invoke(ctx context.Context, payload []byte) (Result, error) {
	t := newTask(payload)
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return Result{}, ErrStopping
	}
	if p.function.Reserved != nil && p.busy()+len(p.pending) >= p.limit {
		p.mu.Unlock()
		return Result{}, ErrThrottled
	}
	p.pending = append(p.pending, t)
	p.balance()
	p.mu.Unlock()
	select {
	case r := <-t.done:
		return r, nil
	case <-ctx.Done():
		p.forget(t)
		return Result{}, ctx.Err()
	}
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, t := range p.pending {
		t.done <- Result{RequestID: t.id, FunctionError: "Unhandled", Payload: errorPayload("Runtime.Stopping", ErrStopping.Error())}
	}
	p.pending = nil
	for _, q := range p.processes {
		q.kill()
	}
}
