package segmentation

import (
	"context"
	"errors"
	"fmt"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/dynamo/runs"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// membersPerPart is how many members one list has found of a shard when its part is written, with those of the page that they were found on.
const membersPerPart = 4096

// audience lists the members of segments to orchestration, and writes down the lists that operators have asked for, all of them in one reading. A job without shards is divided into them; a shard reads its part of
// the profiles and sends lists. A listing's RunID names it; there is no run of that id.
func (p *Process) audience(ctx context.Context, j job.Segmentation) error {
	wanted, err := audiencesOf(j)
	if err != nil {
		return queue.Drop(err)
	}
	if j.Shards == 0 {
		return p.divide(ctx, j, wanted)
	}
	if j.Shard < 0 || j.Shard >= j.Shards {
		return queue.Drop(fmt.Errorf("an audience %.64q has no shard %d of %d", j.RunID, j.Shard, j.Shards))
	}
	r := reading{process: p, job: j, wanted: wanted}
	if r.lists, err = p.unread(ctx, j); err != nil {
		return err
	}
	return r.read(ctx)
}

// divide makes the shards of a reading. What lists wait are taken up by it.
func (p *Process) divide(ctx context.Context, j job.Segmentation, wanted []audience) error {
	for _, a := range wanted {
		if err := p.Audiences.Begin(ctx, a.CampaignID, a.RunID, p.Shards); err != nil {
			return err
		}
	}
	lists, err := p.takeUp(ctx, j.RunID)
	if err != nil || len(lists)+len(wanted) == 0 {
		return err
	}
	if len(lists) > 0 {
		j = job.Segmentation{Kind: job.Members, RunID: j.RunID, Lists: lists}
		for _, a := range wanted {
			j.Listings = append(j.Listings, a.Listing)
		}
	}
	jobs := make([]job.Segmentation, p.Shards)
	for shard := range jobs {
		jobs[shard] = j
		jobs[shard].Shard, jobs[shard].Shards = shard, p.Shards
	}
	return p.sendJobs(ctx, jobs)
}

// reading reads a shard for audiences and lists.
type reading struct {
	process *Process
	job     job.Segmentation
	wanted  []audience
	lists   []*memberList
	pages   int
}

// read goes on where the job says, part by part of the lists, until the shard is read or time is up.
func (r *reading) read(ctx context.Context) error {
	p := r.process
	for len(r.wanted)+len(r.lists) > 0 {
		next, err := p.Profiles.ScanShard(ctx, r.job.Shard, r.job.Shards, r.job.Cursor, func(page people.ScanPage) error { return r.page(ctx, page) })
		if err != nil && !errors.Is(err, errPartFull) {
			return err
		}
		if next, err = r.save(ctx, next); err != nil {
			return err
		}
		if r.job.Cursor = next; next == "" {
			return r.end(ctx)
		}
		if p.Late(ctx) {
			return r.handOver(ctx)
		}
	}
	return nil
}

// page takes up who is wanted of a page. The first page of an invocation is always taken.
func (r *reading) page(ctx context.Context, page people.ScanPage) error {
	p := r.process
	if r.pages > 0 && (r.full() || p.Late(ctx)) {
		return errPartFull
	}
	r.pages++
	unreadable(ctx, page.Unreadable, "audience", r.job.RunID)
	for _, one := range page.Profiles {
		for i := range r.wanted {
			r.wanted[i].take(one)
		}
		for _, l := range r.lists {
			if packable(one.ID) && segment.In(one, l.SegmentID) {
				l.found = append(l.found, one.ID)
			}
		}
	}
	return p.list(ctx, r.wanted, false)
}

func (r *reading) full() bool {
	for _, l := range r.lists {
		if len(l.found) >= membersPerPart {
			return true
		}
	}
	return false
}

// save writes the parts of the lists. Of one that has a part of that number already, by a delivery of the same job, that part stands, and the reading of the list goes on behind it: with the others where it ends at
// the same place, else in a job of its own.
func (r *reading) save(ctx context.Context, next string) (string, error) {
	var stays, apart []*memberList
	ends := map[*memberList]string{}
	for _, l := range r.lists {
		part, err := r.process.Lists.SavePart(ctx, l.List, runs.ListPart{Shard: r.job.Shard, Number: l.part, Members: l.found, Total: l.total + len(l.found), Next: next})
		if err != nil {
			return "", err
		}
		l.part, l.total, l.found, ends[l] = l.part+1, part.Total, nil, part.Next
	}
	if len(r.wanted) == 0 && len(r.lists) > 0 {
		next = ends[r.lists[0]]
	}
	for _, l := range r.lists {
		if ends[l] == next {
			stays = append(stays, l)
		} else {
			apart = append(apart, l)
		}
	}
	for _, l := range apart {
		one := reading{process: r.process, job: r.job, lists: []*memberList{l}}
		one.job.Cursor = ends[l]
		hand := one.handOver
		if ends[l] == "" {
			hand = one.end
		}
		if err := hand(ctx); err != nil {
			return "", err
		}
	}
	r.lists = stays
	return next, nil
}

// end notes that the shard is read.
func (r *reading) end(ctx context.Context) error {
	p := r.process
	if err := p.list(ctx, r.wanted, true); err != nil {
		return err
	}
	for _, l := range r.lists {
		if err := p.Lists.Done(ctx, l.ID, r.job.Shard, l.total); err != nil {
			return err
		}
	}
	return p.listed(ctx, r.job, r.wanted)
}

// handOver leaves the rest to another job.
func (r *reading) handOver(ctx context.Context) error {
	p := r.process
	if err := p.list(ctx, r.wanted, true); err != nil {
		return err
	}
	j := r.job
	j.Listed, j.Lists = make([]int, len(r.wanted)), nil
	for i, a := range r.wanted {
		j.Listed[i] = a.listed
	}
	if len(r.wanted) == 0 {
		j.Listings, j.Listed = nil, nil
	}
	for _, l := range r.lists {
		j.Lists = append(j.Lists, job.MemberList{ID: l.ID, Part: l.part, Total: l.total})
	}
	if err := p.sendJobs(ctx, []job.Segmentation{j}); err != nil {
		return fmt.Errorf("handing over shard %d of reading %.64q: %w", j.Shard, j.RunID, err)
	}
	return nil
}
