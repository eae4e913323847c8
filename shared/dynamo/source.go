package dynamo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/userops/userops/shared/domain/source"
)

// attrSource names the source that a write key belongs to.
const attrSource = "source"

// Sources finds sources by their write keys. The definition in Catalog is what counts: a key's item only says where to look,
// and a key that its source no longer lists, or whose source is gone, is no key.
type Sources struct {
	DB    API
	Table string // Catalog
}

// ErrKeyTaken says that a write key belongs to another source.
var ErrKeyTaken = errors.New("the write key belongs to another source")

// Source reads a source by its id. false if there is none.
func (s Sources) Source(ctx context.Context, id source.ID) (source.Source, bool, error) {
	d, err := Catalog(s).Definition(ctx, KindSource, string(id))
	if errors.Is(err, ErrNotFound) {
		return source.Source{}, false, nil
	}
	if err != nil {
		return source.Source{}, false, err
	}
	var found source.Source
	if err := json.Unmarshal(d.Body, &found); err != nil {
		return source.Source{}, false, fmt.Errorf("reading source %s: %w", id, err)
	}
	found.ID = id
	return found, true, nil
}

// ByWriteKey reads the source that lists the key, consistently: two reads, one for a key that is not known. A disabled source
// is returned as it is. false if there is none.
func (s Sources) ByWriteKey(ctx context.Context, key string) (source.Source, bool, error) {
	hash := source.KeyHash(key)
	out, err := s.DB.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.Table, Key: sourceKeyKey(hash).item(), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return source.Source{}, false, fmt.Errorf("reading a write key: %w", err)
	}
	id := textOf(out.Item, attrSource)
	if id == "" {
		return source.Source{}, false, nil
	}
	found, ok, err := s.Source(ctx, source.ID(id))
	if err != nil || !ok {
		return source.Source{}, false, err
	}
	for _, listed := range found.WriteKeys {
		// Hashes are compared, so that the time taken tells nothing of the key.
		if source.KeyHash(listed) == hash {
			return found, true, nil
		}
	}
	return source.Source{}, false, nil
}

// PutKeys makes keys lead to the source. Call it before the definition that lists them is saved: until then they are no keys.
// A key of another source that still lists it is ErrKeyTaken; keys put before it stay, and are harmless.
func (s Sources) PutKeys(ctx context.Context, id source.ID, keys ...string) error {
	for _, key := range keys {
		if err := s.putKey(ctx, id, key); err != nil {
			return fmt.Errorf("storing a write key of source %s: %w", id, err)
		}
	}
	return nil
}

func (s Sources) putKey(ctx context.Context, id source.ID, key string) error {
	const free = "attribute_not_exists(pk) OR #source = :id"
	owner := string(id)
	entry := sourceKeyKey(source.KeyHash(key)).item()
	entry[attrSource] = textValue(owner)
	in := &dynamodb.PutItemInput{
		TableName: &s.Table, Item: entry, ConditionExpression: aws.String(free),
		ExpressionAttributeNames:  map[string]string{"#source": attrSource},
		ExpressionAttributeValues: item{":id": textValue(owner)},
	}
	_, err := s.DB.PutItem(ctx, in)
	if !conditionLost(err) {
		return err
	}
	// The item may be a leftover of a save or a deletion that stopped half way.
	other, listed, err := s.ByWriteKey(ctx, key)
	if err != nil {
		return err
	}
	if listed {
		return fmt.Errorf("%w, %s", ErrKeyTaken, other.ID)
	}
	out, err := s.DB.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.Table, Key: sourceKeyKey(source.KeyHash(key)).item(), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return err
	}
	in.ExpressionAttributeValues[":stale"] = textValue(textOf(out.Item, attrSource))
	in.ConditionExpression = aws.String(free + " OR #source = :stale")
	if _, err = s.DB.PutItem(ctx, in); conditionLost(err) {
		return ErrConflict
	}
	return err
}

// RemoveKeys takes away what PutKeys stored for the source. Call it after the definition without the keys is saved, or deleted.
// A key that is not there, or by now another source's, is left alone.
func (s Sources) RemoveKeys(ctx context.Context, id source.ID, keys ...string) error {
	for _, key := range keys {
		_, err := s.DB.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: &s.Table, Key: sourceKeyKey(source.KeyHash(key)).item(),
			ConditionExpression:       aws.String("#source = :id"),
			ExpressionAttributeNames:  map[string]string{"#source": attrSource},
			ExpressionAttributeValues: item{":id": textValue(string(id))},
		})
		if err != nil && !refused(err) {
			return fmt.Errorf("removing a write key of source %s: %w", id, err)
		}
	}
	return nil
}
