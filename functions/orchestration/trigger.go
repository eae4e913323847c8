package orchestration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/due"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
)

// subject is the person whom a trigger is about. All campaigns that listen to the same follow share one, and so read profile and event once.
type subject struct {
	id profile.ID
	// origin is the profile that the trigger was about when it happened. That profile may have been merged into another one since. The
	// notification's id must stay the same, so it is made of origin.
	origin profile.ID
	follow profile.Follow // zero for an audience

	mu      sync.Mutex
	read    bool
	profile *profile.Profile // nil when nobody is there
	heard   bool
	event   people.PackedEvent
}

// person reads the profile, once.
func (s *subject) person(ctx context.Context, profiles profiles) (*profile.Profile, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.read {
		found, err := profiles.Resolve(ctx, s.id)
		if err != nil {
			return nil, err
		}
		s.profile, s.read = found, true
	}
	return s.profile, nil
}

// happened reads the event that the follow is of, once.
func (s *subject) happened(ctx context.Context, timeline timeline) (people.PackedEvent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.heard {
		found, err := timeline.Event(ctx, people.EventRef{Profile: s.origin, Day: profile.DayOf(s.follow.At), Version: s.follow.Version,
			Source: s.follow.Source, MessageID: s.follow.Event, Name: s.follow.Ref})
		if err != nil {
			return found, err
		}
		s.event, s.heard = found, true
	}
	return s.event, nil
}

// trigger is one person before one campaign, for one cause.
type trigger struct {
	*subject
	campaign campaign.Compiled
	cause    string // the id of the follow, or of the listing: the same when the job comes again
	at       time.Time
	// ended is why nothing comes of the trigger whoever the person is, the zero verdict if something may.
	ended delivery.Verdict
}

// notification is what the trigger asks dispatch for, and when: after the campaign's wait.
func (t trigger) notification() (n job.Notification, due time.Time) {
	due, notAfter := t.campaign.DueAfter(t.at)
	step := t.campaign.Step(t.cause)
	n = job.Notification{
		ID: campaign.NotificationID(t.origin, t.campaign.ID, step), ProfileID: t.origin,
		CampaignID: t.campaign.ID, CampaignVersion: t.campaign.Version, Step: step,
		At: due.UTC().Truncate(time.Millisecond), Since: t.at.UTC(), NotAfter: notAfter.UTC(), Unproven: t.follow.Unproven,
	}
	if t.follow.Kind == profile.FollowEvent {
		n.EventOf, n.EventDay, n.EventVersion = t.origin, profile.DayOf(t.follow.At), t.follow.Version
		n.EventID, n.EventName, n.EventSource = t.follow.Event, t.follow.Ref, t.follow.Source
	}
	return n, due
}

// evaluate decides what comes of a trigger. It answers the notification that is to be sent now, and nil where the notification has to wait or
// there is none. Of a trigger that ends here it records a decision, except where the person is gone or the event is not what the campaign
// listens to.
func (p *Process) evaluate(ctx context.Context, t trigger) (*job.Notification, error) {
	now := p.Now()
	n, due := t.notification()
	person, err := t.person(ctx, p.Profiles)
	if errors.Is(err, dynamo.ErrUnreadable) && now.After(n.NotAfter) {
		// The job may come from a dead letter, weeks later. It is too late for the notification, whoever the person is.
		return nil, p.drop(ctx, t.campaign, n, skip(delivery.Expired, "unreadable"), nil)
	}
	if err != nil {
		return nil, err
	}
	if erased, err := p.Profiles.OfErased(ctx, n, person); err != nil {
		return nil, err
	} else if erased {
		p.count(gone)
		return nil, nil
	}
	if e := t.campaign.Trigger.Event; e != nil && len(e.Where) > 0 {
		found, err := t.happened(ctx, p.Timeline)
		if err != nil {
			return nil, err
		}
		if !t.campaign.MatchesEvent(found.Event.Properties) {
			// The campaign does not listen to such an event, so there is nothing to record.
			p.count(unmet)
			return nil, nil
		}
	}
	waits := due.After(now)
	verdict := t.ended
	switch {
	case verdict.Reason != "":
	case now.After(n.NotAfter):
		verdict = skip(delivery.Expired, "stale")
	case !waits:
		verdict = p.refusal(t.campaign, n, person, now)
	}
	if verdict.Reason == "" && (t.campaign.OncePerPerson || t.campaign.OnceEvery > 0) {
		as, err := p.Enrolments.Enrol(ctx, p.enrolment(t.campaign, t.cause, person, n.Unproven), person.Moment(now))
		if err != nil {
			return nil, err
		}
		if as == "" {
			verdict = skip(delivery.Taken, "")
		} else {
			n.Step = t.campaign.Step(as)
			n.ID = campaign.NotificationID(t.origin, t.campaign.ID, n.Step)
		}
	}
	if verdict.Reason != "" {
		return nil, p.drop(ctx, t.campaign, n, verdict, person)
	}
	if waits {
		p.count(waiting)
		return nil, p.wait(ctx, n, due)
	}
	return p.complete(ctx, t.campaign, n, person)
}

// enrolment is the wish of a campaign to enrol a person now.
func (p *Process) enrolment(c campaign.Compiled, cause string, person *profile.Profile, unproven bool) outreach.Enrolment {
	e := outreach.Enrolment{IDs: append([]profile.ID{person.ID}, person.Parts...), CampaignID: c.ID, Cause: cause, Erasures: person.Erasures, Unproven: unproven}
	if every := time.Duration(c.OnceEvery); every > 0 {
		e.Until = p.Now().Add(every)
	}
	return e
}

func skip(r delivery.Reason, detail string) delivery.Verdict {
	return delivery.Verdict{Action: delivery.Skip, Reason: r, Detail: detail}
}

// refusal is why the campaign does not want the person of a notification now, the zero verdict if it does.
func (p *Process) refusal(c campaign.Compiled, n job.Notification, person *profile.Profile, now time.Time) delivery.Verdict {
	if by := c.CancelledBy(person, n.Since, n.Unproven); by != "" {
		return skip(delivery.Cancelled, by)
	}
	view := c.View(person)
	if !c.Wants(view) {
		return skip(delivery.NotEligible, "segment")
	}
	if !c.Condition.Holds(view, now, p.Shop) {
		return skip(delivery.NotEligible, "condition")
	}
	return delivery.Verdict{}
}

// complete adds to a notification that is to be sent now the arm of the person and the version of the arm's template.
func (p *Process) complete(ctx context.Context, c campaign.Compiled, n job.Notification, person *profile.Profile) (*job.Notification, error) {
	arm := c.Assign(campaign.Person(person))
	template, _, err := p.Catalog.Find(ctx, definition.Template, arm.TemplateID)
	if err != nil {
		return nil, err
	}
	n.Variant, n.TemplateVersion = arm.ID, template.Version
	p.count(notified)
	return &n, nil
}

// drop records why nothing comes of a notification, unless a decision is on record already.
func (p *Process) drop(ctx context.Context, c campaign.Compiled, n job.Notification, v delivery.Verdict, person *profile.Profile) error {
	p.count(string(v.Reason))
	_, err := p.Deliveries.DecideFirst(ctx, delivery.Decision{
		NotificationID: n.ID, ProfileID: n.ProfileID, CampaignID: n.CampaignID, CampaignVersion: n.CampaignVersion, Step: n.Step, Channel: c.Channel,
		Outcome: delivery.Skipped, Reason: v.Reason, Detail: v.Detail, Asked: n.At, Version: person.VersionOf(n.ProfileID), At: person.Moment(p.Now()).UTC().Truncate(time.Millisecond), Attempt: n.Deferred,
	})
	return err
}

// wait files a notification for the end of its wait.
func (p *Process) wait(ctx context.Context, n job.Notification, at time.Time) error {
	body, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("encoding what waits: %w", err)
	}
	return p.Due.Wait(ctx, due.OwnerOrchestration, n.ProfileID, at, n.ID, body)
}
