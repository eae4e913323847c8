package projection

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/telemetry"
)

// maxConnected is how many identifiers the joins of a batch connect to one group. One worker handles a group, so an id that everybody
// shares, such as a constant anonymousId, would else put all people behind one worker. A join past the bound is still carried out, in the
// group of its first identifier. Where two groups then write the same person, one of them loses a condition and reads again.
const maxConnected = 32

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
		return b.command(ctx, record, j.Source, j.Command)
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

func (b *batch) command(ctx context.Context, record int, source string, c *job.Command) error {
	g := &group{direct: c.ProfileID, records: []int{record}}
	switch c.Kind {
	case job.CommandErase:
		g.command = func(ctx context.Context) error { return b.erase(ctx, c) }
	case job.CommandTakeOff:
		g.command = func(ctx context.Context) error { return b.takeOff(ctx, c) }
	case job.CommandList:
		g.command = func(ctx context.Context) error { return b.list(ctx, c) }
	case job.CommandTell, job.CommandEnlist:
		if c.Event == nil {
			return queueFault("told without an event")
		}
		e := *c.Event
		e.Source = source
		g.events = map[profile.Identifier][]incoming{{}: {{event: e, source: source, key: c.ProfileID, hash: event.Fingerprint(source, e.MessageID), record: record, direct: true}}}
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
