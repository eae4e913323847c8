package orchestration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/job"
)

// listing is the run id of the listing of an audience.
func listing(c campaign.Compiled) string { return campaign.ListingID(c.ID, c.Trigger.Audience.At) }

// expects tells whether the members of the campaign's audience are to be asked for at a time.
func expects(c campaign.Compiled, now time.Time) bool {
	if c.Trigger.Audience == nil || c.State != campaign.Running && c.State != campaign.Scheduled {
		return false
	}
	due, notAfter := c.DueAfter(c.Trigger.Audience.At)
	return !now.Before(due) && !now.After(notAfter)
}

// perReading is how many audiences segmentation lists in one scan of the profiles.
const perReading = 100

// askAudiences asks segmentation for the members of every audience whose time has come, in as few scans of the profiles as possible. It asks
// first and notes afterwards that it asked. A crash in between makes the listing twice, which notifies nobody twice; the other order could
// make it never.
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

// askFor asks for the audiences of some campaigns in one job, and notes that it asked.
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

// audience evaluates a part of an audience. rest is what is left to be requeued. While the campaign is paused the part is kept in the Due
// table. Where the campaign wants the audience no longer, a decision says so of everybody in it.
func (p *Process) audience(ctx context.Context, list job.AudienceList) (rest *job.AudienceList, err error) {
	c, ok, err := p.Campaigns.Find(ctx, list.CampaignID)
	if err != nil {
		return nil, err
	}
	at := campaign.ListedAt(list.RunID, list.CampaignID)
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
	// The campaign may have another audience by now. This list is of the one that was asked for.
	c.ID = list.CampaignID
	c.Trigger = campaign.Trigger{Audience: &campaign.Audience{At: at, SegmentID: segment.ID(list.SegmentID)}}
	triggers := make([]trigger, len(list.Profiles))
	for i, id := range list.Profiles {
		triggers[i] = trigger{subject: &subject{id: id, origin: id}, campaign: c, cause: list.RunID, at: at, ended: ended}
	}
	open, err := p.evaluateAll(ctx, triggers)
	if len(open) == 0 {
		return nil, nil
	}
	left := make([]profile.ID, len(open))
	for i, at := range open {
		left[i] = list.Profiles[at]
	}
	err = splitOff(ctx, len(left), len(list.Profiles), err)
	list.Profiles = left
	return &list, err
}

// unused is why the campaign does not want a list now, the zero verdict if it does. A list with the action Defer is to be kept.
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

// again is when to evaluate again what waits for a paused campaign. The longer it waits, the longer the interval; the last time is just after
// notAfter, so that its expiry goes on record.
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

// park files a part of an audience in the Due table.
func (p *Process) park(ctx context.Context, list job.AudienceList, until time.Time) error {
	body, err := json.Marshal(map[string]any{"audience": list})
	if err != nil {
		return fmt.Errorf("encoding a part of an audience: %w", err)
	}
	return p.Due.Put(ctx, due.OwnerOrchestration, until, "list."+list.ID, body)
}
