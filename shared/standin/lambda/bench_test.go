package lambda

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"
)

// BenchmarkInvoke measures an invocation of a program that does nothing: the cost of the Runtime API alone, with both sides on this machine.
func BenchmarkInvoke(b *testing.B) {
	h := New(Options{})
	if err := h.Register(Function{Name: "play", Binary: os.Args[0], Timeout: time.Minute, MemoryMB: 256, Environment: map[string]string{"PLAY": "yes"}}); err != nil {
		b.Fatal(err)
	}
	listen(b, h)
	payload := []byte(`{"do":"nothing"}`)
	for _, workers := range []int{1, 8} {
		b.Run(map[int]string{1: "one", 8: "eight"}[workers], func(b *testing.B) {
			var wg sync.WaitGroup
			for w := range workers {
				wg.Go(func() {
					for i := w; i < b.N; i += workers {
						if r, err := h.Invoke(context.Background(), "play", payload); err != nil || r.FunctionError != "" {
							b.Error(err, r.FunctionError)
							return
						}
					}
				})
			}
			wg.Wait()
		})
	}
}
