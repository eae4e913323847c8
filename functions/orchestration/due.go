package orchestration

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/userops/userops/shared/domain/campaign"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/job"
)

// pause is how long something waits that could not be looked at.
const pause = 2 * time.Minute

// due goes on with everything whose wait is over, and hands deferred notifications back to dispatch.
func (p *Process) due(ctx context.Context) error {
	return p.Due.Ready(ctx, dynamo.OwnerOrchestration, func(ctx context.Context, e dynamo.DueEntry) (again time.Time, err error) {
		var n job.Notification
		if err := json.Unmarshal(e.Body, &n); err != nil || n.ID == "" {
			slog.ErrorContext(ctx, "due entry dropped", "id", e.ID, "reason", "it is no notification")
			p.note(undecoded)
			return time.Time{}, nil
		}
		ready, err := p.resume(ctx, n)
		if err != nil {
			// One that fails must not hold up the others.
			slog.ErrorContext(ctx, "wait not ended", "notification", n.ID, "error", err.Error())
			return p.Now().Add(pause), nil
		}
		if ready == nil {
			return time.Time{}, nil
		}
		return time.Time{}, p.notify(ctx, []*job.Notification{ready})
	})
}

// resume asks again what was asked before the wait, with the profile as it is now. What dispatch has deferred goes back as it is:
// dispatch asks everything again itself and records the decision.
func (p *Process) resume(ctx context.Context, n job.Notification) (*job.Notification, error) {
	if n.Deferred > 0 {
		return &n, nil
	}
	c, ok, err := p.Campaigns.Find(ctx, n.CampaignID)
	if err != nil {
		return nil, err
	}
	if !ok {
		p.note(gone)
		return nil, nil
	}
	person, err := p.Profiles.Resolve(ctx, n.ProfileID)
	if err != nil {
		return nil, err
	}
	if person == nil {
		p.note(gone)
		return nil, nil
	}
	if reason := p.refusal(c, person, n.Since, p.Now()); reason != "" {
		p.note(reason)
		return nil, nil
	}
	n.Variant = c.Assign(campaign.Person(person)).ID
	p.note(notified)
	return &n, nil
}
