package dynamo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/profile"
)

// Ahead is a client that answers consistent reads of profiles and orders, and reads of the packs that they owe, from what it has read for many
// people at once, each item once: a read that is made again, after a lost condition, goes to the table. What it answers may be as old as the
// call of Read; a writer's condition tells.
type Ahead struct {
	API
	Table    string // of profiles and orders
	Timeline string // of packs

	mu    sync.Mutex
	items map[slot]item // nil for one that is free
}

// slot is where an item stands.
type slot struct{ table, pk, sk string }

func slotOf(table string, i item) slot { return slot{table, textOf(i, attrPK), textOf(i, attrSK)} }

// Read reads profiles and orders, and then the packs that the profiles owe and of which seen does not say that they were seen written: a hundred
// with one call. What the service leaves out is read when it is asked for.
func (a *Ahead) Read(ctx context.Context, ids []profile.ID, orderIDs []string, seen func(profile.ID, int64) bool) error {
	keys := make([]item, 0, len(ids)+len(orderIDs))
	for _, id := range ids {
		keys = append(keys, profileKey(id).item())
	}
	for _, id := range orderIDs {
		keys = append(keys, orderKey(id).item())
	}
	var owed []item
	for chunk := range slices.Chunk(keys, maxBatchKeys) {
		found, err := a.read(ctx, a.Table, types.KeysAndAttributes{Keys: chunk, ConsistentRead: aws.Bool(true)})
		if err != nil {
			return err
		}
		for _, i := range found {
			owed = append(owed, owedPacks(i, seen)...)
		}
	}
	for chunk := range slices.Chunk(owed, maxBatchKeys) {
		if _, err := a.read(ctx, a.Timeline, askPacks(chunk)); err != nil {
			return err
		}
	}
	return nil
}

// read asks once and keeps what is answered.
func (a *Ahead) read(ctx context.Context, table string, ask types.KeysAndAttributes) ([]map[string]types.AttributeValue, error) {
	out, err := a.API.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{table: ask}})
	if err != nil {
		return nil, fmt.Errorf("reading ahead: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.items == nil {
		a.items = map[slot]item{}
	}
	for _, k := range ask.Keys {
		a.items[slotOf(table, k)] = nil
	}
	for _, k := range out.UnprocessedKeys[table].Keys {
		delete(a.items, slotOf(table, k))
	}
	for _, i := range out.Responses[table] {
		a.items[slotOf(table, i)] = i
	}
	return out.Responses[table], nil
}

// owedPacks are the keys of the packs that a profile's item owes, as far as they are in one piece.
func owedPacks(i item, seen func(profile.ID, int64) bool) (keys []item) {
	of, is := strings.CutPrefix(textOf(i, attrPK), profileKey("").PK)
	if !is {
		return nil
	}
	for _, c := range commitsOf(bytesOf(i, attrBody)) {
		id := cmp.Or(c.Part, profile.ID(of))
		if len(c.Owed) == 0 || seen(id, c.Version) {
			continue
		}
		for _, day := range c.Owed {
			keys = append(keys, packKey(id, day, c.Version, "").item())
		}
	}
	return keys
}

// Forget drops what nobody has asked for.
func (a *Ahead) Forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.items = nil
}

// take answers the items under all of the keys, if all were read.
func (a *Ahead) take(table string, keys ...item) ([]item, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	found := []item{}
	for _, k := range keys {
		i, read := a.items[slotOf(table, k)]
		if !read {
			return nil, false
		}
		if i != nil {
			found = append(found, i)
		}
	}
	for _, k := range keys {
		delete(a.items, slotOf(table, k))
	}
	return found, true
}

// GetItem answers from what was read ahead, or asks.
func (a *Ahead) GetItem(ctx context.Context, in *dynamodb.GetItemInput, options ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	if *in.TableName == a.Table && aws.ToBool(in.ConsistentRead) {
		if found, read := a.take(a.Table, in.Key); read {
			out := &dynamodb.GetItemOutput{}
			if len(found) > 0 {
				out.Item = found[0]
			}
			return out, nil
		}
	}
	return a.API.GetItem(ctx, in, options...)
}

// BatchGetItem answers from what was read ahead if that holds every key, or asks for all.
func (a *Ahead) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, options ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	for table, ask := range in.RequestItems {
		// Of the timeline nobody asks for more than was read ahead.
		if len(in.RequestItems) > 1 || table == a.Table && !aws.ToBool(ask.ConsistentRead) {
			break
		}
		if found, read := a.take(table, ask.Keys...); read {
			return &dynamodb.BatchGetItemOutput{Responses: map[string][]map[string]types.AttributeValue{table: found}}, nil
		}
	}
	return a.API.BatchGetItem(ctx, in, options...)
}
