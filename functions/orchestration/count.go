package orchestration

import (
	"github.com/userops/userops/shared/telemetry"
)

// The outcomes of triggers as metrics count them, beside the reasons of decisions.
const (
	notified  = "notified"
	waiting   = "waiting"
	parked    = "parked" // kept while its campaign is paused
	gone      = "gone"   // the person was erased
	unmet     = "unmet"  // the event does not meet the trigger's condition
	undecoded = "undecoded"
)

// count counts the outcome of a trigger.
func (p *Process) count(what string) { p.add(what, 1) }

func (p *Process) add(what string, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ends == nil {
		p.ends = map[string]int{}
	}
	p.ends[what] += n
}

// writeCounts writes what was counted in an invocation as metrics.
func (p *Process) writeCounts() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for what, n := range p.ends {
		telemetry.Count("triggers", n, "function", "orchestration", "outcome", what)
	}
	p.ends = nil
}
