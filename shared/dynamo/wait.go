package dynamo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/shared/domain/profile"
)

// longWait is from when on a wait can be found by its person. A shorter one is over soon enough by itself.
const longWait = 24 * time.Hour

// Wait is Put for something that is about one person. A long one is taken away when the person is erased.
func (d Due) Wait(ctx context.Context, owner string, person profile.ID, at time.Time, id string, body []byte) error {
	if at.Sub(d.now()) > longWait {
		minute := d.minute(at)
		i := waitKey(owner, person, minute, id).item()
		i[attrTTL] = numberValue(minute.Add(longWait).Unix())
		if _, err := d.DB.PutItem(ctx, &dynamodb.PutItemInput{TableName: &d.Table, Item: i}); err != nil {
			return fmt.Errorf("writing what waits for %s: %w", owner, err)
		}
	}
	return d.Put(ctx, owner, at, id, body)
}

// Waits takes away the long waits of who was erased.
type Waits struct {
	DB    API
	Table string
}

// Wipe deletes a page of a key's waits and what finds them. Where somebody stands under the key again, the waits are theirs.
func (s Waits) Wipe(ctx context.Context, g Gone, after string) (found int, next string, err error) {
	if g.Back {
		return 0, "", nil
	}
	items, next, err := page(ctx, s.DB, s.Table, waitKey(OwnerOrchestration, g.Key, time.Time{}, "").PK, "", after)
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
