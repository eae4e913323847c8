package dynamo

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
)

const decisionPrefix = "d#"

// Deliveries stores what dispatch remembers: a contact record for each person, and decisions.
type Deliveries struct {
	DB    API
	Table string
	Now   func() time.Time // time.Now when nil
}

func (s Deliveries) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// errDecided says that something else is on record.
var errDecided = errors.New("the attempt is decided")

// Decide records a decision in place of what was recorded for the same attempt before: what is known takes the place of what was
// not. Its Asked is cut to milliseconds.
func (s Deliveries) Decide(ctx context.Context, d delivery.Decision) error {
	return s.putDecision(ctx, d, condition{})
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
	err = do(ctx, s.DB, decided, s.putContact(c))
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
func undecided(over []delivery.Outcome) condition {
	c := absent()
	for n, outcome := range over {
		// No other text of a decision can hold this: quotes within one are escaped.
		c.text += fmt.Sprintf(" OR contains(#b, :o%d)", n)
		if c.values == nil {
			c.names["#b"], c.values = attrBody, item{}
		}
		c.values[fmt.Sprintf(":o%d", n)] = textValue(fmt.Sprintf(`"outcome":%q`, outcome))
	}
	return c
}

// Decision is what stands of one attempt: under the id that its job names, asked for when it was due. ErrNotFound if nothing does.
func (s Deliveries) Decision(ctx context.Context, id profile.ID, asked time.Time, notification string) (d delivery.Decision, err error) {
	out, err := s.DB.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.Table, ConsistentRead: aws.Bool(true),
		Key: decisionKey(id, asked, notification).item()})
	if err == nil {
		if len(out.Item) == 0 {
			return d, ErrNotFound
		}
		err = json.Unmarshal([]byte(textOf(out.Item, attrBody)), &d)
	}
	if err != nil {
		return d, fmt.Errorf("reading the decision of %s: %w", notification, err)
	}
	return d, nil
}

func (s Deliveries) putDecision(ctx context.Context, d delivery.Decision, c condition) error {
	decided, err := s.decision(d, c)
	if err != nil {
		return err
	}
	if err := do(ctx, s.DB, decided); err != nil {
		return fmt.Errorf("recording decision %s: %w", d.NotificationID, err)
	}
	return nil
}

// decision is the write of a decision.
func (s Deliveries) decision(d delivery.Decision, c condition) (write, error) {
	d.Asked = d.Asked.UTC().Truncate(time.Millisecond)
	body, err := json.Marshal(d)
	if err != nil {
		return write{}, fmt.Errorf("recording decision %s: %w", d.NotificationID, err)
	}
	i := decisionKey(d.ProfileID, d.Asked, d.NotificationID).item()
	i[attrBody] = textValue(string(body))
	i[attrTTL] = numberValue(s.now().Add(delivery.DecisionLife).Unix())
	if d.Version > 0 {
		i[attrVersion] = numberValue(d.Version)
	}
	return put(s.Table, i, c).or(errDecided), nil
}

// Decisions lists what was decided for a person, newest first, of all ids under which decisions may stand. A cursor that did not
// come from here is ErrCursor; an empty next ends the list.
func (s Deliveries) Decisions(ctx context.Context, ids []profile.ID, limit int, cursor string) ([]delivery.Decision, string, error) {
	before := decisionPrefix + "~"
	if cursor != "" {
		var err error
		if before, err = sortKeyOf(cursor, decisionPrefix); err != nil {
			return nil, "", err
		}
	}
	var found []item
	for _, id := range ids {
		part, err := s.decisionsBefore(ctx, id, before, limit+1)
		if err != nil {
			return nil, "", err
		}
		found = append(found, part...)
	}
	slices.SortStableFunc(found, func(a, b item) int { return cmp.Compare(textOf(b, attrSK), textOf(a, attrSK)) })
	next := ""
	if len(found) > limit {
		found = found[:limit]
		next = cursorAfter(textOf(found[limit-1], attrSK))
	}
	decisions := make([]delivery.Decision, len(found))
	for n, i := range found {
		if err := json.Unmarshal([]byte(textOf(i, attrBody)), &decisions[n]); err != nil {
			return nil, "", fmt.Errorf("reading a decision of %s: %w", textOf(i, attrPK), err)
		}
	}
	return decisions, next, nil
}

// decisionsBefore reads up to limit live decisions of one id, newest first.
func (s Deliveries) decisionsBefore(ctx context.Context, id profile.ID, before string, limit int) ([]item, error) {
	in := &dynamodb.QueryInput{
		TableName:                &s.Table,
		KeyConditionExpression:   aws.String("#pk = :pk AND #sk BETWEEN :from AND :before"),
		ExpressionAttributeNames: map[string]string{"#pk": attrPK, "#sk": attrSK},
		ExpressionAttributeValues: item{
			":pk": textValue(string(id)), ":from": textValue(decisionPrefix), ":before": textValue(before)},
		ScanIndexForward: aws.Bool(false),
		Limit:            aws.Int32(int32(limit) + 1), // BETWEEN holds the last one of the page before, too
	}
	var found []item
	for {
		out, err := s.DB.Query(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("listing the decisions of %s: %w", id, err)
		}
		for _, i := range out.Items {
			// TTL deletes late, so that the time is asked here as well.
			if textOf(i, attrSK) != before && numberOf(i, attrTTL) > s.now().Unix() {
				found = append(found, i)
			}
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
		if in.ExclusiveStartKey == nil || len(found) >= limit {
			return found[:min(len(found), limit)], nil
		}
	}
}
