package projection

import (
	"context"
	"log/slog"
	"time"

	"github.com/userops/userops/shared/domain/audience/segment"
	"github.com/userops/userops/shared/domain/definition"
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
	Shop profile.Shop
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
	return set.WithoutProfiling(p, set.Diff(p, members, set.Proven(p, members, now, w.Shop), now, ""))
}

// Definitions makes a Watch of the catalog, anew whenever a definition has changed.
type Definitions struct {
	Catalog *catalog.Cache
	Shop    profile.Shop

	made catalog.Made[*Watch]
}

// Current is the Watch of the definitions as the catalog has them.
func (d *Definitions) Current(ctx context.Context) (*Watch, error) {
	return d.made.Of(ctx, d.Catalog, d.watch, definition.Segment, definition.Campaign)
}

// watch leaves out what is faulty: console lets no such definition in, and one that is there all the same must not stop the events.
func (d *Definitions) watch(ctx context.Context, from catalog.Lister) (*Watch, error) {
	segments, err := catalog.Readable(ctx, from, definition.Segments)
	if err != nil {
		return nil, err
	}
	campaigns, err := catalog.Readable(ctx, from, definition.Campaigns)
	if err != nil {
		return nil, err
	}
	set, faults := segment.Compile(segments)
	for _, f := range faults {
		slog.WarnContext(ctx, "segment left out", "field", f.Field, "reason", f.Reason)
	}
	w := &Watch{Events: map[string]bool{}, Live: set.Live(), All: set, Shop: d.Shop}
	for _, c := range campaigns {
		for _, news := range c.ListensTo() {
			if news.Kind == profile.FollowEvent {
				w.Events[news.Ref] = true
			}
		}
	}
	return w, nil
}
