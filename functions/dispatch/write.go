package dispatch

import (
	"cmp"
	"context"
	"errors"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/outreach/sms"
	"github.com/userops/userops/shared/domain/people/proof"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/liquid"
	"github.com/userops/userops/shared/queue"
)

// written is an attempt that was let through, with what is handed over to which channel.
type written struct {
	*judged
	sender       Sender
	notification channel.Notification
}

// errNoSecret keeps an e-mail waiting, as a secret that cannot be read does: it must not go without a link to unsubscribe.
var errNoSecret = errors.New("there is no secret to sign the link of an e-mail with")

// write makes what is handed over. The verdict says why where that cannot be done, for this person or at all.
func (j *judged) write(ctx context.Context) (*written, delivery.Verdict, error) {
	sender := j.Senders[j.campaign.Channel]
	if sender == nil {
		what := j.Lacking[j.campaign.Channel]
		if what == "" {
			return nil, skip(delivery.ChannelOff, ""), nil
		}
		// Somebody has mistyped a setting, and will mend it.
		return nil, j.waits(j.Now(), j.firstDue(), delivery.ChannelOff, what), nil
	}
	t, err := j.template(ctx, j.variant.TemplateID, j.n.TemplateVersion)
	if err != nil {
		return nil, delivery.Verdict{}, err
	}
	if t == nil || t.Channel != j.campaign.Channel {
		return nil, skip(delivery.Template, "no template "+j.variant.TemplateID+" for the channel"), nil
	}
	keys, err := j.Secrets.Keys(ctx)
	if err != nil {
		return nil, delivery.Verdict{}, err
	}
	switch signs := keys.CanSign(); {
	case j.campaign.Confirms && (j.PublicURL == "" || !signs):
		return nil, skip(delivery.Template, "no link without PUBLIC_URL and a secret"), nil
	case delivery.KindOf(j.campaign.Channel).Link && !j.campaign.Transactional && !signs:
		return nil, delivery.Verdict{}, errNoSecret
	}
	variables, err := j.variables(ctx, keys)
	if err != nil {
		return nil, delivery.Verdict{}, err
	}
	// Anybody may choose the language of the template by what they say of the person: none of their words are in it.
	content, err := t.Render(j.all.Locale.Value, variables)
	if err != nil {
		return nil, skip(delivery.Template, err.Error()), nil
	}
	if delivery.KindOf(j.campaign.Channel).OptOut && !j.campaign.Transactional && !sms.OptsOut(content.Text) {
		return nil, skip(delivery.Template, "the text does not say how to want no more"), nil
	}
	return &written{judged: j, sender: sender, notification: channel.Notification{
		ID: j.n.ID, CampaignID: j.campaign.ID, ProfileID: j.person.ID, UserID: j.person.UserID(),
		Address: j.facts.Address, Content: content, UnsubscribeURL: variables.UnsubscribeURL,
	}}, delivery.Verdict{Action: delivery.Proceed}, nil
}

// variables are what a template may say: of the person what is proven, and of the event what the person or the shop has said.
func (j *judged) variables(ctx context.Context, keys *proof.Keys) (liquid.Variables, error) {
	c, person := j.campaign, j.person
	if c.Confirms {
		return j.confirmation(keys), nil
	}
	v := liquid.Variables{
		UserID: person.UserID(), Traits: make(map[string]any, len(person.Traits)), Tags: person.Tags(), Locale: person.Locale.Value,
		CampaignID: c.ID, CampaignName: c.Name, ShopName: j.ShopName, UnsubscribeURL: j.unsubscribeURL(keys),
		Zone: j.all.Location(j.Shop.Zone), Currency: j.Shop.Currency, Known: j.known,
	}
	for k, t := range person.Traits {
		v.Traits[k] = t.Value
	}
	if j.n.EventID == "" {
		return v, nil
	}
	v.Event = &liquid.Event{Name: j.n.EventName}
	if j.n.Unproven {
		v.Event.Timestamp = j.n.Since
		return v, nil
	}
	found, err := j.event(ctx)
	if err != nil {
		return v, err
	}
	v.Event.Timestamp, v.Event.Properties = found.Event.Timestamp, found.Event.Properties
	return v, nil
}

// event reads the event that the notification came of.
func (a *attempt) event(ctx context.Context) (people.PackedEvent, error) {
	found, err := a.Timeline.Event(ctx, people.EventRef{
		Profile: cmp.Or(a.n.EventOf, a.n.ProfileID), Day: a.n.EventDay, Version: a.n.EventVersion,
		Source: a.n.EventSource, MessageID: a.n.EventID, Name: a.n.EventName,
	})
	if errors.Is(err, dynamo.ErrNotFound) {
		// A pack is written after its commit. If the process ended in between, it is written when that process's job comes again.
		err = errors.Join(queue.ErrNotYet, err)
	}
	return found, err
}

// confirmation is all that a confirmation may say: nothing of whoever has typed the address.
func (j *judged) confirmation(keys *proof.Keys) liquid.Variables {
	link := delivery.Confirmation{ProfileID: j.person.ID, Channel: j.campaign.Channel, Address: j.facts.Address, Sent: j.n.At}
	return liquid.Variables{ShopName: j.ShopName, ConfirmURL: j.PublicURL + "/v1/confirm/" + link.Token(keys), Zone: j.Shop.Zone, Currency: j.Shop.Currency}
}

// unsubscribeURL is the signed link of the notification. Transactional ones have none: there is nothing to unsubscribe from.
func (j *judged) unsubscribeURL(keys *proof.Keys) string {
	if j.campaign.Transactional || j.PublicURL == "" {
		return ""
	}
	token := delivery.Unsubscribe{ProfileID: j.person.ID, Channel: j.campaign.Channel, NotificationID: j.n.ID}.Token(keys)
	if token == "" {
		return ""
	}
	return j.PublicURL + "/v1/unsubscribe/" + token
}
