package reward

import (
	"context"
	"fmt"
	"strings"

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/dynamo/people"
)

// Wipe deletes a page of what stands under a key as advocate: codes, which nobody can claim any more, and the list of friends. What a
// person has as friend stays under the pseudonym: a claim binds once for ever, and the settled ones are what the book's entries are
// for. What is newer than the erasure is of whoever came back.
func (s Referrals) Wipe(ctx context.Context, g people.Gone, after string) (found int, next string, err error) {
	items, next, err := dynamo.Stretch{Table: s.Table, PK: key.AdvocateCode(g.Key, "").PK, After: after}.Page(ctx, s.DB)
	if err != nil {
		return 0, "", fmt.Errorf("wiping the codes of %s: %w", g.Key, err)
	}
	var old []dynamo.Item
	for _, i := range items {
		// Where the time cannot be read it counts as old: nothing of who is gone may stay.
		if at, err := dynamo.TimeOf(i, attrAt); err == nil && at.After(g.Until) {
			continue
		}
		if strings.HasPrefix(dynamo.TextOf(i, dynamo.AttrSK), key.AdvocateCode("", "").SK) {
			// First what finds the code's owner: the entry under the person tells which code it is.
			if err := dynamo.DeleteAll(ctx, s.DB, s.Table, []dynamo.Item{key.Code(dynamo.TextOf(i, attrCode)).Item()}); err != nil {
				return 0, "", fmt.Errorf("wiping the codes of %s: %w", g.Key, err)
			}
		}
		old = append(old, i)
	}
	if err := dynamo.DeleteAll(ctx, s.DB, s.Table, old); err != nil {
		return 0, "", fmt.Errorf("wiping the codes of %s: %w", g.Key, err)
	}
	return len(old), next, nil
}

// OrdersOf are the orders by which rewards of a person as friend stand or fall.
func (s Referrals) OrdersOf(ctx context.Context, keys []profile.ID) (ids []string, err error) {
	referrals, err := s.OfFriend(ctx, keys)
	for _, r := range referrals {
		if r.OrderID != "" {
			ids = append(ids, r.OrderID)
		}
	}
	return ids, err
}
