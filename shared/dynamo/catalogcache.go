package dynamo

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// CatalogTTL is how old a CatalogCache's answer may be: a saved definition is in force everywhere after this long.
const CatalogTTL = 20 * time.Second

// maxCachedVersions bounds the memory of a CatalogCache; past it, the versions are forgotten and read again.
const maxCachedVersions = 1000

// CatalogCache answers from memory what functions ask of Catalog with every job. It reads a whole kind at a time, at most once
// per CatalogTTL, so that a definition that does not exist costs no read either. Safe for concurrent use. What it returns is
// shared: callers do not change it.
type CatalogCache struct {
	Catalog Catalog
	Now     func() time.Time // time.Now when nil

	mu       sync.Mutex
	kinds    map[string]cachedKind
	versions map[versionKey]Definition
}

type cachedKind struct {
	at   time.Time
	all  []Definition
	byID map[string]Definition
}

type versionKey struct {
	kind, id string
	version  int
}

func (c *CatalogCache) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

// All is every current definition of a kind in the order of their ids.
func (c *CatalogCache) All(ctx context.Context, kind string) ([]Definition, error) {
	k, err := c.kind(ctx, kind)
	return k.all, err
}

// Definition is the current version. ErrNotFound if there is none.
func (c *CatalogCache) Definition(ctx context.Context, kind, id string) (Definition, error) {
	k, err := c.kind(ctx, kind)
	if err != nil {
		return Definition{}, err
	}
	d, ok := k.byID[id]
	if !ok {
		return Definition{}, fmt.Errorf("reading %s %s: %w", kind, id, ErrNotFound)
	}
	return d, nil
}

// Version is one version, also of a definition that was deleted since. ErrNotFound if it never was.
func (c *CatalogCache) Version(ctx context.Context, kind, id string, version int) (Definition, error) {
	key := versionKey{kind, id, version}
	c.mu.Lock()
	d, ok := c.versions[key]
	c.mu.Unlock()
	if ok {
		return d, nil
	}
	d, err := c.Catalog.Version(ctx, kind, id, version)
	if err != nil {
		return Definition{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.versions == nil || len(c.versions) >= maxCachedVersions {
		c.versions = map[versionKey]Definition{}
	}
	c.versions[key] = d
	return d, nil
}

func (c *CatalogCache) kind(ctx context.Context, kind string) (cachedKind, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if k, ok := c.kinds[kind]; ok && now.Sub(k.at) < CatalogTTL {
		return k, nil
	}
	all, err := c.Catalog.All(ctx, kind)
	if err != nil {
		return cachedKind{}, err
	}
	k := cachedKind{at: now, all: all, byID: make(map[string]Definition, len(all))}
	for _, d := range all {
		k.byID[d.ID] = d
	}
	if c.kinds == nil {
		c.kinds = map[string]cachedKind{}
	}
	c.kinds[kind] = k
	return k, nil
}
