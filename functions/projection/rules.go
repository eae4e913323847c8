package projection

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/outreach/campaign"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/order"
	"github.com/userops/userops/shared/domain/people/profile"
	"github.com/userops/userops/shared/domain/people/trust"
	"github.com/userops/userops/shared/dynamo/catalog"
)

// Rules answers what operators want watched, as of now.
type Rules interface {
	Current(context.Context) (*Watch, error)
}

// Watch is what the fold looks out for: the events that campaigns listen to, and the segments that depend on one person's own
// data. A nil Watch looks out for nothing.
type Watch struct {
	Events map[string]bool
	Live   *segment.Set
	// All is Live and what asks classes as well. Of somebody who refuses profiling no run says anything, so that all of it is live.
	All  *segment.Set
	Shop segment.Shop
}

// follows tells an event to those who listen to it. That somebody has ordered is told on a word that may say so only.
func (w *Watch) follows(source string, e *event.Event) []profile.Follow {
	if w == nil || e.Kind != event.Track || !w.Events[e.Name] {
		return nil
	}
	may := trust.May(e.Trust, false, trust.StartCampaign)
	if order.Reports(e.Name) {
		may = trust.May(e.Trust, false, trust.StartByOrder)
	}
	if may == trust.No {
		return nil
	}
	return []profile.Follow{{Kind: profile.FollowEvent, Ref: e.Name, Event: e.MessageID, Source: source, At: e.Happened(), Unproven: may == trust.Apart}}
}

// memberships brings the person's segments up to date. Who refuses profiling loses every class at once, and with it what follows from one.
func (w *Watch) memberships(p *profile.Profile, now time.Time) []profile.Follow {
	refuses := p.RefusesProfiling()
	if refuses {
		p.Scores = profile.Scores{}
	}
	if w == nil {
		return nil
	}
	set := w.Live
	if refuses && w.All != nil {
		set = w.All
	}
	if set == nil || len(set.IDs()) == 0 {
		return nil
	}
	members := set.Members(p.All(), now, w.Shop)
	return set.Told(p, segment.Diff(p, members, set.Proven(p, members, now, w.Shop), now, ""))
}

// Catalog lists current definitions; it may be some seconds old.
type Catalog interface {
	All(ctx context.Context, kind string) ([]catalog.Definition, error)
}

// Definitions makes a Watch of the catalog, anew whenever a definition has changed.
type Definitions struct {
	Catalog Catalog
	Shop    segment.Shop

	mu       sync.Mutex
	versions []string
	watch    *Watch
}

// Current is the Watch of the definitions as the catalog has them.
func (d *Definitions) Current(ctx context.Context) (*Watch, error) {
	var segments, campaigns []catalog.Definition
	both, sideBySide := errgroup.WithContext(ctx)
	both.Go(func() (err error) {
		segments, err = d.Catalog.All(sideBySide, catalog.KindSegment)
		return err
	})
	both.Go(func() (err error) {
		campaigns, err = d.Catalog.All(sideBySide, catalog.KindCampaign)
		return err
	})
	if err := both.Wait(); err != nil {
		return nil, err
	}
	var versions []string
	for _, x := range slices.Concat(segments, campaigns) {
		versions = append(versions, fmt.Sprintf("%s/%s/%d", x.Kind, x.ID, x.Version))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.watch == nil || !slices.Equal(versions, d.versions) {
		d.watch, d.versions = d.compile(ctx, segments, campaigns), versions
	}
	return d.watch, nil
}

// compile leaves out what is faulty: console lets no such definition in, and one that is there all the same must not stop the
// events.
func (d *Definitions) compile(ctx context.Context, segments, campaigns []catalog.Definition) *Watch {
	w := &Watch{Events: map[string]bool{}, Shop: d.Shop}
	var definitions []segment.Definition
	for _, x := range segments {
		var s segment.Definition
		if err := json.Unmarshal(x.Body, &s); err != nil {
			slog.WarnContext(ctx, "segment left out", "segment", x.ID, "error", err.Error())
			continue
		}
		definitions = append(definitions, s)
	}
	set, faults := segment.Compile(definitions)
	for _, f := range faults {
		slog.WarnContext(ctx, "segment left out", "field", f.Field, "reason", f.Reason)
	}
	w.Live, w.All = set.Live(), set
	for _, x := range campaigns {
		var c campaign.Definition
		if err := json.Unmarshal(x.Body, &c); err != nil {
			slog.WarnContext(ctx, "campaign left out", "campaign", x.ID, "error", err.Error())
			continue
		}
		for _, news := range c.ListensTo() {
			if news.Kind == profile.FollowEvent {
				w.Events[news.Ref] = true
			}
		}
	}
	return w
}
