package dispatch

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo/due"
)

// spread is over how long those notifications come again that all wait for the same moment.
const spread = 15 * time.Minute

// decision is one that tells of the campaign too.
func (j *judged) decision(o delivery.Outcome, r delivery.Reason, detail string) delivery.Decision {
	d := j.decisionOn(j.person, o, r, detail)
	d.Channel, d.TemplateID = j.campaign.Channel, j.variant.TemplateID
	return d
}

// turnDown ends an attempt that was not let through. An intent of this worker's, whose answer got lost, is given back first: something has forbidden the
// notification since.
func (j *judged) turnDown(ctx context.Context, v delivery.Verdict) error {
	if j.own() {
		if err := j.amend(ctx, func(r *read) { r.contact.Release(j.n.ID, j.holder) }); err != nil {
			return err
		}
	}
	switch {
	case v.Reason == delivery.Template || v.Reason == delivery.ChannelOff:
		return j.end(ctx, j.decision(delivery.Failed, v.Reason, v.Detail))
	case v.Action == delivery.Defer:
		return j.putOff(ctx, v)
	}
	return j.end(ctx, j.decision(delivery.Skipped, v.Reason, v.Detail))
}

// end records that a notification was not begun, unless something is on record for this attempt. Where that is "unknown", because another worker found
// an intent that was given back since, it is known by now.
func (j *judged) end(ctx context.Context, d delivery.Decision) error {
	j.count(d.Channel, d.Outcome, d.Reason)
	first, err := j.Deliveries.DecideFirst(ctx, d)
	if first || err != nil {
		return err
	}
	r, err := j.attempt.read(ctx)
	if err != nil || r == nil || r.begun != nil {
		return err
	}
	return moved(j.Deliveries.DecideWhile(ctx, d, r.contact, delivery.Unknown))
}

// putOff records that the notification is put off, and until when, and then files it to come again.
func (j *judged) putOff(ctx context.Context, v delivery.Verdict) error {
	d := j.decision(delivery.Deferred, v.Reason, v.Detail)
	d.Until = v.Until.UTC().Truncate(time.Millisecond)
	j.count(d.Channel, d.Outcome, d.Reason)
	var first bool
	err := twice(func() (err error) {
		first, err = j.Deliveries.DecideFirst(ctx, d, delivery.Unknown)
		return err
	})
	if err != nil {
		return err
	}
	if !first {
		// Another worker has put it off to another time, or has sent it since the reservation was given back.
		_, err := j.decided(ctx)
		return err
	}
	return j.file(ctx, d)
}

// file makes the notification come again when a decision says. Those that wait for the same moment, such as the end of the night, come over the
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

// point is a number from 0 up to 1 that the notification's id and the attempt decide.
func (a *attempt) point() float64 {
	h := fnv.New32a()
	_, _ = fmt.Fprintf(h, "%s#%d", a.n.ID, a.n.Deferred)
	return float64(h.Sum32()) / (1 << 32)
}

// twice records, and tries once more: the provider was called, and what is not recorded counts as unknown.
func twice(record func() error) error {
	if record() == nil {
		return nil
	}
	return record()
}
