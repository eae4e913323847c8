//go:build unix

package functions

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/userops/userops/shared/local"
)

// bench is a whole stack that is measured: template.yaml with its data on disk, as `make run` has it.
type bench struct {
	b      *testing.B
	stack  *local.Stack
	client *http.Client
	log    string
	// quiet says that functions of this template write no lines of the platform for each invocation.
	quiet bool
}

// newBench starts a stack. Paced functions wait for AWS as long as is stated, so that their bill can be told; others run as fast as they can.
func newBench(b *testing.B, paced bool, concurrency int) *bench {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	build := b.TempDir()
	for folder := range programs {
		if err := os.MkdirAll(filepath.Join(build, folder), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.Symlink(self, filepath.Join(build, folder, "bootstrap")); err != nil {
			b.Fatal(err)
		}
	}
	m := &bench{b: b, log: filepath.Join(build, "meter.log"), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	settings, err := json.Marshal(meterSettings{Log: m.log, Paced: paced})
	if err != nil {
		b.Fatal(err)
	}
	for path, text := range map[string][]byte{m.log: nil, filepath.Join(build, meterFile): settings} {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	path := filepath.Join("..", "template.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	m.quiet = bytes.Contains(text, []byte("SystemLogLevel: WARN"))
	limits := parameters()
	limits["ThrottleRate"], limits["ThrottleBurst"] = "100000", "100000"
	limits["MemberThrottleRate"], limits["MemberThrottleBurst"] = "100000", "100000"
	m.stack, err = local.Start(context.Background(), local.Options{
		TemplatePath: path, StackName: "bench", BuildDir: build, DataDir: b.TempDir(), Inbox: true, Concurrency: concurrency, Parameters: limits, Secrets: map[string]string{"/userops/user-hash": userHashSecret, "/userops/session": "test-session"},
		Defaults: func(a local.Addresses) map[string]string {
			return map[string]string{"DynamoDBEndpoint": a.DynamoDB, "SQSEndpoint": a.SQS, "S3Endpoint": a.S3, "SSMEndpoint": a.SSM, "ArchiveWindow": "1", "PublicUrl": a.Gateway, "PagesApi": a.Gateway, "SmtpAddress": a.SMTP, "MailFrom": "shop@shop.example"}
		},
		Out: complaints{b},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := m.stack.Stop(ctx); err != nil {
			b.Errorf("stopping the stack: %v", err)
		}
	})
	return m
}

// complaints are the lines of the stack and its functions that a measurement is not to have.
type complaints struct{ b *testing.B }

func (c complaints) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		for _, word := range []string{`"level":"ERROR"`, `"level":"WARN"`, "dead letter", "receiving from", "deleting from", "holding messages"} {
			if strings.Contains(line, word) {
				c.b.Log(strings.TrimSpace(line))
			}
		}
	}
	return len(p), nil
}

// post sends requests over so many connections and wants each accepted whole.
func (m *bench) post(connections int, key string, requests []request) {
	m.b.Helper()
	var next atomic.Int64
	var fault atomic.Pointer[error]
	var all sync.WaitGroup
	for range connections {
		all.Go(func() {
			for n := next.Add(1) - 1; int(n) < len(requests) && fault.Load() == nil; n = next.Add(1) - 1 {
				if err := m.one(key, requests[n]); err != nil {
					fault.Store(&err)
				}
			}
		})
	}
	all.Wait()
	if err := fault.Load(); err != nil {
		m.b.Fatal(*err)
	}
}

func (m *bench) one(key string, q request) error {
	r, err := http.NewRequest(http.MethodPost, m.stack.Addresses().Gateway+q.path, strings.NewReader(q.body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	return m.do(r)
}

func (m *bench) do(r *http.Request) error {
	answer, err := m.client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 || bytes.Contains(text, []byte(`"errors"`)) {
		return fmt.Errorf("%s %s: %d %s", r.Method, r.URL.Path, answer.StatusCode, text)
	}
	return nil
}

// put saves a definition.
func (m *bench) put(path, body string) {
	m.b.Helper()
	r, err := http.NewRequest(http.MethodPut, m.stack.Addresses().Gateway+path, strings.NewReader(body))
	if err != nil {
		m.b.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+operatorKey)
	if err := m.do(r); err != nil {
		m.b.Fatal(err)
	}
}

// idle waits until everything is done. What keeps it for long is said: it explains a figure that is off.
func (m *bench) idle() {
	m.b.Helper()
	for _, patience := range []time.Duration{8 * time.Second, 2 * time.Minute} {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		err := m.stack.Idle(ctx)
		late := ctx.Err() != nil
		cancel()
		if err == nil {
			return
		}
		if patience > time.Minute || !late {
			m.b.Fatal(err)
		}
		m.b.Log(err)
	}
}

// spent is what the stack did between two moments.
type spent struct {
	took     time.Duration
	usage    []local.Usage
	readings []reading
}

// measure runs f, waits until everything that follows from it is done, and tells what it took.
func (m *bench) measure(f func()) spent {
	m.b.Helper()
	before := map[local.Usage]local.Usage{}
	for _, u := range m.stack.Usage() {
		before[kind(u)] = u
	}
	_, from := readings(m.b, m.log, 0)
	began := time.Now()
	f()
	m.idle()
	s := spent{took: time.Since(began)}
	for _, u := range m.stack.Usage() {
		old := before[kind(u)]
		u.Calls -= old.Calls
		u.ReadUnits -= old.ReadUnits
		u.WriteUnits -= old.WriteUnits
		u.Requests -= old.Requests
		u.Bytes -= old.Bytes
		if u.Calls > 0 && u.Function != "" {
			s.usage = append(s.usage, u)
		}
	}
	s.readings, _ = readings(m.b, m.log, from)
	return s
}

func kind(u local.Usage) local.Usage {
	u.Calls, u.ReadUnits, u.WriteUnits, u.Requests, u.Bytes = 0, 0, 0, 0, 0
	return u
}

// cpu is what a function's processes took; of all functions when it has no name.
func (s spent) cpu(function string) time.Duration {
	var sum time.Duration
	for _, r := range s.readings {
		if function == "" || r.Function == function {
			sum += r.CPU
		}
	}
	return sum
}

// projected fails a measurement that did not bring every request to its profiles.
func (s spent) projected(b *testing.B, requests int) {
	b.Helper()
	messages := 0
	for _, r := range s.readings {
		if r.Function == "projection" {
			messages += r.Messages
		}
	}
	if messages < requests {
		b.Fatalf("projection got %d messages of %d", messages, requests)
	}
	if messages > requests {
		b.Logf("projection got %d messages of %d: some came again", messages, requests)
	}
}

// report says figures under their names in build/bench.json.
func report(b *testing.B, figures map[string]float64) {
	b.ReportMetric(0, "ns/op")
	for name, value := range figures {
		b.ReportMetric(value, name)
	}
}
