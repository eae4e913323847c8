package mapping

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/userops/userops/shared/standin/lambda"
)

// What failed comes back when the queue's timeout ends, counted from the receipt, though it is held by a shorter lease.
func TestFailuresComeBack(t *testing.T) {
	for _, c := range []struct{ visibility, takes time.Duration }{
		{10 * time.Second, 3 * time.Second}, {20 * time.Second, 3 * time.Second}, {6 * time.Minute, 3 * time.Second}, {6 * time.Minute, 4 * time.Minute},
	} {
		t.Run(fmt.Sprintf("%v in %v", c.takes, c.visibility), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, n := &shelf{visibility: c.visibility}, 0
				f := &function{takes: c.takes, respond: func(call) (lambda.Result, error) {
					n++
					if n == 1 {
						return lambda.Result{FunctionError: "Unhandled"}, nil
					}
					return lambda.Result{}, nil
				}}
				s.put("a")
				run(s, f, 15*time.Minute, nil)
				l := s.messages[0]
				if l.count != 2 || !l.deleted {
					t.Fatalf("received %d times at %v, deleted %v", l.count, l.seen, l.deleted)
				}
				if gap := l.seen[1].Sub(l.seen[0]); gap < c.visibility || gap > c.visibility+time.Second {
					t.Errorf("it came back after %v, want %v", gap, c.visibility)
				}
			})
		})
	}
}

// A time that the function itself set for a message stands, whatever the lease is: shorter or longer, soon or late in the invocation.
func TestFunctionSaysWhenItComesBack(t *testing.T) {
	for _, c := range []struct {
		name         string
		takes, delay time.Duration
		want         time.Duration // from receipt to receipt
		other        time.Duration // the same of a message that is not released
	}{
		{"at once", time.Second, 0, time.Second, 6 * time.Minute},
		{"soon", time.Second, 7 * time.Second, 8 * time.Second, 6 * time.Minute},
		{"after longer than the lease", 2 * time.Minute, 30 * time.Second, 150 * time.Second, 6 * time.Minute},
		{"later than the timeout", time.Second, 10 * time.Minute, 601 * time.Second, 6 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &shelf{visibility: 6 * time.Minute}
				f := &function{takes: c.takes}
				var m *Mapping
				f.respond = func(in call) (lambda.Result, error) {
					if len(in.bodies) == 1 || s.messages[0].count > 1 {
						return lambda.Result{}, nil
					}
					m.Released("m0/1", "m9/1")
					s.mu.Lock()
					s.messages[0].visible = time.Now().Add(c.delay)
					s.mu.Unlock()
					return lambda.Result{FunctionError: "Unhandled"}, nil
				}
				s.put("a", "b")
				m = New(Options{Queue: s, Holder: s, Invoker: f, BatchSize: 10, Concurrency: 1, Visibility: s.visibility})
				ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
				defer cancel()
				m.Run(ctx)
				for i, want := range []time.Duration{c.want, c.other} {
					l := s.messages[i]
					if l.count != 2 || !l.deleted {
						t.Fatalf("message %d was received %d times at %v, deleted %v", i, l.count, l.seen, l.deleted)
					}
					if gap := l.seen[1].Sub(l.seen[0]); gap < want || gap > want+time.Second {
						t.Errorf("message %d came back after %v, want %v", i, gap, want)
					}
				}
				if len(m.released) != 0 {
					t.Errorf("%d receipts are still kept", len(m.released))
				}
			})
		})
	}
}

// Without somebody to renew it there is no lease: the queue's own timeout holds.
func TestNoHolderNoLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{visibility: 6 * time.Minute}
		s.put("a")
		m := New(Options{Queue: s, BatchSize: 10, Visibility: s.visibility})
		if _, err := m.receive(context.Background(), 10, 0); err != nil {
			t.Fatal(err)
		}
		if got := time.Until(s.messages[0].visible); got != s.visibility {
			t.Errorf("hidden for %v, want %v", got, s.visibility)
		}
	})
}

// A function that takes longer than the lease keeps its messages; when the stack dies they are back within the lease.
func TestLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := &shelf{visibility: 6 * time.Minute}, &function{takes: 5 * time.Minute}
		s.put("a")
		run(s, f, 30*time.Minute, func(o *Options) { o.Concurrency = 2 })
		if l := s.messages[0]; l.count != 1 || !l.deleted {
			t.Errorf("received %d times, want 1", l.count)
		}
		if s.renewals < 50 {
			t.Errorf("renewed %d times, want one every 5s", s.renewals)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{visibility: 6 * time.Minute}
		s.put("a")
		m := New(Options{Queue: s, Holder: s, BatchSize: 10, Visibility: s.visibility})
		if _, err := m.receive(context.Background(), 10, 0); err != nil {
			t.Fatal(err)
		}
		// Nothing renews it any more, as after kill -9.
		if got := time.Until(s.messages[0].visible); got != lease {
			t.Errorf("hidden for %v, want %v", got, lease)
		}
	})
}

func TestConcurrency(t *testing.T) {
	for _, limit := range []int{1, 2, 5} {
		synctest.Test(t, func(t *testing.T) {
			s, f := &shelf{visibility: time.Minute}, &function{takes: time.Second}
			s.put(many(100, "x")...)
			run(s, f, time.Minute, func(o *Options) { o.Concurrency = limit })
			if f.most != limit || len(s.left()) != 0 {
				t.Errorf("%d at once, %d left; want %d and none", f.most, len(s.left()), limit)
			}
		})
	}
}

func TestStopFinishesWhatIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := &shelf{visibility: time.Minute}, &function{takes: 10 * time.Second}
		s.put("a", "b")
		begin := time.Now()
		// The stop comes while one batch is in the function, and one in an open window.
		run(s, f, 3*time.Second, func(o *Options) { o.BatchSize, o.Concurrency = 1, 1 })
		if after := time.Since(begin); after != 10*time.Second {
			t.Errorf("stopped after %v, want 10s", after)
		}
		if got := s.left(); !slices.Equal(got, []string{"m1"}) {
			t.Errorf("left are %v, want m1", got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s, f := &shelf{visibility: 10 * time.Minute}, &function{}
		s.put("a", "b")
		run(s, f, 3*time.Second, func(o *Options) { o.BatchSize, o.Window = 100, time.Minute })
		if got := sizes(f); !slices.Equal(got, []int{2}) || len(s.left()) != 0 {
			t.Errorf("batches of %v, left %v: an open window must be processed at a stop", got, s.left())
		}
	})
}

func TestThrottledBatchIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, n := &shelf{visibility: time.Minute}, 0
		f := &function{respond: func(call) (lambda.Result, error) {
			n++
			if n < 4 {
				return lambda.Result{}, lambda.ErrThrottled
			}
			return lambda.Result{}, nil
		}}
		s.put("a")
		run(s, f, 30*time.Second, nil)
		if l := s.messages[0]; l.count != 1 || !l.deleted || n != 4 {
			t.Errorf("received %d times, deleted %v, %d calls", l.count, l.deleted, n)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{visibility: time.Minute}
		f := &function{respond: func(call) (lambda.Result, error) { return lambda.Result{}, lambda.ErrThrottled }}
		s.put("a")
		run(s, f, 90*time.Second, nil)
		if l := s.messages[0]; l.count != 2 || l.deleted || l.seen[1].Sub(l.seen[0]).Truncate(time.Second) != time.Minute {
			t.Errorf("received %d times at %v, want twice a minute apart", l.count, l.seen)
		}
	})
}

func TestBackoffOnFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{visibility: time.Hour}
		f := &function{respond: func(call) (lambda.Result, error) { return lambda.Result{FunctionError: "Unhandled"}, nil }}
		s.put(many(1000, "x")...)
		run(s, f, time.Minute, func(o *Options) { o.BatchSize = 1 })
		// 0.1+0.2+...+6.4 is 12.7 s, then one every 10 s.
		if n := len(f.calls); n < 11 || n > 13 {
			t.Errorf("%d calls in a minute of failures, want about 12", n)
		}
	})
}

// broken refuses to receive for a while.
type broken struct {
	*shelf
	until time.Time
	asked int
}

func (b *broken) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, o ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	if time.Now().Before(b.until) {
		b.asked++
		return nil, errors.New("connection refused")
	}
	return b.shelf.ReceiveMessage(ctx, in, o...)
}

func TestQueueThatIsAwayForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := &shelf{visibility: time.Minute}, &function{}
		b := &broken{shelf: s, until: time.Now().Add(10 * time.Second)}
		s.put("a")
		var log []string
		run(s, f, time.Minute, func(o *Options) { o.Queue, o.Log = b, func(l string) { log = append(log, l) } })
		if len(s.left()) != 0 || b.asked != 10 || len(log) != 10 || !strings.Contains(log[0], "connection refused") {
			t.Errorf("left %v, asked %d times, log %v", s.left(), b.asked, log)
		}
	})
}
