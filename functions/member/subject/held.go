package subject

import (
	"context"

	"github.com/userops/userops/shared/dynamo/people"
)

// Source is what the jobs that member sends name as their source.
const Source = "member"

// Record is one thing that is held of a person: what kind of thing, and the thing as its own endpoint shows it.
type Record struct {
	Kind  string `json:"kind"`
	Value any    `json:"value"`
}

// Section is what a resource holds of a person, for the export: one kind of records, in pages of its own. A cursor that the section did not give is
// dynamo.ErrCursor; an empty next ends it.
type Section func(ctx context.Context, person people.Person, limit int, cursor string) (page []Record, next string, err error)

// Records are things of one kind.
func Records[T any](kind string, items []T) []Record {
	out := make([]Record, len(items))
	for i, item := range items {
		out[i] = Record{kind, item}
	}
	return out
}
