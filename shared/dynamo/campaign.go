package dynamo

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/userops/userops/shared/domain/campaign"
	"github.com/userops/userops/shared/domain/segment"
)

// Campaign is a saved campaign that is ready to be asked.
type Campaign struct {
	campaign.Definition
	Version   int
	Condition campaign.Condition
}

// Campaigns reads all campaigns through a cache of the catalog and compiles their conditions, anew whenever a campaign or a
// segment has changed. It is safe for concurrent use. A campaign that cannot be read, or whose condition asks a segment that is
// gone, is left out and logged; it does not stop the others.
type Campaigns struct {
	Catalog *CatalogCache

	mu       sync.Mutex
	versions []string
	all      []Campaign
}

// All is every campaign in the order of the ids. Callers do not change it.
func (c *Campaigns) All(ctx context.Context) ([]Campaign, error) {
	segments, err := c.Catalog.All(ctx, KindSegment)
	if err != nil {
		return nil, err
	}
	campaigns, err := c.Catalog.All(ctx, KindCampaign)
	if err != nil {
		return nil, err
	}
	var versions []string
	for _, d := range slices.Concat(segments, campaigns) {
		versions = append(versions, fmt.Sprintf("%s/%s/%d", d.Kind, d.ID, d.Version))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.versions == nil || !slices.Equal(versions, c.versions) {
		c.all, c.versions = compileCampaigns(ctx, segments, campaigns), versions
	}
	return c.all, nil
}

// Find is one campaign; ok is false when there is none that can be asked.
func (c *Campaigns) Find(ctx context.Context, id string) (found Campaign, ok bool, err error) {
	all, err := c.All(ctx)
	if err != nil {
		return Campaign{}, false, err
	}
	at, ok := slices.BinarySearchFunc(all, id, func(one Campaign, id string) int { return strings.Compare(one.ID, id) })
	if !ok {
		return Campaign{}, false, nil
	}
	return all[at], true, nil
}

func compileCampaigns(ctx context.Context, segments, campaigns []Definition) []Campaign {
	var rules []segment.Definition
	for _, d := range segments {
		var s segment.Definition
		if err := json.Unmarshal(d.Body, &s); err != nil {
			slog.ErrorContext(ctx, "segment left out", "segment", d.ID, "error", err.Error())
			continue
		}
		s.ID = segment.ID(d.ID)
		rules = append(rules, s)
	}
	all := make([]Campaign, 0, len(campaigns))
	for _, d := range campaigns {
		one := Campaign{Version: d.Version}
		// What was saved by a newer program may have fields that this one does not know.
		err := json.Unmarshal(d.Body, &one.Definition)
		one.ID = d.ID
		if err == nil {
			err = one.Validate()
		}
		if err == nil {
			one.Condition, err = one.CompileCondition(rules)
		}
		if err != nil {
			slog.ErrorContext(ctx, "campaign left out", "campaign", d.ID, "error", err.Error())
			continue
		}
		all = append(all, one)
	}
	return all
}
