package projection

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
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

func (b *batch) find(i profile.Identifier) profile.Identifier {
	root, known := b.parent[i]
	if !known {
		b.parent[i] = i
		return i
	}
	if root != i {
		root = b.find(root)
		b.parent[i] = root
	}
	return root
}

// maxConnected is how many identifiers the joins of a batch connect to one group. One worker handles a group, so an id that everybody
// shares, such as a constant anonymousId, would else put all people behind one worker. A join past the bound is still carried out, in the
// group of its first identifier. Where two groups then write the same person, one of them loses a condition and reads again.
const maxConnected = 32

// connect lets the people of two identifiers be worked on together.
func (b *batch) connect(x, y profile.Identifier) {
	x, y = b.find(x), b.find(y)
	together := max(b.size[x], 1) + max(b.size[y], 1)
	if x == y || together > maxConnected {
		return
	}
	b.parent[y], b.size[x] = x, together
}

// add sorts one job's events to the people they are about.
func (b *batch) add(ctx context.Context, record int, j job.Events) error {
	if j.Command != nil {
		return b.command(ctx, record, j.Command)
	}
	for _, e := range j.Events {
		if e.Trust = j.Level(&e); e.Trust == trust.Shop {
			e.Trust = "" // as what was stored before there were levels
		}
		e.Source = j.Source
		primary, ok := Primary(&e)
		if !ok {
			// ingest lets no such event pass; one that is here all the same has nobody to go to.
			telemetry.Count("event_without_person", 1, "function", "projection")
			continue
		}
		in := incoming{event: e, source: j.Source, key: primary.ID(), hash: event.Fingerprint(j.Source, e.MessageID), record: record}
		if !j.NoMoney {
			in.report = b.process.orderReport(&e, in.hash)
		}
		if owned, err := b.guest(ctx, &in); err != nil {
			return err
		} else if owned {
			continue
		}
		b.find(primary)
		b.events[primary] = append(b.events[primary], in)
		for _, link := range linksOf(&e) {
			b.connect(link.a, link.b)
			if link.explicit {
				b.connect(link.a, link.former())
			}
			b.joins = append(b.joins, link)
		}
		// Addresses do not connect groups: of two people of one batch who claim the same one, one loses a condition and looks again.
		b.joins = append(b.joins, namesOf(&e, primary)...)
	}
	return nil
}

func (b *batch) command(ctx context.Context, record int, c *job.Command) error {
	g := &group{direct: c.ProfileID, records: []int{record}}
	switch c.Kind {
	case job.CommandErase:
		g.command = func(ctx context.Context) error { return b.erase(ctx, c) }
	case job.CommandTakeOff:
		g.command = func(ctx context.Context) error { return b.takeOff(ctx, c) }
	case job.CommandWipe:
		if c.Wipe == nil {
			return queueFault("a wipe that does not say of what")
		}
		g.command = func(ctx context.Context) error { return b.wipe(ctx, c) }
	case job.CommandOrder:
		if c.Report == nil {
			return queueFault("an order command without a report")
		}
		found, err := b.passedOn(ctx, record, c)
		if errors.Is(err, dynamo.ErrNotFound) {
			gone, err := b.wiped(ctx, c.Report)
			if gone || err != nil {
				return err
			}
		}
		if err != nil {
			return fmt.Errorf("finding a reported event: %w", err)
		}
		g.events = map[profile.Identifier][]incoming{{}: found}
	default:
		return queueFault("a command of an unknown kind")
	}
	b.direct = append(b.direct, g)
	return nil
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

func queueFault(what string) error { return errors.New("the job is " + what) }

// groups puts connected identifiers together. The people of the smallest jobs come first, and among those of equal jobs the people with the
// fewest events. So a small job does not come back because a large one took its time.
func (b *batch) groups() []*group {
	byRoot := map[profile.Identifier]*group{}
	var all []*group
	of := func(i profile.Identifier) *group {
		root := b.find(i)
		g := byRoot[root]
		if g == nil {
			g = &group{events: map[profile.Identifier][]incoming{}}
			byRoot[root] = g
			all = append(all, g)
		}
		return g
	}
	for i := range b.parent {
		g := of(i)
		g.identifiers = append(g.identifiers, i)
		g.events[i] = b.events[i]
		for _, e := range b.events[i] {
			g.records = append(g.records, e.record)
		}
	}
	for _, j := range b.joins {
		g := of(j.a)
		g.joins = append(g.joins, j)
	}
	all = append(all, b.direct...)
	size := make([]int, len(b.failed)) // of the jobs, in people's events
	for _, g := range all {
		for _, r := range g.records {
			size[r]++
		}
	}
	for _, g := range all {
		g.job = math.MaxInt
		for _, r := range g.records {
			g.job = min(g.job, size[r])
		}
	}
	slices.SortStableFunc(all, func(g, h *group) int {
		return cmp.Or(cmp.Compare(g.job, h.job), cmp.Compare(len(g.records), len(h.records)))
	})
	return all
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

func (b *batch) run(ctx context.Context) {
	var workers errgroup.Group
	workers.SetLimit(abreast)
	var away outage
	groups := b.groups()
	readAhead := b.readAhead(groups)
	for i, g := range groups {
		workers.Go(func() error {
			if b.process.Together != nil {
				defer b.process.Together.Work(ctx)()
			}
			readAhead(ctx, i)
			if g.err = away.err(); g.err != nil {
				return nil
			}
			if late(ctx) {
				g.err = queue.ErrNoTime
				return nil
			}
			g.err = queue.Guard(func() error { return b.person(ctx, g) })
			away.note(g.err)
			return nil
		})
	}
	_ = workers.Wait() // errors stay with their groups
	for _, g := range groups {
		b.verdict(g, g.err)
	}
	b.settleDebts(ctx)
}

// outage is known when several people in a row found a service away: the others are not tried, since each would wait as long.
type outage struct {
	mu    sync.Mutex
	inRow int
	cause error
}

func (o *outage) note(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err == nil || !queue.Unavailable(err) {
		o.inRow = 0
		return
	}
	o.inRow++
	o.cause = err
}

func (o *outage) err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.inRow < abreast {
		return nil
	}
	return o.cause
}

func (b *batch) verdict(g *group, err error) {
	if err == nil {
		return
	}
	for _, r := range g.records {
		b.fail(r, err)
	}
}

// person works on one group until no condition is lost any more.
func (b *batch) person(ctx context.Context, g *group) error {
	for attempt := 1; ; attempt++ {
		before := g.commits
		err := b.try(ctx, g)
		if g.commits > before {
			attempt = 1
		}
		if !errors.Is(err, dynamo.ErrConflict) || attempt == attempts {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(b.process.Jitter(time.Duration(attempt) * retryDelay)):
		}
	}
}

// retryDelay is about one round of reading and writing.
const retryDelay = 20 * time.Millisecond

// try does one attempt: read, join, fold, write. Every attempt reads anew.
func (b *batch) try(ctx context.Context, g *group) error {
	if g.command != nil {
		return g.command(ctx)
	}
	if g.direct != "" {
		p, err := b.process.Profiles.Load(ctx, g.direct)
		if err != nil {
			return err
		}
		if !exists(p) {
			telemetry.Count("order_event_of_erased_person", 1, "function", "projection")
			return nil
		}
		return b.fold(ctx, g, &person{profile: p, events: g.events[profile.Identifier{}]})
	}
	v, events, err := b.view(ctx, g)
	if err != nil {
		return err
	}
	for _, target := range v.people(events) {
		if err := b.fold(ctx, g, target); err != nil {
			return err
		}
	}
	return nil
}
