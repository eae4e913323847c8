package catalog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/definition"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/dynamo"
)

// Campaigns reads all campaigns through a cache of the catalog and compiles their conditions, anew whenever a campaign or a
// segment has changed. It is safe for concurrent use. A campaign whose condition asks a segment that is gone is left out and logged; it does not
// stop the others. So is one that cannot be read, which a newer program may have saved; but it is not gone: who asks for it is told ErrUnreadable.
type Campaigns struct {
	Catalog *Cache

	made Made[*campaignSet]
	mu   sync.Mutex // guards what of a set is pinned
}

// campaignSet is what the definitions of one moment come to.
type campaignSet struct {
	rules      []segment.Definition
	defined    *segment.Set // of them
	all        []campaign.Compiled
	byID       map[string]int
	unreadable map[string]bool
	listeners  map[campaign.News][]int // the running ones by what they listen to
	// pinned are former versions, compiled with these rules. It changes, under the lock of Campaigns.
	pinned map[versionKey]campaign.Compiled
}

// All is every campaign in the order of the ids, and last the one that every shop has. Callers do not change it.
func (c *Campaigns) All(ctx context.Context) ([]campaign.Compiled, error) {
	set, err := c.set(ctx)
	if err != nil {
		return nil, err
	}
	return set.all, nil
}

// Find is one campaign as it is now; ok is false when there is none that can be asked. ErrUnreadable says that this program cannot read it.
func (c *Campaigns) Find(ctx context.Context, id string) (found campaign.Compiled, ok bool, err error) {
	set, err := c.set(ctx)
	if err != nil {
		return campaign.Compiled{}, false, err
	}
	return set.find(id)
}

func (s *campaignSet) find(id string) (found campaign.Compiled, ok bool, err error) {
	at, ok := s.byID[id]
	switch {
	case ok:
		return s.all[at], true, nil
	case s.unreadable[id]:
		err = fmt.Errorf("reading campaign %s: %w", id, dynamo.ErrUnreadable)
	}
	return campaign.Compiled{}, false, err
}

// Listening is every running campaign that takes up what followed from a commit, in the order of the ids.
func (c *Campaigns) Listening(ctx context.Context, f profile.Follow) ([]campaign.Compiled, error) {
	set, err := c.set(ctx)
	if err != nil {
		return nil, err
	}
	var found []campaign.Compiled
	for _, at := range set.listeners[campaign.News{Kind: f.Kind, Ref: f.Ref}] {
		found = append(found, set.all[at])
	}
	return found, nil
}

// Pinned is one version of a campaign, with the state of now: who was taken by a version stays with it, and is stopped all the same. ok
// is false when the campaign is gone. A version that cannot be asked any more, or none, means the present one; ErrUnreadable that this program
// cannot read that.
func (c *Campaigns) Pinned(ctx context.Context, id string, version int) (found campaign.Compiled, ok bool, err error) {
	set, err := c.set(ctx)
	if err != nil {
		return campaign.Compiled{}, false, err
	}
	now, ok, err := set.find(id)
	if !ok || version == 0 || version == now.Version {
		return now, ok, err
	}
	key := versionKey{definition.Campaign, id, version}
	c.mu.Lock()
	found, known := set.pinned[key]
	c.mu.Unlock()
	if !known {
		d, err := c.Catalog.Version(ctx, definition.Campaign, id, version)
		switch {
		case errors.Is(err, dynamo.ErrNotFound):
			return now, true, nil
		case err != nil:
			return campaign.Compiled{}, false, err
		}
		if found, err = set.compile(definition.Campaigns.Read(d)); err != nil {
			slog.ErrorContext(ctx, "version of a campaign not used", "campaign", id, "version", version, "error", err.Error())
			found = now
		}
		c.mu.Lock()
		if len(set.pinned) >= maxCachedVersions {
			clear(set.pinned)
		}
		set.pinned[key] = found
		c.mu.Unlock()
	}
	found.State = now.State
	return found, true, nil
}

func (c *Campaigns) set(ctx context.Context) (*campaignSet, error) {
	return c.made.Of(ctx, c.Catalog, compileCampaigns, definition.Segment, definition.Campaign)
}

func compileCampaigns(ctx context.Context, from Lister) (*campaignSet, error) {
	rules, err := Readable(ctx, from, definition.Segments)
	if err != nil {
		return nil, err
	}
	campaigns, err := All(ctx, from, definition.Campaigns)
	if err != nil {
		return nil, err
	}
	set := &campaignSet{rules: rules, byID: map[string]int{}, unreadable: map[string]bool{}, listeners: map[campaign.News][]int{}, pinned: map[versionKey]campaign.Compiled{}}
	set.defined, _ = segment.Compile(rules) // who saves and who folds tells of faults
	for _, d := range campaigns {
		one, err := set.compile(d)
		if err != nil {
			slog.ErrorContext(ctx, "campaign left out", "campaign", d.ID, "error", err.Error())
			set.unreadable[d.ID] = errors.Is(err, dynamo.ErrUnreadable)
			continue
		}
		set.add(one)
	}
	set.add(campaign.Compiled{Definition: campaign.Confirmation()}) // it has no condition
	return set, nil
}

func (s *campaignSet) add(one campaign.Compiled) {
	at := len(s.all)
	s.all = append(s.all, one)
	s.byID[one.ID] = at
	for _, what := range one.ListensTo() {
		s.listeners[what] = append(s.listeners[what], at)
	}
}

// compile makes a campaign ready. One that was saved by a newer program may be of a channel, for example, that this one does not know.
func (s *campaignSet) compile(d definition.Saved[campaign.Definition]) (campaign.Compiled, error) {
	err := d.Err
	if err == nil {
		err = d.Value.Validate()
	}
	if err != nil {
		return campaign.Compiled{Definition: d.Value}, fmt.Errorf("%w: %w", dynamo.ErrUnreadable, err)
	}
	return d.Value.Compile(d.Version, s.rules, s.defined)
}
