package projection

import (
	"github.com/userops/userops/shared/domain/insight/live"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

// today is what a commit brings to the figures of the shop's day. What happened on another day changes that day's, which the archive has.
type today struct {
	shop profile.Shop
	day  profile.Day
	live.Figures
	seen bool // the person was seen today before
}

func (b *batch) today(p *profile.Profile) *today {
	t := &today{shop: profile.Shop{Zone: b.process.Zone, Currency: b.process.Currency}}
	t.day = t.shop.Day(b.process.Now())
	t.seen = !p.LastSeen.IsZero() && t.shop.Day(p.LastSeen) >= t.day
	return t
}

// event counts one that the profile has folded now for the first time. One that was passed on is counted where it came from.
func (t *today) event(e *incoming) {
	if e.direct || t.shop.Day(e.event.Happened()) != t.day {
		return
	}
	t.Events++
	switch {
	case e.event.Kind == event.Page, e.event.Kind == event.Screen:
		t.Views++
	case e.event.Kind == event.Track && e.event.Name == event.EmailLinkClicked:
		t.Clicks++
	}
	if !t.seen && !profile.Told(&e.event) {
		t.seen = true
		t.Visitors++
	}
}

// order counts one that the commit has changed, by what was known of it before.
func (t *today) order(o *heldOrder) {
	sum := int64(0)
	if o.Currency == t.shop.Currency {
		sum = max(o.Total, 0)
	}
	first := o.PlacedAt
	if first.IsZero() {
		first = o.CompletedAt
	}
	if !o.known && !first.IsZero() && t.shop.Day(first) == t.day {
		t.Orders, t.GMV = t.Orders+1, t.GMV+sum
	}
	if !o.paid && o.Completed() && t.shop.Day(o.CompletedAt) == t.day {
		t.Paid, t.Sum = t.Paid+1, t.Sum+sum
	}
}
