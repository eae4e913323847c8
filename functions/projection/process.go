package projection

import (
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/search"
	"github.com/userops/userops/shared/outbox"
	"github.com/userops/userops/shared/queue"
)

// Process is the function. Its fields are set once; Handle may run many times, one at a time.
type Process struct {
	Profiles  Profiles
	Orders    Orders
	Timeline  Timeline
	Archive   Archive
	Rules     Rules
	Outbox    outbox.Queues
	Self      Sender // back to projection's own queue
	Later     Later
	Addresses Addresses
	// Traces are the kinds of what is wiped of one who was erased. A job under way knows them by their places: new ones come last.
	Traces    []Traces
	Search    Search
	List      string // what the list of Search is called
	Present   Present
	Reading   search.Reading // of names
	Postponer Postponer
	Witness   queue.Witness  // nil keeps nothing
	Zone      *time.Location // the shop's, for its days
	Currency  money.Currency
	Now       func() time.Time
	// Jitter answers a random share of a duration; it spreads those who lost a condition.
	Jitter func(time.Duration) time.Duration
	Ahead  Ahead // nil reads nothing ahead
	Live   Live
	// Together hears of each worker; nil where each transaction goes alone.
	Together Together

	done progress
}
