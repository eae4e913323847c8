package orchestration

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/userops/userops/shared/domain/campaign"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/job"
)

// listing names the listing of an audience: the same for the same campaign and time.
func listing(c dynamo.Campaign) string {
	return fmt.Sprintf("audience-%s-%d", c.ID, c.Trigger.Audience.At.Unix())
}

// expects says whether the campaign's audience may be told at a time.
func expects(c dynamo.Campaign, now time.Time) bool {
	if c.Trigger.Audience == nil || c.State != campaign.Running && c.State != campaign.Scheduled {
		return false
	}
	due, notAfter := c.DueAfter(c.Trigger.Audience.At)
	return !now.Before(due) && !now.After(notAfter)
}

// askAudiences asks segmentation for the members of every audience whose time has come. Asking comes before noting that it was
// asked: a listing that is made twice tells everybody once, one that is never made tells nobody.
func (p *Process) askAudiences(ctx context.Context) error {
	campaigns, err := p.Campaigns.All(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, c := range campaigns {
		if expects(c, p.Now()) {
			failed = append(failed, p.askAudience(ctx, c))
		}
	}
	return errors.Join(failed...)
}

func (p *Process) askAudience(ctx context.Context, c dynamo.Campaign) error {
	a := c.Trigger.Audience
	asked, err := p.Takings.Asked(ctx, c.ID, a.At)
	if err != nil || asked {
		return err
	}
	err = p.Segmentation.Send(ctx, job.Segmentation{
		Version: job.Version, Kind: job.Audience, RunID: listing(c), SegmentID: string(a.SegmentID), CampaignID: c.ID,
	})
	if err != nil {
		return fmt.Errorf("asking for the audience of campaign %s: %w", c.ID, err)
	}
	slog.InfoContext(ctx, "audience asked for", "campaign", c.ID)
	return p.Takings.Ask(ctx, c.ID, a.At)
}

// audience takes up a part of an audience. A list for a time that the campaign no longer names is of no use.
func (p *Process) audience(ctx context.Context, list *job.AudienceList) error {
	c, ok, err := p.Campaigns.Find(ctx, list.CampaignID)
	if err != nil {
		return err
	}
	if !ok || !expects(c, p.Now()) || listing(c) != list.RunID {
		slog.WarnContext(ctx, "audience not used", "campaign", list.CampaignID, "run", list.RunID, "count", len(list.Profiles))
		p.note(unasked)
		return nil
	}
	triggers := make([]trigger, len(list.Profiles))
	for i, id := range list.Profiles {
		triggers[i] = trigger{campaign: c, cause: list.RunID, at: c.Trigger.Audience.At, person: id, origin: id}
	}
	return p.answer(ctx, triggers)
}
