package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/fault"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/outreach/template"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/catalog"
	"github.com/userops/userops/shared/liquid"
)

// document is one kind of definition: how it is checked and what else moves when it is saved or deleted.
type document struct {
	kind string
	// nameless says that the document's type has no id: it is in the key alone.
	nameless bool
	// check answers fault.Faults when the document cannot be used beside the others, any other error when it could not be judged.
	check func(ctx context.Context, p *Process, id string, body json.RawMessage) error
	// act is what a change amounts to, which decides who may make it; after is nil for a deletion, before for a new document.
	act func(ctx context.Context, p *Process, id string, before, after json.RawMessage) (access.Act, error)
	// users names the definitions that need this one, so that it cannot be deleted.
	users func(ctx context.Context, p *Process, id string) ([]string, error)
	// seal takes out of a document what is kept apart from it. former is nil for a new one.
	seal func(ctx context.Context, p *Process, id string, former, body json.RawMessage) (sealed, error)
	// before is done before the document is saved, after when it is saved or deleted (then body is nil). former is nil for a new one.
	before func(ctx context.Context, p *Process, id string, body json.RawMessage) error
	after  func(ctx context.Context, p *Process, id string, former, body json.RawMessage) error
	// beside is what changes in the same moment as the document.
	beside func(p *Process, id string, former, body json.RawMessage) ([]dynamo.Write, error)
}

// documents are the kinds by their name in the API.
var documents = map[string]document{
	"segments":  {kind: catalog.KindSegment, check: checkSegment, act: segmentAct, users: segmentUsers},
	"campaigns": {kind: catalog.KindCampaign, check: checkCampaign, act: campaignAct},
	"templates": {kind: catalog.KindTemplate, check: checkTemplate, act: templateAct, users: templateUsers},
	"programs":  {kind: catalog.KindProgram, check: checkProgram, act: programAct},
	"sources":   {kind: catalog.KindSource, check: checkSource, act: always(access.Source), seal: sealSource, before: storeKeys, after: dropKeys, beside: endSecrets},
	"settings":  {kind: catalog.KindSetting, nameless: true, check: checkSetting, act: settingAct},
}

func checkSegment(ctx context.Context, p *Process, _ string, body json.RawMessage) error {
	var d segment.Definition
	faults := fault.Decode(body, &d)
	others, err := p.segments(ctx)
	if err != nil {
		return err
	}
	return faults.And(segment.Check(d, others))
}

// segmentUsers are the segments that ask the segment and the campaigns that listen to it.
func segmentUsers(ctx context.Context, p *Process, id string) ([]string, error) {
	all, err := p.segments(ctx)
	if err != nil {
		return nil, err
	}
	rest := without(all, segment.ID(id))
	_, before := segment.Compile(all)
	_, after := segment.Compile(rest)
	var users []string
	for _, d := range rest {
		if len(under(after, string(d.ID))) > len(under(before, string(d.ID))) {
			users = append(users, "segment "+string(d.ID))
		}
	}
	campaigns, err := p.campaigns(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range campaigns {
		if slices.Contains(c.Segments(), segment.ID(id)) || breaks(c, all, rest) {
			users = append(users, "campaign "+c.ID)
		}
	}
	return users, nil
}

// breaks says whether a campaign's condition can be asked with the one set of segments and not with the other.
func breaks(c campaign.Definition, before, after []segment.Definition) bool {
	if _, err := c.CompileCondition(before); err != nil {
		return false
	}
	_, err := c.CompileCondition(after)
	return err != nil
}

func (p *Process) campaigns(ctx context.Context) ([]campaign.Definition, error) {
	found, err := p.Catalog.All(ctx, catalog.KindCampaign)
	if err != nil {
		return nil, err
	}
	all := make([]campaign.Definition, len(found))
	for i, d := range found {
		if err := json.Unmarshal(d.Body, &all[i]); err != nil {
			return nil, fmt.Errorf("reading campaign %s: %w", d.ID, err)
		}
	}
	return all, nil
}

// checkCampaign also sees to it that what the campaign names is there: templates, segments, and those of its condition.
func checkCampaign(ctx context.Context, p *Process, _ string, body json.RawMessage) error {
	c, err := campaign.Parse(body)
	var faults fault.Faults
	if err != nil && !errors.As(err, &faults) {
		return err
	}
	segments, err := p.segments(ctx)
	if err != nil {
		return err
	}
	var missing fault.Faults
	for _, id := range c.Segments() {
		known := slices.ContainsFunc(segments, func(d segment.Definition) bool { return d.ID == id })
		if !known && id != "" && !id.Derived() {
			missing.Addf("trigger", "names the segment %s, which is not there", id)
		}
	}
	if _, err := c.CompileCondition(segments); err != nil {
		var own fault.Faults
		if !errors.As(err, &own) {
			return err
		}
		missing = append(missing, own...)
	}
	for _, id := range c.Templates() {
		reason, err := p.unfit(ctx, id, c.Channel)
		if err != nil {
			return err
		}
		if reason != "" {
			missing.Addf("templateId", "names the template %s, which %s", id, reason)
		}
	}
	// What is missing beside a fault of the same place is told too: each is mended by itself.
	for _, m := range missing {
		if !slices.Contains(faults, m) {
			faults = append(faults, m)
		}
	}
	return faults.Err()
}

// unfit is why a template cannot be sent over a channel, empty if it can.
func (p *Process) unfit(ctx context.Context, id string, channel delivery.Channel) (string, error) {
	found, err := p.Catalog.Definition(ctx, catalog.KindTemplate, id)
	if errors.Is(err, dynamo.ErrNotFound) {
		return "is not there", nil
	}
	if err != nil {
		return "", err
	}
	var t template.Definition
	if err := json.Unmarshal(found.Body, &t); err != nil {
		return "", fmt.Errorf("reading template %s: %w", id, err)
	}
	if slices.Contains(delivery.Channels(), channel) && t.Channel != channel {
		return fmt.Sprintf("is for the channel %s and not for %s", t.Channel, channel), nil
	}
	return "", nil
}

func checkTemplate(_ context.Context, _ *Process, _ string, body json.RawMessage) error {
	_, _, err := liquid.Parse(body)
	return err
}

func templateUsers(ctx context.Context, p *Process, id string) ([]string, error) {
	campaigns, err := p.campaigns(ctx)
	if err != nil {
		return nil, err
	}
	var users []string
	for _, c := range campaigns {
		if slices.Contains(c.Templates(), id) {
			users = append(users, "campaign "+c.ID)
		}
	}
	return users, nil
}

func checkProgram(_ context.Context, _ *Process, _ string, body json.RawMessage) error {
	_, err := referral.Parse(body)
	return err
}

func checkSource(_ context.Context, _ *Process, _ string, body json.RawMessage) error {
	var s source.Source
	faults := fault.Decode(body, &s)
	return faults.And(s.Validate())
}

func sourceOf(body json.RawMessage) (source.Source, error) {
	var s source.Source
	err := fault.Decode(body, &s).Err()
	return s, err
}

// storeKeys makes the source's write keys lead to it. A key counts only once the saved source lists it.
func storeKeys(ctx context.Context, p *Process, id string, body json.RawMessage) error {
	s, err := sourceOf(body)
	if err != nil {
		return err
	}
	if p.DefaultKey != "" && slices.Contains(s.WriteKeys, p.DefaultKey) {
		return fmt.Errorf("%w, %s", catalog.ErrKeyTaken, source.Default)
	}
	return catalog.Sources(p.Catalog).PutKeys(ctx, source.ID(id), s.WriteKeys...)
}

// dropKeys takes away the keys that the source no longer lists.
func dropKeys(ctx context.Context, p *Process, id string, former, body json.RawMessage) error {
	if former == nil {
		return nil
	}
	was, err := sourceOf(former)
	if err != nil {
		return err
	}
	var is source.Source
	if body != nil {
		if is, err = sourceOf(body); err != nil {
			return err
		}
	}
	gone := slices.DeleteFunc(was.WriteKeys, func(key string) bool { return slices.Contains(is.WriteKeys, key) })
	return catalog.Sources(p.Catalog).RemoveKeys(ctx, source.ID(id), gone...)
}

// endSecrets takes the secrets of the shop system away from a source that has none from now on.
func endSecrets(p *Process, id string, former, body json.RawMessage) ([]dynamo.Write, error) {
	has := func(body json.RawMessage) (bool, error) {
		if body == nil {
			return false, nil
		}
		s, err := sourceOf(body)
		return s.HookSecretSet, err
	}
	if had, err := has(former); err != nil || !had {
		return nil, err
	}
	if still, err := has(body); err != nil || still {
		return nil, err
	}
	return []dynamo.Write{catalog.Sources(p.Catalog).WithoutHookSecrets(source.ID(id))}, nil
}

// checkSetting knows the settings that there are.
func checkSetting(_ context.Context, _ *Process, id string, body json.RawMessage) error {
	var err error
	switch id {
	case delivery.SettingsID:
		_, err = delivery.ParseSettings(body)
	case delivery.HoldoutID:
		_, err = delivery.ParseHoldout(body)
	case segment.ScoringSetting:
		var s segment.Scoring
		faults := fault.Decode(body, &s)
		err = faults.And(s.Validate())
	default:
		return fault.Faults{{Field: fieldID, Reason: fmt.Sprintf("is no setting: there are %s, %s and %s", delivery.SettingsID, delivery.HoldoutID, segment.ScoringSetting)}}
	}
	return err
}
