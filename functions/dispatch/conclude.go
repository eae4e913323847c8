package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo/due"
)

const (
	// firstPause is how long a notification waits that the provider does not take now; it doubles with each attempt.
	firstPause = time.Minute
	longPause  = 2 * time.Hour
	// spread is over how long notifications are put off that all wait for the same moment.
	spread = 15 * time.Minute
)

// call hands the notification over to its channel.
func (a *attempt) call(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, providerTime)
	defer cancel()
	return a.judged.sender.Send(ctx, a.judged.handOver)
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
		return a.rejected(ctx, intent, answer)
	case channel.Retry:
		again := a.later(answer.After)
		if a.n.Refused+1 >= maxAttempts || !a.n.NotAfter.IsZero() && again.After(a.n.NotAfter) {
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

// rejected gives back what a notification took that will never be sent. A dead address is marked as one, for whoever has it.
func (a *attempt) rejected(ctx context.Context, intent delivery.Intent, answer *channel.Error) error {
	address, over := a.judged.facts.Address, a.judged.campaign.Channel
	bounced := answer.Bounce && !ourFault(address)
	err := a.amend(ctx, func(c *delivery.Contact) {
		c.Refuse(intent.ID, intent.Holder)
		if bounced {
			c.Suppress(over, delivery.Suppression{Reason: "bounce", At: a.person.Moment(a.Now()), Address: delivery.AddressHash(address)})
		}
	})
	if bounced {
		err = errors.Join(err, a.Deliveries.Mark(ctx, over, address, "bounce", a.Now()))
	}
	return errors.Join(err, a.decide(ctx, a.decision(delivery.Failed, delivery.Rejected, answer.Code)))
}

// ourFault says whether an address may be refused because of the way in which it is written: a server that knows only ASCII refuses
// every other mailbox, and that one is not dead.
func ourFault(address string) bool {
	mailbox := address[:max(strings.LastIndexByte(address, '@'), 0)]
	return strings.IndexFunc(mailbox, func(r rune) bool { return r > 127 }) >= 0
}

// later is when a notification is tried again that the provider does not take now: after twice as long each time, at a point of
// the second half that the notification's id decides, and not before the provider allows it.
func (a *attempt) later(after time.Duration) time.Time {
	pause := min(firstPause<<a.n.Refused, longPause)
	jittered := pause/2 + time.Duration(float64(pause/2)*a.point())
	return a.Now().Add(max(jittered, after))
}

// point is a number from 0 up to 1 that the notification's id and the attempt decide.
func (a *attempt) point() float64 {
	h := fnv.New32a()
	_, _ = fmt.Fprintf(h, "%s#%d", a.n.ID, a.n.Deferred)
	return float64(h.Sum32()) / (1 << 32)
}

// putOff records that the notification is put off, and until when, and then files it to come again.
func (a *attempt) putOff(ctx context.Context, v delivery.Verdict) error {
	d := a.decision(delivery.Deferred, v.Reason, v.Detail)
	d.Until = v.Until.UTC().Truncate(time.Millisecond)
	a.note(d.Channel, d.Outcome, d.Reason)
	var first bool
	err := twice(func() (err error) {
		first, err = a.Deliveries.DecideFirst(ctx, d, delivery.Unknown)
		return err
	})
	if err != nil {
		return err
	}
	if !first {
		// Another worker has put it off to another time, or has sent it since the reservation was given back.
		_, err := a.decided(ctx)
		return err
	}
	return a.file(ctx, d)
}

// file makes the notification come again as a decision says. Those that wait for the same moment, such as the end of the night, come over the
// minutes after it.
func (a *attempt) file(ctx context.Context, d delivery.Decision) error {
	next := a.n
	next.Deferred++
	if d.Reason == delivery.ProviderError {
		next.Refused++ // a night, a cap or a pause uses up no attempt
	}
	next.At = d.Until
	body, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("deferring notification %s: %w", a.n.ID, err)
	}
	until := d.Until
	if d.Reason == delivery.InQuietHours || d.Reason == delivery.FrequencyCap {
		until = until.Add(time.Duration(float64(spread) * a.point()))
		if !a.n.NotAfter.IsZero() && until.Truncate(time.Minute).Add(time.Minute).After(a.n.NotAfter) {
			until = d.Until
		}
	}
	return a.Due.Wait(ctx, due.OwnerOrchestration, a.n.ProfileID, until, fmt.Sprintf("%s.%d", next.ID, next.Deferred), body)
}

// decide records an outcome that is certain now, in place of an uncertain one.
func (a *attempt) decide(ctx context.Context, d delivery.Decision) error {
	a.note(d.Channel, d.Outcome, d.Reason)
	return twice(func() error { return a.Deliveries.Decide(ctx, d) })
}

// twice records, and tries once more: the provider was asked, and what is not recorded counts as unknown.
func twice(record func() error) error {
	if record() == nil {
		return nil
	}
	return record()
}
