package lambda

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"
)

// Host runs functions. Register them, Serve a listener for their processes, Invoke, and Close. A host, its pools and their processes know
// one another, so their types stand together here.
type Host struct {
	options Options
	logging sync.Mutex
	async   queue

	mu      sync.Mutex
	address string
	pools   map[string]*pool
	keys    map[string]identity
	started int
	closed  bool
	server  *http.Server
	exited  sync.WaitGroup
}

type identity struct {
	function string
	process  *process // nil for the key of a function that runs inside this program
}

// queue keeps count of asynchronous invocations under way. They live in memory: those that wait for a retry are lost when the program ends.
type queue struct {
	stop    chan struct{}
	once    sync.Once
	running sync.WaitGroup
}

func (q *queue) end() { q.once.Do(func() { close(q.stop) }) }

// pool is one function with its processes and the invocations that wait for one.
type pool struct {
	host     *Host
	function Function
	limit    int

	mu        sync.Mutex
	pending   []*task
	idle      []*process // the last used one last, so that the others grow old and are ended
	processes map[string]*process
	starting  int
	running   int // handlers inside this program
	closed    bool
}

// task is one invocation. done has room for the one result, so that nobody waits for a caller that has left.
type task struct {
	id      string
	payload []byte
	done    chan Result
	started time.Time
	cold    bool
}

func newTask(payload []byte) *task {
	return &task{id: requestID(), payload: payload, done: make(chan Result, 1)}
}

func requestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// process is one running program of a function. Its fields are guarded by the pool's mu but for those that say otherwise.
type process struct {
	pool    *pool
	id      string
	key     string
	command *exec.Cmd
	next    chan *task    // hands it its next task
	gone    chan struct{} // closed when it has ended
	last    atomic.Pointer[string]
	task    *task
	asked   bool // it has asked for work, so its start is over
	tasks   int
	timer   *time.Timer // ends it: during its start, a task, or idleness
	only    *task       // the one task of a process that was started for it
	initial []byte      // the error it reported for its start
	killed  bool
	lines   sync.WaitGroup
	sink    func(Line) // gets its lines too; called from its own readers
}

func (q *process) request() string {
	if id := q.last.Load(); id != nil {
		return *id
	}
	return ""
}

// kill ends the program at once. The caller holds mu.
func (q *process) kill() {
	q.killed = true
	if q.command != nil && q.command.Process != nil {
		terminate(q.command)
	}
}

func (q *process) settle(t *task, r Result) {
	r.RequestID, r.Cold = t.id, t.cold
	r.Duration = time.Since(t.started)
	t.done <- r
}

// forget takes back a task that no process has begun.
func (p *pool) forget(t *task) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, other := range p.pending {
		if other == t {
			p.pending = append(p.pending[:i], p.pending[i+1:]...)
			return
		}
	}
}

func (p *pool) busy() int {
	n := p.running
	for _, q := range p.processes {
		if q.task != nil {
			n++
		}
	}
	return n
}

func (p *pool) pop() *task {
	t := p.pending[0]
	p.pending = p.pending[1:]
	return t
}

func (h *Host) log(l Line) {
	if l.Time.IsZero() {
		l.Time = time.Now()
	}
	h.logging.Lock()
	defer h.logging.Unlock()
	h.options.Log(l)
}

func (h *Host) arn(function string) string {
	return fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", h.options.Region, h.options.AccountID, function)
}

// keyPrefix marks the access keys that this package hands out, so that one of an earlier start is not taken for a developer's own.
const keyPrefix = "LAMBDALOCAL"

func sanitised(name string) string {
	out := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z':
			out = append(out, c-'a'+'A')
		case c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
			out = append(out, c)
		}
	}
	return string(out)
}
