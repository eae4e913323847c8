package sqs

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// stepped is a clock that moves when told to.
type stepped struct {
	mu sync.Mutex
	at time.Time
}

func (c *stepped) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// world is an engine with a stepped clock, called without a network.
type world struct {
	t     *testing.T
	e     *Engine
	o     Options
	clock *stepped
	ctx   context.Context
}

type object = map[string]any

func newWorld(t *testing.T, with ...func(*Options)) *world {
	t.Helper()
	w := &world{t: t, clock: &stepped{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}, ctx: t.Context()}
	w.o = Options{Path: filepath.Join(t.TempDir(), "sqs.db"), Clock: w.clock.now}
	for _, f := range with {
		f(&w.o)
	}
	w.open()
	t.Cleanup(func() { w.e.Close() })
	return w
}

func (w *world) open() {
	w.t.Helper()
	e, err := Open(w.o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.e = e
}

// reopen closes the store and opens it again.
func (w *world) reopen() {
	w.t.Helper()
	if err := w.e.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.open()
}

func (w *world) step(d time.Duration) {
	w.clock.mu.Lock()
	w.clock.at = w.clock.at.Add(d)
	w.clock.mu.Unlock()
	w.e.Tick()
}

// raw makes a call and returns the status and the document.
func (w *world) raw(action string, in any) (*httptest.ResponseRecorder, object) {
	w.t.Helper()
	document, ok := in.(string)
	if !ok {
		b, err := json.Marshal(in)
		if err != nil {
			w.t.Fatal(err)
		}
		document = string(b)
	}
	r := httptest.NewRequestWithContext(w.ctx, http.MethodPost, "http://queues.test:9324/", strings.NewReader(document))
	r.Header.Set("X-Amz-Target", "AmazonSQS."+action)
	r.Header.Set("Content-Type", jsonType)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDTEST/20260301/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0")
	rec := httptest.NewRecorder()
	w.e.ServeHTTP(rec, r)
	var out object
	decoder := json.NewDecoder(bytes.NewReader(rec.Body.Bytes()))
	decoder.UseNumber()
	if err := decoder.Decode(&out); err != nil {
		w.t.Errorf("%s answered what is no JSON: %v: %s", action, err, rec.Body)
	}
	return rec, out
}

// do makes a call that must succeed.
func (w *world) do(action string, in any) object {
	w.t.Helper()
	rec, out := w.raw(action, in)
	if rec.Code != 200 {
		w.t.Fatalf("%s(%v) = %d %s", action, in, rec.Code, rec.Body)
	}
	return out
}

// fail makes a call that must fail with a code, and a part of its message.
func (w *world) fail(action string, in any, code, message string) {
	w.t.Helper()
	rec, out := w.raw(action, in)
	if got := out["__type"]; got != "com.amazonaws.sqs#"+code {
		w.t.Errorf("%s(%.200v) = %d %.200s, want %s", action, in, rec.Code, rec.Body, code)
	} else if !strings.Contains(out["message"].(string), message) {
		w.t.Errorf("%s(%.200v): message %q lacks %q", action, in, out["message"], message)
	}
	if rec.Header().Get("X-Amzn-Query-Error") == "" {
		w.t.Errorf("%s: no x-amzn-query-error", action)
	}
}

const base = "http://queues.test:9324/000000000000/"

// queue creates a queue and returns its URL.
func (w *world) queue(name string, attributes ...string) string {
	w.t.Helper()
	in := object{"QueueName": name}
	if len(attributes) > 0 {
		a := map[string]string{}
		for i := 0; i < len(attributes); i += 2 {
			a[attributes[i]] = attributes[i+1]
		}
		in["Attributes"] = a
	}
	return w.do("CreateQueue", in)["QueueUrl"].(string)
}

func (w *world) send(url, body string, more ...any) object {
	w.t.Helper()
	return w.do("SendMessage", with(object{"QueueUrl": url, "MessageBody": body}, more...))
}

// with adds pairs of names and values.
func with(in object, more ...any) object {
	for i := 0; i < len(more); i += 2 {
		in[more[i].(string)] = more[i+1]
	}
	return in
}

type received struct {
	id, handle, body string
	attributes       map[string]string
	all              object
}

// receive takes up to ten messages with all attributes.
func (w *world) receive(url string, more ...any) []received {
	w.t.Helper()
	in := object{"QueueUrl": url, "MaxNumberOfMessages": 10, "MessageSystemAttributeNames": []string{"All"}, "MessageAttributeNames": []string{"All"}}
	return messages(w.do("ReceiveMessage", with(in, more...)))
}

func messages(out object) []received {
	var all []received
	list, _ := out["Messages"].([]any)
	for _, v := range list {
		m := v.(object)
		r := received{id: m["MessageId"].(string), handle: m["ReceiptHandle"].(string), body: m["Body"].(string), attributes: map[string]string{}, all: m}
		if a, ok := m["Attributes"].(object); ok {
			for k, v := range a {
				r.attributes[k] = v.(string)
			}
		}
		all = append(all, r)
	}
	return all
}

func bodies(all []received) string {
	var s []string
	for _, m := range all {
		s = append(s, m.body)
	}
	return strings.Join(s, " ")
}

func sorted(all []received) string {
	s := strings.Fields(bodies(all))
	slices.Sort(s)
	return strings.Join(s, " ")
}

func (w *world) delete(url, handle string) {
	w.t.Helper()
	w.do("DeleteMessage", object{"QueueUrl": url, "ReceiptHandle": handle})
}

func (w *world) attribute(url, name string) string {
	w.t.Helper()
	out := w.do("GetQueueAttributes", object{"QueueUrl": url, "AttributeNames": []string{name}})
	a, _ := out["Attributes"].(object)
	v, _ := a[name].(string)
	return v
}

// counts are the approximate numbers of visible, invisible and delayed messages.
func (w *world) counts(url string) string {
	w.t.Helper()
	return strings.Join([]string{w.attribute(url, "ApproximateNumberOfMessages"), w.attribute(url, "ApproximateNumberOfMessagesNotVisible"), w.attribute(url, "ApproximateNumberOfMessagesDelayed")}, " ")
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

// until waits for a condition that another goroutine is about to bring about.
func (w *world) until(what string, condition func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		w.e.mu.Lock()
		ok := condition()
		w.e.mu.Unlock()
		if ok {
			return
		}
		runtime.Gosched()
	}
	w.t.Fatalf("%s did not come about", what)
}

// background starts a receive that waits, and returns when it does.
func (w *world) background(url string, wait int) <-chan []received {
	w.t.Helper()
	name := url[strings.LastIndex(url, "/")+1:]
	waiting := 0
	w.e.mu.Lock()
	waiting = len(w.e.queues[name].waiters)
	w.e.mu.Unlock()
	result := make(chan []received, 1)
	go func() {
		_, out := w.raw("ReceiveMessage", object{"QueueUrl": url, "WaitTimeSeconds": wait, "MaxNumberOfMessages": 10})
		result <- messages(out)
	}()
	w.until("a long poll", func() bool { return len(w.e.queues[name].waiters) == waiting+1 })
	return result
}
