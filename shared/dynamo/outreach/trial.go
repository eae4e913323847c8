package outreach

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

// trialLife is how long a trial is remembered: as long as decisions are at least.
const trialLife = 35 * 24 * time.Hour

const (
	attrTrialState  = "s"
	attrTrialReason = "r"
	attrTrialDetail = "d"
)

// The states of a trial that has not ended, beside the outcomes: asked for, and handed over to a provider whose answer is not on record.
const (
	trialAsked = "asked"
	trialBegun = "begun"
)

// Trial is a trial with who asked for it and what became of it. Its outcome is empty before it is taken up, and unknown while nobody has noted the provider's answer.
type Trial struct {
	delivery.Trial
	By      access.Caller    `json:"by"`
	Outcome delivery.Outcome `json:"outcome,omitempty"`
	Reason  delivery.Reason  `json:"reason,omitempty"`
	Detail  string           `json:"detail,omitempty"`
}

// Trials are templates that operators have sent to addresses of the shop's own.
type Trials struct {
	DB    dynamo.API
	Table string
	Now   dynamo.Clock
}

// Ask writes down that a trial is asked for, by whom, together with what is to stand beside it, its line in the audit log above all. dynamo.ErrConflict says that nothing was written.
func (s Trials) Ask(ctx context.Context, t delivery.Trial, by access.Caller, beside ...dynamo.Write) error {
	body, err := json.Marshal(Trial{Trial: t, By: by})
	if err != nil {
		return fmt.Errorf("writing trial %s: %w", t.ID, err)
	}
	i := key.Trial(t.TemplateID, t.At, t.ID).Item()
	i[dynamo.AttrBody], i[attrTrialState], i[dynamo.AttrTTL] = dynamo.TextValue(string(body)), dynamo.TextValue(trialAsked), dynamo.NumberValue(t.At.Add(trialLife).Unix())
	put := dynamo.Put(s.Table, i, dynamo.Absent())
	if err := dynamo.Do(ctx, s.DB, append([]dynamo.Write{put}, beside...)...); err != nil {
		return fmt.Errorf("asking for trial %s: %w", t.ID, err)
	}
	return nil
}

// Begin takes a trial up that is asked for: whoever is answered nil may hand it over, and nobody else. dynamo.ErrConflict says that somebody else has, or that nobody has asked for it. Any other error leaves
// open whether it is taken up; then it is not handed over.
func (s Trials) Begin(ctx context.Context, t delivery.Trial) error {
	return s.move(ctx, t, trialAsked, trialBegun, "", "")
}

// Turn ends a trial that nobody has taken up. Ending it again changes nothing.
func (s Trials) Turn(ctx context.Context, t delivery.Trial, o delivery.Outcome, r delivery.Reason, detail string) error {
	return s.move(ctx, t, trialAsked, string(o), r, detail)
}

// End notes what the provider has said of a trial that was taken up.
func (s Trials) End(ctx context.Context, t delivery.Trial, o delivery.Outcome, r delivery.Reason, detail string) error {
	return s.move(ctx, t, trialBegun, string(o), r, detail)
}

func (s Trials) move(ctx context.Context, t delivery.Trial, from, to string, r delivery.Reason, detail string) error {
	c := dynamo.Condition{
		Text:   "#s = :from",
		Names:  map[string]string{"#s": attrTrialState, "#r": attrTrialReason, "#d": attrTrialDetail},
		Values: dynamo.Item{":from": dynamo.TextValue(from), ":to": dynamo.TextValue(to), ":r": dynamo.TextValue(string(r)), ":d": dynamo.TextValue(detail)},
	}
	if err := dynamo.Do(ctx, s.DB, dynamo.Update(s.Table, key.Trial(t.TemplateID, t.At, t.ID), "SET #s = :to, #r = :r, #d = :d", c)); err != nil {
		return fmt.Errorf("noting that trial %s is %s: %w", t.ID, to, err)
	}
	return nil
}

// Of lists the trials of a template, the newest first, at most so many. It reads consistently.
func (s Trials) Of(ctx context.Context, template string, limit int) (all []Trial, err error) {
	items, _, err := dynamo.Stretch{Table: s.Table, PK: key.Trials(template), Newest: true, Limit: limit}.Page(ctx, s.DB)
	if err != nil {
		return nil, fmt.Errorf("listing trials: %w", err)
	}
	for _, i := range items {
		if dynamo.NumberOf(i, dynamo.AttrTTL) <= s.Now.Time().Unix() {
			continue // it is deleted late
		}
		var t Trial
		if err := json.Unmarshal([]byte(dynamo.TextOf(i, dynamo.AttrBody)), &t); err != nil {
			return nil, fmt.Errorf("reading a trial: %w", err)
		}
		switch state := dynamo.TextOf(i, attrTrialState); state {
		case trialAsked:
		case trialBegun:
			t.Outcome, t.Reason = delivery.Unknown, delivery.Interrupted
		default:
			t.Outcome, t.Reason, t.Detail = delivery.Outcome(state), delivery.Reason(dynamo.TextOf(i, attrTrialReason)), dynamo.TextOf(i, attrTrialDetail)
		}
		all = append(all, t)
	}
	return all, nil
}
