// Package outreach stores what was said to people: a contact record for each person, decisions, and whom a campaign has taken. It holds no rule of when somebody may be written to.
// The surprising thing: the contact record is one item, since an intent and the caps that it counts against must be one conditional write.
package outreach

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

const decisionPrefix = "d#"

// Deliveries stores what dispatch remembers: a contact record for each person, and decisions.
type Deliveries struct {
	DB    dynamo.API
	Table string
	Now   dynamo.Clock
}

// errDecided says that something else is on record.
var errDecided = errors.New("the attempt is decided")

// Decide records a decision in place of what was recorded for the same attempt before: what is known takes the place of what was
// not. Its Asked is cut to milliseconds.
func (s Deliveries) Decide(ctx context.Context, d delivery.Decision) error {
	return s.putDecision(ctx, d, dynamo.Condition{})
}

// DecideFirst records a decision unless there is one for the same attempt, other than by one of these outcomes. It tells whether it did.
func (s Deliveries) DecideFirst(ctx context.Context, d delivery.Decision, over ...delivery.Outcome) (bool, error) {
	err := s.putDecision(ctx, d, undecided(over))
	if errors.Is(err, errDecided) {
		return false, nil
	}
	return err == nil, err
}

// DecideWhile records what the contact record tells of an intent, in place of one of these outcomes, while that record is as it was read: else
// ErrConflict, since whoever had the intent may have given it back, or somebody may have one since. Where anything else is on record it changes nothing.
func (s Deliveries) DecideWhile(ctx context.Context, d delivery.Decision, c *delivery.Contact, over ...delivery.Outcome) error {
	decided, err := s.decision(d, undecided(over))
	if err != nil {
		return err
	}
	err = dynamo.Do(ctx, s.DB, decided, s.putContact(c))
	if errors.Is(err, errDecided) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("recording decision %s: %w", d.NotificationID, err)
	}
	c.Version++
	return nil
}

// undecided holds where nothing is on record, or one of the outcomes.
func undecided(over []delivery.Outcome) dynamo.Condition {
	c := dynamo.Absent()
	for n, outcome := range over {
		// No other text of a decision can hold this: quotes within one are escaped.
		c.Text += fmt.Sprintf(" OR contains(#b, :o%d)", n)
		if c.Values == nil {
			c.Names["#b"], c.Values = dynamo.AttrBody, dynamo.Item{}
		}
		c.Values[fmt.Sprintf(":o%d", n)] = dynamo.TextValue(fmt.Sprintf(`"outcome":%q`, outcome))
	}
	return c
}

// Decision is what stands of one attempt: under the id that its job names, asked for when it was due. ErrNotFound if nothing does.
func (s Deliveries) Decision(ctx context.Context, id profile.ID, asked time.Time, notification string) (d delivery.Decision, err error) {
	found, err := dynamo.Get(ctx, s.DB, s.Table, key.Decision(id, asked, notification))
	if err == nil {
		if found == nil {
			return d, dynamo.ErrNotFound
		}
		err = json.Unmarshal([]byte(dynamo.TextOf(found, dynamo.AttrBody)), &d)
	}
	if err != nil {
		return d, fmt.Errorf("reading the decision of %s: %w", notification, err)
	}
	return d, nil
}

func (s Deliveries) putDecision(ctx context.Context, d delivery.Decision, c dynamo.Condition) error {
	decided, err := s.decision(d, c)
	if err != nil {
		return err
	}
	if err := dynamo.Do(ctx, s.DB, decided); err != nil {
		return fmt.Errorf("recording decision %s: %w", d.NotificationID, err)
	}
	return nil
}

// decision is the write of a decision.
func (s Deliveries) decision(d delivery.Decision, c dynamo.Condition) (dynamo.Write, error) {
	d.Asked = d.Asked.UTC().Truncate(time.Millisecond)
	body, err := json.Marshal(d)
	if err != nil {
		return dynamo.Write{}, fmt.Errorf("recording decision %s: %w", d.NotificationID, err)
	}
	i := key.Decision(d.ProfileID, d.Asked, d.NotificationID).Item()
	i[dynamo.AttrBody] = dynamo.TextValue(string(body))
	i[dynamo.AttrTTL] = dynamo.NumberValue(s.Now.Time().Add(delivery.DecisionLife).Unix())
	if d.Version > 0 {
		i[dynamo.AttrVersion] = dynamo.NumberValue(d.Version)
	}
	return dynamo.Put(s.Table, i, c).Or(errDecided), nil
}

// Decisions lists what was decided for a person, newest first, of all ids under which decisions may stand. A cursor that did not
// come from here is ErrCursor; an empty next ends the list.
func (s Deliveries) Decisions(ctx context.Context, ids []profile.ID, limit int, cursor string) ([]delivery.Decision, string, error) {
	after, err := dynamo.SortKeyOf(cursor, decisionPrefix)
	if err != nil {
		return nil, "", err
	}
	before := cmp.Or(after, decisionPrefix+"~")
	var found []dynamo.Item
	for _, id := range ids {
		part, err := s.decisionsBefore(ctx, id, before, limit+1)
		if err != nil {
			return nil, "", err
		}
		found = append(found, part...)
	}
	slices.SortStableFunc(found, func(a, b dynamo.Item) int {
		return cmp.Compare(dynamo.TextOf(b, dynamo.AttrSK), dynamo.TextOf(a, dynamo.AttrSK))
	})
	next := ""
	if len(found) > limit {
		found = found[:limit]
		next = dynamo.CursorAfter(dynamo.TextOf(found[limit-1], dynamo.AttrSK))
	}
	decisions := make([]delivery.Decision, len(found))
	for n, i := range found {
		if err := json.Unmarshal([]byte(dynamo.TextOf(i, dynamo.AttrBody)), &decisions[n]); err != nil {
			return nil, "", fmt.Errorf("reading a decision of %s: %w", dynamo.TextOf(i, dynamo.AttrPK), err)
		}
	}
	return decisions, next, nil
}

// decisionsBefore reads up to limit live decisions of one id, newest first.
func (s Deliveries) decisionsBefore(ctx context.Context, id profile.ID, before string, limit int) ([]dynamo.Item, error) {
	// The last one of the page before is within, too.
	of := dynamo.Stretch{Table: s.Table, PK: string(id), From: decisionPrefix, To: before, Newest: true, Stale: true, Limit: limit + 1}
	var found []dynamo.Item
	for {
		items, next, err := of.Page(ctx, s.DB)
		if err != nil {
			return nil, fmt.Errorf("listing the decisions of %s: %w", id, err)
		}
		for _, i := range items {
			// TTL deletes late, so that the time is asked here as well.
			if dynamo.TextOf(i, dynamo.AttrSK) != before && dynamo.NumberOf(i, dynamo.AttrTTL) > s.Now.Time().Unix() {
				found = append(found, i)
			}
		}
		if of.After = next; next == "" || len(found) >= limit {
			return found[:min(len(found), limit)], nil
		}
	}
}
