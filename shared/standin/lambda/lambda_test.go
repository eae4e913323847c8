package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	aws "github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// The test program plays the functions too: with PLAY set it speaks the Runtime API as a deployed program does.
func TestMain(m *testing.M) {
	switch os.Getenv("PLAY") {
	case "":
		os.Exit(m.Run())
	case "exit":
		fmt.Println("going down")
		os.Exit(3)
	case "silent":
		time.Sleep(time.Hour) // select would end as a deadlock
	}
	aws.Start(play)
}

type order struct {
	Do   string `json:"do"`
	Size int    `json:"size"`
}

type answer struct {
	PID         int
	RequestID   string
	ARN         string
	HasDeadline bool
	Left        time.Duration
	Env         map[string]string
	Trace       string
}

func play(ctx context.Context, o order) (any, error) {
	deadline, ok := ctx.Deadline()
	lc, _ := lambdacontext.FromContext(ctx)
	a := answer{PID: os.Getpid(), RequestID: lc.AwsRequestID, ARN: lc.InvokedFunctionArn, HasDeadline: ok, Left: time.Until(deadline), Trace: os.Getenv("_X_AMZN_TRACE_ID")}
	switch o.Do {
	case "env":
		a.Env = map[string]string{}
		for _, kv := range os.Environ() {
			k, v, _ := strings.Cut(kv, "=")
			a.Env[k] = v
		}
	case "fail":
		return a, errors.New("no luck")
	case "panic":
		panic("oh no")
	case "exit":
		os.Exit(7)
	case "hang":
		select {}
	case "log":
		fmt.Println(`{"level":"INFO","msg":"hello"}`)
		fmt.Fprintln(os.Stderr, "plain")
	case "large":
		return strings.Repeat("x", o.Size-2), nil
	case "meet":
		// Two at once: each waits until the other has come too.
		resp, err := http.Get(os.Getenv("MEETING"))
		if err != nil {
			return a, err
		}
		_ = resp.Body.Close()
	}
	return a, nil
}

type log struct {
	mu    sync.Mutex
	lines []Line
	came  *sync.Cond
}

func newLog() *log {
	l := &log{}
	l.came = sync.NewCond(&l.mu)
	return l
}

func (l *log) add(line Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	l.came.Broadcast()
}

func (l *log) await(t *testing.T, text string) Line {
	t.Helper()
	alarm := time.AfterFunc(10*time.Second, func() { l.add(Line{Text: "ALARM"}) })
	defer alarm.Stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	for seen := 0; ; {
		for ; seen < len(l.lines); seen++ {
			if strings.Contains(l.lines[seen].Text, text) {
				return l.lines[seen]
			}
			if l.lines[seen].Text == "ALARM" {
				t.Fatalf("no line with %q came: %+v", text, l.lines)
			}
		}
		l.came.Wait()
	}
}

func host(t *testing.T, o Options, functions ...Function) *Host {
	t.Helper()
	h := New(o)
	for _, f := range functions {
		if f.Handler == nil {
			f.Binary = os.Args[0]
		}
		if f.Timeout == 0 {
			f.Timeout = 10 * time.Second
		}
		if f.MemoryMB == 0 {
			f.MemoryMB = 256
		}
		if f.Environment == nil {
			f.Environment = map[string]string{"PLAY": "yes"}
		}
		if err := h.Register(f); err != nil {
			t.Fatal(err)
		}
	}
	listen(t, h)
	return h
}

func listen(t testing.TB, h *Host) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.Serve(l)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := h.Close(ctx); err != nil {
			t.Error(err)
		}
	})
}

func invoke(t *testing.T, h *Host, function, payload string) (Result, answer) {
	t.Helper()
	r, err := h.Invoke(context.Background(), function, []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	var a answer
	if r.FunctionError == "" {
		if err := json.Unmarshal(r.Payload, &a); err != nil {
			t.Fatalf("%v in %s", err, r.Payload)
		}
	}
	return r, a
}

func TestProgram(t *testing.T) {
	l := newLog()
	// One at once, so that the second call waits for the process to come back: it answers before it asks for more.
	h := host(t, Options{Log: l.add, Concurrency: 1, Environment: map[string]string{"AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:9"}},
		Function{Name: "play", MemoryMB: 512, Environment: map[string]string{"PLAY": "yes", "OWN": "1", "AWS_ENDPOINT_URL_SQS": ""}})

	first, a := invoke(t, h, "play", `{"do":"env"}`)
	second, b := invoke(t, h, "play", `{}`)
	if a.PID != b.PID || !first.Cold || second.Cold {
		t.Errorf("pids %d and %d, cold %v and %v: want one process, cold once", a.PID, b.PID, first.Cold, second.Cold)
	}
	if a.RequestID != first.RequestID || a.RequestID == b.RequestID || a.ARN != "arn:aws:lambda:us-east-1:000000000000:function:play" {
		t.Errorf("request ids %q, %q, %q, ARN %q", a.RequestID, first.RequestID, b.RequestID, a.ARN)
	}
	if !strings.HasPrefix(a.Trace, "Root=1-") || a.Trace == b.Trace {
		t.Errorf("traces %q and %q", a.Trace, b.Trace)
	}
	if !a.HasDeadline || a.Left <= 0 || a.Left > 10*time.Second {
		t.Errorf("deadline in %v, want at most 10s", a.Left)
	}
	for k, want := range map[string]string{
		"OWN": "1", "AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:9", "AWS_REGION": "us-east-1", "AWS_LAMBDA_FUNCTION_NAME": "play",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "GOMEMLIMIT": "460MiB", "TZ": ":UTC", "HOME": "",
	} {
		if a.Env[k] != want {
			t.Errorf("%s is %q, want %q", k, a.Env[k], want)
		}
	}
	if f, _, known, _ := h.Caller(a.Env["AWS_ACCESS_KEY_ID"]); f != "play" || !known {
		t.Errorf("the key belongs to %q, want play", f)
	}
	r, _ := invoke(t, h, "play", `{"do":"log"}`)
	if got := l.await(t, `"msg":"hello"`); got.RequestID != r.RequestID || got.Function != "play" {
		t.Errorf("the line is %+v, want request %s", got, r.RequestID)
	}
	l.await(t, "plain")
}

func TestWhatGoesWrong(t *testing.T) {
	l := newLog()
	h := host(t, Options{Log: l.add, InitTimeout: 300 * time.Millisecond},
		Function{Name: "play", Timeout: 2 * time.Second},
		Function{Name: "hasty", Timeout: 300 * time.Millisecond},
		Function{Name: "stillborn", Environment: map[string]string{"PLAY": "exit"}},
		Function{Name: "silent", Environment: map[string]string{"PLAY": "silent"}})
	_, before := invoke(t, h, "play", `{}`)
	cases := []struct{ function, payload, kind, message string }{
		{"play", `{"do":"fail"}`, "errorString", "no luck"},
		{"play", `{"do":"large","size":6291457}`, "Function.ResponseSizeTooLarge", "(6291457 bytes) exceeded maximum allowed payload size (6291456 bytes)"},
		{"play", `{"do":"exit"}`, "Runtime.ExitError", "Runtime exited with error: exit status 7"},
		{"play", `{"do":"panic"}`, "string", "oh no"},
		{"hasty", `{"do":"hang"}`, "Sandbox.Timedout", "Task timed out after 0.30 seconds"},
		{"stillborn", `{}`, "Runtime.ExitError", "exit status 3"},
		{"silent", `{}`, "Sandbox.Timedout", "did not ask for work"},
	}
	for _, c := range cases {
		r, _ := invoke(t, h, c.function, c.payload)
		var e struct{ ErrorType, ErrorMessage string }
		_ = json.Unmarshal(r.Payload, &e)
		if r.FunctionError != "Unhandled" || e.ErrorType != c.kind || !strings.Contains(e.ErrorMessage, c.message) {
			t.Errorf("%s %s: %s %s, want %s %s", c.function, c.payload, r.FunctionError, r.Payload, c.kind, c.message)
		}
		// The next one is served as if nothing had been.
		if c.function == "play" || c.function == "hasty" {
			if r, _ := invoke(t, h, c.function, `{}`); r.FunctionError != "" {
				t.Errorf("after %s: %s", c.payload, r.Payload)
			}
		}
	}
	if _, after := invoke(t, h, "play", `{}`); after.PID == before.PID {
		t.Error("the process that ended serves on")
	}
	l.await(t, "Task timed out after 0.30 seconds")
	// The one that hung is ended, and only its successor is left.
	for end := time.Now().Add(10 * time.Second); count(h, "hasty") != 1; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d processes of hasty", count(h, "hasty"))
		}
	}
	l.await(t, "going down")

	if _, err := h.Invoke(context.Background(), "nobody", nil); !errors.Is(err, ErrUnknown) {
		t.Errorf("an unknown function: %v", err)
	}
	if r, err := h.Invoke(context.Background(), "play", []byte(`{"do":"large","size":6291456}`)); err != nil || len(r.Payload) != MaxPayload {
		t.Errorf("an answer of %d bytes: %v %s", MaxPayload, err, r.FunctionError)
	}
	large := bytes.Repeat([]byte(" "), MaxPayload+1)
	large[0], large[1] = '{', '}'
	if _, err := h.Invoke(context.Background(), "play", large); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a request of %d bytes: %v", len(large), err)
	}
	if r, err := h.Invoke(context.Background(), "play", large[:MaxPayload]); err != nil || r.FunctionError != "" {
		t.Errorf("a request of %d bytes: %v %v", MaxPayload, err, r.FunctionError)
	}
}

func TestHandlers(t *testing.T) {
	h := host(t, Options{},
		Function{Name: "echo", Handler: func(_ context.Context, p []byte) ([]byte, error) { return p, nil }},
		Function{Name: "fail", Handler: func(context.Context, []byte) ([]byte, error) { return nil, errors.New("no luck") }},
		Function{Name: "panic", Handler: func(context.Context, []byte) ([]byte, error) { panic("oh no") }},
		Function{Name: "hang", Timeout: 20 * time.Millisecond, Handler: func(ctx context.Context, _ []byte) ([]byte, error) {
			<-ctx.Done()
			select {}
		}})
	for _, c := range []struct{ function, want, err string }{
		{"echo", `{"a":1}`, ""}, {"fail", "no luck", "Unhandled"}, {"panic", "oh no", "Unhandled"}, {"hang", "Task timed out after 0.02 seconds", "Unhandled"},
	} {
		r, err := h.Invoke(context.Background(), c.function, []byte(`{"a":1}`))
		if err != nil || r.FunctionError != c.err || !strings.Contains(string(r.Payload), c.want) {
			t.Errorf("%s: %v %s %s", c.function, err, r.FunctionError, r.Payload)
		}
	}
}

func TestInvokeAlone(t *testing.T) {
	h := host(t, Options{}, Function{Name: "play"})
	var key, caller string
	r, lines, err := h.InvokeAlone(context.Background(), "play", []byte(`{"do":"log"}`), func(k string) { key = k })
	if err != nil || r.FunctionError != "" || len(lines) != 2 {
		t.Fatalf("%v %s, lines %+v", err, r.Payload, lines)
	}
	// The process is gone, and so is its key.
	if _, _, known, stale := h.Caller(key); known || !stale {
		t.Errorf("key %s: known %v, stale %v", key, known, stale)
	}
	if caller, _, _, stale := h.Caller("AKIAMYOWN"); caller != "" || stale {
		t.Errorf("a developer's key is taken for one of a function")
	}
	caller, _, _, _ = h.Caller(FunctionKey("play"))
	if caller != "play" {
		t.Errorf("the function's own key belongs to %q", caller)
	}
	if r, _, err := h.InvokeAlone(context.Background(), "play", []byte(`{"do":"exit"}`), func(string) {}); err != nil || r.FunctionError == "" {
		t.Errorf("a crash: %v %s", err, r.Payload)
	}
}

func TestInvokeAPI(t *testing.T) {
	h := host(t, Options{}, Function{Name: "echo", Handler: func(_ context.Context, p []byte) ([]byte, error) {
		if string(p) == `"fail"` {
			return nil, errors.New("no luck")
		}
		return p, nil
	}})
	for _, c := range []struct {
		name, function, kind, body string
		status                     int
		functionError              string
	}{
		{"answer", "echo", "", `{"a":1}`, 200, ""},
		{"error", "echo", "RequestResponse", `"fail"`, 200, "Unhandled"},
		{"unknown", "nobody", "", `{}`, 404, ""},
		{"not JSON", "echo", "", `{`, 400, ""},
		{"dry", "echo", "DryRun", `{}`, 204, ""},
		{"event", "echo", "Event", `{}`, 202, ""},
		{"other kind", "echo", "Later", `{}`, 400, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, _ := http.NewRequest("POST", "http://"+h.address+"/2015-03-31/functions/"+c.function+"/invocations", strings.NewReader(c.body))
			if c.kind != "" {
				req.Header.Set("X-Amz-Invocation-Type", c.kind)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != c.status || resp.Header.Get("X-Amz-Function-Error") != c.functionError {
				t.Errorf("%d %q, want %d %q", resp.StatusCode, resp.Header.Get("X-Amz-Function-Error"), c.status, c.functionError)
			}
		})
	}
}
