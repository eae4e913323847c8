package dynamo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/shared/domain/people/profile"
)

const (
	// longWait is from when on a wait can be found by its person. A shorter one is over before a wipe looks again.
	longWait = 15 * time.Minute
	// waitKept is how long what finds a wait is kept behind its time: it may be late.
	waitKept = 24 * time.Hour
)

// Wait is Put for something that is about one person. A long one is taken away when the person is erased.
func (d Due) Wait(ctx context.Context, owner string, person profile.ID, at time.Time, id string, body []byte) error {
	if at.Sub(d.now()) > longWait {
		minute := d.minute(at)
		i := waitKey(owner, person, minute, id).item()
		i[attrTTL] = numberValue(minute.Add(waitKept).Unix())
		if _, err := d.DB.PutItem(ctx, &dynamodb.PutItemInput{TableName: &d.Table, Item: i}); err != nil {
			return fmt.Errorf("writing what waits for %s: %w", owner, err)
		}
	}
	return d.Put(ctx, owner, at, id, body)
}

// Waits finds the long waits of a person, and takes them away from who was erased.
type Waits struct {
	DB    API
	Table string
}

// Waiting is a notification that waits for its time.
type Waiting struct {
	Notification string    `json:"notificationId"`
	At           time.Time `json:"at"` // to the minute
}

// Of are the long waits of a person that are not over at a time, under the ids that the person had.
func (s Waits) Of(ctx context.Context, keys []profile.ID, now time.Time) ([]Waiting, error) {
	all := []Waiting{}
	for _, id := range keys {
		pk := waitKey(OwnerOrchestration, id, time.Time{}, "").PK
		for after, more := "", true; more; more = after != "" {
			items, next, err := page(ctx, s.DB, s.Table, pk, "", after)
			if err != nil {
				return nil, fmt.Errorf("reading what waits for %s: %w", id, err)
			}
			for _, i := range items {
				minute, notification, _ := strings.Cut(textOf(i, attrSK), "#")
				if at, err := time.Parse(dueMinuteForm, minute); err == nil && at.Add(time.Minute).After(now) {
					all = append(all, Waiting{Notification: notification, At: at})
				}
			}
			after = next
		}
	}
	return all, nil
}

// Wipe deletes a page of a key's waits and what finds them. Where somebody stands under the key again, the waits are theirs.
func (s Waits) Wipe(ctx context.Context, g Gone, after string) (found int, next string, err error) {
	if g.Back {
		return 0, "", nil
	}
	items, next, err := page(ctx, s.DB, s.Table, waitKey(OwnerOrchestration, g.Key, time.Time{}, "").PK, "", after)
	if err == nil && len(items) > 0 {
		if g, err = g.read(ctx); err == nil && g.Back {
			return 0, "", nil
		}
	}
	if err == nil {
		var waits []item
		for _, i := range items {
			minute, id, _ := strings.Cut(textOf(i, attrSK), "#")
			if at, err := time.Parse(dueMinuteForm, minute); err == nil {
				waits = append(waits, dueKey(OwnerOrchestration, at, dueShard(id), id).item())
			}
		}
		if err = deleteAll(ctx, s.DB, s.Table, waits); err == nil {
			err = deleteAll(ctx, s.DB, s.Table, items)
		}
	}
	if err != nil {
		return 0, "", fmt.Errorf("wiping the waits of %s: %w", g.Key, err)
	}
	return len(items), next, nil
}
