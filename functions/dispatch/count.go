package dispatch

import (
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/telemetry"
)

// count adds an end to those of the invocation.
func (p *Process) count(c delivery.Channel, o delivery.Outcome, r delivery.Reason) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ends == nil {
		p.ends = map[ending]int{}
	}
	p.ends[ending{c, o, r}]++
}

// writeCounts writes the metrics of an invocation.
func (p *Process) writeCounts() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for e, n := range p.ends {
		telemetry.Count("notifications", n, "function", "dispatch", "channel", string(e.channel), "outcome", string(e.outcome), "reason", string(e.reason))
	}
	p.ends = nil
}
