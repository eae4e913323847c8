package catalog

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/dynamo"
	"github.com/userops/userops/shared/telemetry"
)

// TTL is how old a Cache's answer may be: an invocation can last longer than somebody who stops a campaign wants to wait.
const TTL = 5 * time.Second

// maxCachedVersions bounds the memory of a Cache; past it, the versions are forgotten and read again.
const maxCachedVersions = 1000

// Cache answers from memory what functions ask of Catalog with every job. At the beginning of an invocation, and when
// TTL has passed, it asks with one read unit whether a kind has changed, and reads the whole kind if it has. Both reads are
// consistent, so that what is held is never older than the number that it is filed under: what is saved is in force for every invocation
// that begins afterwards, and within TTL for those that have begun. Safe for concurrent use. What it returns is shared: callers do not change it.
type Cache struct {
	Catalog Catalog
	Now     dynamo.Clock

	mu       sync.Mutex
	kinds    map[string]*shelfOfKind
	versions map[versionKey]definition.Document
}

type cachedKind struct {
	at         time.Time
	invocation string // that last asked whether it has changed
	change     int64
	all        []definition.Document
	byID       map[string]definition.Document
}

// shelfOfKind holds one kind; asking guards it.
type shelfOfKind struct {
	asking sync.Mutex
	held   bool
	kind   cachedKind
}

// fresh tells whether what is held need not be asked about again.
func (k cachedKind) fresh(invocation string, now time.Time) bool {
	return k.invocation == invocation && now.Sub(k.at) < TTL
}

type versionKey struct {
	kind, id string
	version  int
}

// All is every current definition of a kind in the order of their ids.
func (c *Cache) All(ctx context.Context, kind string) ([]definition.Document, error) {
	k, err := c.kind(ctx, kind)
	return k.all, err
}

// Definition is the current version. ErrNotFound if there is none.
func (c *Cache) Definition(ctx context.Context, kind, id string) (definition.Document, error) {
	k, err := c.kind(ctx, kind)
	if err != nil {
		return definition.Document{}, err
	}
	d, ok := k.byID[id]
	if !ok {
		return definition.Document{}, fmt.Errorf("reading %s %s: %w", kind, id, dynamo.ErrNotFound)
	}
	return d, nil
}

// Find is Definition for those to whom it is an answer that there is none.
func (c *Cache) Find(ctx context.Context, kind, id string) (d definition.Document, ok bool, err error) {
	return found(c.Definition(ctx, kind, id))
}

// Version is one version, also of a definition that was deleted since. ErrNotFound if it never was.
func (c *Cache) Version(ctx context.Context, kind, id string, version int) (definition.Document, error) {
	key := versionKey{kind, id, version}
	c.mu.Lock()
	d, ok := c.versions[key]
	c.mu.Unlock()
	if ok {
		return d, nil
	}
	d, err := c.Catalog.Version(ctx, kind, id, version)
	if err != nil {
		return definition.Document{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.versions == nil || len(c.versions) >= maxCachedVersions {
		c.versions = map[versionKey]definition.Document{}
	}
	d = d.Held()
	c.versions[key] = d
	return d, nil
}

func (c *Cache) kind(ctx context.Context, kind string) (cachedKind, error) {
	c.mu.Lock()
	shelf := c.kinds[kind]
	if shelf == nil {
		shelf = &shelfOfKind{}
		if c.kinds == nil {
			c.kinds = map[string]*shelfOfKind{}
		}
		c.kinds[kind] = shelf
	}
	c.mu.Unlock()
	// Two kinds can be asked for side by side; who asks for the same one waits for the answer.
	shelf.asking.Lock()
	defer shelf.asking.Unlock()
	k, now, invocation := shelf.kind, c.Now.Time(), telemetry.Invocation(ctx)
	if shelf.held && k.fresh(invocation, now) {
		return k, nil
	}
	// Asked before the kind is read: a change in between is seen the next time.
	change, err := c.Catalog.Change(ctx, kind)
	if err != nil {
		return cachedKind{}, err
	}
	if !shelf.held || change != k.change {
		all, err := c.Catalog.All(ctx, kind)
		if err != nil {
			return cachedKind{}, err
		}
		k.all, k.byID = all, held(all, k.byID)
	}
	k.at, k.invocation, k.change = now, invocation, change
	shelf.kind, shelf.held = k, true
	return k, nil
}

// held makes documents ones that are read once, by their id. One that was there before in the same version stays, with what it was read as.
func held(all []definition.Document, before map[string]definition.Document) map[string]definition.Document {
	byID := make(map[string]definition.Document, len(all))
	for i, d := range all {
		if was, ok := before[d.ID]; ok && was.Version == d.Version {
			all[i] = was
		} else {
			all[i] = d.Held()
		}
		byID[d.ID] = all[i]
	}
	return byID
}
