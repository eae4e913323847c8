package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

func count(h *Host, function string) int {
	p := h.pools[function]
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.processes)
}

// meeting answers its callers once so many of them are there.
func meeting(t *testing.T, n int) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	here, all := 0, make(chan struct{})
	s := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		here++
		if here == n {
			close(all)
		}
		mu.Unlock()
		select {
		case <-all:
		case <-r.Context().Done():
		}
	})}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return "http://" + l.Addr().String()
}

func TestScaleOut(t *testing.T) {
	h := host(t, Options{Concurrency: 3}, Function{Name: "play", Environment: map[string]string{"PLAY": "yes", "MEETING": meeting(t, 3)}})
	var wg sync.WaitGroup
	pids := make([]int, 3)
	for i := range pids {
		wg.Go(func() {
			r, err := h.Invoke(context.Background(), "play", []byte(`{"do":"meet"}`))
			var a answer
			if err != nil || json.Unmarshal(r.Payload, &a) != nil {
				t.Errorf("%v %s", err, r.Payload)
			}
			pids[i] = a.PID
		})
	}
	wg.Wait()
	if pids[0] == pids[1] || pids[1] == pids[2] || pids[0] == pids[2] {
		t.Errorf("pids %v: three at once need three processes", pids)
	}
	// Beyond the cap they wait and are all served by the processes there are.
	seen := sync.Map{}
	for range 12 {
		wg.Go(func() {
			r, err := h.Invoke(context.Background(), "play", []byte(`{}`))
			var a answer
			if err != nil || json.Unmarshal(r.Payload, &a) != nil {
				t.Errorf("%v %s", err, r.Payload)
			}
			seen.Store(a.PID, true)
		})
	}
	wg.Wait()
	n := 0
	seen.Range(func(any, any) bool { n++; return true })
	if n > 3 || count(h, "play") != 3 {
		t.Errorf("%d processes served and %d are there, the cap is 3", n, count(h, "play"))
	}
}

func TestIdleProcessesEnd(t *testing.T) {
	h := host(t, Options{IdleAfter: 20 * time.Millisecond}, Function{Name: "play"})
	_, a := invoke(t, h, "play", `{}`)
	h.exited.Wait()
	if _, b := invoke(t, h, "play", `{}`); a.PID == b.PID {
		t.Error("the process lives on")
	}
}

func TestReservedConcurrency(t *testing.T) {
	one, none := 1, 0
	release, entered := make(chan struct{}), make(chan struct{})
	h := host(t, Options{},
		Function{Name: "one", Reserved: &one, Handler: func(context.Context, []byte) ([]byte, error) {
			entered <- struct{}{}
			<-release
			return []byte("1"), nil
		}},
		Function{Name: "none", Reserved: &none, Handler: func(context.Context, []byte) ([]byte, error) { return nil, nil }})
	done := make(chan error, 1)
	go func() {
		_, err := h.Invoke(context.Background(), "one", nil)
		done <- err
	}()
	<-entered
	if _, err := h.Invoke(context.Background(), "one", nil); !errors.Is(err, ErrThrottled) {
		t.Errorf("a second one: %v, want ErrThrottled", err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := h.Invoke(context.Background(), "none", nil); !errors.Is(err, ErrThrottled) {
		t.Errorf("with none reserved: %v, want ErrThrottled", err)
	}
}

func TestDrain(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	h := host(t, Options{}, Function{Name: "slow", Handler: func(context.Context, []byte) ([]byte, error) {
		close(entered)
		<-release
		return nil, nil
	}})
	if err := h.Enqueue("slow", nil); err != nil {
		t.Fatal(err)
	}
	<-entered
	short, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := h.Drain(short); err == nil {
		t.Error("it does not wait for what runs")
	}
	close(release)
	if err := h.Drain(context.Background()); err != nil || h.Busy() {
		t.Errorf("%v, busy %v", err, h.Busy())
	}
}
