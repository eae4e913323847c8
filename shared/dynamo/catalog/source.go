package catalog

import (
	"context"
	"errors"
	"fmt"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/people/source"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/dynamo/key"
)

// attrSource names the source that a write key belongs to.
const attrSource = "source"

// Sources finds sources by their write keys. The definition in Catalog is what counts: a key's item only says where to look,
// and a key that its source no longer lists, or whose source is gone, is no key.
type Sources struct {
	DB    dynamo.API
	Table string // Catalog
}

// ErrKeyTaken says that a write key belongs to another source.
var ErrKeyTaken = errors.New("the write key belongs to another source")

// Source reads a source by its id. false if there is none.
func (s Sources) Source(ctx context.Context, id source.ID) (source.Source, bool, error) {
	found, ok, err := Find(ctx, Catalog(s), definition.Sources, string(id))
	return found.Value, ok, err
}

// ByWriteKey reads the source that lists the key, consistently: two reads, one for a key that is not known. A disabled source
// is returned as it is. false if there is none.
func (s Sources) ByWriteKey(ctx context.Context, writeKey string) (source.Source, bool, error) {
	hash := source.KeyHash(writeKey)
	stored, err := dynamo.Get(ctx, s.DB, s.Table, key.SourceKey(hash))
	if err != nil {
		return source.Source{}, false, fmt.Errorf("reading a write key: %w", err)
	}
	id := dynamo.TextOf(stored, attrSource)
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

// Knows says whether a key is a source's write key, or standard, which is that of the built-in source and may be empty. It is what httpapi.Auth asks.
func (s Sources) Knows(standard string) func(ctx context.Context, writeKey string) (bool, error) {
	return func(ctx context.Context, writeKey string) (bool, error) {
		if !source.IsKey(writeKey) {
			return false, nil
		}
		if source.KeyHash(writeKey) == source.KeyHash(standard) {
			return true, nil
		}
		_, known, err := s.ByWriteKey(ctx, writeKey)
		return known, err
	}
}

// PutKeys makes keys lead to the source. Call it before the definition that lists them is saved: until then they are no keys.
// A key of another source that still lists it is ErrKeyTaken; keys put before it stay, and are harmless.
func (s Sources) PutKeys(ctx context.Context, id source.ID, keys ...string) error {
	for _, writeKey := range keys {
		if err := s.putKey(ctx, id, writeKey); err != nil {
			return fmt.Errorf("storing a write key of source %s: %w", id, err)
		}
	}
	return nil
}

func (s Sources) putKey(ctx context.Context, id source.ID, writeKey string) error {
	const free = "attribute_not_exists(pk) OR #source = :id"
	owner := string(id)
	entry := key.SourceKey(source.KeyHash(writeKey)).Item()
	entry[attrSource] = dynamo.TextValue(owner)
	is := dynamo.Condition{Text: free, Names: map[string]string{"#source": attrSource}, Values: dynamo.Item{":id": dynamo.TextValue(owner)}}
	err := dynamo.Do(ctx, s.DB, dynamo.Put(s.Table, entry, is))
	if !errors.Is(err, dynamo.ErrConflict) {
		return err
	}
	// The item may be a leftover of a save or a deletion that stopped half way.
	other, listed, err := s.ByWriteKey(ctx, writeKey)
	if err != nil {
		return err
	}
	if listed {
		return fmt.Errorf("%w, %s", ErrKeyTaken, other.ID)
	}
	found, err := dynamo.Get(ctx, s.DB, s.Table, key.SourceKey(source.KeyHash(writeKey)))
	if err != nil {
		return err
	}
	is.Text += " OR #source = :stale"
	is.Values[":stale"] = dynamo.TextValue(dynamo.TextOf(found, attrSource))
	return dynamo.Do(ctx, s.DB, dynamo.Put(s.Table, entry, is))
}

// errOtherSource says that the key is not there, or another source's.
var errOtherSource = errors.New("the key is another source's")

// RemoveKeys takes away what PutKeys stored for the source. Call it after the definition without the keys is saved, or deleted.
// A key that is not there, or by now another source's, is left alone.
func (s Sources) RemoveKeys(ctx context.Context, id source.ID, keys ...string) error {
	for _, writeKey := range keys {
		err := dynamo.Do(ctx, s.DB, dynamo.Remove(s.Table, key.SourceKey(source.KeyHash(writeKey)), dynamo.Condition{
			Text: "#source = :id", Names: map[string]string{"#source": attrSource}, Values: dynamo.Item{":id": dynamo.TextValue(string(id))},
		}).Or(errOtherSource))
		if err != nil && !errors.Is(err, errOtherSource) {
			return fmt.Errorf("removing a write key of source %s: %w", id, err)
		}
	}
	return nil
}
