package projection

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/telemetry"
)

// incoming is one event on its way into a profile.
type incoming struct {
	event  event.Event
	source string
	key    profile.ID // that it came by
	hash   event.Hash
	record int // which received job brought it
	// report is what the event says of an order, if its source may change orders and it can be read.
	report *order.Report
	// direct says that the event was passed on to the order's owner: it is not passed on again.
	direct bool
}

// join is what an identify or alias event says: two identifiers are one person.
type join struct {
	a, b profile.Identifier
	// explicit joins, by an alias of the shop's, unite even two people who both have a userId.
	explicit bool
	at       time.Time // when the event arrived
}

// former is the userId that an alias may name as well as an anonymousId.
func (j join) former() profile.Identifier {
	return profile.Identifier{Kind: profile.UserID, Value: j.b.Value}
}

// group is everything of one batch that can concern one person: its identifiers are connected by joins.
type group struct {
	identifiers []profile.Identifier
	direct      profile.ID // the profile itself, for commands
	events      map[profile.Identifier][]incoming
	joins       []join
	command     func(context.Context) error // what a command asks for in place of a fold
	records     []int
	job         int // how many events the smallest of its jobs has
	commits     int // made of its events so far
	err         error
}

// pending is what follows from a commit of this batch.
type pending struct {
	profile profile.ID
	version int64
	follows []profile.Follow
	group   *group
}

// person is one profile with what this batch brings for it.
type person struct {
	profile *profile.Profile
	attach  []*profile.Profile // keys that will point to the profile, as they were loaded
	events  []incoming
}

// debt is a commit of this batch whose packs are not written yet.
type debt struct {
	group   *group
	profile profile.ID
	version int64
	packs   []people.Pack
}

// heldOrder is an order while a commit is made.
type heldOrder struct {
	*order.Order
	changed     bool
	known, paid bool // before: somebody had said that it was placed or paid; that it was paid
}

// unpaid is a debt that could not be paid. Its jobs come again and find what their commit owes.
type unpaid struct {
	debt
	err error
}

// batch is one invocation's work.
type batch struct {
	process *Process
	rules   *Watch
	parent  map[profile.Identifier]profile.Identifier // union-find over identifiers
	size    map[profile.Identifier]int                // of the group of a root, where it is more than one
	events  map[profile.Identifier][]incoming
	joins   []join
	direct  []*group
	failed  []error // by record

	mu      sync.Mutex
	pending []pending
	noted   map[profile.ID]int // where in pending
	debts   []debt
	unpaid  []unpaid
}

func newBatch(p *Process, records int) *batch {
	return &batch{process: p, parent: map[profile.Identifier]profile.Identifier{}, size: map[profile.Identifier]int{}, events: map[profile.Identifier][]incoming{}, noted: map[profile.ID]int{}, failed: make([]error, records)}
}

func (b *batch) fail(record int, err error) {
	if b.failed[record] == nil {
		b.failed[record] = err
	}
}

// orderReport is the report of an order that an event is, nil if it is none. Its time is cut to the millisecond.
func (p *Process) orderReport(e *event.Event, hash event.Hash) *order.Report {
	if !order.Reports(e.Name) {
		return nil
	}
	r, err := order.ParseReport(e, hash, p.Currency)
	switch {
	case errors.Is(err, order.ErrNotOrder):
		return nil
	case err != nil:
		telemetry.Count("order_event_unreadable", 1, "function", "projection")
		return nil
	}
	r.At = r.At.Truncate(time.Millisecond)
	return &r
}

const (
	// abreast is how many people one invocation works on at once: their steps are round trips.
	abreast = 48
	// reserve is kept before the deadline for sending what follows; who is not begun by then goes back.
	reserve = 5 * time.Second
	// attempts is how many conditions in a row are lost before the job goes back. An attempt that has committed some of its events
	// begins a new row: it is a busy person's, and what is left of it becomes less.
	attempts = 3
)

// late tells whether no more work should be begun.
func late(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) < reserve
}

func (b *batch) verdict(g *group, err error) {
	if err == nil {
		return
	}
	for _, r := range g.records {
		b.fail(r, err)
	}
}

// errOwing says that the timeline has not taken what was committed before, and that the item would become too large with more of it.
var errOwing = errors.New("the timeline is owed too many events of this person")

// exists tells a profile from a free key or a tombstone.
func exists(p *profile.Profile) bool { return len(p.Identifiers) > 0 }
