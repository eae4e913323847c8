package catalog

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/domain/definition"
)

// Made is what somebody makes of all definitions of some kinds, made anew when one of them has changed. The zero Made is ready. It is safe for concurrent use; what it
// holds is shared.
type Made[T any] struct {
	mu      sync.Mutex
	held    bool
	changes []int64
	value   T
}

// Of is what how makes of the kinds as they are now. how is called by one at a time, and asks no other kinds.
func (m *Made[T]) Of(ctx context.Context, from *Cache, how func(context.Context, Lister) (T, error), kinds ...string) (T, error) {
	read, changes, err := from.together(ctx, kinds)
	if err != nil {
		return m.value, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held && slices.Equal(m.changes, changes) {
		return m.value, nil
	}
	value, err := how(ctx, read)
	if err == nil {
		m.held, m.changes, m.value = true, changes, value
	}
	return value, err
}

// moment is the documents of some kinds, as they were at a time.
type moment map[string][]definition.Document

// All implements Lister.
func (m moment) All(_ context.Context, kind string) ([]definition.Document, error) {
	return m[kind], nil
}

// together reads kinds side by side, with the counts of their changes.
func (c *Cache) together(ctx context.Context, kinds []string) (moment, []int64, error) {
	found := make([]cachedKind, len(kinds))
	all, sideBySide := errgroup.WithContext(ctx)
	for i, kind := range kinds {
		all.Go(func() (err error) {
			found[i], err = c.kind(sideBySide, kind)
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return nil, nil, err
	}
	read, changes := moment{}, make([]int64, len(kinds))
	for i, kind := range kinds {
		read[kind], changes[i] = found[i].all, found[i].change
	}
	return read, changes, nil
}
