package projection

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	"github.com/userops/userops/shared/domain/people/profile"
)

// together is how many groups are read with one call.
const together = 100

// readAhead gives what reads a group's profiles and orders before their time, together with those of the groups around it. A fault is left
// to whoever reads then.
func (b *batch) readAhead(groups []*group) func(ctx context.Context, i int) {
	if b.process.Ahead == nil || len(groups) < 2 {
		return func(context.Context, int) {}
	}
	read := make([]sync.Once, (len(groups)+together-1)/together)
	return func(ctx context.Context, i int) {
		read[i/together].Do(func() {
			first := i / together * together
			ids, orders := reads(groups[first:min(first+together, len(groups))])
			if err := b.process.Ahead.Read(ctx, ids, orders, b.process.done.hasPacked); err != nil {
				slog.WarnContext(ctx, "nothing read ahead", "error", err.Error())
			}
		})
	}
}

// reads are the keys under which groups are looked for first, each once. Commands are none of them: a wipe decides by what it reads, with no
// condition that would tell that somebody came back since.
func reads(groups []*group) (ids []profile.ID, orders []string) {
	for _, g := range groups {
		if g.direct != "" && g.command == nil {
			ids = append(ids, g.direct)
		}
		for identifier, events := range g.events {
			if g.direct == "" && len(events) > 0 {
				ids = append(ids, identifier.ID())
			}
			for _, e := range events {
				if e.report != nil {
					orders = append(orders, e.report.OrderID)
				}
			}
		}
	}
	slices.Sort(ids)
	slices.Sort(orders)
	return slices.Compact(ids), slices.Compact(orders)
}
