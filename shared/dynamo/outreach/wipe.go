package outreach

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/dynamo/people"
)

// Wipe deletes a page of the decisions under a key, and the contact record. Where somebody stands under the key again, decisions that
// were made before the tombstones go, and of the contact record what is as old. What was withdrawn after the erasure was asked for stays: it was
// answered, and holds for whoever comes back.
func (s Deliveries) Wipe(ctx context.Context, g people.Gone, after string) (found int, next string, err error) {
	items, next, err := dynamo.Stretch{Table: s.Table, PK: string(g.Key), After: after}.Page(ctx, s.DB)
	if err == nil && len(items) > 0 {
		g, err = g.Read(ctx)
	}
	if err != nil {
		return 0, "", fmt.Errorf("wiping the deliveries of %s: %w", g.Key, err)
	}
	var old []dynamo.Item
	for _, i := range items {
		sk := dynamo.TextOf(i, dynamo.AttrSK)
		switch {
		case sk == key.Contact(g.Key).SK:
			if stripped, err := s.strip(ctx, g); err != nil {
				return 0, "", fmt.Errorf("wiping the deliveries of %s: %w", g.Key, err)
			} else if stripped {
				found++
			}
		case !g.Back || strings.HasPrefix(sk, decisionPrefix) && made(g, i):
			old = append(old, i)
		}
	}
	// What a stop lists goes first: it is found by the decision alone.
	if err := dynamo.DeleteAll(ctx, s.DB, s.Table, listed(old)); err != nil {
		return 0, "", fmt.Errorf("wiping what stops list of %s: %w", g.Key, err)
	}
	if err := dynamo.DeleteAll(ctx, s.DB, s.Table, old); err != nil {
		return 0, "", fmt.Errorf("wiping the deliveries of %s: %w", g.Key, err)
	}
	return found + len(old), next, nil
}

// made tells whether a decision is about who is gone: by the version of the profile that was judged, else by when it was made. Its key says for when it was
// asked, which may be a time that a client claims.
func made(g people.Gone, decision dynamo.Item) bool {
	if judged := dynamo.NumberOf(decision, dynamo.AttrVersion); judged > 0 {
		return judged <= g.Version
	}
	var d delivery.Decision
	err := json.Unmarshal([]byte(dynamo.TextOf(decision, dynamo.AttrBody)), &d)
	return err != nil || !d.At.After(g.Until)
}

// strip takes out of a contact record what is not newer than the erasure, and tells whether there was any. ErrConflict says that
// somebody has written the record meanwhile.
func (s Deliveries) strip(ctx context.Context, g people.Gone) (bool, error) {
	c, err := s.Contact(ctx, g.Key)
	if err != nil || c.Version == 0 {
		return false, err
	}
	if g, err = g.Read(ctx); err != nil {
		return false, err
	}
	switch {
	case g.Part && c.MovedTo != "":
		return false, nil // what stood here is in that one's record, and whoever still writes here must lose
	case g.Back && c.Forget(g.Until, g.Asked, func(i delivery.Intent) bool { return !slices.Contains(g.Keys, i.Of) }):
		return true, s.SaveContact(ctx, c)
	case g.Back:
		return false, nil
	}
	left := c.Objections(g.Asked)
	switch {
	case len(left.Withdrawn) == 0:
		return true, s.dropContact(ctx, c)
	case c.Bare() && len(left.Withdrawn) == len(c.Withdrawn):
		return false, nil
	}
	return true, s.SaveContact(ctx, left)
}
