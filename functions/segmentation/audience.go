package segmentation

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

// idsPerList keeps a list below the 64 KB that SQS bills as one.
const idsPerList = 2000

// listed notes how many members a shard had, once all of them are sent.
func (p *Process) listed(ctx context.Context, j job.Segmentation, wanted []audience) error {
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
	if len(asked) == 0 && j.Kind != job.Members {
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
