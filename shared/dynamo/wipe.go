package dynamo

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/domain/outreach/delivery"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Gone is one key of a person who was erased.
type Gone struct {
	Key  profile.ID
	Keys []profile.ID // all of the person's
	// Version is that of the tombstones, Until when they were put. What is newer belongs to whoever came back.
	Version int64
	Until   time.Time
	Asked   time.Time // when the erasure was asked for
	// Back says that somebody stands under the key again. Then only what says when it is of is taken away.
	Back bool
	// Part says that who came back is part of somebody else by now.
	Part bool
	// Look says the same anew. nil where nobody comes back meanwhile.
	Look func(context.Context) (Gone, error)
}

// read is what holds for something that was read just now: between the look before it and the reading somebody may have come back, and it may be theirs.
func (g Gone) read(ctx context.Context) (Gone, error) {
	if g.Back || g.Look == nil {
		return g, nil
	}
	return g.Look(ctx)
}

// wipeWrites is how many batches are deleted side by side.
const wipeWrites = 4

// page reads one page of a partition behind a sort key, consistently. next is where to go on, "" at the end.
func page(ctx context.Context, db API, table, pk, prefix, after string) (items []item, next string, err error) {
	in := &dynamodb.QueryInput{
		TableName: &table, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("#pk = :pk"),
		ExpressionAttributeNames:  map[string]string{"#pk": attrPK},
		ExpressionAttributeValues: item{":pk": textValue(pk)},
	}
	if prefix != "" {
		in.KeyConditionExpression = aws.String("#pk = :pk AND begins_with(#sk, :sk)")
		in.ExpressionAttributeNames["#sk"] = attrSK
		in.ExpressionAttributeValues[":sk"] = textValue(prefix)
	}
	if after != "" {
		in.ExclusiveStartKey = Key{pk, after}.item()
	}
	out, err := db.Query(ctx, in)
	if err != nil {
		return nil, "", err
	}
	return out.Items, textOf(out.LastEvaluatedKey, attrSK), nil
}

// deleteAll deletes items. What the service leaves undone is asked for again.
func deleteAll(ctx context.Context, db API, table string, items []item) error {
	var g errgroup.Group
	g.SetLimit(wipeWrites)
	for len(items) > 0 {
		n := min(len(items), maxBatchWrites)
		chunk := items[:n]
		items = items[n:]
		g.Go(func() error { return deleteSome(ctx, db, table, chunk) })
	}
	return g.Wait()
}

func deleteSome(ctx context.Context, db API, table string, items []item) error {
	requests := make([]types.WriteRequest, len(items))
	for n, i := range items {
		requests[n] = types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: item{attrPK: i[attrPK], attrSK: i[attrSK]}}}
	}
	return writeSome(ctx, db, table, requests)
}

// Wipe deletes a page of the packs that stand under a key with a version below that of the tombstone, and tells how many there were and
// where to go on.
func (s Timeline) Wipe(ctx context.Context, g Gone, after string) (found int, next string, err error) {
	packs, next, err := page(ctx, s.DB, s.Table, string(g.Key), "", after)
	if err == nil {
		packs = only(packs, func(i item) bool { return packVersion(textOf(i, attrSK)) <= g.Version })
		err = deleteAll(ctx, s.DB, s.Table, packs)
	}
	if err != nil {
		return 0, "", fmt.Errorf("wiping the timeline of %s: %w", g.Key, err)
	}
	return len(packs), next, nil
}

// packVersion reads the version out of a pack's sort key; 0 where there is none.
func packVersion(sk string) int64 {
	_, rest, _ := strings.Cut(sk, "#")
	digits, _, _ := strings.Cut(rest, "#")
	n, _ := strconv.ParseInt(digits, 10, 64)
	return n
}

func only(items []item, wanted func(item) bool) []item {
	var out []item
	for _, i := range items {
		if wanted(i) {
			out = append(out, i)
		}
	}
	return out
}

// Wipe deletes a page of the decisions under a key, and the contact record. Where somebody stands under the key again, decisions that
// were made before the tombstones go, and of the contact record what is as old. What was withdrawn after the erasure was asked for stays: it was
// answered, and holds for whoever comes back.
func (s Deliveries) Wipe(ctx context.Context, g Gone, after string) (found int, next string, err error) {
	items, next, err := page(ctx, s.DB, s.Table, string(g.Key), "", after)
	if err == nil && len(items) > 0 {
		g, err = g.read(ctx)
	}
	if err != nil {
		return 0, "", fmt.Errorf("wiping the deliveries of %s: %w", g.Key, err)
	}
	var old []item
	for _, i := range items {
		sk := textOf(i, attrSK)
		switch {
		case sk == contactKey(g.Key).SK:
			if stripped, err := s.strip(ctx, g); err != nil {
				return 0, "", fmt.Errorf("wiping the deliveries of %s: %w", g.Key, err)
			} else if stripped {
				found++
			}
		case !g.Back || strings.HasPrefix(sk, decisionPrefix) && g.made(i):
			old = append(old, i)
		}
	}
	if err := deleteAll(ctx, s.DB, s.Table, old); err != nil {
		return 0, "", fmt.Errorf("wiping the deliveries of %s: %w", g.Key, err)
	}
	return found + len(old), next, nil
}

// made tells whether a decision is about who is gone: by the version of the profile that was judged, else by when it was made. Its key says for when it was
// asked, which may be a time that a client claims.
func (g Gone) made(decision item) bool {
	if judged := numberOf(decision, attrVersion); judged > 0 {
		return judged <= g.Version
	}
	var d delivery.Decision
	err := json.Unmarshal([]byte(textOf(decision, attrBody)), &d)
	return err != nil || !d.At.After(g.Until)
}

// strip takes out of a contact record what is not newer than the erasure, and tells whether there was any. ErrConflict says that
// somebody has written the record meanwhile.
func (s Deliveries) strip(ctx context.Context, g Gone) (bool, error) {
	c, err := s.Contact(ctx, g.Key)
	if err != nil || c.Version == 0 {
		return false, err
	}
	if g, err = g.read(ctx); err != nil {
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

// Wipe deletes a page of what campaigns noted of a key. Where somebody stands under it again, what was noted since the erasure is theirs, and
// so is what does not say when it was noted.
func (s Takings) Wipe(ctx context.Context, g Gone, after string) (found int, next string, err error) {
	items, next, err := page(ctx, s.DB, s.Table, takenKey(OwnerOrchestration, g.Key, "").PK, "", after)
	if err == nil && len(items) > 0 {
		g, err = g.read(ctx)
	}
	if err == nil {
		items = only(items, func(i item) bool {
			at := numberOf(i, attrTaken)
			return !g.Back || at != 0 && at <= g.Until.UnixMilli()
		})
		err = deleteAll(ctx, s.DB, s.Table, items)
	}
	if err != nil {
		return 0, "", fmt.Errorf("wiping what campaigns noted of %s: %w", g.Key, err)
	}
	return len(items), next, nil
}
