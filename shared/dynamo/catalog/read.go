package catalog

import (
	"context"
	"log/slog"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/delivery"
)

// Lister lists the current documents of a kind in the order of their ids: Catalog from the table, Cache from memory.
type Lister interface {
	All(ctx context.Context, kind string) ([]definition.Document, error)
}

// Finder finds the current version of a definition; ok is false where there is none.
type Finder interface {
	Find(ctx context.Context, kind, id string) (d definition.Document, ok bool, err error)
}

// All reads every definition of a kind; each says by itself whether this program can read it.
func All[T any](ctx context.Context, from Lister, k definition.Kind[T]) ([]definition.Saved[T], error) {
	found, err := from.All(ctx, k.Name)
	if err != nil {
		return nil, err
	}
	all := make([]definition.Saved[T], len(found))
	for i, d := range found {
		all[i] = k.Read(d)
	}
	return all, nil
}

// Whole is All for whoever must know each of them: one that cannot be read is an error.
func Whole[T any](ctx context.Context, from Lister, k definition.Kind[T]) ([]T, error) {
	all, err := All(ctx, from, k)
	if err != nil {
		return nil, err
	}
	values := make([]T, len(all))
	for i, one := range all {
		if one.Err != nil {
			return nil, one.Err
		}
		values[i] = one.Value
	}
	return values, nil
}

// Readable is All for whoever goes on without those that cannot be read, which are logged.
func Readable[T any](ctx context.Context, from Lister, k definition.Kind[T]) ([]T, error) {
	all, err := All(ctx, from, k)
	if err != nil {
		return nil, err
	}
	values := make([]T, 0, len(all))
	for _, one := range all {
		if one.Err != nil {
			slog.ErrorContext(ctx, "definition left out", "kind", k.Name, "id", one.ID, "error", one.Err.Error())
			continue
		}
		values = append(values, one.Value)
	}
	return values, nil
}

// Find reads one definition; ok is false where there is none. The error is also that this program cannot read it.
func Find[T any](ctx context.Context, from Finder, k definition.Kind[T], id string) (s definition.Saved[T], ok bool, err error) {
	d, ok, err := from.Find(ctx, k.Name, id)
	if err != nil || !ok {
		return s, false, err
	}
	s = k.Read(d)
	return s, s.Err == nil, s.Err
}

// Setting reads a setting, or what holds where none is saved.
func Setting[T any](ctx context.Context, from Finder, s definition.Setting[T]) (T, error) {
	d, ok, err := from.Find(ctx, definition.Settings, s.ID)
	if err != nil || !ok {
		return s.Absent, err
	}
	return s.Read(d)
}

// Stops are the stops in force. One that cannot be read is an error: nobody knows what it forbids.
func Stops(ctx context.Context, from Lister) ([]delivery.Stop, error) {
	found, err := from.All(ctx, definition.Stop)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	all := make([]delivery.Stop, len(found))
	for i, d := range found {
		if all[i], err = definition.ReadStop(d); err != nil {
			return nil, err
		}
	}
	return all, nil
}
