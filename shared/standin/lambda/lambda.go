// Package lambda runs functions as Lambda does: programs that speak the Runtime API, one invocation at a time per process, more
// processes as load asks, with deadlines that kill, and the errors that callers of Lambda see.
//
// It is not a sandbox: a function sees this machine's files, and its memory setting becomes GOMEMLIMIT, which no kernel enforces.
// The surprising thing: one listener serves every process. AWS_LAMBDA_RUNTIME_API may hold a path after the address, so each process
// gets one of its own (127.0.0.1:9001/ingest/3), and that path is how its calls are told apart.
package lambda

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// New makes a host without functions.
func New(o Options) *Host {
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	if o.AccountID == "" {
		o.AccountID = "000000000000"
	}
	if o.Concurrency == 0 {
		o.Concurrency = 10
	}
	if o.IdleAfter == 0 {
		o.IdleAfter = 5 * time.Minute
	}
	if o.InitTimeout == 0 {
		o.InitTimeout = 10 * time.Second
	}
	if o.AsyncBackoff == 0 {
		o.AsyncBackoff = time.Minute
	}
	if o.Log == nil {
		o.Log = func(Line) {}
	}
	if o.Guard == nil {
		o.Guard = func(h http.Handler) http.Handler { return h }
	}
	if o.Failed == nil {
		o.Failed = func(Failure) {}
	}
	h := &Host{options: o, pools: map[string]*pool{}, keys: map[string]identity{}}
	h.async.stop = make(chan struct{})
	return h
}

// Register adds a function. Its processes start when they are needed.
func (h *Host) Register(f Function) error {
	if (f.Binary == "") == (f.Handler == nil) {
		return fmt.Errorf("registering function %s: either a program or a handler", f.Name)
	}
	if f.Timeout <= 0 {
		return fmt.Errorf("registering function %s: no timeout", f.Name)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, taken := h.pools[f.Name]; taken {
		return fmt.Errorf("registering function %s: the name is taken", f.Name)
	}
	limit := h.options.Concurrency
	if f.Reserved != nil {
		limit = *f.Reserved
	}
	h.pools[f.Name] = &pool{host: h, function: f, limit: limit, processes: map[string]*process{}}
	h.keys[FunctionKey(f.Name)] = identity{function: f.Name}
	return nil
}

// Serve answers the processes (and callers of Lambda's Invoke) on the listener, in the background, until Close. It comes before the
// first Invoke of a program.
func (h *Host) Serve(l net.Listener) {
	server := &http.Server{Handler: h.options.Guard(h), ReadHeaderTimeout: 10 * time.Second}
	h.mu.Lock()
	h.address = l.Addr().String()
	h.server = server
	h.mu.Unlock()
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			h.log(Line{Level: "ERROR", Text: "the runtime API stopped: " + err.Error()})
		}
	}()
}

// Invoke runs the function with the payload and waits for its answer. When the context ends first the function runs on, as on AWS, and
// the context's error is returned. A function without reserved concurrency that has no free process makes the call wait.
func (h *Host) Invoke(ctx context.Context, function string, payload []byte) (Result, error) {
	p, err := h.pool(function)
	if err != nil {
		return Result{}, err
	}
	if len(payload) > MaxPayload {
		return Result{}, ErrTooLarge
	}
	return p.invoke(ctx, payload)
}

func (h *Host) pool(function string) (*pool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, ErrStopping
	}
	p := h.pools[function]
	if p == nil {
		return nil, fmt.Errorf("%w: %s", ErrUnknown, function)
	}
	return p, nil
}

// FunctionKey is the access key of a function that has no process of its own: an in-process handler, or the poller of its queue.
func FunctionKey(function string) string { return keyPrefix + "FN" + sanitised(function) }

// Caller names the function behind an access key and, when the key belongs to a process, the invocation it is busy with. Known is false for
// keys that no function has; stale is true for those that look like one of a process that is gone.
func (h *Host) Caller(accessKey string) (function, requestID string, known, stale bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	id, ok := h.keys[accessKey]
	if !ok {
		return "", "", false, len(accessKey) > len(keyPrefix) && accessKey[:len(keyPrefix)] == keyPrefix
	}
	if id.process != nil {
		requestID = id.process.request()
	}
	return id.function, requestID, true, false
}

// Drain waits until nothing runs and nothing waits to run, at most until the context ends. Retries of asynchronous invocations that are not due are
// dropped.
func (h *Host) Drain(ctx context.Context) error {
	h.async.end()
	for h.Busy() {
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("waiting for the functions: %w", ctx.Err())
		}
	}
	return nil
}

// Busy tells whether an invocation runs or waits to run.
func (h *Host) Busy() bool {
	h.mu.Lock()
	pools := h.pools
	h.mu.Unlock()
	for _, p := range pools {
		p.mu.Lock()
		busy := len(p.pending) > 0 || p.busy() > 0
		p.mu.Unlock()
		if busy {
			return true
		}
	}
	return false
}

// Close ends every process and waits for them, at most until the context ends. Whoever invokes must have stopped before.
func (h *Host) Close(ctx context.Context) error {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil
	}
	h.closed = true
	pools, server := h.pools, h.server
	h.mu.Unlock()
	h.async.end()
	for _, p := range pools {
		p.close()
	}
	done := make(chan struct{})
	go func() {
		h.async.running.Wait()
		h.exited.Wait()
		close(done)
	}()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		err = fmt.Errorf("ending the functions: %w", ctx.Err())
	}
	if server != nil {
		_ = server.Close()
	}
	return err
}
