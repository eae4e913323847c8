package segmentation

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/userops/userops/shared/domain/profile"
	"github.com/userops/userops/shared/domain/segment"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// idsPerList keeps a list below the 64 KB that SQS bills as one.
const idsPerList = 2000

// audience lists the members of a segment to orchestration. A job without shards is divided into them; a shard reads its part of the
// profiles and sends lists. RunID names the listing; there is no run of that id.
func (p *Process) audience(ctx context.Context, j job.Segmentation) error {
	if j.RunID == "" || j.SegmentID == "" || j.CampaignID == "" {
		return queue.Drop(fmt.Errorf("an audience %.64q names no run, no segment or no campaign", j.RunID))
	}
	if j.Shards == 0 {
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
	var members []profile.ID
	pages := 0
	next, err := p.Profiles.ScanShard(ctx, j.Shard, j.Shards, j.Cursor, func(page []*profile.Profile) error {
		if pages > 0 && p.Late(ctx) {
			return errPartFull
		}
		pages++
		for _, one := range page {
			if segment.In(one, segment.ID(j.SegmentID)) {
				members = append(members, one.ID)
			}
		}
		whole := len(members) / idsPerList * idsPerList
		if err := p.list(ctx, j, members[:whole]); err != nil {
			return err
		}
		members = slices.Clone(members[whole:])
		return nil
	})
	if err != nil && !errors.Is(err, errPartFull) {
		return err
	}
	if err := p.list(ctx, j, members); err != nil {
		return err
	}
	if next == "" {
		return nil
	}
	j.Cursor = next
	return p.sendJobs(ctx, []job.Segmentation{j})
}

// list sends members in lists. A list's id follows from what is in it: the same list sent again has the same id, and one with
// somebody else in it has another.
func (p *Process) list(ctx context.Context, j job.Segmentation, members []profile.ID) error {
	for chunk := range slices.Chunk(members, idsPerList) {
		hash := sha256.New()
		for _, text := range []string{j.RunID, j.SegmentID, j.CampaignID} {
			hash.Write([]byte(text + "\x00"))
		}
		for _, id := range chunk {
			hash.Write([]byte(id))
		}
		list := job.AudienceList{
			ID:         base64.RawURLEncoding.EncodeToString(hash.Sum(nil)[:16]),
			CampaignID: j.CampaignID, RunID: j.RunID, SegmentID: j.SegmentID, Profiles: chunk,
		}
		if err := p.Orchestration.Send(ctx, job.Orchestration{Version: job.Version, Audience: &list}); err != nil {
			return fmt.Errorf("telling orchestration: %w", err)
		}
	}
	return nil
}
