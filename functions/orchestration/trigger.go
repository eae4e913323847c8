package orchestration

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/outreach"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/job"
)

// subject is a person whom something happened to. All campaigns that want to hear of it share one reading.
type subject struct {
	id profile.ID
	// origin is the profile that the trigger was about when it happened. The person may have become part of another since, and
	// the notification's id must not change with that.
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

// happened reads the event, once.
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

// trigger is what made a campaign look at a person.
type trigger struct {
	*subject
	campaign campaign.Compiled
	cause    string // the same when it comes again
	at       time.Time
	// ended is why nothing comes of it whoever the person is, the zero verdict if something may.
	ended delivery.Verdict
}

// notification is what the trigger asks for, once its wait is over.
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

// take answers the notification to be sent now, nil if there is none or none yet. Whatever ends here is on record.
func (p *Process) take(ctx context.Context, t trigger) (*job.Notification, error) {
	now := p.Now()
	n, due := t.notification()
	person, err := t.person(ctx, p.Profiles)
	if errors.Is(err, dynamo.ErrUnreadable) && now.After(n.NotAfter) {
		// A job that comes again, or is sent again weeks later, ends: by now it would be too late whoever it is.
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
			// It was not what the campaign listens to, so there is nothing to record.
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
		enrolment := outreach.Enrolment{IDs: append([]profile.ID{person.ID}, person.Parts...), CampaignID: t.campaign.ID, Cause: t.cause, Erasures: person.Erasures, Unproven: n.Unproven}
		if every := time.Duration(t.campaign.OnceEvery); every > 0 {
			enrolment.Until = now.Add(every)
		}
		as, err := p.Enrolments.Enrol(ctx, enrolment, person.Moment(now))
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
	return p.ask(ctx, t.campaign, n, person)
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

// ask completes a notification that is to be sent now: with the arm, and with the version of its template.
func (p *Process) ask(ctx context.Context, c campaign.Compiled, n job.Notification, person *profile.Profile) (*job.Notification, error) {
	arm := c.Assign(campaign.Person(person))
	template, _, err := p.Catalog.Find(ctx, definition.Template, arm.TemplateID)
	if err != nil {
		return nil, err
	}
	n.Variant, n.TemplateVersion = arm.ID, template.Version
	p.count(notified)
	return &n, nil
}

// drop records that nothing comes of a trigger, unless something is on record.
func (p *Process) drop(ctx context.Context, c campaign.Compiled, n job.Notification, v delivery.Verdict, person *profile.Profile) error {
	p.count(string(v.Reason))
	_, err := p.Deliveries.DecideFirst(ctx, delivery.Decision{
		NotificationID: n.ID, ProfileID: n.ProfileID, CampaignID: n.CampaignID, CampaignVersion: n.CampaignVersion, Step: n.Step, Channel: c.Channel,
		Outcome: delivery.Skipped, Reason: v.Reason, Detail: v.Detail, Asked: n.At, Version: person.VersionOf(n.ProfileID), At: person.Moment(p.Now()).UTC().Truncate(time.Millisecond), Attempt: n.Deferred,
	})
	return err
}
