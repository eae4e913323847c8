// Package score says where everybody stands: against all buyers by what they bought (recency, frequency, monetary value), and by themselves in their
// lifecycle. Facts are what is known of one profile, a Model is what a run learned of all of them, and Scores follow from both; a Run is one pass of that. It
// reads no profile from anywhere. The surprising thing: every border is exact, a fraction of whole numbers, so that any number of shards, on any processor,
// puts everybody into the same class.
package score

import (
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

// Facts are what a run knows of one profile as of a date: everything that its classes follow from, apart from the others'.
type Facts struct {
	// Orders net above zero in the shop's currency. R is in whole days, M in minor units; R and M mean nothing while F is 0.
	R, F int
	M    int64
	// Buys means nothing while F is 0 either.
	Buys Buys
	// SinceFirst and SinceLast are whole days since the first and the latest activity.
	SinceFirst, SinceLast int
	// Engaged says that a cart, a wishlist or a product was looked at within the settings' days.
	Engaged bool
	// Explored says that one was looked at at any time, Referred that somebody was brought. Activity is the score of the as-of date.
	Explored, Referred bool
	Activity           int
	// Approximate says that orders or activity around the as-of date are no longer kept one by one, so that they counted whole.
	Approximate bool
}

// Buyer says whether there is a paid order.
func (f Facts) Buyer() bool { return f.F > 0 }

// Observe reads the facts of a profile as of a date. What happened after the end of that date is left out; a profile that was
// first seen after it, or of which nothing was seen at all, gives ok = false. Refunds count whenever they came.
func Observe(p *profile.Profile, asOf profile.Day, scoring Scoring, shop profile.Shop) (facts Facts, ok bool) {
	scoring = scoring.Filled()
	end := (asOf + 1).Start(shop.Zone)
	if p.FirstSeen.IsZero() || !p.FirstSeen.Before(end) {
		return Facts{}, false
	}
	o := observer{asOf: asOf, end: end, shop: shop}
	o.orders(p, scoring.WindowDays)
	if o.facts.Buyer() {
		o.facts.Buys = o.buys(p)
	}
	o.activity(p)
	o.facts.Engaged = o.engaged(p, scoring.EngagedDays)
	o.facts.Explored, o.facts.Referred = o.happened(p, engagements[:]...), o.happened(p, referrals[:]...)
	o.facts.Activity = Activity(p, asOf)
	return o.facts, true
}

type observer struct {
	asOf  profile.Day
	end   time.Time
	shop  profile.Shop
	facts Facts
}

// days is the number of whole days from t to the as-of date.
func (o *observer) days(t time.Time) int { return int(o.asOf - o.shop.Day(t)) }

func (o *observer) orders(p *profile.Profile, window int) {
	var last time.Time
	add := func(count int, net int64, at time.Time) {
		o.facts.F += count
		o.facts.M = money.AddCapped(o.facts.M, net)
		if at.After(last) {
			last = at
		}
	}
	for _, entry := range p.Orders.Entries {
		if entry.Net <= 0 || entry.Currency != o.shop.Currency || !entry.At.Before(o.end) {
			continue
		}
		if window > 0 && o.days(entry.At) > window {
			continue
		}
		add(1, entry.Net, entry.At)
	}
	for _, base := range p.Orders.Base {
		if base.Count == 0 || base.Currency != o.shop.Currency || !base.FirstAt.Before(o.end) {
			continue
		}
		if window > 0 {
			if o.days(base.LastAt) > window {
				continue
			}
			o.facts.Approximate = o.facts.Approximate || o.days(base.FirstAt) > window
		}
		at := base.LastAt
		if !at.Before(o.end) {
			// When the last of them before the as-of date was is not known; the date itself is the nearest that can be said.
			at = o.end.Add(-time.Nanosecond)
			o.facts.Approximate = true
		}
		add(base.Count, base.Net, at)
	}
	if o.facts.F > 0 {
		o.facts.R = max(o.days(last), 0)
	}
}

func (o *observer) activity(p *profile.Profile) {
	o.facts.SinceFirst = o.days(p.FirstSeen)
	last := p.LastSeen
	if !last.Before(o.end) {
		day, ok := newestActive(p.Active, o.asOf)
		if ok {
			o.facts.SinceLast = min(int(o.asOf-day), o.facts.SinceFirst)
			return
		}
		last = p.FirstSeen
		o.facts.Approximate = true
	}
	o.facts.SinceLast = min(max(o.days(last), 0), o.facts.SinceFirst)
}

// newestActive is the newest active day up to a day.
func newestActive(active profile.Days, upTo profile.Day) (profile.Day, bool) {
	_, last, n := active.Within(active.Last-profile.MaxActiveDays, upTo)
	return last, n > 0
}

// engagements are the events that make a person who has not bought engaged.
var engagements = [...]string{event.ProductViewed, event.ProductAdded, event.ProductWishlisted}

func (o *observer) engaged(p *profile.Profile, within int) bool {
	for _, name := range engagements {
		counter, ok := p.Counters[name]
		if !ok {
			continue
		}
		if counter.Last.Before(o.end) {
			if o.days(counter.Last) <= within {
				return true
			}
			continue
		}
		for _, recent := range counter.Recent {
			if days := int(o.asOf - recent.Day); recent.Count > 0 && days >= 0 && days <= within {
				return true
			}
		}
	}
	return false
}
