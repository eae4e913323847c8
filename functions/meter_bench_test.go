//go:build unix

package functions

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/userops/userops/shared/telemetry"
)

// An invocation is billed for the CPU time that it takes and for the time in which it waits for AWS. The first is measured in the function's
// own process. The second would be the stand-ins' on this machine, so it is stated: every call takes this long, and calls that run at once
// count once.
const (
	tableLatency = 5 * time.Millisecond
	scanLatency  = 50 * time.Millisecond // a page of 1 MB
	queueLatency = 10 * time.Millisecond
	// objectLatency is that of a small object of S3.
	objectLatency = 30 * time.Millisecond
)

func latencyOf(target string) time.Duration {
	switch {
	case strings.HasSuffix(target, ".Scan"):
		return scanLatency
	case strings.HasPrefix(target, "DynamoDB"):
		return tableLatency
	case strings.HasPrefix(target, "AmazonSQS"):
		return queueLatency
	case target == "": // S3 alone names no target
		return objectLatency
	}
	return 0
}

// meterSettings lie beside the programs of a stack that is measured. The programs find them there, since a function's environment is the
// template's.
type meterSettings struct {
	Log string // file that every invocation adds a line to
	// Paced says that the calls do take the stated time, so that as many run at once as would on AWS.
	Paced bool
}

const meterFile = "meter.json"

// reading is what one invocation took.
type reading struct {
	Function string
	Memory   int           // MB
	CPU      time.Duration // of the whole process since the invocation before
	Calls    int
	Wait     time.Duration // stated, calls at once counted once
	Logged   int           // bytes
	Messages int           // received with it
	Received int           // bytes of those
}

// billed is the invocation's duration as Lambda would charge it, in whole milliseconds. A function has a whole core at 1,769 MB and its share
// of one below: what it has not used while it waited it may use at once, but no more.
func (r reading) billed() time.Duration {
	share := r.CPU * 1769 / time.Duration(min(r.Memory, 1769))
	return (max(r.CPU+r.Wait, share) + time.Millisecond - 1).Truncate(time.Millisecond)
}

// gigabyteSeconds is what is paid for.
func (r reading) gigabyteSeconds() float64 { return r.billed().Seconds() * float64(r.Memory) / 1024 }

// init puts a meter around a function that this program plays in a measured stack.
func init() {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") == "" {
		return
	}
	folder := filepath.Dir(os.Args[0])
	text, err := os.ReadFile(filepath.Join(folder, "..", meterFile))
	if err != nil {
		return
	}
	var s meterSettings
	if err := json.Unmarshal(text, &s); err != nil {
		panic(err)
	}
	out, err := os.OpenFile(s.Log, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		panic(err)
	}
	name := filepath.Base(folder)
	m := &childMeter{name: name, out: out, paced: s.Paced}
	m.memory, _ = strconv.Atoi(os.Getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"))
	m.countOutput()
	build := programs[name]
	programs[name] = func(e environment, c aws.Config) lambda.Handler {
		telemetry.Start(name)
		m.client, c.HTTPClient = c.HTTPClient, m
		m.handler = build(e, c)
		m.before = cpuTime()
		return m
	}
}

// childMeter is the handler and the SDK's HTTP client of a function that is measured.
type childMeter struct {
	name    string
	memory  int
	out     io.Writer
	paced   bool
	handler lambda.Handler
	client  aws.HTTPClient
	before  time.Duration
	logged  atomic.Int64

	mu      sync.Mutex
	running int
	changed time.Time
	calls   int
	some    time.Duration // in which at least one call ran
	all     time.Duration // of all calls, as if one after the other
	stated  time.Duration // of all calls
}

// countOutput counts what the function writes to its log.
func (m *childMeter) countOutput() {
	log := os.Stdout
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	os.Stdout = w
	go func() {
		lines := bufio.NewReader(r)
		for {
			line, err := lines.ReadBytes('\n')
			m.logged.Add(int64(len(line)))
			_, _ = log.Write(line)
			if err != nil {
				return
			}
		}
	}()
}

func (m *childMeter) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	answer, err := m.handler.Invoke(ctx, payload)
	m.mu.Lock()
	defer m.mu.Unlock()
	now := cpuTime()
	r := reading{Function: m.name, Memory: m.memory, CPU: now - m.before, Calls: m.calls, Logged: int(m.logged.Swap(0))}
	if m.all > 0 {
		r.Wait = time.Duration(float64(m.stated) * float64(m.some) / float64(m.all))
	}
	m.before, m.calls, m.some, m.all, m.stated = now, 0, 0, 0, 0
	if r.Messages = bytes.Count(payload, []byte(`"receiptHandle"`)); r.Messages > 0 {
		r.Received = len(payload)
	}
	line, _ := json.Marshal(r)
	if _, err := m.out.Write(append(line, '\n')); err != nil {
		return nil, fmt.Errorf("writing down what an invocation took: %w", err)
	}
	return answer, err
}

func (m *childMeter) Do(r *http.Request) (*http.Response, error) {
	stated := latencyOf(r.Header.Get("X-Amz-Target"))
	began := time.Now()
	m.step(1, stated)
	answer, err := m.client.Do(r)
	if m.paced {
		time.Sleep(stated - time.Since(began))
	}
	m.step(-1, 0)
	return answer, err
}

func (m *childMeter) step(calls int, stated time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if m.running > 0 {
		m.some += now.Sub(m.changed)
		m.all += now.Sub(m.changed) * time.Duration(m.running)
	}
	if calls > 0 {
		m.calls += calls
	}
	m.running += calls
	m.stated += stated
	m.changed = now
}

// cpuTime is what this process has used so far: its own time, whatever else the machine is busy with.
func cpuTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// readings are what the invocations since an offset of the log took, and the offset behind them.
func readings(b testing.TB, log string, from int64) ([]reading, int64) {
	b.Helper()
	text, err := os.ReadFile(log)
	if err != nil {
		b.Fatal(err)
	}
	var all []reading
	for line := range strings.Lines(string(text[from:])) {
		var r reading
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			b.Fatal(err)
		}
		all = append(all, r)
	}
	return all, int64(len(text))
}
