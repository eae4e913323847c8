package dynamo

import (
	"context"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Ahead is a client that answers consistent reads of single items, and reads of the packs that profiles owe, from what it has read with few calls,
// each item once: a read that is made again, after a lost condition, goes to the table. What it answers may be as old as that call; a
// writer's condition tells.
type Ahead struct {
	API
	Loose string // the table that is not read consistently; none where empty

	mu    sync.Mutex
	items map[slot]Item // nil for one that is free
}

// slot is where an item stands.
type slot struct{ table, pk, sk string }

func slotOf(table string, i Item) slot { return slot{table, TextOf(i, AttrPK), TextOf(i, AttrSK)} }

// Ask reads items with one call and keeps what is answered.
func (a *Ahead) Ask(ctx context.Context, ask map[string]types.KeysAndAttributes) (map[string][]map[string]types.AttributeValue, error) {
	out, err := a.API.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: ask})
	if err != nil {
		return nil, fmt.Errorf("reading ahead: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.items == nil {
		a.items = map[slot]Item{}
	}
	for table, of := range ask {
		for _, k := range of.Keys {
			a.items[slotOf(table, k)] = nil
		}
		for _, k := range out.UnprocessedKeys[table].Keys {
			delete(a.items, slotOf(table, k))
		}
		for _, i := range out.Responses[table] {
			a.items[slotOf(table, i)] = i
		}
	}
	return out.Responses, nil
}

// Forget drops what nobody has asked for.
func (a *Ahead) Forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.items = nil
}

// take answers the items under all of the keys, if all were read.
func (a *Ahead) take(table string, keys ...Item) ([]Item, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	found := []Item{}
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
	if *in.TableName != a.Loose {
		if found, read := a.take(*in.TableName, in.Key); read {
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
		if len(in.RequestItems) > 1 || table != a.Loose && !aws.ToBool(ask.ConsistentRead) {
			break
		}
		if found, read := a.take(table, ask.Keys...); read {
			return &dynamodb.BatchGetItemOutput{Responses: map[string][]map[string]types.AttributeValue{table: found}}, nil
		}
	}
	return a.API.BatchGetItem(ctx, in, options...)
}
