package orchestration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/job"
)

// listing names the listing of an audience: the same for the same campaign and time.
func listing(c campaign.Compiled) string {
	return fmt.Sprintf("audience-%s-%d", c.ID, c.Trigger.Audience.At.Unix())
}

// listedAt is the time that a listing was for, the zero time of a name that is none.
func listedAt(run, campaignID string) time.Time {
	seconds, err := strconv.ParseInt(strings.TrimPrefix(run, "audience-"+campaignID+"-"), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// expects says whether the campaign's audience is to be asked for at a time.
func expects(c campaign.Compiled, now time.Time) bool {
	if c.Trigger.Audience == nil || c.State != campaign.Running && c.State != campaign.Scheduled {
		return false
	}
	due, notAfter := c.DueAfter(c.Trigger.Audience.At)
	return !now.Before(due) && !now.After(notAfter)
}

// perReading is how many listings one reading of the profiles answers.
const perReading = 100

// askAudiences asks segmentation for the members of every audience whose time has come, all in one reading of the profiles. Asking
// comes before noting that it was asked: a listing that is made twice tells everybody once, one that is never made tells nobody.
func (p *Process) askAudiences(ctx context.Context) error {
	campaigns, err := p.Campaigns.All(ctx)
	if err != nil {
		return err
	}
	var failed []error
	var wanted []campaign.Compiled
	for _, c := range campaigns {
		if !expects(c, p.Now()) {
			continue
		}
		asked, err := p.Enrolments.Asked(ctx, c.ID, c.Trigger.Audience.At)
		if err != nil {
			failed = append(failed, err)
		} else if !asked {
			wanted = append(wanted, c)
		}
	}
	for some := range slices.Chunk(wanted, perReading) {
		failed = append(failed, p.askFor(ctx, some))
	}
	return errors.Join(failed...)
}

func (p *Process) askFor(ctx context.Context, campaigns []campaign.Compiled) error {
	var listings []job.Listing
	for _, c := range campaigns {
		listings = append(listings, job.Listing{RunID: listing(c), SegmentID: string(c.Trigger.Audience.SegmentID), CampaignID: c.ID})
	}
	j := job.Segmentation{Kind: job.Audiences, RunID: "audiences-" + strconv.FormatInt(p.Now().Unix(), 10), Listings: listings}
	if len(listings) == 1 {
		one := listings[0]
		j = job.Segmentation{Kind: job.Audience, RunID: one.RunID, SegmentID: one.SegmentID, CampaignID: one.CampaignID}
	}
	if err := p.Segmentation.Send(ctx, j); err != nil {
		return fmt.Errorf("asking for the audiences of %d campaigns: %w", len(listings), err)
	}
	slog.InfoContext(ctx, "audiences asked for", "campaigns", len(campaigns), "first", campaigns[0].ID)
	var failed []error
	for _, c := range campaigns {
		failed = append(failed, p.Enrolments.Ask(ctx, c.ID, c.Trigger.Audience.At))
	}
	return errors.Join(failed...)
}

// audience takes up a part of an audience and answers what there was no time for. While its campaign is paused it is kept; once it is
// of no use any more, everybody in it is on record as left out.
func (p *Process) audience(ctx context.Context, list job.AudienceList) (rest *job.AudienceList, err error) {
	c, ok, err := p.Campaigns.Find(ctx, list.CampaignID)
	if err != nil {
		return nil, err
	}
	at := listedAt(list.RunID, list.CampaignID)
	if at.IsZero() {
		slog.WarnContext(ctx, "audience not used", "campaign", list.CampaignID, "run", list.RunID, "count", len(list.Profiles))
		p.count(undecoded)
		return nil, nil
	}
	ended := p.unused(c, ok, list)
	if ended.Action == delivery.Defer {
		p.count(parked)
		return nil, p.park(ctx, list, ended.Until)
	}
	// Whatever the campaign says by now, the list is the one that was asked for.
	c.ID = list.CampaignID
	c.Trigger = campaign.Trigger{Audience: &campaign.Audience{At: at, SegmentID: segment.ID(list.SegmentID)}}
	triggers := make([]trigger, len(list.Profiles))
	for i, id := range list.Profiles {
		triggers[i] = trigger{subject: &subject{id: id, origin: id}, campaign: c, cause: list.RunID, at: at, ended: ended}
	}
	open, err := p.answer(ctx, triggers)
	if len(open) == 0 {
		return nil, nil
	}
	left := make([]profile.ID, len(open))
	for i, at := range open {
		left[i] = list.Profiles[at]
	}
	err = apart(ctx, len(left), len(list.Profiles), err)
	list.Profiles = left
	return &list, err
}

// unused is why a list is of no use to its campaign, the zero verdict if it is of use. A deferred one is to be kept.
func (p *Process) unused(c campaign.Compiled, ok bool, list job.AudienceList) delivery.Verdict {
	switch {
	case !ok:
		return skip(delivery.Cancelled, "campaign gone")
	case c.Trigger.Audience == nil || listing(c) != list.RunID:
		return skip(delivery.Cancelled, "moved to another time")
	}
	now := p.Now()
	due, notAfter := c.DueAfter(c.Trigger.Audience.At)
	switch {
	case c.State == campaign.Paused && !now.After(notAfter):
		return delivery.Verdict{Action: delivery.Defer, Reason: delivery.NotRunning, Until: again(now, due, notAfter)}
	case c.State == campaign.Paused:
		return skip(delivery.Expired, "paused")
	case c.State != campaign.Running && c.State != campaign.Scheduled:
		return skip(delivery.Cancelled, "campaign "+string(c.State))
	}
	return delivery.Verdict{}
}

// again is when something is looked at again that waits for a paused campaign: at the latest when it is too late.
func again(now, due, notAfter time.Time) time.Time {
	next := now.Add(campaign.AskAgain(now.Sub(due)))
	if last := notAfter.Add(time.Millisecond); next.After(last) && !notAfter.IsZero() {
		return last
	}
	return next
}

// kept is what an entry of Due holds: a notification, or a part of an audience.
type kept struct {
	job.Notification
	Audience *job.AudienceList `json:"audience,omitempty"`
}

// park keeps a part of an audience.
func (p *Process) park(ctx context.Context, list job.AudienceList, until time.Time) error {
	body, err := json.Marshal(map[string]any{"audience": list})
	if err != nil {
		return fmt.Errorf("encoding a part of an audience: %w", err)
	}
	return p.Due.Put(ctx, due.OwnerOrchestration, until, "list."+list.ID, body)
}
