package mapping

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/userops/userops/shared/standin/lambda"
)

// shelf is a queue in memory with visibility and receive counts, on the clock of the test's bubble.
type shelf struct {
	mu         sync.Mutex
	messages   []*letter
	visibility time.Duration
	receives   int
	renewals   int
}

type letter struct {
	id, body string
	visible  time.Time
	count    int
	deleted  bool
	seen     []time.Time
}

func (s *shelf) put(bodies ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range bodies {
		s.messages = append(s.messages, &letter{id: fmt.Sprintf("m%d", len(s.messages)), body: b, visible: time.Now()})
	}
}

func (s *shelf) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, _ ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	until := time.Now().Add(time.Duration(in.WaitTimeSeconds) * time.Second)
	for {
		s.mu.Lock()
		s.receives++
		var out []types.Message
		hide := s.visibility
		if in.VisibilityTimeout > 0 {
			hide = time.Duration(in.VisibilityTimeout) * time.Second
		}
		for _, l := range s.messages {
			if len(out) < int(in.MaxNumberOfMessages) && !l.deleted && !l.visible.After(time.Now()) {
				l.count++
				l.seen = append(l.seen, time.Now())
				l.visible = time.Now().Add(hide)
				out = append(out, types.Message{MessageId: &l.id, ReceiptHandle: aws.String(l.id + "/" + fmt.Sprint(l.count)), Body: &l.body, MD5OfBody: aws.String("md5"),
					Attributes:        map[string]string{"ApproximateReceiveCount": fmt.Sprint(l.count)},
					MessageAttributes: map[string]types.MessageAttributeValue{"kind": {DataType: aws.String("String"), StringValue: aws.String("x")}}})
			}
		}
		s.mu.Unlock()
		if len(out) > 0 || !time.Now().Before(until) {
			return &sqs.ReceiveMessageOutput{Messages: out}, nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (s *shelf) find(receipt string) *letter {
	id, _, _ := strings.Cut(receipt, "/")
	for _, l := range s.messages {
		if l.id == id {
			return l
		}
	}
	return nil
}

func (s *shelf) DeleteMessageBatch(_ context.Context, in *sqs.DeleteMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(in.Entries) > 10 {
		return nil, errors.New("too many entries")
	}
	for _, e := range in.Entries {
		s.find(*e.ReceiptHandle).deleted = true
	}
	return &sqs.DeleteMessageBatchOutput{}, nil
}

func (s *shelf) ChangeMessageVisibilityBatch(_ context.Context, in *sqs.ChangeMessageVisibilityBatchInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.renewals++
	for _, e := range in.Entries {
		s.find(*e.ReceiptHandle).visible = time.Now().Add(time.Duration(e.VisibilityTimeout) * time.Second)
	}
	return &sqs.ChangeMessageVisibilityBatchOutput{}, nil
}

func (s *shelf) left() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, l := range s.messages {
		if !l.deleted {
			out = append(out, l.id)
		}
	}
	return out
}

// call is one invocation as the function saw it.
type call struct {
	at     time.Time
	bodies []string
	ids    []string
	size   int
	event  string
}

type function struct {
	mu      sync.Mutex
	calls   []call
	now     int
	most    int
	takes   time.Duration
	respond func(call) (lambda.Result, error)
}

func (f *function) Invoke(_ context.Context, name string, payload []byte) (lambda.Result, error) {
	var e struct {
		Records []struct{ MessageID, Body string }
	}
	if err := json.Unmarshal(payload, &e); err != nil {
		return lambda.Result{}, err
	}
	c := call{at: time.Now(), size: len(payload), event: string(payload)}
	for _, r := range e.Records {
		c.ids, c.bodies = append(c.ids, r.MessageID), append(c.bodies, r.Body)
	}
	f.mu.Lock()
	f.calls = append(f.calls, c)
	f.now++
	f.most = max(f.most, f.now)
	f.mu.Unlock()
	time.Sleep(f.takes)
	f.mu.Lock()
	f.now--
	f.mu.Unlock()
	if f.respond != nil {
		return f.respond(c)
	}
	return lambda.Result{}, nil
}

func sizes(f *function) []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []int
	for _, c := range f.calls {
		out = append(out, len(c.bodies))
	}
	return out
}

// run feeds for as long as the test's clock says, then stops and waits.
func run(s *shelf, f *function, d time.Duration, change func(*Options)) {
	o := Options{Queue: s, Holder: s, Invoker: f, Function: "f", QueueURL: "http://q", QueueARN: "arn:aws:sqs:us-east-1:000000000000:q", Region: "us-east-1",
		BatchSize: 10, Concurrency: 1, Visibility: s.visibility, PartialFailures: true}
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	New(o).Run(ctx)
}

func many(n int, body string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = body
	}
	return out
}

func TestBatches(t *testing.T) {
	for _, c := range []struct {
		name     string
		messages []string
		batch    int
		window   time.Duration
		want     []int
	}{
		{"one receive without a window", many(25, "x"), 10, 0, []int{10, 10, 5}},
		{"small batches", many(5, "x"), 2, 0, []int{2, 2, 1}},
		{"full before the window closes", many(250, "x"), 100, time.Minute, []int{100, 100, 50}},
		{"exactly full", many(100, "x"), 100, time.Minute, []int{100}},
		{"six megabytes", many(10, strings.Repeat("x", 1<<20)), 100, time.Second, []int{5, 5}},
		{"ten thousand", many(10_001, "x"), 10_000, time.Second, []int{10_000, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, f := &shelf{visibility: 10 * time.Minute}, &function{}
				s.put(c.messages...)
				run(s, f, 2*time.Minute, func(o *Options) { o.BatchSize, o.Window = c.batch, c.window })
				if got := sizes(f); !slices.Equal(got, c.want) || len(s.left()) != 0 {
					t.Errorf("batches of %v, %d left; want %v and none", got, len(s.left()), c.want)
				}
				for _, call := range f.calls {
					if call.size > lambda.MaxPayload {
						t.Errorf("an event of %d bytes", call.size)
					}
				}
			})
		})
	}
}

func TestWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := &shelf{visibility: time.Minute}, &function{}
		begin := time.Now()
		go func() {
			time.Sleep(5 * time.Second)
			s.put("a")
			time.Sleep(1500 * time.Millisecond)
			s.put("b")
			time.Sleep(1600 * time.Millisecond)
			s.put("c")
		}()
		run(s, f, time.Minute, func(o *Options) { o.BatchSize, o.Window = 100, 2*time.Second })
		if len(f.calls) != 2 || !slices.Equal(f.calls[0].bodies, []string{"a", "b"}) || !slices.Equal(f.calls[1].bodies, []string{"c"}) {
			t.Fatalf("batches are %+v", f.calls)
		}
		// From the first message, not from the beginning of the poll, and at most a second late.
		if after := f.calls[0].at.Sub(begin); after < 7*time.Second || after > 8*time.Second {
			t.Errorf("the window closed after %v, want 7s", after)
		}
	})
}

func TestEventShape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := &shelf{visibility: 10 * time.Second}, &function{}
		s.put(`<a href="x">é`)
		run(s, f, time.Second, nil)
		want := `{"Records":[{"messageId":"m0","receiptHandle":"m0/1","body":"<a href=\"x\">é","attributes":{"ApproximateReceiveCount":"1"},` +
			`"messageAttributes":{"kind":{"stringValue":"x","stringListValues":[],"binaryListValues":[],"dataType":"String"}},"md5OfBody":"md5",` +
			`"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:us-east-1:000000000000:q","awsRegion":"us-east-1"}]}`
		if f.calls[0].event != want {
			t.Errorf("the event is\n%s, want\n%s", f.calls[0].event, want)
		}
	})
}

func TestAnswers(t *testing.T) {
	all := []string{"m0", "m1", "m2"}
	for _, c := range []struct {
		name, answer string
		partial      bool
		left         []string
	}{
		{"none failed", `{"batchItemFailures":[]}`, true, nil},
		{"null list", `{"batchItemFailures":null}`, true, nil},
		{"empty object", `{}`, true, nil},
		{"null", `null`, true, nil},
		{"nothing", ``, true, nil},
		{"one failed", `{"batchItemFailures":[{"itemIdentifier":"m1"}]}`, true, []string{"m1"}},
		{"named twice", `{"batchItemFailures":[{"itemIdentifier":"m1"},{"itemIdentifier":"m1"}]}`, true, []string{"m1"}},
		{"all failed", `{"batchItemFailures":[{"itemIdentifier":"m0"},{"itemIdentifier":"m1"},{"itemIdentifier":"m2"}]}`, true, all},
		{"unknown id", `{"batchItemFailures":[{"itemIdentifier":"m1"},{"itemIdentifier":"m9"}]}`, true, all},
		{"empty id", `{"batchItemFailures":[{"itemIdentifier":""}]}`, true, all},
		{"null id", `{"batchItemFailures":[{"itemIdentifier":null}]}`, true, all},
		{"wrong key", `{"batchItemFailures":[{"ItemIdentifier":"m1"}]}`, true, all},
		{"not a list", `{"batchItemFailures":"m1"}`, true, all},
		{"not JSON", `oops`, true, all},
		{"not an object", `"ok"`, true, all},
		{"not asked for", `{"batchItemFailures":[{"itemIdentifier":"m1"}]}`, false, nil},
		{"not asked for, not JSON", `oops`, false, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &shelf{visibility: time.Minute}
				f := &function{respond: func(call) (lambda.Result, error) { return lambda.Result{Payload: []byte(c.answer)}, nil }}
				s.put("a", "b", "c")
				run(s, f, 10*time.Second, func(o *Options) { o.PartialFailures = c.partial })
				if got := s.left(); !slices.Equal(got, c.left) {
					t.Errorf("left are %v, want %v", got, c.left)
				}
			})
		})
	}
}

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
