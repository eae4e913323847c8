package segmentation

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// idsPerList keeps a list below the 64 KB that SQS bills as one.
const idsPerList = 2000

// audience lists the members of segments to orchestration, those of all its listings in one reading. A job without shards is divided
// into them; a shard reads its part of the profiles and sends lists. A listing's RunID names it; there is no run of that id.
func (p *Process) audience(ctx context.Context, j job.Segmentation) error {
	wanted, err := audiencesOf(j)
	if err != nil {
		return queue.Drop(err)
	}
	if j.Shards == 0 {
		for _, a := range wanted {
			if err := p.Audiences.Begin(ctx, a.CampaignID, a.RunID, p.Shards); err != nil {
				return err
			}
		}
		jobs := make([]job.Segmentation, p.Shards)
		for shard := range jobs {
			jobs[shard] = j
			jobs[shard].Shard, jobs[shard].Shards = shard, p.Shards
		}
		return p.sendJobs(ctx, jobs)
	}
	if j.Shard < 0 || j.Shard >= j.Shards {
		return queue.Drop(fmt.Errorf("an audience %.64q has no shard %d of %d", j.RunID, j.Shard, j.Shards))
	}
	pages := 0
	next, err := p.Profiles.ScanShard(ctx, j.Shard, j.Shards, j.Cursor, func(page people.ScanPage) error {
		if pages > 0 && p.Late(ctx) {
			return errPartFull
		}
		pages++
		unreadable(ctx, page.Unreadable, "audience", j.RunID)
		for _, one := range page.Profiles {
			for i := range wanted {
				wanted[i].take(one)
			}
		}
		return p.list(ctx, wanted, false)
	})
	if err != nil && !errors.Is(err, errPartFull) {
		return err
	}
	if err := p.list(ctx, wanted, true); err != nil {
		return err
	}
	if next == "" {
		return p.read(ctx, j, wanted)
	}
	j.Cursor, j.Listed = next, make([]int, len(wanted))
	for i, a := range wanted {
		j.Listed[i] = a.listed
	}
	return p.sendJobs(ctx, []job.Segmentation{j})
}

// read notes how many members a shard had, once all of them are sent.
func (p *Process) read(ctx context.Context, j job.Segmentation, wanted []audience) error {
	for _, a := range wanted {
		if err := p.Audiences.Read(ctx, a.CampaignID, a.RunID, j.Shard, j.Shards, a.listed); err != nil {
			return err
		}
	}
	return nil
}

// audience is one listing with the members that were found and not yet sent.
type audience struct {
	job.Listing
	members []profile.ID
	listed  int // how many the shard has sent
}

func (a *audience) take(one *profile.Profile) {
	if segment.In(one, segment.ID(a.SegmentID)) {
		a.members = append(a.members, one.ID)
	}
}

// audiencesOf are the listings that a job asks for.
func audiencesOf(j job.Segmentation) ([]audience, error) {
	asked := j.Listings
	if j.Kind == job.Audience {
		asked = []job.Listing{{RunID: j.RunID, SegmentID: j.SegmentID, CampaignID: j.CampaignID}}
	}
	if len(asked) == 0 {
		return nil, fmt.Errorf("audiences %.64q have no listings", j.RunID)
	}
	wanted := make([]audience, len(asked))
	for i, one := range asked {
		if one.RunID == "" || one.SegmentID == "" || one.CampaignID == "" {
			return nil, fmt.Errorf("an audience %.64q names no run, no segment or no campaign", j.RunID)
		}
		if wanted[i].Listing = one; i < len(j.Listed) {
			wanted[i].listed = j.Listed[i]
		}
	}
	return wanted, nil
}

// list sends what was found: whole lists, and at the end the rest.
func (p *Process) list(ctx context.Context, wanted []audience, rest bool) error {
	for i := range wanted {
		a := &wanted[i]
		send := len(a.members) / idsPerList * idsPerList
		if rest {
			send = len(a.members)
		}
		for chunk := range slices.Chunk(a.members[:send], idsPerList) {
			list := a.list(chunk)
			if err := p.Orchestration.Send(ctx, job.Orchestration{Audience: &list}); err != nil {
				return fmt.Errorf("telling orchestration: %w", err)
			}
		}
		a.members, a.listed = slices.Clone(a.members[send:]), a.listed+send
	}
	return nil
}

// list makes a list. Its id follows from what is in it: the same list made again has the same id, and one with somebody else in it
// has another.
func (a *audience) list(members []profile.ID) job.AudienceList {
	hash := sha256.New()
	for _, text := range []string{a.RunID, a.SegmentID, a.CampaignID} {
		hash.Write([]byte(text + "\x00"))
	}
	for _, id := range members {
		hash.Write([]byte(id))
	}
	return job.AudienceList{
		ID:         base64.RawURLEncoding.EncodeToString(hash.Sum(nil)[:16]),
		CampaignID: a.CampaignID, RunID: a.RunID, SegmentID: a.SegmentID, Profiles: members,
	}
}
