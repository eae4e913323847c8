package console

import (
	"context"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/dynamo/catalog"
)

func (p *Process) segments(ctx context.Context) ([]segment.Definition, error) {
	return catalog.Whole(ctx, p.Catalog, definition.Segments)
}

func (p *Process) campaigns(ctx context.Context) ([]campaign.Definition, error) {
	return catalog.Whole(ctx, p.Catalog, definition.Campaigns)
}

func without(all []segment.Definition, id segment.ID) []segment.Definition {
	var rest []segment.Definition
	for _, d := range all {
		if d.ID != id {
			rest = append(rest, d)
		}
	}
	return rest
}
