package dispatch

import (
	"context"
	"errors"
	"time"

	"github.com/userops/userops/shared/channel"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
)

// judged is what was looked at for a verdict, and what is handed over when it lets the notification through.
type judged struct {
	all      *profile.Profile // the person with what only public events say
	campaign catalog.Campaign
	variant  campaign.Variant
	facts    delivery.Case
	sender   Sender
	handOver channel.Notification
}

// judge asks everything that only reads: whether the campaign still wants the person, the guards, and whether the notification can be
// written and sent at all. What it looked at stays in a.judged.
func (a *attempt) judge(ctx context.Context, r *read) (delivery.Verdict, error) {
	a.judged = judged{all: r.person.All()}
	settings, holdout, err := a.rules(ctx)
	if err != nil {
		return delivery.Verdict{}, err
	}
	eligible, err := a.look(ctx, r.person)
	if a.judged.campaign.ID == "" {
		return eligible, err // there is none, or it could not be read
	}
	j := &a.judged
	if r.marks, err = a.Deliveries.Marks(ctx, j.campaign.Channel, a.address(r.person)); err != nil {
		return delivery.Verdict{}, err
	}
	j.facts = a.facts(*r, settings, holdout, eligible)
	if v := delivery.Judge(j.facts); v.Action != delivery.Proceed {
		if v.Reason == delivery.NoAddress {
			v.Detail = a.unaddressed(r.person)
		}
		return v, nil
	}
	if j.sender = a.Senders[j.campaign.Channel]; j.sender == nil {
		return skip(delivery.ChannelOff, ""), nil
	}
	reason, err := a.render(ctx, r.person)
	if reason != "" {
		return skip(delivery.Template, reason), nil
	}
	return delivery.Verdict{Action: delivery.Proceed}, err
}

// unaddressed says more of why there is no address.
func (a *attempt) unaddressed(person *profile.Profile) string {
	switch {
	case a.judged.campaign.Confirms:
		return "nothing to confirm" // any more: confirmed or withdrawn meanwhile
	case person.Unconfirmed.Email.Value != "":
		return "unconfirmed"
	}
	return ""
}

// late tells whether it is too late for the notification, whatever cannot be read.
func (a *attempt) late() bool { return !a.n.NotAfter.IsZero() && a.Now().After(a.n.NotAfter) }

func skip(r delivery.Reason, detail string) delivery.Verdict {
	return delivery.Verdict{Action: delivery.Skip, Reason: r, Detail: detail}
}

// look finds the campaign and asks whether it still wants the person. The definition is the one that took the person; whether it may
// send at all is asked of the present one. A paused campaign sends nothing and drops nothing.
func (a *attempt) look(ctx context.Context, person *profile.Profile) (delivery.Verdict, error) {
	c, ok, err := a.Campaigns.Pinned(ctx, a.n.CampaignID, a.n.CampaignVersion)
	if errors.Is(err, dynamo.ErrUnreadable) && a.late() {
		return skip(delivery.Expired, "unreadable"), nil
	}
	if err != nil {
		return delivery.Verdict{}, err
	}
	if !ok {
		return skip(delivery.NotRunning, "gone"), nil
	}
	a.judged.campaign = c
	if a.judged.variant, ok = c.Variant(a.n.Variant); !ok {
		return skip(delivery.NotEligible, "variant"), nil
	}
	now := a.Now()
	if c.State == campaign.Paused {
		return a.paused(now), nil
	}
	if !c.Active(campaign.Latest(now, a.n.At)) {
		return skip(delivery.NotRunning, string(c.State)), nil
	}
	if a.n.Unproven && !c.TakesUnproven() {
		return skip(delivery.Unproven, ""), nil
	}
	if by := c.CancelledBy(person, a.n.Since, a.n.Unproven); by != "" {
		return skip(delivery.Cancelled, by), nil
	}
	view := c.View(person)
	if !c.Wants(view) {
		return skip(delivery.NotEligible, "segment"), nil
	}
	if !c.Condition.Holds(view, now, a.Shop) {
		return skip(delivery.NotEligible, "condition"), nil
	}
	return delivery.Verdict{Action: delivery.Proceed}, nil
}

// paused puts the notification off: a short time first, a longer one the longer the pause lasts, and at the latest until it expires.
func (a *attempt) paused(now time.Time) delivery.Verdict {
	again := now.Add(campaign.AskAgain(now.Sub(a.n.At)))
	if again.After(a.n.NotAfter) && now.Before(a.n.NotAfter) {
		again = a.n.NotAfter
	}
	return delivery.Verdict{Action: delivery.Defer, Reason: delivery.NotRunning, Detail: string(campaign.Paused), Until: again}
}

// facts is what the guards look at.
func (a *attempt) facts(r read, settings delivery.Settings, holdout delivery.Holdout, eligible delivery.Verdict) delivery.Case {
	c, person := a.judged.campaign, r.person
	f := delivery.Case{
		Now: person.Moment(a.Now()), Settings: settings, Holdout: holdout,
		CampaignID: a.n.CampaignID, Control: c.Control, Transactional: c.Transactional,
		Channel: c.Channel, Tags: c.Tags, NotAfter: a.n.NotAfter,
		Person: campaign.Person(person), Address: a.address(person), Marks: r.marks,
		Zone:     delivery.Zone(a.judged.all.Zone.Value, person.Place("country"), person.TraitText("phone"), a.Shop.Zone),
		Eligible: eligible, Contacts: []*delivery.Contact{r.contact},
	}
	if c.Confirms {
		f.Confirms, f.Settings = true, settings.Confirming(delivery.CapOfDevice)
		return f // what the device has consented to is no word of whoever reads there
	}
	f.Consent = wordOf(person, c.Channel, profile.Marketing)
	f.Service = wordOf(person, c.Channel, profile.Service)
	return f
}

// wordOf is the person's last word, nil if there is none.
func wordOf(person *profile.Profile, c delivery.Channel, purpose profile.Purpose) *profile.Consent {
	if word, said := person.Consent[profile.ConsentKey(string(c), purpose)]; said {
		return &word
	}
	return nil
}

// address is where the channel reaches the person; empty where it needs none.
func (a *attempt) address(person *profile.Profile) string {
	c := a.judged.campaign
	if c.Confirms {
		return person.ToConfirm()
	}
	return person.Address(delivery.KindOf(c.Channel).Address)
}

// rules reads the house's settings. A document that this program cannot read stops the notification: the shop may have forbidden
// it in words that are not understood.
func (a *attempt) rules(ctx context.Context) (settings delivery.Settings, holdout delivery.Holdout, err error) {
	if settings, err = catalog.Setting(ctx, a.Catalog, definition.Messaging); err != nil {
		return settings, holdout, err
	}
	holdout, err = catalog.Setting(ctx, a.Catalog, definition.Holdout)
	return settings, holdout, err
}
