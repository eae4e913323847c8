package order

import (
	"fmt"
	"hash/fnv"
	"slices"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

// maxTold bounds what an order remembers of its reports: each refund that is kept one by one, and as many others.
const maxTold = 2 * MaxRefunds

// markOf names what one person's report says: a client that uses an id for several refunds tells of each.
func markOf(r Report, by profile.ID) event.Hash {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\x00%016x\x00%s\x00%s", by, uint64(r.Hash), r.Name, r.RefundID)
	return event.Hash(h.Sum64())
}

// remember notes that a report was folded. Updates have an id of their own each time, and are not remembered. Past the bound it is the greatest
// that are not, so that the order stays a function of the set of its reports.
func (o *Order) remember(r Report, by profile.ID) {
	if r.Name == event.OrderUpdated {
		return
	}
	mark := markOf(r, by)
	at, known := slices.BinarySearch(o.Told, mark)
	if known || at == maxTold {
		return
	}
	o.Told = slices.Insert(slices.Clone(o.Told), at, mark)
	o.Told = o.Told[:min(len(o.Told), maxTold)]
}
