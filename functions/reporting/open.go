package reporting

import (
	"context"

	"github.com/userops/userops/shared/archive"
	"github.com/userops/userops/shared/columns"
)

// open opens what is read for a part of a question.
func (p *Process) open(ctx context.Context, a *asking, part int) (columns.Reading, []*columns.File, error) {
	shard, from, before := a.within(part)
	return p.openRange(ctx, a.View, shard, a.Shards, from, before)
}

// openRange opens what is read of a view for those of a shard who come between two people.
func (p *Process) openRange(ctx context.Context, of *archive.View, shard, shards int, from, before columns.Person) (columns.Reading, []*columns.File, error) {
	now, err := archive.Look(ctx, p.Objects, p.Waiting)
	if err != nil {
		return columns.Reading{}, nil, err
	}
	view := of.With(now)
	r, err := view.Reading(ctx, p.Objects, shard, shards)
	if err != nil {
		return r, nil, err
	}
	r.From, r.Before = from, before
	files, err := view.OpenFor(ctx, p.Objects, &r)
	return r, files, err
}
