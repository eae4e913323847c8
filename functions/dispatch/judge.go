package dispatch

import (
	"context"
	"errors"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
)

// judged is an attempt of which the campaign and the guards have said whether the notification may be sent to the person now.
type judged struct {
	*read
	all      *profile.Profile  // the person with what only public events say
	campaign campaign.Compiled // in the version that took the person; zero where there is none
	variant  campaign.Variant  // zero where the campaign has none of that id
	facts    delivery.Case     // what the guards were asked; zero without a campaign
	// addresses are those that it goes to: one, or each of the person's devices.
	addresses []string
}

// judge asks whether the campaign still wants the person, and then the guards that only read.
func (r *read) judge(ctx context.Context) (*judged, delivery.Verdict, error) {
	rules, err := r.rules(ctx)
	if err != nil {
		return nil, delivery.Verdict{}, err
	}
	c, found, err := r.pinned(ctx)
	if err != nil || found.Action != delivery.Proceed {
		return &judged{read: r}, found, err
	}
	variant, defined := c.Variant(r.n.Variant)
	j := &judged{read: r, all: r.person.All(), campaign: c, variant: variant}
	eligible := skip(delivery.NotEligible, "variant")
	if defined {
		eligible = j.eligible()
	}
	living, marks, err := r.living(ctx, c)
	if err != nil {
		return nil, delivery.Verdict{}, err
	}
	j.addresses = living
	j.facts = j.factsOf(rules, marks, eligible)
	verdict := delivery.Judge(j.facts)
	if verdict.Reason == delivery.NoAddress {
		verdict.Detail = j.unaddressed()
	}
	return j, verdict, nil
}

func skip(r delivery.Reason, detail string) delivery.Verdict {
	return delivery.Verdict{Action: delivery.Skip, Reason: r, Detail: detail}
}

// pinned finds the campaign in the version that took the person, and whether there is one that can be asked.
func (a *attempt) pinned(ctx context.Context) (campaign.Compiled, delivery.Verdict, error) {
	c, there, err := a.Campaigns.Pinned(ctx, a.n.CampaignID, a.n.CampaignVersion)
	switch {
	case errors.Is(err, dynamo.ErrUnreadable) && a.late():
		return c, skip(delivery.Expired, "unreadable"), nil
	case err != nil:
		return c, delivery.Verdict{}, err
	case !there:
		return c, skip(delivery.NotRunning, "gone"), nil
	}
	return c, delivery.Verdict{Action: delivery.Proceed}, nil
}

// eligible asks whether the campaign still wants the person. Its definition is the one that took the person; its state is the present one. A
// paused campaign sends nothing and drops nothing.
func (j *judged) eligible() delivery.Verdict {
	c, now := j.campaign, j.Now()
	if c.State == campaign.Paused {
		return j.waits(now, j.n.At, delivery.NotRunning, string(campaign.Paused))
	}
	if !c.Active(campaign.Latest(now, j.n.At)) {
		return skip(delivery.NotRunning, string(c.State))
	}
	if j.n.Unproven && !c.TakesUnproven() {
		return skip(delivery.Unproven, "")
	}
	if by := c.CancelledBy(j.person, j.n.Since, j.n.Unproven); by != "" {
		return skip(delivery.Cancelled, by)
	}
	view := c.View(j.person)
	if !c.Wants(view) {
		return skip(delivery.NotEligible, "segment")
	}
	if !c.Condition.Holds(view, now, j.Shop) {
		return skip(delivery.NotEligible, "condition")
	}
	return delivery.Verdict{Action: delivery.Proceed}
}

// waits puts the notification off for what an operator will end: for a short time first, for longer the longer ago it was due, and at most until it expires.
func (a *attempt) waits(now, due time.Time, r delivery.Reason, detail string) delivery.Verdict {
	again := now.Add(campaign.AskAgain(now.Sub(due)))
	if again.After(a.n.NotAfter) && now.Before(a.n.NotAfter) {
		again = a.n.NotAfter
	}
	return delivery.Verdict{Action: delivery.Defer, Reason: r, Detail: detail, Until: again}
}

// firstDue is when the notification was due before it was ever put off. Each deferral moves At on, so that by At none is ever late.
func (j *judged) firstDue() time.Time {
	if j.n.NotAfter.IsZero() {
		return j.n.At
	}
	return j.n.NotAfter.Add(-j.campaign.Expiry())
}

// factsOf is what the guards are asked.
func (j *judged) factsOf(rules rules, marks delivery.Marks, eligible delivery.Verdict) delivery.Case {
	f := j.campaign.Case(j.person, j.all, j.Shop)
	f.Address = j.addresses[0]
	f.Now, f.NotAfter = j.person.Moment(j.Now()), j.n.NotAfter
	f.Settings, f.Holdout, f.Stops = rules.settings, rules.holdout, rules.stops
	f.CampaignID, f.Marks, f.Eligible, f.Contacts = j.n.CampaignID, marks, eligible, []*delivery.Contact{j.contact}
	if f.Confirms {
		f.Settings = rules.settings.Confirming(delivery.CapOfDevice)
	}
	return f
}

// unaddressed says more of why there is no address.
func (j *judged) unaddressed() string {
	switch {
	case j.campaign.Confirms:
		return "nothing to confirm" // any more: confirmed or withdrawn meanwhile
	case j.person.Unconfirmed.Email.Value != "":
		return "unconfirmed"
	}
	return ""
}

// rules are what the shop has laid down for all campaigns, and what it has stopped.
type rules struct {
	settings delivery.Settings
	holdout  delivery.Holdout
	stops    []delivery.Stop
}

// rules reads them. A document that this program cannot read stops the notification: the shop may have forbidden it in
// a newer program's words.
func (a *attempt) rules(ctx context.Context) (r rules, err error) {
	if r.settings, err = catalog.Setting(ctx, a.Catalog, definition.Messaging); err != nil {
		return r, err
	}
	if r.holdout, err = catalog.Setting(ctx, a.Catalog, definition.Holdout); err != nil {
		return r, err
	}
	r.stops, err = catalog.Stops(ctx, a.Catalog)
	return r, err
}
