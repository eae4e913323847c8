package archive

import (
	"context"
	"time"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/domain/people/profile"
)

// reserve is how long before the deadline no step is begun.
const reserve = 2 * time.Minute

// run is one pass: the head as it is, with the lists that it names, and what was seen.
type run struct {
	*Process
	head   *archive.Head
	tag    string
	now    time.Time
	erased map[profile.ID]archive.Erased
	merges *archive.Merges
	// filling says that events of long ago are still to come.
	filling bool
}

// late tells whether no further step should be begun.
func late(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) < reserve
}

// commit replaces the head.
func (r *run) commit(ctx context.Context) (err error) {
	r.tag, err = r.head.Save(ctx, r.Objects, r.tag)
	return err
}
