package projection

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/queue"
)

// owe puts a debt down, and pays what has come together if that fills a call.
func (b *batch) owe(ctx context.Context, d debt) error {
	b.mu.Lock()
	b.debts = append(b.debts, d)
	packs := 0
	for _, d := range b.debts {
		packs += len(d.packs)
	}
	if packs < people.PacksTogether {
		b.mu.Unlock()
		return nil
	}
	due := b.debts
	b.debts = nil
	b.mu.Unlock()
	return b.pay(ctx, due...)
}

// pay writes the packs of commits. If that fails, the jobs of all of them come again, and each finds what its own commit owes: so nobody's are kept
// back for long by those of somebody else that cannot be packed.
func (b *batch) pay(ctx context.Context, due ...debt) error {
	var packs []people.Pack
	for _, d := range due {
		packs = append(packs, d.packs...)
	}
	err := queue.Guard(func() error { return b.process.write(ctx, packs) })
	for _, d := range due {
		if err == nil {
			b.process.done.packed(d.profile, d.version)
			continue
		}
		b.mu.Lock()
		b.unpaid = append(b.unpaid, unpaid{d, err})
		b.mu.Unlock()
	}
	return err
}

// write gives packs to the archive, and then to the timeline: what the timeline has, the archive's queue has had, so that a look into the timeline proves both debts paid.
func (p *Process) write(ctx context.Context, packs []people.Pack) error {
	packs, err := people.Packed(packs)
	if err != nil {
		return err
	}
	if err := p.Archive.Send(ctx, packs); err != nil {
		return err
	}
	return p.Timeline.Write(ctx, packs...)
}

// settleDebts pays what is left when everybody was worked on, and lets the jobs of what could not be paid come again.
func (b *batch) settleDebts(ctx context.Context) {
	if len(b.debts) > 0 {
		_ = b.pay(ctx, b.debts...) // noted
	}
	for _, d := range b.unpaid {
		b.verdict(d.group, d.err)
	}
}

// packsOf are the events as packs, one a day. days are those that the commit owes.
func packsOf(id profile.ID, version int64, part string, events []incoming, days []profile.Day) []people.Pack {
	packs := make([]people.Pack, len(days))
	for i, day := range days {
		packs[i] = people.Pack{Profile: id, Day: day, Version: version, Part: part}
	}
	for _, e := range events {
		// A client's retry carries another time; the pack is owed for the day of the first one.
		i := max(slices.Index(days, profile.DayOf(e.event.Happened())), 0)
		packs[i].Events = append(packs[i].Events, people.PackedEvent{Source: e.source, Event: e.event})
	}
	return slices.DeleteFunc(packs, func(p people.Pack) bool { return len(p.Events) == 0 })
}

// recover writes the packs that a commit still owes from events that came again. If only some of its events did, they make a
// pack of their own, named by what it holds, so that another part never overwrites it.
func (b *batch) recover(ctx context.Context, p *profile.Profile, c *profile.Commit, events []incoming) error {
	id := p.ID
	if c.Part != "" {
		id = c.Part
	}
	part := ""
	if len(events) < len(c.Hashes) {
		part = partName(events)
	}
	if err := b.process.write(ctx, packsOf(id, c.Version, part, events, c.Owed)); err != nil {
		return err
	}
	if part == "" {
		c.Owed = nil
	}
	return nil
}

func partName(events []incoming) string {
	hashes := make([]event.Hash, 0, len(events))
	for _, e := range events {
		hashes = append(hashes, e.hash)
	}
	slices.Sort(hashes)
	h := fnv.New64a()
	for _, x := range hashes {
		fmt.Fprintf(h, "%016x", uint64(x))
	}
	return fmt.Sprintf("r%016x", h.Sum64())
}

// clearOwed forgets the debts of commits whose packs are seen written: by this process, or in the timeline.
func (b *batch) clearOwed(ctx context.Context, p *profile.Profile) error {
	for i := range p.Window.Commits {
		c := &p.Window.Commits[i]
		if len(c.Owed) == 0 {
			continue
		}
		id := p.ID
		if c.Part != "" {
			id = c.Part
		}
		if b.process.done.hasPacked(id, c.Version) {
			c.Owed = nil
			continue
		}
		written, err := b.process.Timeline.Written(ctx, id, c.Version, c.Owed)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(c.Hashes, func(h event.Hash) bool { return !written[h] }) {
			c.Owed = nil
		}
	}
	return nil
}
