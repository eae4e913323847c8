package lambda

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// MaxAsyncPayload is Lambda's limit for an asynchronous invocation, in bytes.
const MaxAsyncPayload = 1024 * 1024

// Enqueue takes an asynchronous invocation: it returns at once, and the function's errors are retried as often as the function says, one and two minutes
// apart. Then the invocation goes to Options.Failed. Throttles are retried until the event is too old.
func (h *Host) Enqueue(function string, payload []byte) error {
	p, err := h.pool(function)
	if err != nil {
		return err
	}
	if len(payload) > MaxAsyncPayload {
		return fmt.Errorf("%w: an asynchronous one below %d", ErrTooLarge, MaxAsyncPayload)
	}
	h.async.running.Add(1)
	go func() {
		defer h.async.running.Done()
		h.deliver(p, payload)
	}()
	return nil
}

func (h *Host) deliver(p *pool, payload []byte) {
	received := time.Now()
	failure := Failure{Function: p.function.Name, Payload: payload}
	wait, throttled := h.options.AsyncBackoff, time.Second
	for {
		r, err := p.invoke(context.Background(), payload)
		pause := wait
		switch {
		case errors.Is(err, ErrStopping):
			return
		case errors.Is(err, ErrThrottled):
			pause = throttled
			throttled = min(2*throttled, 5*time.Minute)
		case r.FunctionError == "":
			return
		default:
			failure.Attempts++
			failure.RequestID, failure.Response = r.RequestID, r.Payload
			wait *= 2
			if failure.Attempts > p.function.Retries {
				failure.Condition = "RetriesExhausted"
				h.options.Failed(failure)
				return
			}
		}
		if p.function.MaximumAge > 0 && time.Since(received)+pause > p.function.MaximumAge {
			failure.Condition = "EventAgeExceeded"
			h.options.Failed(failure)
			return
		}
		select {
		case <-time.After(pause):
		case <-h.async.stop:
			return
		}
	}
}
