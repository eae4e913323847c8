package dispatch

import (
	"fmt"
	"hash/fnv"

	"github.com/userops/userops/shared/job"
)

// attempt is one notification that a worker has in hand. It is the first of six types, one for each phase. Each is made from the one before
// it and adds what the phase has found out:
//
//	attempt    the job, and the worker
//	read       the person and their contact record
//	judged     the campaign, and what the guards were asked
//	written    what is handed over, and to which channel
//	reserved   the intent, which is stored
//	concluded  the provider's answer
//
// An attempt ends in any phase with a decision of what is known by then.
type attempt struct {
	*Process
	// These two answer their first reads from one call. Those of the Process always ask the table.
	Profiles   profiles
	Deliveries deliveries

	n      job.Notification
	holder string // names this worker in the contact record
}

// late tells whether it is too late for the notification, whatever cannot be read.
func (a *attempt) late() bool { return !a.n.NotAfter.IsZero() && a.Now().After(a.n.NotAfter) }

// point is a number from 0 up to 1 that the notification's id and the attempt decide.
func (a *attempt) point() float64 {
	h := fnv.New32a()
	_, _ = fmt.Fprintf(h, "%s#%d", a.n.ID, a.n.Deferred)
	return float64(h.Sum32()) / (1 << 32)
}
