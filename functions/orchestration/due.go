package orchestration

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/domain/campaign"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// pause is how long something waits that could not be looked at.
const pause = 2 * time.Minute

// dueTogether is how many waits are ended at once.
const dueTogether = 100

// due goes on with everything whose wait is over, and hands deferred notifications back to dispatch.
func (p *Process) due(ctx context.Context) error {
	return p.Due.ReadyTogether(ctx, dynamo.OwnerOrchestration, dueTogether, func(ctx context.Context, entries []dynamo.DueEntry) ([]time.Time, error) {
		again := make([]time.Time, len(entries))
		ready := make([]*job.Notification, len(entries))
		var g errgroup.Group
		g.SetLimit(atOnce)
		for i, e := range entries {
			g.Go(func() error {
				var err error
				ready[i], err = p.end(ctx, e)
				if err != nil {
					// One that fails must not hold up the others.
					slog.ErrorContext(ctx, "wait not ended", "id", e.ID, "error", err.Error())
					again[i] = p.Now().Add(pause)
				}
				return nil
			})
		}
		_ = g.Wait()
		return again, p.notify(ctx, slices.DeleteFunc(ready, func(n *job.Notification) bool { return n == nil }))
	})
}

// end answers the notification that an entry leads to, nil if it leads to none.
func (p *Process) end(ctx context.Context, e dynamo.DueEntry) (ready *job.Notification, err error) {
	var n job.Notification
	if err := json.Unmarshal(e.Body, &n); err != nil || n.ID == "" {
		slog.ErrorContext(ctx, "due entry dropped", "id", e.ID, "reason", "it is no notification")
		p.note(undecoded)
		return nil, nil
	}
	err = queue.Guard(func() (err error) {
		ready, err = p.resume(ctx, n)
		return err
	})
	return ready, err
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
