package console

import (
	"context"
	"time"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo/catalog"
)

// notAsked are the reasons that a profile does not tell: what an address or the contact record bars, and what is taken at the time.
var notAsked = []delivery.Reason{delivery.Suppressed, delivery.FrequencyCap, delivery.InQuietHours, delivery.KillSwitch}

// plan is a way of reaching people that a preview looks at, with what it has found of the sample.
type plan struct {
	campaign campaign.Compiled
	asked    bool // of a campaign, whose condition is asked
	found    map[delivery.Reason]int
}

// plansOf are the campaign of a preview, or without one all channels.
func plansOf(of *definition.Saved[campaign.Definition], segments savedSegments) ([]*plan, error) {
	if of == nil {
		var all []*plan
		for _, c := range delivery.Channels() {
			all = append(all, &plan{campaign: campaign.Compiled{Definition: campaign.Definition{Channel: c}}})
		}
		return all, nil
	}
	all, err := segments()
	if err != nil {
		return nil, err
	}
	set, _ := segment.Compile(all)
	compiled, err := of.Value.Compile(of.Version, all, set)
	return []*plan{{campaign: compiled, asked: true}}, err
}

// rules are the shop's, as far as they hold whenever something is sent.
type rules struct {
	settings delivery.Settings
	holdout  delivery.Holdout
	now      time.Time // when all of a sample are asked
}

func (p *Process) rules(ctx context.Context) (r rules, err error) {
	all, err := catalog.Setting(ctx, p.Catalog, definition.Messaging)
	if err != nil {
		return r, err
	}
	r.settings.Consent, r.now = all.Consent, p.Now()
	r.holdout, err = catalog.Setting(ctx, p.Catalog, definition.Holdout)
	return r, err
}

// ask asks of somebody who matches what dispatch would ask, as far as the profile tells. all is the person with what only public events say.
func (n *plan) ask(p *Process, r rules, one, all *profile.Profile) {
	c, now := n.campaign, r.now
	f := c.Case(one, all, p.Shop)
	f.Now, f.Settings, f.Holdout = now, r.settings, r.holdout
	f.Eligible = delivery.Verdict{Action: delivery.Proceed}
	if n.asked && !c.Condition.Holds(c.View(one), now, p.Shop) {
		f.Eligible = delivery.Verdict{Action: delivery.Skip, Reason: delivery.NotEligible}
	}
	if n.found == nil {
		n.found = map[delivery.Reason]int{}
	}
	n.found[delivery.Judge(f).Reason]++
}

// reach is what was found, as shares of a sample and of everybody.
func (n *plan) reach(e estimate) reach {
	of := func(k int) part { return part{k, e.people(k)} }
	out := reach{Channel: n.campaign.Channel, Unreachable: map[delivery.Reason]int{}, NotAsked: notAsked}
	reachable := e.Matched
	for _, r := range []delivery.Reason{delivery.Suppressed, delivery.NoConsent, delivery.NoAddress} {
		if k := n.found[r]; k > 0 {
			out.Unreachable[r] = k
			reachable -= k
		}
	}
	out.Reachable = of(reachable)
	out.HeldOut = heldOut{of(n.found[delivery.InHoldout]), of(n.found[delivery.InControl])}
	if n.asked {
		refused := of(n.found[delivery.NotEligible])
		out.NotEligible = &refused
	}
	out.Left = of(n.found[""])
	return out
}

// savedSegments reads them, once for a preview: its rule and its campaign's condition go by the same ones.
type savedSegments func() ([]segment.Definition, error)
