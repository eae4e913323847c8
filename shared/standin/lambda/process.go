package lambda

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sort"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// balance hands waiting tasks to idle processes and starts as many processes as the rest could use. The caller holds mu.
func (p *pool) balance() {
	if p.function.Handler != nil {
		for len(p.pending) > 0 && p.running < p.limit && !p.closed {
			p.running++
			go p.handle(p.pop())
		}
		return
	}
	for len(p.pending) > 0 && len(p.idle) > 0 {
		q := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		p.assign(q, p.pop())
	}
	for p.starting < len(p.pending) && len(p.processes) < p.limit && !p.closed {
		p.start(nil)
	}
}

// handle runs a task in a function that lives in this program.
func (p *pool) handle(t *task) {
	t.started = time.Now()
	ctx, cancel := context.WithDeadline(context.Background(), t.started.Add(p.function.Timeout))
	defer cancel()
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: t.id, InvokedFunctionArn: p.host.arn(p.function.Name)})
	answer := make(chan Result, 1)
	go func() {
		r := Result{RequestID: t.id}
		defer func() {
			if v := recover(); v != nil {
				r.FunctionError = "Unhandled"
				r.Payload = errorPayload(fmt.Sprintf("%T", v), fmt.Sprint(v))
				p.host.log(Line{Function: p.function.Name, RequestID: t.id, Level: "ERROR", Text: fmt.Sprintf("panic: %v\n%s", v, debug.Stack())})
			}
			answer <- r
		}()
		out, err := p.function.Handler(ctx, t.payload)
		switch {
		case err != nil:
			r.FunctionError = "Unhandled"
			r.Payload = errorPayload(fmt.Sprintf("%T", err), err.Error())
		case len(out) > MaxPayload:
			r.FunctionError = "Unhandled"
			r.Payload = responseTooLarge(len(out))
		default:
			r.Payload = out
		}
	}()
	var r Result
	select {
	case r = <-answer:
	case <-ctx.Done():
		// An answer that came together with the deadline still counts.
		select {
		case r = <-answer:
		default:
			r = timedOut(t.id, p.function.Timeout)
		}
	}
	r.Duration = time.Since(t.started)
	t.done <- r
	p.mu.Lock()
	p.running--
	p.balance()
	p.mu.Unlock()
}

// start begins a process; only is the task it is for, or nil. The caller holds mu.
func (p *pool) start(only *process) {
	q := only
	if q == nil {
		q = &process{}
	}
	p.host.mu.Lock()
	p.host.started++
	q.id = strconv.Itoa(p.host.started)
	address := p.host.address
	var salt [4]byte
	_, _ = rand.Read(salt[:])
	q.key = fmt.Sprintf("%s%s%s%X", keyPrefix, sanitised(p.function.Name), q.id, salt)
	p.host.keys[q.key] = identity{p.function.Name, q}
	p.host.mu.Unlock()
	q.pool, q.next, q.gone = p, make(chan *task, 1), make(chan struct{})
	p.processes[q.id] = q
	if q.only == nil {
		p.starting++
	}
	binary, err := filepath.Abs(p.function.Binary)
	if err != nil {
		binary = p.function.Binary
	}
	q.command = exec.Command(binary)
	q.command.Dir = filepath.Dir(binary)
	q.command.Env = p.environment(q, address)
	detach(q.command)
	p.host.exited.Add(1)
	q.timer = time.AfterFunc(p.host.options.InitTimeout, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if !q.asked {
			q.initial = errorPayload("Sandbox.Timedout", fmt.Sprintf("the program did not ask for work within %s", p.host.options.InitTimeout))
			q.kill()
		}
	})
	go q.run()
}

// spawner runs its requests on one thread that never ends: on Linux a child may be told to die with its parent, and what counts as the parent is
// the thread that started it.
var spawner = sync.OnceValue(func() chan func() {
	requests := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range requests {
			f()
		}
	}()
	return requests
})

func (q *process) run() {
	p := q.pool
	out, outErr := q.command.StdoutPipe()
	errs, errErr := q.command.StderrPipe()
	err := errors.Join(outErr, errErr)
	if err == nil {
		started := make(chan error, 1)
		spawner() <- func() { started <- q.launch() }
		err = <-started
	}
	if err != nil {
		q.ended(fmt.Errorf("starting %s: %w", p.function.Binary, err))
		return
	}
	q.lines.Add(2)
	go q.read(out)
	go q.read(errs)
	// Wait closes the pipes, so the last lines must be read before it.
	q.lines.Wait()
	q.ended(q.command.Wait())
}

func (q *process) launch() error {
	q.pool.mu.Lock()
	defer q.pool.mu.Unlock()
	if q.killed {
		return errors.New("ended before it began")
	}
	return q.command.Start()
}

// ended settles what the process leaves behind when it is no more.
func (q *process) ended(err error) {
	p := q.pool
	p.mu.Lock()
	q.timer.Stop()
	delete(p.processes, q.id)
	for i, other := range p.idle {
		if other == q {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			break
		}
	}
	status := "exit status 0"
	if err != nil {
		status = err.Error()
	}
	switch t := q.task; {
	case t != nil:
		q.task = nil
		q.settle(t, Result{FunctionError: "Unhandled", Payload: errorPayload("Runtime.ExitError",
			fmt.Sprintf("RequestId: %s Error: Runtime exited with error: %s", t.id, status))})
		if !p.closed {
			go p.host.log(Line{Function: p.function.Name, RequestID: t.id, Level: "ERROR", Text: "the program ended in the middle of an invocation: " + status})
		}
	case !q.asked:
		// A start that fails costs the invocation it was for, and no more.
		payload := q.initial
		if payload == nil {
			payload = errorPayload("Runtime.ExitError", "Error: Runtime exited with error: "+status)
		}
		victim := q.only
		if victim == nil {
			p.starting--
			if len(p.pending) > 0 {
				victim = p.pop()
			}
		}
		if victim != nil {
			victim.started = time.Now()
			q.settle(victim, Result{FunctionError: "Unhandled", Payload: payload})
		}
		if !p.closed {
			go p.host.log(Line{Function: p.function.Name, Level: "ERROR", Text: "the program did not start: " + Result{FunctionError: "Unhandled", Payload: payload}.Err().Error()})
		}
	}
	p.balance()
	p.mu.Unlock()
	close(q.gone)
	p.host.mu.Lock()
	delete(p.host.keys, q.key)
	p.host.mu.Unlock()
	p.host.exited.Done()
}

// assign gives a task to a process that waits for one. The caller holds mu.
func (p *pool) assign(q *process, t *task) {
	q.timer.Stop()
	q.task = t
	q.tasks++
	t.cold = q.tasks == 1
	t.started = time.Now()
	q.last.Store(&t.id)
	q.timer = time.AfterFunc(p.function.Timeout, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if q.task != t {
			return
		}
		q.task = nil
		r := timedOut(t.id, p.function.Timeout)
		go p.host.log(Line{Function: p.function.Name, RequestID: t.id, Level: "ERROR", Text: fmt.Sprintf("Task timed out after %.2f seconds", p.function.Timeout.Seconds())})
		q.settle(t, r)
		q.kill()
	})
	q.next <- t
}

// maxLine is where a line of a log is cut, as CloudWatch does.
const maxLine = 256 * 1024

func (q *process) read(r io.Reader) {
	defer q.lines.Done()
	lines := bufio.NewReaderSize(r, 64*1024)
	var text []byte
	for {
		part, more, err := lines.ReadLine()
		if err != nil {
			return
		}
		if room := maxLine - len(text); room > 0 {
			text = append(text, part[:min(room, len(part))]...)
		}
		if more {
			continue
		}
		l := Line{Time: time.Now(), Function: q.pool.function.Name, RequestID: q.request(), Text: string(text)}
		text = text[:0]
		if q.sink != nil {
			q.sink(l)
		}
		q.pool.host.log(l)
	}
}

// environment is what the program sees: nothing of this program's own, as on AWS.
func (p *pool) environment(q *process, address string) []string {
	f, o := p.function, p.host.options
	env := map[string]string{
		"PATH":       "/usr/local/bin:/usr/bin:/bin",
		"LANG":       "en_US.UTF-8",
		"TZ":         ":UTC",
		"TMPDIR":     os.TempDir(),
		"GOMEMLIMIT": fmt.Sprintf("%dMiB", f.MemoryMB*9/10),
	}
	for k, v := range f.Environment {
		env[k] = v
	}
	for k, v := range map[string]string{
		"AWS_LAMBDA_RUNTIME_API":          address + "/" + f.Name + "/" + q.id,
		"AWS_LAMBDA_FUNCTION_NAME":        f.Name,
		"AWS_LAMBDA_FUNCTION_VERSION":     "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(f.MemoryMB),
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/" + f.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME":      "[$LATEST]" + q.id,
		"AWS_EXECUTION_ENV":               "AWS_Lambda_provided.al2023",
		"AWS_REGION":                      o.Region,
		"AWS_DEFAULT_REGION":              o.Region,
		"AWS_ACCESS_KEY_ID":               q.key,
		"AWS_SECRET_ACCESS_KEY":           "local",
		"AWS_EC2_METADATA_DISABLED":       "true",
		"LAMBDA_TASK_ROOT":                q.command.Dir,
		"_HANDLER":                        "bootstrap",
	} {
		env[k] = v
	}
	for k, v := range o.Environment {
		env[k] = v
	}
	out := make([]string, 0, len(env))
	for k, v := range env {
		out = append(out, k+"="+v)
	}
	sort.Strings(out)
	return out
}
