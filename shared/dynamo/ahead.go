package dynamo

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/profile"
)

// Ahead is a client that answers consistent reads of profiles and orders from what it has read for many people at once, each item once: a
// read that is made again, after a lost condition, goes to the table. What it answers may be as old as the call of Read; a writer's
// condition tells.
type Ahead struct {
	API
	Table string // of profiles and orders

	mu    sync.Mutex
	items map[string]item // by partition key; nil for one that is free
}

// Read reads profiles and orders, a hundred with one call. What the service leaves out is read when it is asked for.
func (a *Ahead) Read(ctx context.Context, ids []profile.ID, orderIDs []string) error {
	keys := make([]item, 0, len(ids)+len(orderIDs))
	for _, id := range ids {
		keys = append(keys, profileKey(id).item())
	}
	for _, id := range orderIDs {
		keys = append(keys, orderKey(id).item())
	}
	for chunk := range slices.Chunk(keys, maxBatchKeys) {
		out, err := a.API.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
			RequestItems: map[string]types.KeysAndAttributes{a.Table: {Keys: chunk, ConsistentRead: aws.Bool(true)}},
		})
		if err != nil {
			return fmt.Errorf("reading ahead: %w", err)
		}
		a.keep(chunk, out)
	}
	return nil
}

func (a *Ahead) keep(asked []item, out *dynamodb.BatchGetItemOutput) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.items == nil {
		a.items = map[string]item{}
	}
	for _, k := range asked {
		a.items[textOf(k, attrPK)] = nil
	}
	for _, k := range out.UnprocessedKeys[a.Table].Keys {
		delete(a.items, textOf(k, attrPK))
	}
	for _, i := range out.Responses[a.Table] {
		a.items[textOf(i, attrPK)] = i
	}
}

// Forget drops what nobody has asked for.
func (a *Ahead) Forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.items = nil
}

// take answers the items under all of the keys, if all were read.
func (a *Ahead) take(table *string, consistent *bool, keys ...item) ([]item, bool) {
	if *table != a.Table || !aws.ToBool(consistent) {
		return nil, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	found := []item{}
	for _, k := range keys {
		i, read := a.items[textOf(k, attrPK)]
		if !read {
			return nil, false
		}
		if i != nil {
			found = append(found, i)
		}
	}
	for _, k := range keys {
		delete(a.items, textOf(k, attrPK))
	}
	return found, true
}

// GetItem answers from what was read ahead, or asks.
func (a *Ahead) GetItem(ctx context.Context, in *dynamodb.GetItemInput, options ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	found, read := a.take(in.TableName, in.ConsistentRead, in.Key)
	switch {
	case !read:
		return a.API.GetItem(ctx, in, options...)
	case len(found) == 0:
		return &dynamodb.GetItemOutput{}, nil
	}
	return &dynamodb.GetItemOutput{Item: found[0]}, nil
}

// BatchGetItem answers from what was read ahead if that holds every key, or asks for all.
func (a *Ahead) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, options ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	if ask, only := in.RequestItems[a.Table]; only && len(in.RequestItems) == 1 {
		if found, read := a.take(&a.Table, ask.ConsistentRead, ask.Keys...); read {
			return &dynamodb.BatchGetItemOutput{Responses: map[string][]map[string]types.AttributeValue{a.Table: found}}, nil
		}
	}
	return a.API.BatchGetItem(ctx, in, options...)
}
