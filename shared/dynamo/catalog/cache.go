package catalog

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/userops/userops/shared/dynamo"
)

// CatalogTTL is how old a CatalogCache's answer may be: an invocation can last longer than somebody who stops a campaign wants to wait.
const CatalogTTL = 5 * time.Second

// maxCachedVersions bounds the memory of a CatalogCache; past it, the versions are forgotten and read again.
const maxCachedVersions = 1000

// CatalogCache answers from memory what functions ask of Catalog with every job. At the beginning of an invocation, and when
// CatalogTTL has passed, it asks with one read unit whether a kind has changed, and reads the whole kind if it has. Both reads are
// consistent, so that what is held is never older than the number that it is filed under: what is saved is in force for every invocation
// that begins afterwards, and within CatalogTTL for those that have begun. Safe for concurrent use. What it returns is shared: callers do not change it.
type Cache struct {
	Catalog Catalog
	Now     func() time.Time // time.Now when nil

	mu       sync.Mutex
	kinds    map[string]*shelfOfKind
	versions map[versionKey]Definition
}

type cachedKind struct {
	at         time.Time
	invocation string // that last asked whether it has changed
	change     int64
	all        []Definition
	byID       map[string]Definition
}

// shelfOfKind holds one kind; asking guards it.
type shelfOfKind struct {
	asking sync.Mutex
	held   bool
	kind   cachedKind
}

// fresh tells whether what is held need not be asked about again.
func (k cachedKind) fresh(invocation string, now time.Time) bool {
	return k.invocation == invocation && now.Sub(k.at) < CatalogTTL
}

// invocationOf is the id of the Lambda invocation that a context belongs to, empty for none.
func invocationOf(ctx context.Context) string {
	if l, ok := lambdacontext.FromContext(ctx); ok {
		return l.AwsRequestID
	}
	return ""
}

type versionKey struct {
	kind, id string
	version  int
}

func (c *Cache) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

// All is every current definition of a kind in the order of their ids.
func (c *Cache) All(ctx context.Context, kind string) ([]Definition, error) {
	k, err := c.kind(ctx, kind)
	return k.all, err
}

// Definition is the current version. ErrNotFound if there is none.
func (c *Cache) Definition(ctx context.Context, kind, id string) (Definition, error) {
	k, err := c.kind(ctx, kind)
	if err != nil {
		return Definition{}, err
	}
	d, ok := k.byID[id]
	if !ok {
		return Definition{}, fmt.Errorf("reading %s %s: %w", kind, id, dynamo.ErrNotFound)
	}
	return d, nil
}

// Version is one version, also of a definition that was deleted since. ErrNotFound if it never was.
func (c *Cache) Version(ctx context.Context, kind, id string, version int) (Definition, error) {
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
	k, now, invocation := shelf.kind, c.now(), invocationOf(ctx)
	if shelf.held && k.fresh(invocation, now) {
		return k, nil
	}
	// Asked before the kind is read: a change in between is seen the next time.
	change, err := c.Catalog.Change(ctx, kind)
	if err != nil {
		return cachedKind{}, err
	}
	if !shelf.held || change != k.change {
		if k.all, err = c.Catalog.All(ctx, kind); err != nil {
			return cachedKind{}, err
		}
		k.byID = make(map[string]Definition, len(k.all))
		for _, d := range k.all {
			k.byID[d.ID] = d
		}
	}
	k.at, k.invocation, k.change = now, invocation, change
	shelf.kind, shelf.held = k, true
	return k, nil
}
