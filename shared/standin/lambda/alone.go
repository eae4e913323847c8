package lambda

import (
	"context"
	"sync"
	"time"
)

// afterIdle ends a process that nobody needed for a while.
func afterIdle(q *process) *time.Timer {
	p := q.pool
	return time.AfterFunc(p.host.options.IdleAfter, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for i, other := range p.idle {
			if other == q {
				p.idle = append(p.idle[:i], p.idle[i+1:]...)
				q.kill()
				return
			}
		}
	})
}

// InvokeAlone runs one invocation in a process of its own that ends with it, and gives the whole of its log. begin is told the access key
// of the process before it starts, so that its calls can be told from all others. A function inside this program has no process:
// it is invoked like any other time, and begin is told the function's key.
func (h *Host) InvokeAlone(ctx context.Context, function string, payload []byte, begin func(accessKey string)) (Result, []Line, error) {
	p, err := h.pool(function)
	if err != nil {
		return Result{}, nil, err
	}
	if len(payload) > MaxPayload {
		return Result{}, nil, ErrTooLarge
	}
	if p.function.Handler != nil {
		begin(FunctionKey(function))
		r, err := p.invoke(ctx, payload)
		return r, nil, err
	}
	var mu sync.Mutex
	var lines []Line
	q := &process{only: newTask(payload), sink: func(l Line) {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, l)
	}}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return Result{}, nil, ErrStopping
	}
	p.start(q)
	begin(q.key)
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		q.kill()
		p.mu.Unlock()
	}()
	var r Result
	select {
	case r = <-q.only.done:
	case <-ctx.Done():
		return Result{}, nil, ctx.Err()
	}
	// The process asks for more work when it is done, and is ended then; until that its last lines may be on their way.
	select {
	case <-q.gone:
	case <-ctx.Done():
	}
	mu.Lock()
	defer mu.Unlock()
	return r, lines, nil
}
