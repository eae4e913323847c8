package dynamo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// The kinds of definition, as Catalog files them. The API's plural is the kind with an s.
const (
	KindSegment  = "segment"
	KindCampaign = "campaign"
	KindTemplate = "template"
	KindProgram  = "program"
	KindSource   = "source"
	KindSetting  = "setting"
)

const (
	attrUpdatedAt = "updatedAt"
	// maxSaveTries bounds how often an unconditional Save meets another writer.
	maxSaveTries = 5
	// maxDefinitionPages bounds a reading of all definitions of a kind: 1 MB each.
	maxDefinitionPages = 64
)

// Catalog stores what operators define, as JSON documents with a version that grows by one with each change. It does not look
// into a document: whoever saves one has checked it.
type Catalog struct {
	DB    API
	Table string
}

// Definition is one document. Version counts from 1 and is never used twice for the same kind and id, not even after a
// deletion, so that (kind, id, version) always means the same body.
type Definition struct {
	Kind, ID  string
	Version   int
	Body      json.RawMessage
	UpdatedAt time.Time
}

// Save writes the next version of a definition and keeps the former ones. With expectedVersion it answers ErrConflict unless
// that is the current version (0: there must be none). A body that equals the current one still makes a version.
func (c Catalog) Save(ctx context.Context, kind, id string, body json.RawMessage, expectedVersion *int, now time.Time) (Definition, error) {
	for range maxSaveTries {
		current, last, err := c.versions(ctx, kind, id)
		if err != nil {
			return Definition{}, err
		}
		if expectedVersion != nil && *expectedVersion != current {
			return Definition{}, fmt.Errorf("saving %s %s over version %d: the current one is %d: %w", kind, id, *expectedVersion, current, ErrConflict)
		}
		next := Definition{Kind: kind, ID: id, Version: last + 1, Body: body, UpdatedAt: now.UTC().Truncate(time.Millisecond)}
		err = c.put(ctx, next, current)
		if err == nil {
			return next, nil
		}
		if !conditionLost(err) {
			return Definition{}, fmt.Errorf("saving %s %s: %w", kind, id, err)
		}
	}
	return Definition{}, fmt.Errorf("saving %s %s: %w", kind, id, ErrConflict)
}

// versions is the current version, 0 if there is none, and the last one ever used.
func (c Catalog) versions(ctx context.Context, kind, id string) (current, last int, err error) {
	found, err := c.Definition(ctx, kind, id)
	if err == nil {
		return found.Version, found.Version, nil
	}
	if !errors.Is(err, ErrNotFound) {
		return 0, 0, err
	}
	kept, err := c.DB.Query(ctx, &dynamodb.QueryInput{
		TableName:                 &c.Table,
		KeyConditionExpression:    aws.String("pk = :pk"),
		ExpressionAttributeValues: item{":pk": textValue(definitionVersionKey(kind, id, 0).PK)},
		ConsistentRead:            aws.Bool(true),
		ScanIndexForward:          aws.Bool(false),
		Limit:                     aws.Int32(1),
	})
	if err != nil {
		return 0, 0, fmt.Errorf("reading the last version of %s %s: %w", kind, id, err)
	}
	if len(kept.Items) == 0 {
		return 0, 0, nil
	}
	return 0, int(numberOf(kept.Items[0], attrVersion)), nil
}

func (c Catalog) put(ctx context.Context, d Definition, current int) error {
	now := &types.Put{TableName: &c.Table, Item: d.item(definitionKey(d.Kind, d.ID))}
	if current == 0 {
		now.ConditionExpression = aws.String("attribute_not_exists(pk)")
	} else {
		now.ConditionExpression = aws.String("v = :current")
		now.ExpressionAttributeValues = item{":current": numberValue(int64(current))}
	}
	kept := &types.Put{
		TableName:           &c.Table,
		Item:                d.item(definitionVersionKey(d.Kind, d.ID, d.Version)),
		ConditionExpression: aws.String("attribute_not_exists(pk)"),
	}
	_, err := c.DB.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{{Put: now}, {Put: kept}, c.changed(d.Kind)}})
	return err
}

// changed counts a change of a kind, within the change's own transaction.
func (c Catalog) changed(kind string) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{
		TableName: &c.Table, Key: changeKey(kind).item(), UpdateExpression: aws.String("ADD v :one"), ExpressionAttributeValues: item{":one": numberValue(1)},
	}}
}

// Change counts the changes of a kind, read consistently: while it stays the same, so do the definitions.
func (c Catalog) Change(ctx context.Context, kind string) (int64, error) {
	out, err := c.DB.GetItem(ctx, &dynamodb.GetItemInput{TableName: &c.Table, Key: changeKey(kind).item(), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return 0, fmt.Errorf("asking for changes of kind %s: %w", kind, err)
	}
	return numberOf(out.Item, attrVersion), nil
}

// Definition reads the current version, consistently. ErrNotFound if there is none.
func (c Catalog) Definition(ctx context.Context, kind, id string) (Definition, error) {
	return c.read(ctx, kind, id, definitionKey(kind, id), true)
}

// Version reads one version, also of a definition that was deleted since. ErrNotFound if it never was.
func (c Catalog) Version(ctx context.Context, kind, id string, version int) (Definition, error) {
	key := definitionVersionKey(kind, id, version)
	d, err := c.read(ctx, kind, id, key, false)
	if errors.Is(err, ErrNotFound) {
		// A version never changes, but one that was saved a moment ago may not be seen yet.
		return c.read(ctx, kind, id, key, true)
	}
	return d, err
}

func (c Catalog) read(ctx context.Context, kind, id string, key Key, consistent bool) (Definition, error) {
	out, err := c.DB.GetItem(ctx, &dynamodb.GetItemInput{TableName: &c.Table, Key: key.item(), ConsistentRead: &consistent})
	if err != nil {
		return Definition{}, fmt.Errorf("reading %s %s: %w", kind, id, err)
	}
	if len(out.Item) == 0 {
		return Definition{}, fmt.Errorf("reading %s %s: %w", kind, id, ErrNotFound)
	}
	return definitionOf(kind, id, out.Item)
}

// List reads a page of the current definitions of a kind in the order of their ids. An empty next says that this was the last
// page. A cursor that List did not give is ErrCursor.
func (c Catalog) List(ctx context.Context, kind string, limit int, cursor string) (page []Definition, next string, err error) {
	return c.list(ctx, kind, limit, cursor, false)
}

func (c Catalog) list(ctx context.Context, kind string, limit int, cursor string, consistent bool) (page []Definition, next string, err error) {
	in := &dynamodb.QueryInput{
		TableName:                 &c.Table,
		KeyConditionExpression:    aws.String("pk = :pk"),
		ExpressionAttributeValues: item{":pk": textValue(definitionKey(kind, "").PK)},
		Limit:                     aws.Int32(int32(limit)),
		ConsistentRead:            &consistent,
	}
	if cursor != "" {
		after, err := sortKeyOf(cursor, "")
		if err != nil {
			return nil, "", err
		}
		in.ExclusiveStartKey = definitionKey(kind, after).item()
	}
	out, err := c.DB.Query(ctx, in)
	if err != nil {
		return nil, "", fmt.Errorf("listing definitions of kind %s: %w", kind, err)
	}
	page = make([]Definition, 0, len(out.Items))
	for _, found := range out.Items {
		one, err := definitionOf(kind, textOf(found, attrSK), found)
		if err != nil {
			return nil, "", err
		}
		page = append(page, one)
	}
	if last := textOf(out.LastEvaluatedKey, attrSK); last != "" {
		next = cursorAfter(last)
	}
	return page, next, nil
}

// All reads every current definition of a kind in the order of their ids, each page consistently.
func (c Catalog) All(ctx context.Context, kind string) ([]Definition, error) {
	var all []Definition
	cursor := ""
	for range maxDefinitionPages {
		page, next, err := c.list(ctx, kind, 1000, cursor, true)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if next == "" {
			return all, nil
		}
		cursor = next
	}
	return nil, fmt.Errorf("listing definitions of kind %s: more than %d MB of them", kind, maxDefinitionPages)
}

// Delete takes a definition out of use; its versions stay. With expectedVersion it answers ErrConflict unless that is the
// current version. ErrNotFound if there is none.
func (c Catalog) Delete(ctx context.Context, kind, id string, expectedVersion *int) error {
	in := &types.Delete{
		TableName:           &c.Table,
		Key:                 definitionKey(kind, id).item(),
		ConditionExpression: aws.String("attribute_exists(pk)"),
	}
	if expectedVersion != nil {
		in.ConditionExpression = aws.String("attribute_exists(pk) AND v = :expected")
		in.ExpressionAttributeValues = item{":expected": numberValue(int64(*expectedVersion))}
	}
	_, err := c.DB.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{{Delete: in}, c.changed(kind)}})
	if err == nil {
		return nil
	}
	if !conditionLost(err) {
		return fmt.Errorf("deleting %s %s: %w", kind, id, err)
	}
	if _, readErr := c.Definition(ctx, kind, id); errors.Is(readErr, ErrNotFound) {
		return readErr
	}
	return fmt.Errorf("deleting %s %s: %w", kind, id, ErrConflict)
}

func (d Definition) item(key Key) item {
	i := key.item()
	i[attrVersion] = numberValue(int64(d.Version))
	i[attrBody] = textValue(string(d.Body))
	i[attrUpdatedAt] = textValue(d.UpdatedAt.Format(time.RFC3339Nano))
	return i
}

func definitionOf(kind, id string, i item) (Definition, error) {
	at, err := time.Parse(time.RFC3339Nano, textOf(i, attrUpdatedAt))
	if err != nil {
		return Definition{}, fmt.Errorf("reading %s %s: its %s: %w", kind, id, attrUpdatedAt, err)
	}
	body := textOf(i, attrBody)
	version := numberOf(i, attrVersion)
	if !json.Valid([]byte(body)) || version < 1 {
		return Definition{}, fmt.Errorf("reading %s %s: the item is no definition: version %s", kind, id, strconv.FormatInt(version, 10))
	}
	return Definition{Kind: kind, ID: id, Version: int(version), Body: json.RawMessage(body), UpdatedAt: at}, nil
}
