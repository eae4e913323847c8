package dispatch

import (
	"context"
	"errors"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/liquid"
	"github.com/userops/userops/shared/queue"
)

// Try sends a template to an address of the shop's own, once at most: the address and the stops are asked as they are now, and the trial is taken up on record before the provider is called. Whoever comes after
// a crash finds it taken up and sends nothing.
func (p *Process) Try(ctx context.Context, t delivery.Trial) error {
	settings, err := catalog.Setting(ctx, p.Catalog, definition.Messaging)
	if err != nil {
		return err
	}
	stops, err := catalog.Stops(ctx, p.Catalog)
	if err != nil {
		return err
	}
	if v := settings.Trials(t, stops); v.Action != delivery.Proceed {
		return over(p.Trials.Turn(ctx, t, delivery.Skipped, v.Reason, v.Detail))
	}
	sender := p.Senders[t.Channel]
	if sender == nil {
		return over(p.Trials.Turn(ctx, t, delivery.Skipped, delivery.ChannelOff, p.Lacking[t.Channel]))
	}
	compiled, err := p.template(ctx, t.TemplateID, t.TemplateVersion)
	if err != nil {
		return err
	}
	if compiled == nil || compiled.Channel != t.Channel {
		return over(p.Trials.Turn(ctx, t, delivery.Skipped, delivery.Template, "no template "+t.TemplateID+" for the channel"))
	}
	content, err := compiled.Render(t.Locale, p.nobody())
	if err != nil {
		return over(p.Trials.Turn(ctx, t, delivery.Skipped, delivery.Template, err.Error()))
	}
	content.Subject = delivery.TrialMark + content.Subject
	perSecond := int64(settings.PerSecond(t.Channel))
	second, err := p.place(ctx, t.Channel, perSecond)
	if err != nil {
		return errors.Join(queue.ErrNotYet, err) // its message comes again
	}
	if err := p.Trials.Begin(ctx, t); err != nil {
		return over(err)
	}
	if _, err = p.placeNow(ctx, t.Channel, perSecond, second); err != nil {
		return over(twice(func() error { return p.Trials.End(ctx, t, delivery.Failed, delivery.ProviderError, err.Error()) }))
	}
	send, cancel := context.WithTimeout(ctx, providerTime)
	defer cancel()
	o, r, detail := answered(sender.Send(send, channel.Notification{ID: t.ID, Address: t.To, Content: content}))
	return over(twice(func() error { return p.Trials.End(ctx, t, o, r, detail) }))
}

// over takes it for done that a trial is not as it was: somebody else has it, or it has ended.
func over(err error) error {
	if errors.Is(err, dynamo.ErrConflict) {
		return nil
	}
	return err
}

// nobody is what a template is filled with that is sent to look at it: nothing of anybody, and a link that leads nowhere.
func (p *Process) nobody() liquid.Variables {
	nowhere := ""
	if p.PublicURL != "" {
		nowhere = p.PublicURL + "/v1/unsubscribe/test"
	}
	return liquid.Variables{ShopName: p.ShopName, UnsubscribeURL: nowhere, ConfirmURL: nowhere, Zone: p.Shop.Zone, Currency: p.Shop.Currency}
}

// answered is what a provider's answer makes of a trial. It is not tried again: whoever waits for it presses the button again.
func answered(err error) (delivery.Outcome, delivery.Reason, string) {
	if err == nil {
		return delivery.Sent, "", ""
	}
	switch answer := channel.Classify(err); answer.Class {
	case channel.Reject:
		return delivery.Failed, delivery.Rejected, answer.Code
	case channel.Retry:
		return delivery.Failed, delivery.ProviderError, answer.Code
	default:
		return delivery.Unknown, delivery.TimedOut, answer.Code
	}
}
