package lambda

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// pool is one function with its processes and the invocations that wait for one.
type pool struct {
	host     *Host
	function Function
	limit    int

	mu        sync.Mutex
	pending   []*task
	idle      []*process // the last used one last, so that the others grow old and are ended
	processes map[string]*process
	starting  int
	running   int // handlers inside this program
	closed    bool
}

// task is one invocation. done has room for the one result, so that nobody waits for a caller that has left.
type task struct {
	id      string
	payload []byte
	done    chan Result
	started time.Time
	cold    bool
}

func newTask(payload []byte) *task {
	return &task{id: requestID(), payload: payload, done: make(chan Result, 1)}
}

func requestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}

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

// forget takes back a task that no process has begun.
func (p *pool) forget(t *task) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, other := range p.pending {
		if other == t {
			p.pending = append(p.pending[:i], p.pending[i+1:]...)
			return
		}
	}
}

func (p *pool) busy() int {
	n := p.running
	for _, q := range p.processes {
		if q.task != nil {
			n++
		}
	}
	return n
}

// balance hands waiting tasks to idle processes and starts as many processes as the rest could use. The caller holds mu.
func (p *pool) balance() {
	if p.function.Handler != nil {
		for len(p.pending) > 0 && p.running < p.limit && !p.closed {
			p.running++
			go p.handle(p.pop())
		}
		return
	}
	for len(p.pending) > 0 && len(p.idle) > 0 {
		q := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		p.assign(q, p.pop())
	}
	for p.starting < len(p.pending) && len(p.processes) < p.limit && !p.closed {
		p.start(nil)
	}
}

func (p *pool) pop() *task {
	t := p.pending[0]
	p.pending = p.pending[1:]
	return t
}

// handle runs a task in a function that lives in this program.
func (p *pool) handle(t *task) {
	t.started = time.Now()
	ctx, cancel := context.WithDeadline(context.Background(), t.started.Add(p.function.Timeout))
	defer cancel()
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: t.id, InvokedFunctionArn: p.host.arn(p.function.Name)})
	answer := make(chan Result, 1)
	go func() {
		r := Result{RequestID: t.id}
		defer func() {
			if v := recover(); v != nil {
				r.FunctionError = "Unhandled"
				r.Payload = errorPayload(fmt.Sprintf("%T", v), fmt.Sprint(v))
				p.host.log(Line{Function: p.function.Name, RequestID: t.id, Level: "ERROR", Text: fmt.Sprintf("panic: %v\n%s", v, debug.Stack())})
			}
			answer <- r
		}()
		out, err := p.function.Handler(ctx, t.payload)
		switch {
		case err != nil:
			r.FunctionError = "Unhandled"
			r.Payload = errorPayload(fmt.Sprintf("%T", err), err.Error())
		case len(out) > MaxPayload:
			r.FunctionError = "Unhandled"
			r.Payload = responseTooLarge(len(out))
		default:
			r.Payload = out
		}
	}()
	var r Result
	select {
	case r = <-answer:
	case <-ctx.Done():
		// An answer that came together with the deadline still counts.
		select {
		case r = <-answer:
		default:
			r = timedOut(t.id, p.function.Timeout)
		}
	}
	r.Duration = time.Since(t.started)
	t.done <- r
	p.mu.Lock()
	p.running--
	p.balance()
	p.mu.Unlock()
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

func errorPayload(kind, message string) []byte {
	b, _ := json.Marshal(struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}{kind, message})
	return b
}

func timedOut(id string, limit time.Duration) Result {
	return Result{RequestID: id, FunctionError: "Unhandled", Payload: errorPayload("Sandbox.Timedout",
		fmt.Sprintf("RequestId: %s Error: Task timed out after %.2f seconds", id, limit.Seconds()))}
}

func responseTooLarge(n int) []byte {
	return errorPayload("Function.ResponseSizeTooLarge", fmt.Sprintf("Response payload size (%d bytes) exceeded maximum allowed payload size (%d bytes).", n, MaxPayload))
}

func (h *Host) arn(function string) string {
	return fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", h.options.Region, h.options.AccountID, function)
}
