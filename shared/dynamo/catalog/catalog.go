// Package catalog stores what operators define: documents with their versions, the write keys and hook secrets of sources, and caches of both for those who ask all the time. It
// does not check a document. The surprising thing: a version is never used twice, not even after a deletion.
package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/operator/access"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
	"github.com/userops/userops/shared/dynamo/operator"
)

const (
	attrUpdatedAt = "updatedAt"
	attrBy        = "by"
	// maxSaveTries bounds how often an unconditional Save meets another writer.
	maxSaveTries = 5
	// maxDefinitionPages bounds a reading of all definitions of a kind: 1 MB each.
	maxDefinitionPages = 64
)

// Catalog stores what operators define, as JSON documents with a version that grows by one with each change. It does not look
// into a document: whoever saves one has checked it.
type Catalog struct {
	DB    dynamo.API
	Table string
}

// Save writes the next version of a definition with its line of the audit log, and keeps the former ones. With expectedVersion it answers ErrConflict
// unless that is the current version (0: there must be none). A body that equals the current one still makes a version. The line says who
// and when; what was changed is added here.
func (c Catalog) Save(ctx context.Context, kind, id string, body json.RawMessage, expectedVersion *int, by operator.Signed, beside ...dynamo.Write) (definition.Document, error) {
	for range maxSaveTries {
		current, last, err := c.versions(ctx, kind, id)
		if err != nil {
			return definition.Document{}, err
		}
		if expectedVersion != nil && *expectedVersion != current {
			return definition.Document{}, fmt.Errorf("saving %s %s over version %d: the current one is %d: %w", kind, id, *expectedVersion, current, dynamo.ErrConflict)
		}
		next := definition.Document{Kind: kind, ID: id, Version: last + 1, Body: body, UpdatedAt: by.At.UTC().Truncate(time.Millisecond), By: by.By}
		by.Line = by.Changed(kind, id, current, next.Version)
		err = c.put(ctx, next, current, by, beside)
		if err == nil {
			return next, nil
		}
		if !errors.Is(err, dynamo.ErrConflict) {
			return definition.Document{}, fmt.Errorf("saving %s %s: %w", kind, id, err)
		}
	}
	return definition.Document{}, fmt.Errorf("saving %s %s: %w", kind, id, dynamo.ErrConflict)
}

// versions is the current version, 0 if there is none, and the last one ever used.
func (c Catalog) versions(ctx context.Context, kind, id string) (current, last int, err error) {
	found, err := c.Definition(ctx, kind, id)
	if err == nil {
		return found.Version, found.Version, nil
	}
	if !errors.Is(err, dynamo.ErrNotFound) {
		return 0, 0, err
	}
	kept, _, err := dynamo.Stretch{Table: c.Table, PK: key.DefinitionVersion(kind, id, 0).PK, Newest: true, Limit: 1}.Page(ctx, c.DB)
	if err != nil {
		return 0, 0, fmt.Errorf("reading the last version of %s %s: %w", kind, id, err)
	}
	if len(kept) == 0 {
		return 0, 0, nil
	}
	return 0, int(dynamo.NumberOf(kept[0], dynamo.AttrVersion)), nil
}

func (c Catalog) put(ctx context.Context, d definition.Document, current int, by operator.Signed, beside []dynamo.Write) error {
	lines, err := by.Puts()
	if err != nil {
		return err
	}
	all := []dynamo.Write{dynamo.Put(c.Table, itemOf(d, key.Definition(d.Kind, d.ID)), dynamo.OfVersion(int64(current))), dynamo.Put(c.Table, itemOf(d, key.DefinitionVersion(d.Kind, d.ID, d.Version)), dynamo.Absent()), c.changed(d.Kind)}
	return dynamo.Do(ctx, c.DB, append(append(all, lines...), beside...)...)
}

// changed counts a change of a kind, within the change's own transaction.
func (c Catalog) changed(kind string) dynamo.Write {
	return dynamo.Update(c.Table, key.Change(kind), "ADD #v :one", dynamo.Condition{Names: map[string]string{"#v": dynamo.AttrVersion}, Values: dynamo.Item{":one": dynamo.NumberValue(1)}})
}

// Change counts the changes of a kind, read consistently: while it stays the same, so do the definitions.
func (c Catalog) Change(ctx context.Context, kind string) (int64, error) {
	found, err := dynamo.Get(ctx, c.DB, c.Table, key.Change(kind))
	if err != nil {
		return 0, fmt.Errorf("asking for changes of kind %s: %w", kind, err)
	}
	return dynamo.NumberOf(found, dynamo.AttrVersion), nil
}

// Definition reads the current version, consistently. ErrNotFound if there is none.
func (c Catalog) Definition(ctx context.Context, kind, id string) (definition.Document, error) {
	return c.read(ctx, kind, id, key.Definition(kind, id), true)
}

// Find is Definition for those to whom it is an answer that there is none.
func (c Catalog) Find(ctx context.Context, kind, id string) (d definition.Document, ok bool, err error) {
	return found(c.Definition(ctx, kind, id))
}

func found(d definition.Document, err error) (definition.Document, bool, error) {
	if errors.Is(err, dynamo.ErrNotFound) {
		return d, false, nil
	}
	return d, err == nil, err
}

// Version reads one version, also of a definition that was deleted since. ErrNotFound if it never was.
func (c Catalog) Version(ctx context.Context, kind, id string, version int) (definition.Document, error) {
	key := key.DefinitionVersion(kind, id, version)
	d, err := c.read(ctx, kind, id, key, false)
	if errors.Is(err, dynamo.ErrNotFound) {
		// A version never changes, but one that was saved a moment ago may not be seen yet.
		return c.read(ctx, kind, id, key, true)
	}
	return d, err
}

func (c Catalog) read(ctx context.Context, kind, id string, key dynamo.Key, consistent bool) (definition.Document, error) {
	out, err := c.DB.GetItem(ctx, &dynamodb.GetItemInput{TableName: &c.Table, Key: key.Item(), ConsistentRead: &consistent})
	if err != nil {
		return definition.Document{}, fmt.Errorf("reading %s %s: %w", kind, id, err)
	}
	if len(out.Item) == 0 {
		return definition.Document{}, fmt.Errorf("reading %s %s: %w", kind, id, dynamo.ErrNotFound)
	}
	return definitionOf(kind, id, out.Item)
}

// List reads a page of the current definitions of a kind in the order of their ids. An empty next says that this was the last
// page. A cursor that List did not give is ErrCursor.
func (c Catalog) List(ctx context.Context, kind string, limit int, cursor string) (page []definition.Document, next string, err error) {
	return c.list(ctx, kind, limit, cursor, false)
}

func (c Catalog) list(ctx context.Context, kind string, limit int, cursor string, consistent bool) (page []definition.Document, next string, err error) {
	of := dynamo.Stretch{Table: c.Table, PK: key.Definition(kind, "").PK, Stale: !consistent, Limit: limit}
	if of.After, err = dynamo.SortKeyOf(cursor, ""); err != nil {
		return nil, "", err
	}
	items, last, err := of.Page(ctx, c.DB)
	if err != nil {
		return nil, "", fmt.Errorf("listing definitions of kind %s: %w", kind, err)
	}
	page = make([]definition.Document, 0, len(items))
	for _, found := range items {
		one, err := definitionOf(kind, dynamo.TextOf(found, dynamo.AttrSK), found)
		if err != nil {
			return nil, "", err
		}
		page = append(page, one)
	}
	return page, dynamo.CursorAfter(last), nil
}

// All reads every current definition of a kind in the order of their ids, each page consistently.
func (c Catalog) All(ctx context.Context, kind string) ([]definition.Document, error) {
	var all []definition.Document
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

// Delete takes a version of a definition out of use, with its line of the audit log; all versions stay. It answers ErrConflict unless that is the
// current version, and ErrNotFound if there is none.
func (c Catalog) Delete(ctx context.Context, kind, id string, version int, by operator.Signed, beside ...dynamo.Write) error {
	by.Line = by.Changed(kind, id, version, 0)
	lines, err := by.Puts()
	if err != nil {
		return err
	}
	gone := dynamo.Remove(c.Table, key.Definition(kind, id), dynamo.OfVersion(int64(version)))
	err = dynamo.Do(ctx, c.DB, append(append([]dynamo.Write{gone, c.changed(kind)}, lines...), beside...)...)
	if err == nil {
		return nil
	}
	if !errors.Is(err, dynamo.ErrConflict) {
		return fmt.Errorf("deleting %s %s: %w", kind, id, err)
	}
	if _, readErr := c.Definition(ctx, kind, id); errors.Is(readErr, dynamo.ErrNotFound) {
		return readErr
	}
	return fmt.Errorf("deleting %s %s: %w", kind, id, dynamo.ErrConflict)
}

// Versions lists the versions of a definition without their bodies, the newest first, also of one that was deleted. A cursor that Versions did not
// give is ErrCursor.
func (c Catalog) Versions(ctx context.Context, kind, id string, limit int, cursor string) (page []definition.Document, next string, err error) {
	of := dynamo.Stretch{Table: c.Table, PK: key.DefinitionVersion(kind, id, 0).PK, Newest: true, Limit: limit,
		Only: []string{dynamo.AttrSK, dynamo.AttrVersion, attrUpdatedAt, attrBy}}
	if cursor != "" {
		version, err := strconv.Atoi(cursor)
		if err != nil || version < 1 {
			return nil, "", dynamo.ErrCursor
		}
		of.After = key.DefinitionVersion(kind, id, version).SK
	}
	items, last, err := of.Page(ctx, c.DB)
	if err != nil {
		return nil, "", fmt.Errorf("listing versions of %s %s: %w", kind, id, err)
	}
	for _, found := range items {
		d := definition.Document{Kind: kind, ID: id, Version: int(dynamo.NumberOf(found, dynamo.AttrVersion))}
		if d.UpdatedAt, d.By, err = savedBy(found); err != nil {
			return nil, "", fmt.Errorf("reading version %d of %s %s: %w", d.Version, kind, id, err)
		}
		page = append(page, d)
	}
	if last != "" {
		next = strconv.Itoa(page[len(page)-1].Version)
	}
	return page, next, nil
}

func itemOf(d definition.Document, key dynamo.Key) dynamo.Item {
	i := key.Item()
	i[dynamo.AttrVersion] = dynamo.NumberValue(int64(d.Version))
	i[dynamo.AttrBody] = dynamo.TextValue(string(d.Body))
	i[attrUpdatedAt] = dynamo.TextValue(d.UpdatedAt.Format(time.RFC3339Nano))
	if d.By != (access.Caller{}) {
		i[attrBy] = &types.AttributeValueMemberM{Value: dynamo.Item{"name": dynamo.TextValue(d.By.Name), "role": dynamo.TextValue(string(d.By.Role)), "key": dynamo.TextValue(d.By.Key)}}
	}
	return i
}

// savedBy is when and by whom a version was saved.
func savedBy(i dynamo.Item) (at time.Time, by access.Caller, err error) {
	if at, err = time.Parse(time.RFC3339Nano, dynamo.TextOf(i, attrUpdatedAt)); err != nil {
		return at, by, fmt.Errorf("its %s: %w", attrUpdatedAt, err)
	}
	if who, ok := i[attrBy].(*types.AttributeValueMemberM); ok {
		by = access.Caller{Name: dynamo.TextOf(who.Value, "name"), Role: access.Role(dynamo.TextOf(who.Value, "role")), Key: dynamo.TextOf(who.Value, "key")}
	}
	return at, by, nil
}

func definitionOf(kind, id string, i dynamo.Item) (definition.Document, error) {
	at, by, err := savedBy(i)
	if err != nil {
		return definition.Document{}, fmt.Errorf("reading %s %s: %w", kind, id, err)
	}
	body := dynamo.TextOf(i, dynamo.AttrBody)
	version := dynamo.NumberOf(i, dynamo.AttrVersion)
	if !json.Valid([]byte(body)) || version < 1 {
		return definition.Document{}, fmt.Errorf("reading %s %s: the item is no definition: version %s", kind, id, strconv.FormatInt(version, 10))
	}
	return definition.Document{Kind: kind, ID: id, Version: int(version), Body: json.RawMessage(body), UpdatedAt: at, By: by}, nil
}
