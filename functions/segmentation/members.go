package segmentation

import (
	"context"
	"errors"

	"github.com/userops/userops/shared/domain/audience/listing"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/job"
)

// takeUp takes up the lists that wait, for a reading. Where its job comes again they are the same, as far as they are not read.
func (p *Process) takeUp(ctx context.Context, reading string) (taken []job.MemberList, err error) {
	waiting, err := p.Lists.Waiting(ctx, reading)
	if err != nil {
		return nil, err
	}
	for _, one := range waiting[:min(len(waiting), listsPerReading)] {
		err := p.Lists.Take(ctx, one.ID, reading, p.Shards)
		if errors.Is(err, dynamo.ErrConflict) {
			continue // another reading was quicker
		}
		if err != nil {
			return nil, err
		}
		taken = append(taken, job.MemberList{ID: one.ID})
	}
	return taken, nil
}

// listsPerReading bounds what a reading keeps in memory: a part of each list. The job of each list that is left takes up the next ones.
const listsPerReading = 100

// memberList is a list that a shard is read for, with the members that were found for its next part.
type memberList struct {
	listing.List
	part  int
	total int
	found []profile.ID
}

// unread are the lists of a job whose shard was not read before.
func (p *Process) unread(ctx context.Context, j job.Segmentation) (lists []*memberList, err error) {
	for _, one := range j.Lists {
		l, err := p.Lists.Load(ctx, one.ID)
		switch {
		case errors.Is(err, dynamo.ErrNotFound):
			continue // nobody waits for it any more
		case err != nil:
			return nil, err
		case !l.Done[j.Shard]:
			lists = append(lists, &memberList{List: l, part: one.Part, total: one.Total})
		}
	}
	return lists, nil
}
