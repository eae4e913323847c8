// Package buckettest is a bucket in memory for tests: what package bucket does over the wire, with faults as told.
package buckettest

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/userops/userops/shared/bucket"
)

// ErrInjected is what a call answers that was told to fail.
var ErrInjected = errors.New("injected")

// Bucket keeps objects. Many may use it at once.
type Bucket struct {
	// Now says when an object was written; a fixed time where it is nil.
	Now func() time.Time
	// Before, where it is set, is called before each write, with its key; it may write itself.
	Before func(key string)

	mu        sync.Mutex
	objects   map[string]object
	writes    int
	nth       int
	persisted bool
}

type object struct {
	body    []byte
	written time.Time
}

// New is an empty bucket.
func New() *Bucket { return &Bucket{objects: map[string]object{}} }

// Fail breaks the nth write from now, counted from 1, before or after it happened. Deletions are writes too.
func (b *Bucket) Fail(nth int, persisted bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.nth, b.persisted = b.writes+nth, persisted
}

// Writes is how many writes there were.
func (b *Bucket) Writes() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.writes
}

// All are the objects by key.
func (b *Bucket) All() map[string][]byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := map[string][]byte{}
	for key, o := range b.objects {
		all[key] = o.body
	}
	return all
}

// Put is bucket.Bucket's.
func (b *Bucket) Put(_ context.Context, key string, body []byte) error {
	return b.write(key, func() error { b.put(key, body); return nil })
}

func (b *Bucket) put(key string, body []byte) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if b.Now != nil {
		at = b.Now()
	}
	b.objects[key] = object{slices.Clone(body), at}
}

func (b *Bucket) write(key string, do func() error) error {
	if b.Before != nil {
		b.Before(key)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.writes++
	if b.writes == b.nth && !b.persisted {
		return ErrInjected
	}
	err := do()
	if err == nil && b.writes == b.nth {
		return ErrInjected
	}
	return err
}

func (o object) tag() string { return fmt.Sprintf("%x", md5.Sum(o.body)) }

// Replace is bucket.Bucket's.
func (b *Bucket) Replace(_ context.Context, key string, body []byte, tag string) (newTag string, err error) {
	err = b.write(key, func() error {
		was, there := b.objects[key]
		if there != (tag != "") || there && was.tag() != tag {
			return fmt.Errorf("replacing %s: %w", key, bucket.ErrConflict)
		}
		b.put(key, body)
		newTag = b.objects[key].tag()
		return nil
	})
	return newTag, err
}

// Read is bucket.Bucket's.
func (b *Bucket) Read(_ context.Context, key string) ([]byte, string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, there := b.objects[key]
	if !there {
		return nil, "", fmt.Errorf("reading %s: %w", key, bucket.ErrNotFound)
	}
	return o.body, o.tag(), nil
}

// ReadPart is bucket.Bucket's.
func (b *Bucket) ReadPart(ctx context.Context, key string, from, length int64) ([]byte, int64, error) {
	body, _, err := b.Read(ctx, key)
	if err != nil {
		return nil, 0, err
	}
	size := int64(len(body))
	if from < 0 {
		from = max(0, size-length)
	}
	return body[min(from, size):min(from+length, size)], size, nil
}

// List is bucket.Bucket's.
func (b *Bucket) List(_ context.Context, prefix string) (all []bucket.Object, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(b.objects)) {
		if strings.HasPrefix(key, prefix) {
			o := b.objects[key]
			all = append(all, bucket.Object{Key: key, Size: int64(len(o.body)), Written: o.written})
		}
	}
	return all, nil
}

// Delete is bucket.Bucket's.
func (b *Bucket) Delete(_ context.Context, keys ...string) error {
	return b.write(strings.Join(keys, " "), func() error {
		for _, key := range keys {
			delete(b.objects, key)
		}
		return nil
	})
}
