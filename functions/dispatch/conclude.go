package dispatch

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/insight/live"
	"github.com/userops/userops/shared/domain/outreach/delivery"
)

const (
	// maxAttempts bounds how often a provider is asked that says "not now".
	maxAttempts = 6
	// firstPause is how long a notification waits that the provider does not take now; it doubles with each attempt.
	firstPause = time.Minute
	longPause  = 2 * time.Hour
)

// concluded is an attempt that the provider has answered.
type concluded struct {
	*reserved
	refusal error    // nil: the provider took the notification
	dead    []string // addresses that it called dead
}

// still takes another place where the second of the first one is over. Where there is none, the intent is given back, so that another attempt has it.
func (s *reserved) still(ctx context.Context) error {
	var err error
	if s.second, err = s.placeNow(ctx, s.facts.Channel, int64(s.facts.Settings.PerSecond(s.facts.Channel)), s.second); err == nil {
		return nil
	}
	s.giveBack()
	if released := s.amend(ctx, func(now *read) { now.contact.Release(s.intent.ID, s.intent.Holder) }); released != nil {
		return released
	}
	return err
}

// send hands the notification over to its channel.
func (s *reserved) send(ctx context.Context) concluded {
	ctx, cancel := context.WithTimeout(ctx, providerTime)
	defer cancel()
	if len(s.addresses) > 1 {
		return s.sendAll(ctx)
	}
	c := concluded{reserved: s, refusal: s.sender.Send(ctx, s.notification)}
	if c.refusal != nil && channel.Classify(c.refusal).Bounce && !ourFault(s.facts.Address) {
		c.dead = s.addresses
	}
	return c
}

// sendAll hands the notification over to each of the person's devices, side by side. One that took it is enough: the person is reached, and the
// notification is not tried again on the others, since it would come twice to the first.
func (s *reserved) sendAll(ctx context.Context) concluded {
	refusals := make([]error, len(s.addresses))
	var calls sync.WaitGroup
	for i, address := range s.addresses {
		calls.Go(func() {
			n := s.notification
			n.Address = address
			refusals[i] = s.sender.Send(ctx, n)
		})
	}
	calls.Wait()
	c := concluded{reserved: s, refusal: united(refusals)}
	for i, err := range refusals {
		if err != nil && channel.Classify(err).Bounce {
			c.dead = append(c.dead, s.addresses[i])
		}
	}
	return c
}

// bury marks addresses that the provider called dead, for whoever has them.
func (c concluded) bury(ctx context.Context) (err error) {
	for _, address := range c.dead {
		err = errors.Join(err, c.Deliveries.Mark(ctx, c.campaign.Channel, address, "bounce", c.Now()))
	}
	return err
}

// record decides by what the provider said. What the intent took is given back before the decision is written: a process that ends in between
// comes to the same end again.
func (c concluded) record(ctx context.Context) error {
	if c.refusal == nil {
		if err := c.decide(ctx, c.decision(delivery.Sent, "", "")); err != nil {
			return err
		}
		c.Live.Count(live.Figures{Sent: 1})
		return c.bury(ctx)
	}
	answer := channel.Classify(c.refusal)
	if answer.Class == channel.Reject || answer.Class == channel.Retry {
		c.giveBack()
	}
	switch answer.Class {
	case channel.Reject:
		return c.rejected(ctx, answer)
	case channel.Retry:
		return errors.Join(c.notNow(ctx, answer), c.bury(ctx))
	}
	return errors.Join(c.decide(ctx, c.decision(delivery.Unknown, delivery.TimedOut, answer.Code)), c.bury(ctx))
}

// notNow puts off a notification that the provider does not take now, or ends it after the last attempt.
func (c concluded) notNow(ctx context.Context, answer *channel.Error) error {
	again := c.later(answer.After)
	if c.n.Refused+1 >= maxAttempts || !c.n.NotAfter.IsZero() && again.After(c.n.NotAfter) {
		err := c.amend(ctx, func(r *read) { r.contact.Refuse(c.intent.ID, c.intent.Holder) })
		return errors.Join(err, c.decide(ctx, c.decision(delivery.Failed, delivery.ProviderError, answer.Code)))
	}
	if err := c.amend(ctx, func(r *read) { r.contact.Release(c.intent.ID, c.intent.Holder) }); err != nil {
		return err
	}
	return c.putOff(ctx, delivery.Verdict{Action: delivery.Defer, Reason: delivery.ProviderError, Detail: answer.Code, Until: again})
}

// rejected ends a notification that will never be sent. A dead address is marked as one, for whoever has it.
func (c concluded) rejected(ctx context.Context, answer *channel.Error) error {
	over, bounced := c.campaign.Channel, answer.Bounce && len(c.dead) > 0
	err := c.amend(ctx, func(r *read) {
		r.contact.Refuse(c.intent.ID, c.intent.Holder)
		if bounced {
			r.contact.Suppress(over, delivery.Suppression{Reason: "bounce", At: r.person.Moment(c.Now()), Address: delivery.AddressHash(c.facts.Address)})
		}
	})
	return errors.Join(err, c.bury(ctx), c.decide(ctx, c.decision(delivery.Failed, delivery.Rejected, answer.Code)))
}

// ourFault tells whether an address may be refused because of the way in which it is written: a server that knows only ASCII refuses
// every other mailbox, and that one is not dead.
func ourFault(address string) bool {
	mailbox := address[:max(strings.LastIndexByte(address, '@'), 0)]
	return strings.IndexFunc(mailbox, func(r rune) bool { return r > 127 }) >= 0
}

// decide records an outcome that is certain now, in place of an uncertain one.
func (c concluded) decide(ctx context.Context, d delivery.Decision) error {
	c.count(d.Channel, d.Outcome, d.Reason)
	return twice(func() error { return c.Deliveries.Decide(ctx, d) })
}

// later is when a notification is tried again that the provider does not take now: exponential back-off with jitter, and not before the provider allows
// it. The notification's id decides the jitter, a point in the second half of the pause.
func (a *attempt) later(after time.Duration) time.Time {
	pause := min(firstPause<<a.n.Refused, longPause)
	jittered := pause/2 + time.Duration(float64(pause/2)*a.point())
	return a.Now().Add(max(jittered, after))
}
