package lambda

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestAsyncRetriesThenGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		begin := time.Now()
		failed := make(chan Failure, 1)
		h := New(Options{Failed: func(f Failure) { failed <- f }})
		register(t, h, Function{Name: "f", Timeout: time.Second, Retries: 2, MaximumAge: 6 * time.Hour, Handler: func(context.Context, []byte) ([]byte, error) {
			at = append(at, time.Since(begin))
			return nil, errors.New("no luck")
		}})
		if err := h.Enqueue("f", []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
		f := <-failed
		want := []time.Duration{0, time.Minute, 3 * time.Minute}
		if len(at) != 3 || at[0] != want[0] || at[1] != want[1] || at[2] != want[2] {
			t.Errorf("attempts at %v, want %v", at, want)
		}
		if f.Condition != "RetriesExhausted" || f.Attempts != 3 || string(f.Payload) != `{}` {
			t.Errorf("failure is %+v", f)
		}
		closeHost(t, h)
	})
}

func TestAsyncGrowsTooOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed := make(chan Failure, 1)
		h := New(Options{Failed: func(f Failure) { failed <- f }})
		none := 0
		register(t, h, Function{Name: "f", Timeout: time.Second, Retries: 2, MaximumAge: time.Minute, Reserved: &none, Handler: func(context.Context, []byte) ([]byte, error) { return nil, nil }})
		begin := time.Now()
		_ = h.Enqueue("f", []byte(`{}`))
		f := <-failed
		if f.Condition != "EventAgeExceeded" || f.Attempts != 0 || time.Since(begin) > time.Minute {
			t.Errorf("after %v: %+v", time.Since(begin), f)
		}
		closeHost(t, h)
	})
}

func TestAsyncSucceedsOnRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		done := make(chan struct{})
		h := New(Options{Failed: func(f Failure) { t.Errorf("given up: %+v", f) }})
		register(t, h, Function{Name: "f", Timeout: time.Second, Retries: 1, Handler: func(context.Context, []byte) ([]byte, error) {
			n++
			if n == 1 {
				return nil, errors.New("no luck")
			}
			close(done)
			return nil, nil
		}})
		_ = h.Enqueue("f", nil)
		<-done
		if err := h.Enqueue("f", make([]byte, MaxAsyncPayload+1)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("a large one: %v", err)
		}
		closeHost(t, h)
	})
}

func register(t *testing.T, h *Host, f Function) {
	t.Helper()
	if err := h.Register(f); err != nil {
		t.Fatal(err)
	}
}

func closeHost(t *testing.T, h *Host) {
	t.Helper()
	if err := h.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}
