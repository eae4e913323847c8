package dispatch

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/campaign"
	"github.com/userops/userops/shared/domain/delivery"
	"github.com/userops/userops/shared/domain/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/template"
)

// look finds the campaign as it is now and asks whether it still wants the person.
func (a *attempt) look(ctx context.Context) (delivery.Verdict, error) {
	skip := func(r delivery.Reason, detail string) delivery.Verdict {
		return delivery.Verdict{Action: delivery.Skip, Reason: r, Detail: detail}
	}
	c, ok, err := a.Campaigns.Find(ctx, a.n.CampaignID)
	if err != nil {
		return delivery.Verdict{}, err
	}
	if !ok {
		return skip(delivery.NotRunning, "gone"), nil
	}
	a.campaign = c
	now := a.Now()
	if !c.Active(now) {
		return skip(delivery.NotRunning, string(c.State)), nil
	}
	if a.variant, ok = c.Variant(a.n.Variant); !ok {
		return skip(delivery.NotEligible, "variant"), nil
	}
	if by := c.CancelledBy(a.person, a.n.Since); by != "" {
		return skip(delivery.Cancelled, by), nil
	}
	if !c.Wants(a.person) {
		return skip(delivery.NotEligible, "segment"), nil
	}
	if !c.Condition.Holds(a.person, now, a.Shop) {
		return skip(delivery.NotEligible, "condition"), nil
	}
	return delivery.Verdict{Action: delivery.Proceed}, nil
}

// facts is what the guards look at.
func (a *attempt) facts(eligible delivery.Verdict) delivery.Case {
	f := delivery.Case{
		Now: a.Now(), Settings: a.settings, Holdout: a.holdout,
		CampaignID: a.n.CampaignID, Control: a.campaign.Control, Transactional: a.campaign.Transactional,
		Channel: a.campaign.Channel, Tags: a.campaign.Tags, NotAfter: a.n.NotAfter,
		Person: campaign.Person(a.person), Address: a.address(),
		Zone:     delivery.Zone(a.person.Zone.Value, a.trait("country"), a.trait("phone"), a.Shop.Zone),
		Eligible: eligible, Contacts: a.contacts,
	}
	if consent, ok := a.person.Consent[string(a.campaign.Channel)]; ok {
		f.Consent = &consent
	}
	granted, _ := a.person.Traits[string(a.campaign.Channel)+"Consent"].Value.(bool)
	f.Granted = granted
	return f
}

func (a *attempt) trait(name string) string {
	s, _ := a.person.Traits[name].Value.(string)
	return s
}

// address is where the channel reaches the person; empty where it needs none.
func (a *attempt) address() string {
	if a.campaign.Channel == delivery.Email {
		return a.person.Address(profile.ChannelEmail)
	}
	return ""
}

// rules reads the house's settings. A document that this program cannot read stops the notification: the shop may have forbidden
// it in words that are not understood.
func (a *attempt) rules(ctx context.Context) error {
	a.settings = delivery.DefaultSettings()
	if err := a.setting(ctx, delivery.SettingsID, func(body json.RawMessage) (err error) {
		a.settings, err = delivery.ParseSettings(body)
		return err
	}); err != nil {
		return err
	}
	return a.setting(ctx, delivery.HoldoutID, func(body json.RawMessage) (err error) {
		a.holdout, err = delivery.ParseHoldout(body)
		return err
	})
}

func (a *attempt) setting(ctx context.Context, id string, read func(json.RawMessage) error) error {
	d, err := a.Catalog.Definition(ctx, dynamo.KindSetting, id)
	if errors.Is(err, dynamo.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return read(d.Body)
}

// render fills the template. The reason is not empty when that cannot be done, for this person or at all.
func (a *attempt) render(ctx context.Context) (reason string, err error) {
	t, err := a.template(ctx, a.variant.TemplateID)
	if err != nil {
		return "", err
	}
	if t == nil || t.Channel != a.campaign.Channel {
		return "no template " + a.variant.TemplateID + " for the channel", nil
	}
	variables, err := a.variables(ctx)
	if err != nil {
		return "", err
	}
	if a.message, err = t.Render(a.person.Locale.Value, variables); err != nil {
		return err.Error(), nil
	}
	return "", nil
}

func (a *attempt) variables(ctx context.Context) (template.Variables, error) {
	v := template.Variables{
		UserID: a.person.UserID(), Traits: make(map[string]any, len(a.person.Traits)), Tags: a.person.Tags, Locale: a.person.Locale.Value,
		CampaignID: a.campaign.ID, CampaignName: a.campaign.Name, ShopName: a.ShopName, UnsubscribeURL: a.unsubscribeURL(),
		Zone: a.person.Location(a.Shop.Zone), Currency: a.Shop.Currency,
	}
	for k, t := range a.person.Traits {
		v.Traits[k] = t.Value
	}
	if a.n.EventID == "" {
		return v, nil
	}
	v.Event = &template.Event{Name: a.n.EventName}
	of := a.n.EventOf
	if of == "" {
		of = a.n.ProfileID
	}
	found, err := a.Timeline.Event(ctx, dynamo.EventRef{Profile: of, Day: a.n.EventDay, Version: a.n.EventVersion, Source: a.n.EventSource, MessageID: a.n.EventID, Name: a.n.EventName})
	if err != nil {
		// A pack is written after the commit that it is of; until then the job waits.
		return v, err
	}
	v.Event.Timestamp, v.Event.Properties = found.Event.Timestamp, found.Event.Properties
	return v, nil
}

// unsubscribeURL is the signed link of the notification. Transactional ones have none: there is nothing to unsubscribe from.
func (a *attempt) unsubscribeURL() string {
	if a.campaign.Transactional || a.PublicURL == "" {
		return ""
	}
	token := delivery.Unsubscribe{ProfileID: a.person.ID, Channel: a.campaign.Channel, NotificationID: a.n.ID}.Token(a.Secret)
	if token == "" {
		return ""
	}
	return a.PublicURL + "/v1/unsubscribe/" + token
}

func (a *attempt) handOver() channel.Notification {
	return channel.Notification{
		ID: a.n.ID, CampaignID: a.campaign.ID, ProfileID: a.person.ID, UserID: a.person.UserID(),
		Address: a.address(), Message: a.message, UnsubscribeURL: a.unsubscribeURL(),
	}
}
