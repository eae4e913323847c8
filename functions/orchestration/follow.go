package orchestration

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/domain/campaign"
	"github.com/userops/userops/shared/domain/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/queue"
)

const (
	// perMessage keeps what fails together small: dispatch takes a message again as a whole.
	perMessage = 10
	// atOnce is how many people of a job are looked at side by side.
	atOnce = 16
)

// What becomes of a trigger, as it is counted.
const (
	notified  = "notified"
	waiting   = "waiting"
	stale     = "stale"     // too old to be answered when it was heard
	gone      = "gone"      // nobody is there any more
	unmet     = "unmet"     // the event, the segment or the condition does not fit
	takenOnce = "taken"     // the campaign has had this person
	cancelled = "cancelled" // something happened since that ends it
	undecoded = "undecoded"
	unasked   = "unasked" // an audience that nobody waits for any more
)

func notificationID(origin profile.ID, c dynamo.Campaign, step string) string {
	return campaign.NotificationID(origin, c.ID, step)
}

// follows looks at what every running campaign wants of what happened.
func (p *Process) follows(ctx context.Context, follows []job.Follow) error {
	campaigns, err := p.Campaigns.All(ctx)
	if err != nil {
		return err
	}
	var triggers []trigger
	for _, f := range follows {
		origin := f.ProfileID
		if f.Part != "" {
			origin = f.Part
		}
		for _, c := range campaigns {
			if c.Listens(f.Follow) {
				triggers = append(triggers, trigger{campaign: c, cause: f.ID, at: f.At, person: f.ProfileID, origin: origin, follow: f.Follow})
			}
		}
	}
	return p.answer(ctx, triggers)
}

// answer takes up triggers side by side and sends what has not to wait. An error of one lets the others be answered; the job
// comes again for it, and the others' notifications have the same ids then.
func (p *Process) answer(ctx context.Context, triggers []trigger) error {
	ready := make([]*job.Notification, len(triggers))
	var g errgroup.Group
	g.SetLimit(atOnce)
	for i, t := range triggers {
		g.Go(func() error {
			return queue.Guard(func() error {
				n, err := p.take(ctx, t)
				ready[i] = n
				return err
			})
		})
	}
	failed := g.Wait()
	if err := p.notify(ctx, slices.DeleteFunc(ready, func(n *job.Notification) bool { return n == nil })); err != nil {
		return err
	}
	return failed
}

// take answers the notification to be sent now, nil if there is none or none yet.
func (p *Process) take(ctx context.Context, t trigger) (*job.Notification, error) {
	now := p.Now()
	n, due := t.notification()
	if now.After(n.NotAfter) {
		p.note(stale)
		return nil, nil
	}
	if e := t.campaign.Trigger.Event; e != nil && len(e.Where) > 0 {
		found, err := p.Timeline.Event(ctx, dynamo.EventRef{Profile: t.origin, Day: n.EventDay, Version: n.EventVersion, Source: n.EventSource, MessageID: n.EventID, Name: n.EventName})
		if err != nil {
			return nil, err
		}
		if !t.campaign.MatchesEvent(found.Event.Properties) {
			p.note(unmet)
			return nil, nil
		}
	}
	person, err := p.Profiles.Resolve(ctx, t.person)
	if err != nil {
		return nil, err
	}
	if person == nil {
		p.note(gone)
		return nil, nil
	}
	waits := due.After(now)
	if !waits {
		if reason := p.refusal(t.campaign, person, t.at, now); reason != "" {
			p.note(reason)
			return nil, nil
		}
	}
	if t.campaign.OncePerPerson || t.campaign.OnceEvery > 0 {
		taking := dynamo.Taking{IDs: person.Keys(), CampaignID: t.campaign.ID, Cause: t.cause}
		if every := time.Duration(t.campaign.OnceEvery); every > 0 {
			taking.Until = now.Add(every)
		}
		if ok, err := p.Takings.Take(ctx, taking, now); err != nil {
			return nil, err
		} else if !ok {
			p.note(takenOnce)
			return nil, nil
		}
	}
	if waits {
		p.note(waiting)
		return nil, p.wait(ctx, n, due)
	}
	n.Variant = t.campaign.Assign(campaign.Person(person)).ID
	p.note(notified)
	return &n, nil
}

// refusal is why the campaign does not want the person now, empty if it does.
func (p *Process) refusal(c dynamo.Campaign, person *profile.Profile, since, now time.Time) string {
	switch {
	case c.CancelledBy(person, since) != "":
		return cancelled
	case !c.Wants(person) || !c.Condition.Holds(person, now, p.Shop):
		return unmet
	}
	return ""
}

func (p *Process) wait(ctx context.Context, n job.Notification, due time.Time) error {
	body, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("encoding what waits: %w", err)
	}
	return p.Due.Put(ctx, dynamo.OwnerOrchestration, due, n.ID, body)
}

// notify sends notification jobs, a few to a message.
func (p *Process) notify(ctx context.Context, all []*job.Notification) error {
	var bodies [][]byte
	for chunk := range slices.Chunk(all, perMessage) {
		j := job.Notifications{Version: job.Version}
		for _, n := range chunk {
			j.Notifications = append(j.Notifications, *n)
		}
		body, err := queue.Encode(j)
		if err != nil {
			return err
		}
		bodies = append(bodies, body)
	}
	if err := p.Notifications.SendAll(ctx, bodies); err != nil {
		return fmt.Errorf("telling dispatch: %w", err)
	}
	return nil
}
