package catalog

import (
	"context"

	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/reward/referral"
)

// Programs reads referral programs past every cache, since a claim may be younger than one.
type Programs struct{ Catalog }

// Program is nil where there is none.
func (p Programs) Program(ctx context.Context, id string) (*referral.Program, error) {
	found, ok, err := Find(ctx, p.Catalog, definition.Programs, id)
	if err != nil || !ok {
		return nil, err
	}
	return &found.Value, nil
}
