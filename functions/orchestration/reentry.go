package orchestration

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

// perPage is how many of a stop's list are entered again between two checks of the time that is left.
const perPage = 4 * atOnce

// reenter goes through whom a stop has skipped, and enters each again whom nobody has entered again yet. rest is what is left to be requeued. A page that fails comes again from its beginning: who
// is noted there by this request has the same notification again.
func (p *Process) reenter(ctx context.Context, j job.Reentry) (rest *job.Reentry, err error) {
	for moved := false; ; moved = true {
		if moved && late(ctx) {
			return &j, nil
		}
		page, unreadable, next, err := p.Skips.Page(ctx, j.StopID, j.Cursor, perPage)
		if err == nil {
			err = p.reenterAll(ctx, j, page)
		}
		switch {
		case err != nil && moved:
			slog.ErrorContext(ctx, "entering again goes on by itself", "stop", j.StopID, "error", err.Error())
			return &j, nil
		case err != nil:
			return nil, err
		case unreadable > 0:
			slog.ErrorContext(ctx, "whom a stop has skipped cannot be read", "stop", j.StopID, "count", unreadable)
			p.add(undecoded, unreadable)
		}
		if j.Cursor = next; next == "" {
			return nil, p.Skips.Finish(ctx, j.StopID, j.ID)
		}
	}
}

// reenterAll enters a page again, and asks dispatch for what comes of it.
func (p *Process) reenterAll(ctx context.Context, j job.Reentry, page []outreach.Skip) error {
	ready, errs := make([]*job.Notification, len(page)), make([]error, len(page))
	var g errgroup.Group
	g.SetLimit(atOnce)
	for i, s := range page {
		if j.CampaignID != "" && s.Entry.CampaignID != j.CampaignID || s.Again.By != "" && s.Again.By != j.ID {
			continue
		}
		g.Go(func() error {
			errs[i] = queue.Guard(func() (err error) {
				ready[i], err = p.reenterOne(ctx, j, s)
				return err
			})
			return nil
		})
	}
	_ = g.Wait()
	return errors.Join(p.notify(ctx, ready), errors.Join(errs...))
}

// reenterOne enters one again: what is to be sent, nil where there is nothing. First it is noted that they are entered again, then it is done, so that no two requests do so.
func (p *Process) reenterOne(ctx context.Context, j job.Reentry, s outreach.Skip) (*job.Notification, error) {
	c, there, err := p.Campaigns.Find(ctx, s.Entry.CampaignID)
	if err != nil {
		return nil, err // a newer version saved the campaign, and its workers take over
	}
	person, err := p.Profiles.Resolve(ctx, s.Entry.ProfileID)
	if errors.Is(err, dynamo.ErrUnreadable) {
		// They stay as they are, and whoever asks again takes them.
		slog.ErrorContext(ctx, "not entered again", "stop", j.StopID, "profile", string(s.Entry.ProfileID), "error", err.Error())
		p.count(undecoded)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if erased, err := p.Profiles.OfErased(ctx, s.Entry, person); err != nil {
		return nil, err
	} else if erased {
		p.count(gone)
		return nil, nil
	}
	noted, err := p.Skips.Enter(ctx, j.StopID, s, j.ID, p.Now())
	if err != nil || noted.By != j.ID {
		return nil, err
	}
	n := entryAgain(s.Entry, noted.At)
	if !there {
		return &n, nil // dispatch says so, and records it
	}
	n.CampaignVersion = c.Version
	if !c.Transactional {
		n.NotAfter = noted.At.Add(c.Expiry())
	}
	verdict, err := p.outgrown(ctx, c, n, person)
	if err != nil {
		return nil, err
	}
	if verdict.Reason != "" {
		return nil, p.drop(ctx, c, n, verdict, person)
	}
	return p.complete(ctx, c, n, person)
}

// entryAgain is the notification of the entry that follows a skipped one: due at once, of the same cause. Until when it may be sent stays, so that nobody is told late what they asked for themselves.
func entryAgain(skipped job.Notification, at time.Time) job.Notification {
	n := skipped
	n.Step = delivery.StepAgain(skipped.Step)
	n.ID = campaign.NotificationID(n.ProfileID, n.CampaignID, n.Step)
	n.At, n.Deferred, n.Refused, n.TemplateVersion = at.UTC().Truncate(time.Millisecond), 0, 0, 0
	return n
}

// outgrown is why the campaign as it is now does not want the cause of an entry any more, the zero verdict if it does. Dispatch asks all else.
func (p *Process) outgrown(ctx context.Context, c campaign.Compiled, n job.Notification, person *profile.Profile) (delivery.Verdict, error) {
	first, _ := delivery.FirstStep(n.Step)
	cause := first
	switch {
	case c.Trigger.Audience != nil || delivery.SendingOf(first) != "":
		if c.Trigger.Audience == nil || c.Step("") != first {
			return skip(delivery.Cancelled, "moved to another time"), nil
		}
		cause = listing(c)
	case (c.Trigger.Event != nil) != (n.EventID != ""), n.EventID != "" && n.EventName != c.Trigger.Event.Name:
		return skip(delivery.NotEligible, "trigger"), nil
	case n.EventID != "":
		found, err := p.Timeline.Event(ctx, people.EventRef{Profile: n.EventOf, Day: n.EventDay, Version: n.EventVersion, Source: n.EventSource, MessageID: n.EventID, Name: n.EventName})
		switch {
		case errors.Is(err, dynamo.ErrNotFound):
			return skip(delivery.NotEligible, "event"), nil
		case err != nil:
			return delivery.Verdict{}, fmt.Errorf("reading the event of %s: %w", n.ID, err)
		case !c.MatchesEvent(found.Event.Properties):
			return skip(delivery.NotEligible, "trigger"), nil
		}
	}
	if !c.OncePerPerson && c.OnceEvery == 0 || first == campaign.StepOnce {
		return delivery.Verdict{}, nil // it is the enrolment that there was
	}
	as, err := p.Enrolments.Enrol(ctx, p.enrolment(c, cause, person, n.Unproven), person.Moment(p.Now()))
	if err != nil || as != "" {
		return delivery.Verdict{}, err
	}
	return skip(delivery.Taken, ""), nil
}
