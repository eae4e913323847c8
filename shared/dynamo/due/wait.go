package due

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/dynamo/people"
)

const (
	// longWait is from when on a wait can be found by its person. A shorter one is over before a wipe looks again.
	longWait = 15 * time.Minute
	// waitKept is how long what finds a wait is kept behind its time: it may be late.
	waitKept = 24 * time.Hour
)

// Wait is Put for something that is about one person. A long one is taken away when the person is erased.
func (d Due) Wait(ctx context.Context, owner string, person profile.ID, at time.Time, id string, body []byte) error {
	if at.Sub(d.Now.Time()) > longWait {
		minute := d.minute(at)
		i := key.Wait(owner, person, minute, id).Item()
		i[dynamo.AttrTTL] = dynamo.NumberValue(minute.Add(waitKept).Unix())
		if _, err := d.DB.PutItem(ctx, &dynamodb.PutItemInput{TableName: &d.Table, Item: i}); err != nil {
			return fmt.Errorf("writing what waits for %s: %w", owner, err)
		}
	}
	return d.Put(ctx, owner, at, id, body)
}

// Waits finds the long waits of a person, and takes them away from who was erased.
type Waits struct {
	DB    dynamo.API
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
		pk := key.Wait(OwnerOrchestration, id, time.Time{}, "").PK
		for after, more := "", true; more; more = after != "" {
			items, next, err := dynamo.Stretch{Table: s.Table, PK: pk, After: after}.Page(ctx, s.DB)
			if err != nil {
				return nil, fmt.Errorf("reading what waits for %s: %w", id, err)
			}
			for _, i := range items {
				minute, notification, _ := strings.Cut(dynamo.TextOf(i, dynamo.AttrSK), "#")
				if at, err := time.Parse(key.DueMinuteForm, minute); err == nil && at.Add(time.Minute).After(now) {
					all = append(all, Waiting{Notification: notification, At: at})
				}
			}
			after = next
		}
	}
	return all, nil
}

// Wipe deletes a page of a key's waits and what finds them. Where somebody stands under the key again, the waits are theirs.
func (s Waits) Wipe(ctx context.Context, g people.Gone, after string) (found int, next string, err error) {
	if g.Back {
		return 0, "", nil
	}
	items, next, err := dynamo.Stretch{Table: s.Table, PK: key.Wait(OwnerOrchestration, g.Key, time.Time{}, "").PK, After: after}.Page(ctx, s.DB)
	if err == nil && len(items) > 0 {
		if g, err = g.Read(ctx); err == nil && g.Back {
			return 0, "", nil
		}
	}
	if err == nil {
		var waits []dynamo.Item
		for _, i := range items {
			minute, id, _ := strings.Cut(dynamo.TextOf(i, dynamo.AttrSK), "#")
			if at, err := time.Parse(key.DueMinuteForm, minute); err == nil {
				waits = append(waits, key.Due(OwnerOrchestration, at, key.DueShard(id), id).Item())
			}
		}
		if err = dynamo.DeleteAll(ctx, s.DB, s.Table, waits); err == nil {
			err = dynamo.DeleteAll(ctx, s.DB, s.Table, items)
		}
	}
	if err != nil {
		return 0, "", fmt.Errorf("wiping the waits of %s: %w", g.Key, err)
	}
	return len(items), next, nil
}
