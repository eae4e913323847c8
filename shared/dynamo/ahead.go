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

	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/job"
)

// Ahead is a client that answers consistent reads of single items, and reads of the packs that profiles owe, from what it has read with few calls,
// each item once: a read that is made again, after a lost condition, goes to the table. What it answers may be as old as that call; a
// writer's condition tells.
type Ahead struct {
	API
	Table    string // of profiles and orders, for Read
	Timeline string // of packs, for Read

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
		found, err := a.read(ctx, map[string]types.KeysAndAttributes{a.Table: {Keys: chunk, ConsistentRead: aws.Bool(true)}})
		if err != nil {
			return err
		}
		for _, i := range found[a.Table] {
			owed = append(owed, owedPacks(i, seen)...)
		}
	}
	for chunk := range slices.Chunk(owed, maxBatchKeys) {
		if _, err := a.read(ctx, map[string]types.KeysAndAttributes{a.Timeline: askPacks(chunk)}); err != nil {
			return err
		}
	}
	return nil
}

// ReadAttempt reads whom a notification is for, their contact record, and what stands of this attempt.
func (a *Ahead) ReadAttempt(ctx context.Context, people Profiles, records Deliveries, n job.Notification) error {
	_, err := a.read(ctx, map[string]types.KeysAndAttributes{
		people.Table: {Keys: []map[string]types.AttributeValue{profileKey(n.ProfileID).item()}, ConsistentRead: aws.Bool(true)},
		records.Table: {Keys: []map[string]types.AttributeValue{contactKey(n.ProfileID).item(), decisionKey(n.ProfileID, n.At, n.ID).item()},
			ConsistentRead: aws.Bool(true)},
	})
	return err
}

// read asks once and keeps what is answered.
func (a *Ahead) read(ctx context.Context, ask map[string]types.KeysAndAttributes) (map[string][]map[string]types.AttributeValue, error) {
	out, err := a.API.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: ask})
	if err != nil {
		return nil, fmt.Errorf("reading ahead: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.items == nil {
		a.items = map[slot]item{}
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
	// Packs are not read consistently.
	if *in.TableName != a.Timeline {
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
