package profile

import (
	"maps"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
	"github.com/userops/userops/shared/domain/people/trust"
)

// Memory is what somebody did and what is said of them. A profile has two of them, since who says something is no part of what is said:
// one of what is proven, and Unproven of what public events say. So a public word overrides nothing, and each of the two is a function of a set of
// events.
type Memory struct {
	FirstSeen time.Time // earliest time of an event
	LastSeen  time.Time // latest time of an event

	Traits   Traits
	Counters map[string]Counter   // by event name; track events, and "page", "screen" for those calls
	Groups   map[string]time.Time // groupId -> last joined
	Cart     map[string]CartLine  // open cart by product
	Touch    map[string]Touch     // "first" and "last"
	Active   Days                 // days with any event, by the shop's calendar
	// ShopDays is the first day from which Active and Counters go by the shop's calendar. What lies before was kept by UTC's, as the
	// first version did: 0 for all of it, and 1 where there is nothing of that kind.
	ShopDays      Day
	CartClearedAt time.Time // newest order or emptying; older cart events mean nothing any more
	Locale        Stamped   // from context.locale
	Zone          Stamped   // from context.timezone, a tzdata name

	Client     Client               // what the person used last
	Devices    map[string]Client    // by context.device.id
	Categories Interests            // what the person looked at, put into the cart, bought
	Brands     Interests            // the same by brand
	Viewed     map[string]time.Time // products looked at last
	Hours      Hours                // when the person is active
	Ratings    Ratings              // of the person's reviews
	Search     Stamped              // what the person searched last
	// LeftOut counts detail that was let go for a bound, by what it was. Money and orders are never let go. Names of events, categories
	// and brands over their bound are not lost: OtherEvents counts them.
	LeftOut map[string]int64
	// Unknown holds what a newer version of the program stored and this one does not know; it is written back as it is.
	Unknown []byte
}

// Empty tells whether no event was folded into it.
func (m *Memory) Empty() bool { return m.FirstSeen.IsZero() }

// do folds what the person did.
func (m *Memory) do(e *event.Event, at time.Time, shop Shop) {
	if m.FirstSeen.IsZero() || at.Before(m.FirstSeen) {
		m.FirstSeen = at
	}
	if at.After(m.LastSeen) {
		m.LastSeen = at
	}
	day := shop.Day(at)
	m.ShopDays = m.shopDays()
	m.Active.Add(day)
	if active(e) {
		m.Hours.add(at)
	}
	switch e.Kind {
	case event.Track:
		m.count(e.Name, at, day)
		m.track(e, at, shop.Currency)
	case event.Page, event.Screen:
		m.count(string(e.Kind), at, day)
	}
}

// place folds where the person's clock and language are.
func (m *Memory) place(c *eventContext, at time.Time) {
	m.stamp(&m.Locale, same(m.Locale.Value, c.locale), at)
	if zone := same(m.Zone.Value, c.timezone); zone == m.Zone.Value || zoneOf(zone) != nil {
		m.stamp(&m.Zone, zone, at)
	}
}

// say folds traits; by is who says them, empty for the shop.
func (m *Memory) say(raw []byte, by trust.Level, at time.Time) {
	m.leave("traits", m.Traits.say(raw, by, at))
}

// Absorb unites another memory into this one. Sums add up, traits go by their greatest word.
func (m *Memory) Absorb(q *Memory) {
	if m.FirstSeen.IsZero() || !q.FirstSeen.IsZero() && q.FirstSeen.Before(m.FirstSeen) {
		m.FirstSeen = q.FirstSeen
	}
	if q.LastSeen.After(m.LastSeen) {
		m.LastSeen = q.LastSeen
	}
	for k, t := range q.Traits {
		m.Traits.set(k, t)
	}
	m.leave("traits", m.Traits.bound())
	m.absorbCounters(q)
	for g, at := range q.Groups {
		m.join(g, at)
	}
	m.absorbCart(q)
	if len(q.Touch) > 0 {
		if m.Touch == nil {
			m.Touch = map[string]Touch{}
		}
		m.Touch["first"] = earliestTouch(m.Touch["first"], q.Touch["first"])
		m.Touch["last"] = latestTouch(m.Touch["last"], q.Touch["last"])
	}
	m.ShopDays = max(m.shopDays(), q.shopDays())
	for i := range len(q.Active.Bits) * 8 {
		if day := q.Active.Last - Day(i); q.Active.Has(day) {
			m.Active.Add(day)
		}
	}
	m.absorbDetail(q)
	m.stamp(&m.Locale, q.Locale.Value, q.Locale.At)
	m.stamp(&m.Zone, q.Zone.Value, q.Zone.At)
	m.Unknown = append(m.Unknown[:len(m.Unknown):len(m.Unknown)], q.Unknown...)
}

func (m *Memory) absorbCounters(q *Memory) {
	if m.Counters == nil && len(q.Counters) > 0 {
		m.Counters = map[string]Counter{}
	}
	for name, c := range q.Counters {
		name = makeRoom(m.Counters, name, MaxCounters, standard, Counter.union)
		m.Counters[name] = m.Counters[name].union(c)
	}
}

// absorbDetail unites what devices, interests and ratings say.
func (m *Memory) absorbDetail(q *Memory) {
	if compareClients(q.Client, m.Client) > 0 {
		m.Client = q.Client
	}
	for id, c := range q.Devices {
		m.device(id, c)
	}
	m.Categories.absorb(q.Categories)
	m.Brands.absorb(q.Brands)
	for product, at := range q.Viewed {
		m.view(product, at)
	}
	m.Hours.absorb(q.Hours)
	m.Ratings.Count += q.Ratings.Count
	m.Ratings.Sum += q.Ratings.Sum
	m.stamp(&m.Search, q.Search.Value, q.Search.At)
	for what, n := range q.LeftOut {
		m.leave(what, int(n))
	}
}

func (m *Memory) absorbCart(q *Memory) {
	if q.CartClearedAt.After(m.CartClearedAt) {
		m.clearCart(q.CartClearedAt)
	}
	for id, line := range q.Cart {
		m.line(id, line)
	}
}

// clone is a memory of its own. What stands in its tables is never changed in place.
func (m *Memory) clone() Memory {
	c := *m
	c.Traits, c.Counters, c.Groups, c.Cart, c.Touch = maps.Clone(m.Traits), maps.Clone(m.Counters), maps.Clone(m.Groups), maps.Clone(m.Cart), maps.Clone(m.Touch)
	c.Devices, c.Categories, c.Brands, c.Viewed, c.LeftOut = maps.Clone(m.Devices), maps.Clone(m.Categories), maps.Clone(m.Brands), maps.Clone(m.Viewed), maps.Clone(m.LeftOut)
	c.Hours = slices.Clone(m.Hours)
	return c
}

// All is the person as everything shows them that was ever said, proven or not. Where both parts speak of the same trait, time zone or locale, the proven one stands; an
// unproven trait says by whom it is. It is for reading, and until the profile is changed: where only one part has anything, its tables are the profile's own,
// since a run asks this of ten million people.
func (p *Profile) All() *Profile {
	if p.Unproven.Empty() {
		return p
	}
	all := *p
	all.Unproven = Memory{}
	if p.Memory.Empty() && len(p.Traits) == 0 {
		all.Memory = p.Unproven
		all.Traits = maps.Clone(p.Unproven.Traits)
		for k, t := range all.Traits {
			t.By = trust.Public
			all.Traits[k] = t
		}
		return &all
	}
	all.Memory = p.Memory.clone()
	said := p.Unproven
	said.Traits = nil
	// Where somebody is and in which language is said of them and not done: the proven word stands.
	if all.Zone.Value != "" {
		said.Zone = Stamped{}
	}
	if all.Locale.Value != "" {
		said.Locale = Stamped{}
	}
	all.Memory.Absorb(&said)
	for k, t := range p.Unproven.Traits {
		if _, proven := all.Traits[k]; !proven {
			t.By = trust.Public
			all.Traits.set(k, t)
		}
	}
	return &all
}

// Seen is when the person was seen first and last, by whatever event.
func (p *Profile) Seen() (first, last time.Time) {
	first, last = p.FirstSeen, p.LastSeen
	if u := &p.Unproven; first.IsZero() || !u.Empty() && u.FirstSeen.Before(first) {
		first = u.FirstSeen
	}
	return first, event.Latest(last, p.Unproven.LastSeen)
}
