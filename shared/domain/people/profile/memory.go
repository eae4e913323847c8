package profile

import (
	"maps"
	"slices"
	"time"

	"github.com/userops/userops/shared/domain/people/event"
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

// CartLine is one product in the open cart.
type CartLine struct {
	Quantity int       `json:"quantity"`
	Price    int64     `json:"price"` // minor units of the shop's currency
	At       time.Time `json:"at"`
	Name     string    `json:"name,omitempty"`
}

// Empty tells whether no event was folded into it.
func (m *Memory) Empty() bool { return m.FirstSeen.IsZero() }

// see takes up when somebody was first and last seen. What they did counts; before they have done anything, what is told of them does, since they are known from then on.
func (m *Memory) see(first, last time.Time, did bool) {
	switch has := len(m.Active.Bits) > 0; {
	case m.FirstSeen.IsZero() || did && !has:
		m.FirstSeen, m.LastSeen = first, last
	case has && !did:
	default:
		if first.Before(m.FirstSeen) {
			m.FirstSeen = first
		}
		m.LastSeen = event.Latest(m.LastSeen, last)
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

func (m *Memory) join(group string, at time.Time) {
	if len(group) > MaxTraitText {
		m.leave("groups", 1)
		return
	}
	if group == "" {
		return
	}
	if m.Groups == nil {
		m.Groups = map[string]time.Time{}
	}
	if at.After(m.Groups[group]) {
		m.Groups[group] = at
	}
	m.leave("groups", dropOldest(m.Groups, MaxGroups, func(t time.Time) time.Time { return t }))
}

// shopDays is ShopDays, and for a profile that was never folded into by the shop's calendar the day behind those that are there.
func (m *Memory) shopDays() Day {
	switch {
	case m.ShopDays > 0:
		return m.ShopDays
	case len(m.Active.Bits) > 0:
		return m.Active.Last + 1
	}
	return 1
}

// Day is the day under which an event of a time stands in Active and Counters.
func (m *Memory) Day(at time.Time, shop Shop) Day {
	if day := shop.Day(at); m.ShopDays > 0 && day >= m.ShopDays {
		return day
	}
	return DayOf(at)
}

// leave counts detail that was let go for a bound. It is the one number that may depend on the sequence of events.
func (m *Memory) leave(what string, n int) {
	if n == 0 {
		return
	}
	if m.LeftOut == nil {
		m.LeftOut = map[string]int64{}
	}
	m.LeftOut[what] += int64(n)
}

func (m *Memory) stamp(s *Stamped, value string, at time.Time) {
	if value == "" || len(value) > MaxTraitText {
		return
	}
	if at.After(s.At) || at.Equal(s.At) && value > s.Value {
		*s = Stamped{Value: value, At: at}
	}
}

// view remembers a product that was looked at.
func (m *Memory) view(product string, at time.Time) {
	if product == "" || !at.After(m.Viewed[product]) {
		return
	}
	if m.Viewed == nil {
		m.Viewed = map[string]time.Time{}
	}
	m.Viewed[product] = at
	dropOldest(m.Viewed, MaxViewed, func(t time.Time) time.Time { return t })
}

func (m *Memory) device(id string, c Client) {
	if old, known := m.Devices[id]; id == "" || known && compareClients(c, old) <= 0 {
		return
	}
	if m.Devices == nil {
		m.Devices = map[string]Client{}
	}
	m.Devices[id] = c
	m.leave("devices", dropOldest(m.Devices, MaxDevices, func(c Client) time.Time { return c.At }))
}
