package mapping

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/userops/userops/shared/standin/lambda"
)

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
