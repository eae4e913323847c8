package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"
)

// wipeWrites is how many batches are deleted side by side.
const wipeWrites = 4

// DeleteAll deletes items. What the service leaves undone is asked for again.
func DeleteAll(ctx context.Context, db API, table string, items []Item) error {
	var g errgroup.Group
	g.SetLimit(wipeWrites)
	for len(items) > 0 {
		n := min(len(items), MaxBatchWrites)
		chunk := items[:n]
		items = items[n:]
		g.Go(func() error { return deleteSome(ctx, db, table, chunk) })
	}
	return g.Wait()
}

func deleteSome(ctx context.Context, db API, table string, items []Item) error {
	requests := make([]types.WriteRequest, len(items))
	for n, i := range items {
		requests[n] = types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: Item{AttrPK: i[AttrPK], AttrSK: i[AttrSK]}}}
	}
	return WriteSome(ctx, db, table, requests)
}

// Only are the items that are wanted.
func Only(items []Item, wanted func(Item) bool) []Item {
	var out []Item
	for _, i := range items {
		if wanted(i) {
			out = append(out, i)
		}
	}
	return out
}
