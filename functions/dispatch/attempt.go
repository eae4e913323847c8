package dispatch

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/campaign"
	"github.com/userops/userops/shared/domain/delivery"
	"github.com/userops/userops/shared/domain/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/job"
	"github.com/userops/userops/shared/template"
)

const (
	// maxConflicts bounds how often a person's contact record is read again because somebody else has written it.
	maxConflicts = 8
	// firstPause is how long a notification waits that the provider does not take now; it doubles with each attempt.
	firstPause = time.Minute
	longPause  = 2 * time.Hour
)

// attempt is one notification on its way.
type attempt struct {
	*Process
	n        job.Notification
	campaign dynamo.Campaign
	variant  campaign.Variant
	person   *profile.Profile
	contacts []*delivery.Contact // the own one first
	message  template.Message
	settings delivery.Settings
	holdout  delivery.Holdout
}

// Dispatch decides and sends one notification. An error means that it is not decided and the job must come again.
func (p *Process) Dispatch(ctx context.Context, n job.Notification) error {
	n.At = n.At.UTC().Truncate(time.Millisecond)
	a := &attempt{Process: p, n: n}
	var err error
	if a.person, err = p.Profiles.Resolve(ctx, n.ProfileID); err != nil {
		return err
	}
	if a.person == nil {
		// Erased: nothing about the person is written any more.
		slog.InfoContext(ctx, "notification dropped", "notification", n.ID, "profile", string(n.ProfileID), "reason", "nobody is there")
		p.note("", delivery.Skipped, "gone")
		return nil
	}
	if err := a.readContacts(ctx); err != nil {
		return err
	}
	if known, err := a.known(ctx); known || err != nil {
		return err
	}
	if err := a.rules(ctx); err != nil {
		return err
	}
	eligible, err := a.look(ctx)
	if err != nil {
		return err
	}
	if a.campaign.ID == "" {
		return a.turnDown(ctx, eligible)
	}
	if v := delivery.Judge(a.facts(eligible)); v.Action != delivery.Proceed {
		return a.turnDown(ctx, v)
	}
	sender := p.Senders[a.campaign.Channel]
	if sender == nil {
		return a.fail(ctx, delivery.ChannelOff, "")
	}
	if reason, err := a.render(ctx); reason != "" || err != nil {
		if err != nil {
			return err
		}
		return a.fail(ctx, delivery.Template, reason)
	}
	intent, v, err := a.reserve(ctx, eligible)
	if err != nil {
		return err
	}
	if v.Action != delivery.Proceed {
		if v.Reason == duplicate {
			return nil
		}
		return a.turnDown(ctx, v)
	}
	callCtx, cancel := context.WithTimeout(ctx, providerTime)
	sendErr := sender.Send(callCtx, a.handOver())
	cancel()
	return a.conclude(ctx, intent, sendErr)
}

// readContacts reads the records of the person and of the profiles that were merged into the person.
func (a *attempt) readContacts(ctx context.Context) error {
	a.contacts = nil
	for _, id := range append([]profile.ID{a.person.ID}, a.person.Parts...) {
		c, err := a.Deliveries.Contact(ctx, id)
		if err != nil {
			return err
		}
		a.contacts = append(a.contacts, c)
	}
	return nil
}

// find looks for an intent of this notification. A person who was merged may have been taken under each former id, and it is one
// notification all the same.
func (a *attempt) find() (delivery.Intent, *delivery.Contact, bool) {
	ids := []string{a.n.ID}
	for _, key := range a.person.Keys() {
		ids = append(ids, campaign.NotificationID(key, a.n.CampaignID, a.n.Step))
	}
	for _, c := range a.contacts {
		for _, id := range ids {
			if intent, ok := c.Known(id); ok {
				return intent, c, true
			}
		}
	}
	return delivery.Intent{}, nil, false
}

// known answers whether the notification was begun before. Where nothing tells what became of it, it was in flight when the
// process ended, or still is: that is recorded as unknown, and whoever still has it in hand records what is true.
func (a *attempt) known(ctx context.Context) (bool, error) {
	intent, owner, ok := a.find()
	if !ok {
		return false, nil
	}
	d := a.decision(delivery.Unknown, delivery.Interrupted, "")
	d.NotificationID, d.ProfileID, d.Asked, d.Channel = intent.ID, owner.ProfileID, intent.Asked, intent.Channel
	return true, a.Deliveries.DecideFirst(ctx, d)
}

// duplicate is the reason of a verdict inside this package: another worker has begun the notification, and records it.
const duplicate delivery.Reason = "duplicate"

// reserve writes the intent, with everything that it takes, in one conditional write. A write that lost against another one, or
// whose answer got lost, is followed by a fresh look: the holder's name in the record tells whose intent it is.
func (a *attempt) reserve(ctx context.Context, eligible delivery.Verdict) (delivery.Intent, delivery.Verdict, error) {
	holder := rand.Text()[:10]
	var last error
	for range maxConflicts {
		found, _, ok := a.find()
		if ok && found.Holder == holder {
			return found, delivery.Verdict{Action: delivery.Proceed}, nil
		}
		if ok {
			_, err := a.known(ctx)
			return found, delivery.Verdict{Action: delivery.Skip, Reason: duplicate}, err
		}
		intent := delivery.Intent{ID: a.n.ID, Asked: a.n.At, Holder: holder}
		if v := delivery.Reserve(a.facts(eligible), intent); v.Action != delivery.Proceed {
			return intent, v, nil
		}
		last = a.Deliveries.SaveContact(ctx, a.contacts[0])
		if last == nil {
			return intent, delivery.Verdict{Action: delivery.Proceed}, nil
		}
		if err := a.readContacts(ctx); err != nil {
			return intent, delivery.Verdict{}, errors.Join(last, err)
		}
	}
	return delivery.Intent{}, delivery.Verdict{}, fmt.Errorf("reserving notification %s: %w", a.n.ID, last)
}

// conclude records what the provider said. What it took back from the reservation is written before the decision: a process that
// ends in between comes to the same end again.
func (a *attempt) conclude(ctx context.Context, intent delivery.Intent, sendErr error) error {
	if sendErr == nil {
		return a.decide(ctx, a.decision(delivery.Sent, "", ""))
	}
	answer := channel.Classify(sendErr)
	switch answer.Class {
	case channel.Reject:
		err := a.amend(ctx, func(c *delivery.Contact) {
			c.Refuse(intent.ID, intent.Holder)
			if answer.Bounce {
				c.Suppress(a.campaign.Channel, delivery.Suppression{
					Reason: "bounce", At: a.Now(), Address: delivery.AddressHash(a.address())})
			}
		})
		return errors.Join(err, a.decide(ctx, a.decision(delivery.Failed, delivery.Rejected, answer.Code)))
	case channel.Retry:
		again := a.later(answer.After)
		if a.n.Deferred+1 >= maxAttempts || !a.n.NotAfter.IsZero() && again.After(a.n.NotAfter) {
			err := a.amend(ctx, func(c *delivery.Contact) { c.Refuse(intent.ID, intent.Holder) })
			return errors.Join(err, a.decide(ctx, a.decision(delivery.Failed, delivery.ProviderError, answer.Code)))
		}
		if err := a.amend(ctx, func(c *delivery.Contact) { c.Release(intent.ID, intent.Holder) }); err != nil {
			return err
		}
		return a.putOff(ctx, delivery.Verdict{Action: delivery.Defer, Reason: delivery.ProviderError, Detail: answer.Code, Until: again})
	}
	return a.decide(ctx, a.decision(delivery.Unknown, delivery.TimedOut, answer.Code))
}

// later is when a notification is tried again that the provider does not take now: after twice as long each time, at a point of
// the second half that the notification's id decides, and not before the provider allows it.
func (a *attempt) later(after time.Duration) time.Time {
	pause := min(firstPause<<a.n.Deferred, longPause)
	h := fnv.New32a()
	_, _ = fmt.Fprintf(h, "%s#%d", a.n.ID, a.n.Deferred)
	jittered := pause/2 + time.Duration(float64(pause/2)*float64(h.Sum32())/(1<<32))
	return a.Now().Add(max(jittered, after))
}

// amend changes the person's own record, again with a fresh one when it was written by another meanwhile. Each change can be made
// twice, so an answer that got lost needs no look of its own.
func (a *attempt) amend(ctx context.Context, change func(*delivery.Contact)) error {
	var last error
	for range maxConflicts {
		own := a.contacts[0]
		change(own)
		if last = a.Deliveries.SaveContact(ctx, own); last == nil {
			return nil
		}
		if err := a.readContacts(ctx); err != nil {
			return errors.Join(last, err)
		}
	}
	return fmt.Errorf("amending notification %s: %w", a.n.ID, last)
}

// turnDown ends an attempt that the guards did not let through.
func (a *attempt) turnDown(ctx context.Context, v delivery.Verdict) error {
	if v.Action == delivery.Defer {
		return a.putOff(ctx, v)
	}
	d := a.decision(delivery.Skipped, v.Reason, v.Detail)
	a.note(d.Channel, d.Outcome, d.Reason)
	return a.Deliveries.DecideFirst(ctx, d)
}

func (a *attempt) fail(ctx context.Context, reason delivery.Reason, detail string) error {
	d := a.decision(delivery.Failed, reason, detail)
	a.note(d.Channel, d.Outcome, d.Reason)
	return a.Deliveries.DecideFirst(ctx, d)
}

// putOff files the notification to come again, and then records that it was put off.
func (a *attempt) putOff(ctx context.Context, v delivery.Verdict) error {
	next := a.n
	next.Deferred++
	next.At = v.Until.UTC().Truncate(time.Millisecond)
	body, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("deferring notification %s: %w", a.n.ID, err)
	}
	if err := a.Due.Put(ctx, dynamo.OwnerOrchestration, v.Until, fmt.Sprintf("%s.%d", next.ID, next.Deferred), body); err != nil {
		return err
	}
	d := a.decision(delivery.Deferred, v.Reason, v.Detail)
	d.Until = next.At
	return a.decide(ctx, d)
}

// decide records an outcome that is certain now, in place of an uncertain one.
func (a *attempt) decide(ctx context.Context, d delivery.Decision) error {
	a.note(d.Channel, d.Outcome, d.Reason)
	err := a.Deliveries.Decide(ctx, d)
	if err != nil {
		// The provider was asked; if this is not recorded, it counts as unknown. So it is tried once more.
		err = a.Deliveries.Decide(ctx, d)
	}
	return err
}

func (a *attempt) decision(o delivery.Outcome, r delivery.Reason, detail string) delivery.Decision {
	return delivery.Decision{
		NotificationID: a.n.ID, ProfileID: a.person.ID, CampaignID: a.n.CampaignID, CampaignVersion: a.n.CampaignVersion, Step: a.n.Step,
		Variant: a.n.Variant, Channel: a.campaign.Channel, TemplateID: a.variant.TemplateID,
		Outcome: o, Reason: r, Detail: detail, Asked: a.n.At, At: a.Now().UTC().Truncate(time.Millisecond), Attempt: a.n.Deferred,
	}
}
