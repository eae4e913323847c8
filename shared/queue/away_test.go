package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// What the SDK's own client answers is told apart, not what we think it answers.
func TestUnavailable(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for name, c := range map[string]struct {
		status int
		body   string
		url    string
		ctx    func() (context.Context, context.CancelFunc)
		want   bool
	}{
		"a fault of the service":     {status: 500, body: `{"__type":"InternalServerError"}`, want: true},
		"a proxy that knows no JSON": {status: 503, body: "busy", want: true},
		"throttled":                  {status: 400, body: `{"__type":"ThrottlingException"}`, want: true},
		"throughput":                 {status: 400, body: `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}`, want: true},
		"429":                        {status: 429, body: `{"__type":"Unheard"}`, want: true},
		"499":                        {status: 499, body: `{"__type":"Unheard"}`, want: false},
		"our fault":                  {status: 400, body: `{"__type":"ValidationException"}`, want: false},
		"no right":                   {status: 400, body: `{"__type":"AccessDeniedException"}`, want: false},
		"nobody listens":             {url: "http://" + closed.Addr().String(), want: true},
		"no answer in time": {status: -1, ctx: func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(t.Context(), 20*time.Millisecond)
		}, want: true},
		"cancelled by us": {status: -1, ctx: func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			return ctx, cancel
		}, want: false},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if c.status < 0 {
					<-r.Context().Done()
					return
				}
				w.Header().Set("Content-Type", "application/x-amz-json-1.0")
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			url := server.URL
			if c.url != "" {
				url = c.url
			}
			ctx, cancel := t.Context(), func() {}
			if c.ctx != nil {
				ctx, cancel = c.ctx()
			}
			defer cancel()
			client := sqs.New(sqs.Options{Region: "x", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""), Retryer: aws.NopRetryer{}})
			_, err := client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(url), MessageBody: aws.String("x")})
			if err == nil || Unavailable(fmt.Errorf("outer: %w", errors.Join(errors.New("x"), err))) != c.want {
				t.Errorf("%v: want unavailable %v", err, c.want)
			}
		})
	}
	if Unavailable(nil) || Unavailable(errors.New("x")) || Unavailable(ErrNoTime) {
		t.Error("what is no call's error counts as one")
	}
}

func none(time.Duration) time.Duration    { return 0 }
func all(d time.Duration) time.Duration   { return d }
func half(d time.Duration) time.Duration  { return d / 2 }
func tenth(d time.Duration) time.Duration { return d / 10 }

func TestTenReceivesOutlastADay(t *testing.T) {
	for name, jitter := range map[string]func(time.Duration) time.Duration{"none": none, "half": half, "tenth": tenth, "all": all} {
		var sum time.Duration
		for receives := 1; receives < 10; receives++ {
			delay := AwayDelay(receives, jitter)
			if delay <= 0 || delay > 12*time.Hour-15*time.Minute {
				t.Errorf("after receive %d it comes in %v; a visibility lasts twelve hours from the receive on, and an invocation may have taken some of them", receives, delay)
			}
			sum += delay
		}
		if sum <= 24*time.Hour {
			t.Errorf("jitter %s: the tenth receive is %v after the first, want more than a day", name, sum)
		}
	}
	for receives, want := range map[int]time.Duration{0: 30 * time.Second, 1: 30 * time.Second, 2: 90 * time.Second, 9: 11 * time.Hour, 40: 11 * time.Hour} {
		if got := AwayDelay(receives, none); got != want {
			t.Errorf("receive %d: %v, want %v", receives, got, want)
		}
	}
	if got, want := AwayDelay(1, all), 30*time.Second-30*time.Second/8; got != want {
		t.Errorf("at most %v is taken off: got %v, want %v", 30*time.Second/8, got, want)
	}
}

// postponed notes what a consumer asks for: seconds by receipt.
type postponed struct {
	mu      sync.Mutex
	seconds map[string]int32
	err     error
}

func (p *postponed) ChangeMessageVisibility(_ context.Context, in *sqs.ChangeMessageVisibilityInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityOutput, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seconds == nil {
		p.seconds = map[string]int32{}
	}
	p.seconds[*in.ReceiptHandle] = in.VisibilityTimeout
	return &sqs.ChangeMessageVisibilityOutput{}, p.err
}

func received(times string, ids ...string) events.SQSEvent {
	b := batch(ids...)
	for i := range b.Records {
		b.Records[i].ReceiptHandle = b.Records[i].MessageId
		b.Records[i].Attributes = map[string]string{"ApproximateReceiveCount": times}
	}
	return b
}

var errAway = fmt.Errorf("reading: %w", context.DeadlineExceeded)

func TestConsumeWhileAServiceIsAway(t *testing.T) {
	for name, c := range map[string]struct {
		answers  map[string]error // nil: done
		ids      string
		tried    string
		failed   string
		postpone map[string]int32
	}{
		"one record's": {map[string]error{"b": errAway}, "a b c", "a b c", "b", map[string]int32{"b": 300}},
		"three in a row end the batch": {map[string]error{"b": errAway, "c": errAway, "d": errAway}, "a b c d e f", "a b c d", "b c d e f",
			map[string]int32{"b": 300, "c": 300, "d": 300, "e": 300, "f": 300}},
		"two in a row do not": {map[string]error{"a": errAway, "b": errAway, "d": errAway, "e": errAway}, "a b c d e f", "a b c d e f", "a b d e",
			map[string]int32{"a": 300, "b": 300, "d": 300, "e": 300}},
		"another fault is between them": {map[string]error{"a": errAway, "b": errAway, "c": errors.New("broken"), "d": errAway, "e": errAway}, "a b c d e f", "a b c d e f", "a b c d e",
			map[string]int32{"a": 300, "b": 300, "d": 300, "e": 300}},
		"a job's own fault is left to the visibility": {map[string]error{"a": errors.New("broken")}, "a b", "a b", "a", nil},
		"no time for the rest of a job":               {map[string]error{"a": fmt.Errorf("x: %w", ErrNoTime)}, "a b", "a b", "a", map[string]int32{"a": 0}},
		"what it needs is not there":                  {map[string]error{"a": fmt.Errorf("x: %w", ErrNotYet)}, "a", "a", "a", map[string]int32{"a": 300}},
		"away and no time":                            {map[string]error{"a": errors.Join(errAway, ErrNoTime)}, "a", "a", "a", map[string]int32{"a": 300}},
		"dropped":                                     {map[string]error{"a": Drop(errAway)}, "a b", "a b", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var p postponed
			var tried []string
			answer := Consumer{Postponer: Postponer{Client: &p}, Jitter: none}.Consume(t.Context(), received("3", strings.Fields(c.ids)...), func(_ context.Context, m events.SQSMessage) error {
				tried = append(tried, m.MessageId)
				return c.answers[m.MessageId]
			})
			if got := strings.Join(tried, " "); got != c.tried {
				t.Errorf("tried %q, want %q", got, c.tried)
			}
			if got := failures(answer); got != c.failed {
				t.Errorf("failed %q, want %q", got, c.failed)
			}
			if len(p.seconds) != len(c.postpone) {
				t.Errorf("postponed %v, want %v", p.seconds, c.postpone)
			}
			for id, want := range c.postpone {
				if got, is := p.seconds[id]; !is || got != want {
					t.Errorf("%s: postponed %v by %d, want %d", id, is, got, want)
				}
			}
		})
	}
}

// A call that hangs until the end leaves time to say when the job comes again; what was not begun comes at once.
func TestConsumeWhileACallHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
		defer cancel()
		var p postponed
		begun := time.Now()
		answer := Consumer{Postponer: Postponer{Client: &p}, Jitter: none}.Consume(ctx, received("1", "a", "b"), func(ctx context.Context, _ events.SQSMessage) error {
			<-ctx.Done()
			return fmt.Errorf("reading: %w", ctx.Err())
		})
		if took := time.Since(begun); took != 58*time.Second {
			t.Errorf("it took %v, want 58s", took)
		}
		if failures(answer) != "a b" || p.seconds["a"] != 30 || p.seconds["b"] != 0 || len(p.seconds) != 2 {
			t.Errorf("failed %q, postponed %v", failures(answer), p.seconds)
		}
	})
}

func TestConsumeAnswersAlsoWhenItCannotPostpone(t *testing.T) {
	p := postponed{err: errors.New("away")}
	broken := func(context.Context, events.SQSMessage) error { return errAway }
	if got := failures((Consumer{Postponer: Postponer{Client: &p}}).Consume(t.Context(), received("1", "a"), broken)); got != "a" {
		t.Errorf("failed %q", got)
	}
	if got := failures((Consumer{}).Consume(t.Context(), received("1", "a"), broken)); got != "a" {
		t.Errorf("without a postponer: failed %q", got)
	}
}

func TestReceives(t *testing.T) {
	for text, want := range map[string]int{"1": 1, "7": 7, "": 1, "x": 1} {
		if got := Receives(events.SQSMessage{Attributes: map[string]string{"ApproximateReceiveCount": text}}); got != want {
			t.Errorf("%q is %d, want %d", text, got, want)
		}
	}
}
