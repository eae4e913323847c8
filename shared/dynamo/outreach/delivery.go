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

// Decide records a decision in place of what was recorded for the same attempt before: what is known takes the place of what was
// not. Its Asked is cut to milliseconds.
func (s Deliveries) Decide(ctx context.Context, d delivery.Decision) error {
	_, err := s.record(ctx, d, func(delivery.Outcome) bool { return true })
	return err
}

// DecideFirst records a decision unless there is one for the same attempt, other than by one of these outcomes. It tells whether it did.
func (s Deliveries) DecideFirst(ctx context.Context, d delivery.Decision, over ...delivery.Outcome) (bool, error) {
	return s.record(ctx, d, func(o delivery.Outcome) bool { return slices.Contains(over, o) })
}

// DecideWhile records what the contact record tells of an intent, in place of one of these outcomes, while that record is as it was read: else
// ErrConflict, since whoever had the intent may have given it back, or somebody may have one since. Where anything else is on record it changes nothing.
func (s Deliveries) DecideWhile(ctx context.Context, d delivery.Decision, c *delivery.Contact, over ...delivery.Outcome) error {
	recorded, err := s.record(ctx, d, func(o delivery.Outcome) bool { return slices.Contains(over, o) }, s.putContact(c))
	if recorded {
		c.Version++
	}
	return err
}

const (
	// A pause goes before the next try of what was throttled, twice as long each time: a second in all.
	firstPause = 10 * time.Millisecond
	longPause  = 160 * time.Millisecond
)

// record writes a decision, and what counts it, in one transaction: where nothing is on record for the attempt, or what may be replaced. recorded is
// false where something else stands, and nothing was written.
func (s Deliveries) record(ctx context.Context, d delivery.Decision, over func(delivery.Outcome) bool, beside ...dynamo.Write) (recorded bool, err error) {
	if s.Together != nil && len(beside) == 0 && listedUnder(d) == "" {
		if recorded, err = s.Together.first(ctx, d, s.recordFirst); err != nil {
			return false, fmt.Errorf("recording decision %s: %w", d.NotificationID, err)
		}
		if recorded {
			return true, nil
		}
	}
	var stands dynamo.Item // what is to be replaced, nil for nothing
	var on delivery.Decision
	for try := range maxMeetings {
		var writes []dynamo.Write
		if writes, err = s.decision(d, stands); err == nil {
			writes = append(writes, s.counting(d, stands, on, try)...)
			writes = append(append(writes, s.listing(d, stands)...), beside...)
			err = dynamo.Do(ctx, s.DB, writes...)
		}
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, errDecided):
			stands = dynamo.Stood(err)
			if stands == nil {
				continue // it was erased meanwhile
			}
			if on, err = readDecision(stands); err != nil {
				return false, err
			}
			if !over(on.Outcome) {
				return false, nil
			}
		case errors.Is(err, dynamo.ErrMet):
		case errors.Is(err, dynamo.ErrThrottled):
			// What may be asked too much is the partition of a lane, and the next lane lies in another one. A decision that is lost here is one of a
			// notification that was sent, and would count as unknown.
			if late := pause(ctx, try); late != nil {
				return false, fmt.Errorf("recording decision %s: %w", d.NotificationID, errors.Join(err, late))
			}
		default:
			return false, fmt.Errorf("recording decision %s: %w", d.NotificationID, err)
		}
	}
	return false, fmt.Errorf("recording decision %s: %w", d.NotificationID, err)
}

// recordFirst is the transaction. What it counts lies in one lane; who meets another transaction there takes another.
func (s Deliveries) recordFirst(ctx context.Context, all []delivery.Decision, try int) error {
	var writes []dynamo.Write
	counts := changes{}
	for _, d := range all {
		w, err := s.decision(d, nil)
		if err != nil {
			return err
		}
		writes = append(writes, w...)
		s.count(counts, d, nil, delivery.Decision{}, laneOf(all[0], try))
	}
	return dynamo.Do(ctx, s.DB, append(writes, s.countsOf(counts)...)...)
}

// pause waits before the next try of what was throttled. An error says that the time is over.
func pause(ctx context.Context, try int) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(min(firstPause<<try, longPause)):
		return nil
	}
}

func readDecision(i dynamo.Item) (d delivery.Decision, err error) {
	if err = json.Unmarshal([]byte(dynamo.TextOf(i, dynamo.AttrBody)), &d); err != nil {
		err = fmt.Errorf("reading a decision of %s: %w", dynamo.TextOf(i, dynamo.AttrPK), err)
	}
	return d, err
}

// Decision is what stands of one attempt: under the id that its job names, asked for when it was due. ErrNotFound if nothing does.
func (s Deliveries) Decision(ctx context.Context, id profile.ID, asked time.Time, notification string) (d delivery.Decision, err error) {
	found, err := dynamo.Get(ctx, s.DB, s.Table, key.Decision(id, asked, notification))
	if err == nil {
		if found == nil {
			return d, dynamo.ErrNotFound
		}
		d, err = readDecision(found)
	}
	if err != nil {
		return d, fmt.Errorf("reading the decision of %s: %w", notification, err)
	}
	return d, nil
}

// decision is the write of a decision in place of what stands there, nil for nothing.
func (s Deliveries) decision(d delivery.Decision, stands dynamo.Item) ([]dynamo.Write, error) {
	d.Asked = d.Asked.UTC().Truncate(time.Millisecond)
	body, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	i := key.Decision(d.ProfileID, d.Asked, d.NotificationID).Item()
	i[dynamo.AttrBody], i[attrCounted] = dynamo.TextValue(string(body)), dynamo.NumberValue(1)
	i[dynamo.AttrTTL] = dynamo.NumberValue(s.Now.Time().Add(delivery.DecisionLife).Unix())
	if d.Version > 0 {
		i[dynamo.AttrVersion] = dynamo.NumberValue(d.Version)
	}
	if stop := listedUnder(d); stop != "" {
		i[attrStop] = dynamo.TextValue(stop)
	}
	c := dynamo.Absent()
	if stands != nil {
		c = dynamo.Condition{Text: "#b = :b", Names: map[string]string{"#b": dynamo.AttrBody}, Values: dynamo.Item{":b": stands[dynamo.AttrBody]}}
	}
	return []dynamo.Write{dynamo.Put(s.Table, i, c).Or(errDecided).Seeing()}, nil
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
		if decisions[n], err = readDecision(i); err != nil {
			return nil, "", err
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
