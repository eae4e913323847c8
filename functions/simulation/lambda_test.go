package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// program is one function in one process, as its bootstrap makes it. One of handle and http is nil.
type program struct {
	handle func(ctx context.Context, payload []byte) ([]byte, error)
	http   http.Handler
}

// maxSkew is how far the clock of a process may be off.
const maxSkew = 3 * time.Second

// instance is a process of a function that is kept over invocations, with what it remembers.
type instance struct {
	program
	function string
	skew     time.Duration
	old      bool                 // of the version before
	left     int                  // invocations until the platform takes it away
	refusals map[string]*refusals // by source
}

// invocation is one run of a function in an instance.
type invocation struct {
	w        *world
	function string
	instance *instance
	name     string
	until    time.Time
	cancel   context.CancelFunc
	killed   bool
	begun    time.Time
	injected bool   // some fault struck it
	excused  bool   // one that may cost it all of its time
	unkept   bool   // one that may keep it from writing what it has refused
	last     string // the effect before
	speaks   bool   // its jobs may carry words about consent
	payload  []byte // what it was given, where that is not a request
	effects  int
	crashAt  int // the effect before or after which it crashes
	crash    fault
	calls    int
	hangAt   int // the call that is never answered
}

type invocationKey struct{}

func invocationOf(ctx context.Context) *invocation {
	inv, _ := ctx.Value(invocationKey{}).(*invocation)
	return inv
}

func (i *invocation) dead() bool { return i.killed || !time.Now().Before(i.until) }

func (i *invocation) deadline() bool { return time.Until(i.until) < 5*time.Minute }

// kill ends the process: nothing that it does from now on reaches anybody.
func (i *invocation) kill() {
	i.killed = true
	i.cancel()
}

// callName gives a call a name that is the same in a replay: function, operation, key and how often it was called before.
func (i *invocation) callName(q request) string {
	return i.w.numbered(i.function + " " + q.op + " " + q.where + " " + q.subject())
}

// numbered tells occasions of the same name apart by how many there were before.
func (w *world) numbered(name string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[name]++
	return fmt.Sprintf("%s #%d", name, w.counts[name])
}

// bearable are what providers do that may cost a notification its time, and no invocation all of it.
var bearable = map[fault]bool{providerSlow: true, providerRefuses: true, providerNotNow: true}

// struck notes that a fault met the invocation. A stale read is none that excuses a failure.
func (i *invocation) struck(f fault, name string) {
	i.injected = i.injected || f != stale
	i.excused = i.excused || f != stale && !bearable[f]
	i.unkept = i.unkept || f == hung || strings.Contains(name, " Refusals ")
	i.w.fired(f, name)
}

// crashes says whether the process ends at an effect, and ends it.
func (i *invocation) crashes(f fault, q request) bool {
	if f == crashBefore {
		i.effects++
	}
	if i.crash != f || i.effects != i.crashAt {
		return false
	}
	i.struck(f, i.name)
	this := q.op + " " + q.where
	if f == crashBefore {
		i.w.coverage.crashed(i.function, i.last, this)
	} else {
		i.w.coverage.crashed(i.function, this, "*")
	}
	i.w.tell("%s crashes, %s %s %s", i.name, f, this, q.key)
	i.kill()
	return true
}

// step notes an effect for the coverage.
func (i *invocation) step(q request) {
	if !q.effect {
		return
	}
	this := q.op + " " + q.where
	i.w.coverage.seen(i.function, i.last, this)
	i.last = this
}

var (
	errTimedOut = errors.New("the invocation's time was over")
	errCrashed  = errors.New("the process ended")
)

// begin makes an invocation in an instance. It is named by what it is about, so that it keeps its name where others are left out.
func (w *world) begin(function, about string, limit time.Duration) (*invocation, context.Context) {
	name := w.numbered(fmt.Sprintf("%s@%06x", function, hash(0, about)&0xffffff))
	i := &invocation{w: w, function: function, name: name, begun: time.Now(), until: time.Now().Add(limit)}
	d := dice{hash(w.seed, "invocation", name)}
	for _, f := range []fault{crashBefore, crashAfter} {
		if w.faults.strikes(f, name) {
			i.crash, i.crashAt = f, one(&d, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6, 8, 11)
		}
	}
	if w.faults.strikes(hung, name) {
		i.hangAt = one(&d, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 30, 50)
	}
	if i.instance = w.acquire(function, name, &d); i.instance.old {
		w.tell("%s is of the version before", name)
	}
	named := lambdacontext.NewContext(context.Background(), &lambdacontext.LambdaContext{AwsRequestID: name})
	ctx, cancel := context.WithDeadline(context.WithValue(named, invocationKey{}, i), i.until)
	i.cancel = cancel
	w.running++
	return i, ctx
}

// end gives the instance back, or drops a dead one.
func (w *world) end(i *invocation) error {
	w.running--
	killed, late := i.killed, i.dead() && !i.killed
	i.kill()
	switch {
	case killed:
		return errCrashed
	case late:
		if !i.excused {
			w.violate(invocationsWithinTime, "", "%s took its whole time without a fault", i.name)
		}
		return errTimedOut
	}
	i.instance.left--
	if i.instance.left > 0 {
		w.idle[i.function] = append(w.idle[i.function], i.instance)
	}
	return nil
}

// invoke runs a function on an event.
func (w *world) invoke(function, about string, payload []byte) (out []byte, injected bool, err error) {
	i, ctx := w.begin(function, about, w.limit(function))
	i.speaks, i.payload = speaksOfConsent(payload), payload
	if function == "reporting" {
		w.watch.shelves.records(i)
	}
	out, err = i.instance.handle(ctx, payload)
	if dead := w.end(i); dead != nil {
		return nil, i.injected, dead
	}
	return out, i.injected, err
}

// acquire finds a warm instance, or starts one.
func (w *world) acquire(function, name string, d *dice) *instance {
	old := w.faults.strikes(previous, name) && previousConstructors[function] != nil // a function may be new
	list := w.idle[function]
	for n := len(list) - 1; n >= 0; n-- {
		if list[n].old == old && !d.happens(0.1) {
			found := list[n]
			w.idle[function] = append(list[:n:n], list[n+1:]...)
			return found
		}
	}
	found := &instance{function: function, old: old, left: d.between(3, 400)}
	if old {
		w.fired(previous, name)
	}
	if function != "ingest" && function != "member" && w.faults.strikes(skewed, name) {
		w.fired(skewed, name)
		found.skew = time.Duration((d.share() - 0.5) * float64(2*maxSkew))
	}
	now := func() time.Time { return time.Now().Add(found.skew) }
	found.program = w.start(function, name, old, now, wire{w})
	return found
}

// failedRecords are the message ids that an answer of a queue's function names.
func failedRecords(out []byte) map[string]bool {
	var answer struct {
		BatchItemFailures []struct{ ItemIdentifier string }
	}
	failed := map[string]bool{}
	if json.Unmarshal(out, &answer) == nil {
		for _, f := range answer.BatchItemFailures {
			failed[f.ItemIdentifier] = true
		}
	}
	return failed
}
