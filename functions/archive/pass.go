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
func late(ctx context.Context) bool { return left(ctx) < reserve }

// pace is how fast the bucket answers an invocation.
type pace struct {
	ctx  context.Context
	left time.Duration // when it began to look
}

func paceOf(ctx context.Context) pace { return pace{ctx, left(ctx)} }

// left is how long an invocation may go on; ages where nothing ends it.
func left(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 24 * time.Hour
	}
	return time.Until(deadline)
}

// allows tells whether as many calls to come take no more than half of the time that is left, if each takes as long as one of those that were made since it began to look.
func (p pace) allows(made, toCome int) bool {
	now := left(p.ctx)
	return (p.left-now)/time.Duration(made)*time.Duration(2*toCome) < now
}

// commit replaces the head.
func (r *run) commit(ctx context.Context) (err error) {
	r.tag, err = r.head.Save(ctx, r.Objects, r.tag)
	return err
}
