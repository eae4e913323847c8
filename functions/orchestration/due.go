package orchestration

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// retryAfter is how long a due entry waits that could not be handled.
const retryAfter = 2 * time.Minute

// dueTogether is how many due entries are handled in one batch.
const dueTogether = 200

// due evaluates again every notification whose wait is over, and sends deferred notifications back to dispatch.
func (p *Process) due(ctx context.Context) error {
	return p.Due.ReadyTogether(ctx, due.OwnerOrchestration, dueTogether, func(ctx context.Context, entries []due.Entry) ([]time.Time, error) {
		again := make([]time.Time, len(entries))
		ready := make([]*job.Notification, len(entries))
		var g errgroup.Group
		g.SetLimit(atOnce)
		for i, e := range entries {
			g.Go(func() error {
				err := queue.Guard(func() (err error) {
					ready[i], again[i], err = p.endWait(ctx, e)
					return err
				})
				if err != nil {
					// An entry that fails must not hold up the others.
					slog.ErrorContext(ctx, "wait not ended", "id", e.ID, "error", err.Error())
					ready[i] = nil
					if again[i].IsZero() {
						again[i] = p.Now().Add(retryAfter)
					}
				}
				return nil
			})
		}
		_ = g.Wait()
		return again, p.notify(ctx, ready)
	})
}

// endWait handles an entry whose time has come. ready is the notification to be sent, nil if there is none. again is when the entry is to be
// handled again, the zero time if it is done.
func (p *Process) endWait(ctx context.Context, e due.Entry) (ready *job.Notification, again time.Time, err error) {
	var k kept
	if err := json.Unmarshal(e.Body, &k); err != nil || k.ID == "" && k.Audience == nil {
		slog.ErrorContext(ctx, "due entry dropped", "id", e.ID, "reason", "it is no notification")
		p.count(undecoded)
		return nil, time.Time{}, nil
	}
	if k.Audience != nil {
		// A part of an audience takes as long as a job, so it becomes a job again.
		return nil, time.Time{}, p.requeue(ctx, job.Orchestration{Audience: k.Audience})
	}
	ready, again, err = p.resume(ctx, k.Notification)
	if err != nil || again.IsZero() {
		return ready, again, err
	}
	// Due would file it again without its person. Wait files it under the person, so that an export shows it.
	if !again.After(e.Minute) {
		again = e.Minute.Add(time.Minute)
	}
	return nil, time.Time{}, p.Due.Wait(ctx, due.OwnerOrchestration, k.ProfileID, again, e.ID, e.Body)
}

// resume evaluates a notification again after its wait: with the profile as it is now, by the version of the campaign that enrolled the person.
// A notification that dispatch deferred goes back unchanged: dispatch evaluates it again itself and records the decision. While the campaign is
// paused nothing is evaluated and nothing is dropped.
func (p *Process) resume(ctx context.Context, n job.Notification) (*job.Notification, time.Time, error) {
	var done time.Time
	now := p.Now()
	c, ok, err := p.Campaigns.Pinned(ctx, n.CampaignID, n.CampaignVersion)
	expired := !n.NotAfter.IsZero() && now.After(n.NotAfter)
	unreadable := errors.Is(err, dynamo.ErrUnreadable)
	switch {
	case unreadable && !expired:
		// A newer version saved the campaign, and its workers take over.
		return nil, again(now, n.At, n.NotAfter), err
	case err != nil && !unreadable:
		return nil, done, err
	}
	paused := ok && c.State == campaign.Paused
	if paused && !expired {
		// A wipe looks for a wait only where it was filed first. This one may have been filed again since, so the erasure is asked for here. While
		// the person cannot be read, the wait goes on.
		if person, err := p.Profiles.Resolve(ctx, n.ProfileID); err == nil {
			if erased, err := p.Profiles.OfErased(ctx, n, person); err == nil && erased {
				p.count(gone)
				return nil, done, nil
			}
		}
		p.count(parked)
		return nil, again(now, n.At, n.NotAfter), nil
	}
	if n.Deferred > 0 {
		return &n, done, nil
	}
	person, err := p.Profiles.Resolve(ctx, n.ProfileID)
	if expired && errors.Is(err, dynamo.ErrUnreadable) {
		// The wait of a person who cannot be read ends here: it is too late for the notification, whoever the person is.
		return nil, done, p.drop(ctx, c, n, skip(delivery.Expired, "unreadable"), nil)
	}
	if err != nil {
		return nil, now.Add(campaign.AskAgain(now.Sub(n.At))), err
	}
	if erased, err := p.Profiles.OfErased(ctx, n, person); err != nil {
		return nil, done, err
	} else if erased {
		p.count(gone)
		return nil, done, nil
	}
	var verdict delivery.Verdict
	switch {
	case unreadable:
		verdict = skip(delivery.Expired, "unreadable")
	case !ok:
		verdict = skip(delivery.Cancelled, "campaign gone")
	case paused:
		verdict = skip(delivery.Expired, "paused")
	case !c.Active(campaign.Latest(now, n.At)):
		verdict = skip(delivery.Cancelled, "campaign "+string(c.State))
	case expired:
		verdict = skip(delivery.Expired, "stale")
	default:
		verdict = p.refusal(c, n, person, now)
	}
	if verdict.Reason != "" {
		return nil, done, p.drop(ctx, c, n, verdict, person)
	}
	ready, err := p.complete(ctx, c, n, person)
	return ready, done, err
}
