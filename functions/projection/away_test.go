package projection

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
)

// errAway is what a call ends in that gets no answer.
var errAway = fmt.Errorf("reading a profile: %w", context.DeadlineExceeded)

// gone is a store of profiles that is not reached; it counts who asks.
type gone struct {
	Profiles
	mu    sync.Mutex
	asked int
}

func (g *gone) Load(context.Context, profile.ID) (*profile.Profile, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked++
	return nil, errAway
}

// noRules is a catalogue that is not reached.
type noRules struct{}

func (noRules) Current(context.Context) (*Watch, error) { return nil, errAway }

// waits notes after how long each job is to come again.
type waits struct {
	mu     sync.Mutex
	delays []time.Duration
}

func (w *waits) Postpone(_ context.Context, _ string, delay time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delays = append(w.delays, delay)
	return nil
}

// While a service is away, ten receives of a job last longer than a day, and the whole batch does not wait for it.
func TestAServiceIsAway(t *testing.T) {
	const jobs = 100
	for name, lose := range map[string]func(*Process) *gone{
		"the tables":      func(p *Process) *gone { g := &gone{Profiles: p.Profiles}; p.Profiles = g; return g },
		"the definitions": func(p *Process) *gone { p.Rules = noRules{}; return &gone{} },
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.watch = &Watch{}
			var span time.Duration
			for receives := 1; receives <= maxReceives; receives++ {
				p, w := s.worker(), &waits{}
				p.Postponer = w
				g := lose(p)
				var in []events.SQSMessage
				for i := range jobs {
					job := envelope(t, "web", track(fmt.Sprint("m", i), fmt.Sprint("u", i), "Product Viewed", t0, ""))
					job.Attributes = map[string]string{"ApproximateReceiveCount": fmt.Sprint(receives)}
					in = append(in, job)
				}
				if again := deliver(t, p, in...); len(again) != jobs || len(w.delays) != jobs {
					t.Fatalf("%d of %d jobs come again, %d of them postponed", len(again), jobs, len(w.delays))
				}
				if g.asked > 2*abreast {
					t.Errorf("receive %d: the tables were asked %d times; after %d people in a row found them away nobody else should wait", receives, g.asked, abreast)
				}
				if receives < maxReceives {
					span += slices.Min(w.delays)
				}
			}
			if span <= 24*time.Hour {
				t.Errorf("the tenth receive is %v after the first, want more than a day", span)
			}
			if rounds := s.settle(envelope(t, "web", track("m0", "u0", "Product Viewed", t0, ""))); rounds != 1 {
				t.Errorf("afterwards it takes %d rounds", rounds)
			}
		})
	}
}

// One person's partition that throttles is not taken for an outage.
func TestAnOutageIsManyInARow(t *testing.T) {
	var o outage
	for range abreast - 1 {
		o.note(errAway)
	}
	if o.err() != nil {
		t.Error("known too early")
	}
	o.note(dynamo.ErrConflict)
	o.note(errAway)
	if o.err() != nil {
		t.Error("an answer in between does not count")
	}
	for range abreast - 1 {
		o.note(errAway)
	}
	if o.err() == nil {
		t.Error("not known after as many in a row as work at once")
	}
}
