package console

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/reward/referral"
	"github.com/userops/userops/shared/httpapi"
)

// refusedAct says that the caller's role is not enough for what a change amounts to.
type refusedAct struct {
	act  access.Act
	have access.Role
}

func (e *refusedAct) Error() string {
	return fmt.Sprintf("the role %s is not enough for this change (%s): it takes %s", e.have, e.act, e.act.Least())
}

// mayAct judges an act by the role of who calls.
func mayAct(ctx context.Context, act access.Act) error {
	if caller := httpapi.Caller(ctx); !caller.Role.May(act.Least()) {
		return &refusedAct{act, caller.Role}
	}
	return nil
}

// forbidden answers that an act was refused.
func forbidden(w http.ResponseWriter, refused *refusedAct) {
	httpapi.Problem(w, http.StatusForbidden, "", refused.Error())
}

// always is an act that does not depend on what the document says.
func always(act access.Act) func(context.Context, *Process, string, json.RawMessage, json.RawMessage) (access.Act, error) {
	return func(context.Context, *Process, string, json.RawMessage, json.RawMessage) (access.Act, error) {
		return act, nil
	}
}

// campaignAct goes by the states before and after. What becomes a draft, paused or over from anything but a running campaign is a draft's change.
func campaignAct(_ context.Context, _ *Process, _ string, before, after json.RawMessage) (access.Act, error) {
	was, is := stateOf(before), stateOf(after)
	loose := func(state string) bool {
		return state == string(campaign.Running) || state == string(campaign.Scheduled)
	}
	switch {
	case loose(is):
		return access.Start, nil
	case is == string(campaign.Paused):
		return access.Stop, nil
	case loose(was), was == string(campaign.Paused):
		return access.End, nil
	}
	return access.Draft, nil
}

// programAct: whatever is no draft pays rewards, of those who came while it ran too. Nothing but the state may change in a pause.
func programAct(_ context.Context, _ *Process, _ string, before, after json.RawMessage) (access.Act, error) {
	was, is := stateOf(before), stateOf(after)
	draft := func(state string) bool { return state == "" || state == string(referral.Draft) }
	switch {
	case draft(was) && draft(is):
		return access.Draft, nil
	case is == string(referral.Paused) && was == string(referral.Running) && slices.Equal(changed(before, after), []string{"state"}):
		return access.Stop, nil
	}
	return access.Money, nil
}

// stateOf is the state of a campaign or a program, empty where there is no document.
func stateOf(body json.RawMessage) string {
	var d struct {
		State string `json:"state"`
	}
	_ = json.Unmarshal(body, &d) // alone: what is stored must be stopped also where this program cannot read the rest
	return d.State
}

// segmentAct: who changes the rule that a running campaign goes by, however deep, changes whom it reaches.
func segmentAct(ctx context.Context, p *Process, id string, before, after json.RawMessage) (access.Act, error) {
	all, err := p.segments(ctx)
	if err != nil {
		return "", err
	}
	running, err := p.running(ctx)
	if err != nil {
		return "", err
	}
	next := without(all, segment.ID(id))
	if after != nil {
		d, err := definition.Segments.Decode(after)
		if err != nil {
			return "", fmt.Errorf("reading segment %s: %w", id, err)
		}
		next = append(next, d)
	}
	// A condition stands beside the segments as a rule of its own: it is edited where one is that it asks.
	var conditions []segment.Definition
	condition := func(c campaign.Definition) segment.ID { return segment.ID("campaign " + c.ID) }
	for _, c := range running {
		if len(c.Condition) > 0 {
			conditions = append(conditions, segment.Definition{ID: condition(c), Rule: c.Condition})
		}
	}
	edited := segment.Edited(slices.Concat(all, conditions), slices.Concat(next, conditions))
	for _, c := range running {
		if edited[condition(c)] || slices.ContainsFunc(c.Segments(), func(id segment.ID) bool { return edited[id] }) {
			return access.ChangeInForce, nil
		}
	}
	return access.Draft, nil
}

func templateAct(ctx context.Context, p *Process, id string, _, _ json.RawMessage) (access.Act, error) {
	running, err := p.running(ctx)
	if err != nil {
		return "", err
	}
	for _, c := range running {
		if slices.Contains(c.Templates(), id) {
			return access.ChangeInForce, nil
		}
	}
	return access.Draft, nil
}

// running are the campaigns that send, or will by their date.
func (p *Process) running(ctx context.Context) ([]campaign.Definition, error) {
	all, err := p.campaigns(ctx)
	return slices.DeleteFunc(all, func(c campaign.Definition) bool { return c.State != campaign.Running && c.State != campaign.Scheduled }), err
}

// settingAct: to stop more than before is a pause; all else about settings is an owner's.
func settingAct(_ context.Context, _ *Process, id string, before, after json.RawMessage) (access.Act, error) {
	if id != delivery.SettingsID || after == nil {
		return access.Settings, nil
	}
	was, err := definition.Messaging.Read(definition.Document{Body: orEmpty(before)})
	if err != nil {
		return access.Settings, nil // not one that can be compared
	}
	is, err := definition.Messaging.Read(definition.Document{Body: after})
	if err != nil {
		return access.Settings, nil
	}
	only := !slices.ContainsFunc(changed(orEmpty(before), after), func(field string) bool { return field != "killSwitch" && field != "stopped" })
	lifted := was.KillSwitch && !is.KillSwitch || slices.ContainsFunc(was.Stopped, func(c delivery.Channel) bool { return !slices.Contains(is.Stopped, c) })
	if only && !lifted {
		return access.Stop, nil
	}
	return access.Settings, nil
}

// orEmpty is a document without fields where there is none.
func orEmpty(body json.RawMessage) json.RawMessage {
	if body == nil {
		return json.RawMessage("{}")
	}
	return body
}
