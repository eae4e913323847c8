package dispatch

import (
	"context"
	"errors"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/people"
	"github.com/userops/userops/shared/liquid"
	"github.com/userops/userops/shared/queue"
)

// maxCompiled bounds how many templates are kept compiled.
const maxCompiled = 500

// edition is one version of a template.
type edition struct {
	id      string
	version int
}

// template finds a template in the version that the notification was decided with, compiled once; nil when there is none or none that
// compiles. Version 0 is the present one.
func (p *Process) template(ctx context.Context, id string, version int) (*liquid.Template, error) {
	d, err := p.Catalog.Definition(ctx, definition.Template, id)
	if version != 0 && (err != nil || d.Version != version) {
		if pinned, pinErr := p.Catalog.Version(ctx, definition.Template, id, version); !errors.Is(pinErr, dynamo.ErrNotFound) {
			d, err = pinned, pinErr
		}
	}
	if errors.Is(err, dynamo.ErrNotFound) && id == campaign.ConfirmationTemplate {
		return liquid.Confirmation(), nil
	}
	if errors.Is(err, dynamo.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	key := edition{id, d.Version}
	if t, ok := p.templates[key]; ok {
		return t, nil
	}
	var t *liquid.Template
	if saved := definition.Templates.Read(d); saved.Err == nil {
		// It was checked when it was saved; what a newer program knows and this one does not is found here.
		t, _ = liquid.Compile(saved.Value)
	}
	if p.templates == nil || len(p.templates) >= maxCompiled {
		p.templates = map[edition]*liquid.Template{}
	}
	p.templates[key] = t
	return t, nil
}

// errNoSecret keeps an e-mail waiting, as a secret that cannot be read does: without a link to unsubscribe it must not go.
var errNoSecret = errors.New("there is no secret to sign the link of an e-mail with")

// render makes what is handed over. The reason is not empty when that cannot be done, for this person or at all.
func (a *attempt) render(ctx context.Context, person *profile.Profile) (reason string, err error) {
	j := &a.judged
	t, err := a.template(ctx, j.variant.TemplateID, a.n.TemplateVersion)
	if err != nil {
		return "", err
	}
	if t == nil || t.Channel != j.campaign.Channel {
		return "no template " + j.variant.TemplateID + " for the channel", nil
	}
	if a.keys, err = a.Secrets.Keys(ctx); err != nil {
		return "", err
	}
	switch signs := a.keys.CanSign(); {
	case j.campaign.Confirms && (a.PublicURL == "" || !signs):
		return "no link without PUBLIC_URL and a secret", nil
	case delivery.KindOf(j.campaign.Channel).Link && !j.campaign.Transactional && !signs:
		return "", errNoSecret
	}
	variables, err := a.variables(ctx, person)
	if err != nil {
		return "", err
	}
	// Which of its languages the template speaks may be chosen by whoever says so: none of their words are in it.
	message, err := t.Render(j.all.Locale.Value, variables)
	if err != nil {
		return err.Error(), nil
	}
	j.handOver = channel.Notification{
		ID: a.n.ID, CampaignID: j.campaign.ID, ProfileID: person.ID, UserID: person.UserID(),
		Address: j.facts.Address, Message: message, UnsubscribeURL: variables.UnsubscribeURL,
	}
	return "", nil
}

// variables are what a template may say: of the person what is proven, and of the event what the person or the shop has said.
func (a *attempt) variables(ctx context.Context, person *profile.Profile) (liquid.Variables, error) {
	c := a.judged.campaign
	if c.Confirms {
		return a.confirmation(person), nil
	}
	v := liquid.Variables{
		UserID: person.UserID(), Traits: make(map[string]any, len(person.Traits)), Tags: person.Tags, Locale: person.Locale.Value,
		CampaignID: c.ID, CampaignName: c.Name, ShopName: a.ShopName, UnsubscribeURL: a.unsubscribeURL(person),
		Zone: a.judged.all.Location(a.Shop.Zone), Currency: a.Shop.Currency,
	}
	for k, t := range person.Traits {
		v.Traits[k] = t.Value
	}
	if a.n.EventID == "" {
		return v, nil
	}
	v.Event = &liquid.Event{Name: a.n.EventName}
	if a.n.Unproven {
		v.Event.Timestamp = a.n.Since
		return v, nil
	}
	of := a.n.EventOf
	if of == "" {
		of = a.n.ProfileID
	}
	found, err := a.Timeline.Event(ctx, people.EventRef{Profile: of, Day: a.n.EventDay, Version: a.n.EventVersion, Source: a.n.EventSource, MessageID: a.n.EventID, Name: a.n.EventName})
	if errors.Is(err, dynamo.ErrNotFound) {
		// A pack is written after the commit that it is of, and where that was interrupted when its job comes again.
		err = errors.Join(queue.ErrNotYet, err)
	}
	if err != nil {
		return v, err
	}
	v.Event.Timestamp, v.Event.Properties = found.Event.Timestamp, found.Event.Properties
	return v, nil
}

// confirmation is all that a confirmation may say: nothing of whoever has typed the address.
func (a *attempt) confirmation(person *profile.Profile) liquid.Variables {
	link := delivery.Confirmation{ProfileID: person.ID, Channel: a.judged.campaign.Channel, Address: a.judged.facts.Address, Sent: a.n.At}
	return liquid.Variables{ShopName: a.ShopName, ConfirmURL: a.PublicURL + "/v1/confirm/" + link.Token(a.keys), Zone: a.Shop.Zone, Currency: a.Shop.Currency}
}

// unsubscribeURL is the signed link of the notification. Transactional ones have none: there is nothing to unsubscribe from.
func (a *attempt) unsubscribeURL(person *profile.Profile) string {
	if a.judged.campaign.Transactional || a.PublicURL == "" {
		return ""
	}
	token := delivery.Unsubscribe{ProfileID: person.ID, Channel: a.judged.campaign.Channel, NotificationID: a.n.ID}.Token(a.keys)
	if token == "" {
		return ""
	}
	return a.PublicURL + "/v1/unsubscribe/" + token
}
