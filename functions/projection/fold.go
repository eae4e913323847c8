package projection

import (
	"cmp"
	"context"
	"slices"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/queue"
	"github.com/userops/userops/shared/telemetry"
)

// maxCommitOrders keeps a commit's transaction within the service's hundred actions.
const maxCommitOrders = 40

// fold brings a person's events into the profile, in as few commits as the bounds allow.
func (b *batch) fold(ctx context.Context, g *group, who *person) error {
	p := who.profile
	if err := b.flush(ctx, p); err != nil {
		return err
	}
	if err := b.clearOwed(ctx, p); err != nil {
		return err
	}
	fresh, err := b.newEvents(ctx, p, who.events)
	if err != nil {
		return err
	}
	for len(fresh) > 0 {
		if late(ctx) {
			return queue.ErrNoTime
		}
		if p.Window.Owing() >= profile.MaxOwedHashes {
			return errOwing
		}
		n := commitSize(fresh)
		now := fresh[:n]
		fresh = fresh[n:]
		if err := b.commit(ctx, g, who, now, len(fresh) == 0); err != nil {
			return err
		}
	}
	return nil
}

// maxCommitNames bounds what the names and ids of a commit's events take in the outbox, so that no item becomes too large.
const maxCommitNames = 40 << 10

// commitSize is how many of the events one commit takes.
func commitSize(events []incoming) int {
	orders, names := 0, 0
	for n, e := range events {
		if e.report != nil {
			orders++
		}
		names += len(e.event.Name) + len(e.event.MessageID) + len(e.source) + usualFollow
		if n == profile.MaxCommitEvents || orders > maxCommitOrders || n > 0 && names > maxCommitNames {
			return n
		}
	}
	return len(events)
}

// usualFollow is about what a follow takes beside its names.
const usualFollow = 64

// newEvents are those of the events that the profile has not folded yet, oldest first. Events that it has folded and whose pack is still owed
// are written to the timeline here.
func (b *batch) newEvents(ctx context.Context, p *profile.Profile, events []incoming) ([]incoming, error) {
	var fresh []incoming
	var doubtful doubts
	taken := map[event.Hash]*incoming{}
	recovered, folded := map[*profile.Commit][]incoming{}, map[*profile.Commit][]incoming{}
	for i, e := range events {
		if p.Erased(e.key, e.event.ReceivedAt) {
			telemetry.Count("event_of_erased_person", 1, "function", "projection")
			continue
		}
		if first := taken[e.hash]; first != nil {
			if content(&first.event) != content(&e.event) {
				countOther(e.source, 1)
			}
			continue
		}
		taken[e.hash] = &events[i]
		c := p.Window.Seen(e.hash)
		switch {
		case c != nil && len(c.Owed) > 0:
			recovered[c] = append(recovered[c], e)
		case c != nil:
			folded[c] = append(folded[c], e)
		case !doubtful.take(&p.Window, e):
			fresh = append(fresh, e)
		}
	}
	b.compare(ctx, p, folded)
	for c, events := range recovered {
		if err := b.recover(ctx, p, c, events); err != nil {
			return nil, err
		}
	}
	unknown, err := b.lookUp(ctx, p, &doubtful)
	if err != nil {
		return nil, err
	}
	fresh = append(fresh, unknown...)
	slices.SortFunc(fresh, func(a, c incoming) int {
		if n := a.event.Timestamp.Compare(c.event.Timestamp); n != 0 {
			return n
		}
		return cmp.Compare(a.hash, c.hash)
	})
	return fresh, nil
}

// commit folds the events and writes profile, orders and pointers as one; then it sees to the packs and notes what follows. The packs of a
// person's last commit wait for those of others.
func (b *batch) commit(ctx context.Context, g *group, who *person, events []incoming, last bool) error {
	p := who.profile
	version := p.Version + 1
	orders, err := b.orders(ctx, events)
	if err != nil {
		return err
	}
	fresh := b.news(p, events, orders)
	if len(fresh) < len(events) {
		if err := b.current(ctx, p); err != nil {
			return err
		}
	}
	if events = fresh; len(events) == 0 {
		return nil
	}
	var follows []profile.Follow
	change := people.Change{Profile: p, Attach: who.attach}
	record := profile.Commit{Version: version}
	figures := b.today(p)
	for i := range events {
		e := &events[i]
		figures.event(e)
		p.Fold(&e.event, profile.Shop{Zone: b.process.Zone, Currency: b.process.Currency})
		if err := b.mark(ctx, p, e); err != nil {
			return err
		}
		ordered, err := b.applyToOrder(ctx, p, e, orders)
		if err != nil {
			return err
		}
		follows = append(follows, ordered...)
		follows = append(follows, b.rules.follows(e.source, &e.event)...)
		record.Hashes = append(record.Hashes, e.hash)
		if e.event.ReceivedAt.After(record.At) {
			record.At = e.event.ReceivedAt
		}
		if day := profile.DayOf(e.event.Happened()); !slices.Contains(record.Owed, day) {
			record.Owed = append(record.Owed, day)
		}
	}
	record.Days = profile.StretchOf(record.Owed)
	for _, o := range orders {
		if o.changed {
			change.Orders = append(change.Orders, o.Order)
			figures.order(o)
		}
	}
	follows = append(follows, b.rules.memberships(p, b.process.Now())...)
	if news, ask := p.Ask(); ask {
		follows = append(follows, news)
	}
	follows = append(follows, b.relist(p)...)
	p.Append(version, compact(follows)...)
	p.Window.Record(record)
	if err := b.process.Profiles.Commit(ctx, change); err != nil {
		return err
	}
	g.commits++
	b.process.Live.Count(figures.Figures)
	who.attach = nil
	if len(p.Outbox) > 0 {
		b.note(pending{profile: p.ID, version: version, follows: slices.Clone(p.Outbox), group: g})
	}
	packs := debt{group: g, profile: p.ID, version: version, packs: packsOf(p.ID, version, "", events, record.Owed)}
	if last {
		return b.owe(ctx, packs)
	}
	if err := b.pay(ctx, packs); err != nil {
		return err
	}
	// The next commit of this batch need not ask the timeline.
	p.Window.Commits[len(p.Window.Commits)-1].Owed = nil
	return nil
}

// current says ErrConflict if a profile was written since it was read. What an order was told already may have been told by that very commit, the same
// events' of another worker, who may have ended before its packs were written.
func (b *batch) current(ctx context.Context, p *profile.Profile) error {
	now, err := b.process.Profiles.Load(ctx, p.ID)
	if err == nil && (now.ID != p.ID || now.Version != p.Version) {
		err = dynamo.ErrConflict
	}
	return err
}

// news leaves out the reports that only say again what their order was told by this person, however long ago. An order that was told by somebody
// who was erased since is told by somebody new.
func (b *batch) news(p *profile.Profile, events []incoming, orders map[string]*heldOrder) []incoming {
	repeats := func(e incoming) bool {
		return e.report != nil && slices.ContainsFunc(append([]profile.ID{p.ID}, p.Parts...), func(by profile.ID) bool {
			_, erased := p.Erasures[by]
			return !erased && orders[e.report.OrderID].Repeats(*e.report, by)
		})
	}
	return slices.DeleteFunc(slices.Clone(events), func(e incoming) bool {
		again := repeats(e)
		if again {
			telemetry.Count("order_event_repeated", 1, "function", "projection", "source", e.source)
		}
		return again
	})
}

// mark notes against the address what somebody says of it who may, before the commit: should that fail, the event comes again.
func (b *batch) mark(ctx context.Context, p *profile.Profile, e *incoming) error {
	if trust.May(e.event.Trust, false, trust.AgainstAddress) != trust.Yes {
		return nil
	}
	w := profile.WithdrawalOf(&e.event)
	if w.Reason == "" || w.Channel != profile.ChannelEmail {
		return nil
	}
	if w.Address == "" {
		w.Address = p.Address(w.Channel)
	}
	return b.process.Addresses.Mark(ctx, delivery.Channel(w.Channel), w.Address, w.Reason, w.At)
}

// compact leaves one follow of each kind and reference.
func compact(follows []profile.Follow) []profile.Follow {
	var out []profile.Follow
	for _, f := range follows {
		if f.Kind == profile.FollowEvent || f.Kind == profile.FollowReport || !slices.ContainsFunc(out, func(o profile.Follow) bool { return o.Kind == f.Kind && o.Ref == f.Ref }) {
			out = append(out, f)
		}
	}
	return out
}

// orders loads the orders that the events report.
func (b *batch) orders(ctx context.Context, events []incoming) (map[string]*heldOrder, error) {
	var ids []string
	held := map[string]*heldOrder{}
	for _, e := range events {
		if r := e.report; r != nil && held[r.OrderID] == nil {
			held[r.OrderID] = &heldOrder{}
			ids = append(ids, r.OrderID)
		}
	}
	if len(ids) == 0 {
		return held, nil
	}
	loaded, err := b.process.Orders.LoadAll(ctx, ids)
	for id, o := range loaded {
		*held[id] = heldOrder{Order: o, known: !o.PlacedAt.IsZero() || o.Completed(), paid: o.Completed()}
	}
	return held, err
}

// applyToOrder applies an event to the order that it is about, and answers what follows for settlement. An event about somebody else's order is
// passed on to the order's owner.
func (b *batch) applyToOrder(ctx context.Context, p *profile.Profile, e *incoming, orders map[string]*heldOrder) ([]profile.Follow, error) {
	if e.event.Kind == event.Track && e.event.Name == event.SignedUp && trust.May(e.event.Trust, false, trust.Reward) == trust.Yes {
		return []profile.Follow{{Kind: profile.FollowSignUp, At: e.event.Happened()}}, nil
	}
	r := e.report
	if r == nil {
		return nil, nil
	}
	o := orders[r.OrderID]
	if o.Completed() && !o.Ownerless() && o.Owner != p.ID && !e.direct {
		owner, err := b.process.Profiles.Load(ctx, o.Owner)
		if err != nil {
			return nil, err
		}
		// The order of one who was erased is brought up to date by whoever reports it: who stands under the owner's key by now is somebody else.
		if owner.ID != p.ID && exists(owner) && !owner.Erased(o.Owner, o.CompletedAt) {
			return []profile.Follow{{Kind: profile.FollowReport, Ref: string(owner.ID), Event: e.event.MessageID, Source: e.source, At: e.event.Happened()}}, nil
		}
	}
	unmatched := o.Unmatched()
	o.Apply(*r, p, b.process.Currency)
	o.changed = true
	if n := o.Unmatched() - unmatched; n > 0 {
		telemetry.Count("refund_in_other_currency", n, "function", "projection", "source", e.source)
	}
	return []profile.Follow{{Kind: profile.FollowOrder, Ref: r.OrderID, At: e.event.Timestamp}}, nil
}
