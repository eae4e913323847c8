package score

import (
	"math"
	"time"

	"github.com/userops/userops/shared/domain/money"
	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/profile"
)

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
	o.facts.Engaged, o.facts.Explored = o.happened(p, scoring.EngagedDays, engagements[:]...), o.happened(p, ever, engagements[:]...)
	o.facts.Referred = o.happened(p, ever, referrals[:]...)
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

// engagements are the events that make a person who has not bought engaged.
var engagements = [...]string{event.ProductViewed, event.ProductAdded, event.ProductWishlisted}

// buys reads the days of the orders. Of those that are no longer kept one by one each counts as a day of its own, and the first as one of mean size.
func (o *observer) buys(p *profile.Profile) (b Buys) {
	var first, last profile.Day
	days := 0
	for _, base := range p.Orders.Base {
		if base.Orders == 0 || !base.FirstAt.Before(o.end) {
			continue
		}
		at := o.shop.Day(base.FirstAt)
		if days == 0 || at < first {
			first = at
		}
		last = max(last, at, min(o.shop.Day(base.LastAt), o.asOf))
		days += base.Orders
		if base.Currency == o.shop.Currency {
			b.Spent = money.AddCapped(b.Spent, base.Net-base.Net/int64(base.Orders))
		}
	}
	for _, entry := range p.Orders.Entries { // in order of time
		if !entry.At.Before(o.end) {
			break
		}
		day := o.shop.Day(entry.At)
		if days == 0 {
			first = day
		}
		if days == 0 || day > last {
			days, last = days+1, day
		}
		if day > first && entry.Net > 0 && entry.Currency == o.shop.Currency {
			b.Spent = money.AddCapped(b.Spent, entry.Net)
		}
	}
	if days == 0 {
		return Buys{}
	}
	b.Repeats, b.First, b.Last = days-1, int(o.asOf-first), int(o.asOf-last)
	return b
}

// referrals are the events that say that somebody brought a friend.
var referrals = [...]string{"Invite Accepted", "Referral Qualified", "Referral Settled"}

// ever is more days than any date lies behind another.
const ever = math.MaxInt

// happened says whether an event of a name came within days before the as-of date, as far as the profile remembers.
func (o *observer) happened(p *profile.Profile, within int, names ...string) bool {
	for _, name := range names {
		counter := p.Counters[name]
		if counter.Last.IsZero() {
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
